"""Open Assistant's conversations: what is selected, and messages in every wrong place."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.core.same_prompt import fold
from humpback.readers.open_assistant import SelectedPairs, select_pairs
from humpback.readers.records import records
from humpback.readers.sets import is_open_assistant
from humpback.spec.files import EveryTurn, OpenAssistant, PromptSet

RULES = OpenAssistant(())


def message(id: str, parent: str | None, *, rank: int | None = None, **changed: Any) -> dict[str, Any]:
    role = "assistant" if id.startswith("a") else "prompter"
    row = {"message_id": id, "parent_id": parent, "text": f"text {id}", "role": role, "lang": "en", "rank": rank}
    return {**row, "deleted": False, **changed}


def tree(root: dict[str, Any], *replies: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": {**root, "replies": list(replies)}}


TALK = [
    message("p1", None),
    message("a1", "p1", rank=0),
    message("a2", "p1", rank=1),
    message("p2", "a1"),
    message("a3", "p2", rank=0),
    message("p3", "a2"),
    message("a4", "p3", rank=0),
]


def chosen(folder: Path, *rows: dict[str, Any], rules: OpenAssistant = RULES) -> SelectedPairs:
    path = folder / "talk.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = select_pairs([records(path)], rules)
    counts = found.counts
    assert counts["in"] == counts["kept"] + counts["rejected"] + counts["unreadable"]
    assert (len(found.kept), len(found.rejected)) == (counts["kept"], counts["rejected"])
    return found


def reasons(found: SelectedPairs) -> dict[str, str]:
    return {one.id: one.reason for one in found.rejected}


def test_first_turns_and_every_turn(tmp_path: Path) -> None:
    first = chosen(tmp_path, *TALK)
    assert [(one.id, one.instruction, one.output) for one in first.kept] == [("a1", "text p1", "text a1")]
    assert first.kept[0].known["prompt"] == "p1"
    assert reasons(first)["a2"] == "of rank 1, not 0"
    assert reasons(first)["a3"] == "a later turn"
    every = chosen(tmp_path, *TALK, rules=replace(RULES, turns=EveryTurn()))
    assert [(one.id, one.instruction) for one in every.kept] == [
        ("a1", "text p1"),
        ("a3", "User: text p1\n\nAssistant: text a1\n\ntext p2"),
    ]
    assert reasons(every)["a4"] == "of rank 1, not 0", "the path goes through a reply that is not the best"
    assert reasons(every)["p2"] == "a prompter's turn: it is the prompt of its answers"


def test_every_message_is_kept_rejected_unreadable_or_an_answered_opening(tmp_path: Path) -> None:
    alone = message("p9", None)
    found = chosen(tmp_path, *TALK, alone)
    assert sorted([one.id for one in found.kept] + [one.id for one in found.rejected] + ["p1"]) == sorted(
        one["message_id"] for one in [*TALK, alone]
    )
    assert reasons(found)["p9"] == "an opening that nobody answered"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"a1": {"deleted": True}}, "deleted"),
        ({"p1": {"deleted": True}}, "message p1 above it is deleted"),
        ({"a1": {"lang": "de"}}, "in de, not en"),
        ({"p1": {"lang": None}}, "in an unknown language, not en"),
        ({"a1": {"rank": None}}, "without a rank"),
        ({"a1": {"rank": 2.0}}, "of rank 2, not 0"),
        ({"a1": {"role": "prompter"}}, "turn 2 is a prompter's, where it takes the other role's"),
        ({"p1": {"role": "assistant"}}, "turn 1 is a assistant's, where it takes the other role's"),
        ({"a1": {"parent_id": "gone"}}, "orphan: its conversation goes up to 'gone', which is in none of the files"),
        ({"p1": {"parent_id": "a1"}}, "cycle: its conversation goes round in a circle"),
        ({"a1": {"parent_id": "a1"}}, "cycle: its conversation goes round in a circle"),
    ],
)
def test_each_rule_rejects_with_its_reason(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    found = chosen(tmp_path, *({**row, **changed.get(row["message_id"], {})} for row in TALK))
    assert found.kept == []
    assert reasons(found)["a1"] == reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"message_id": None}, "field message_id is null; a message of Open Assistant has text there"),
        ({"text": ""}, "field text is an empty string"),
        ({"text": 3}, "field text is a number"),
        ({"role": "judge"}, "field role is 'judge'; it takes prompter or assistant"),
        ({"rank": 0.5}, "field rank is a number; it takes a whole number"),
        ({"rank": "0"}, "field rank is a string"),
        ({"deleted": "no"}, "field deleted is a string; it takes true or false"),
        ({"parent_id": 4}, "field parent_id is a number"),
        ({"lang": 4}, "field lang is a number"),
    ],
)
def test_a_broken_message_is_unreadable(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    found = chosen(tmp_path, *TALK, {**message("a9", "p1"), **changed})
    (bad,) = found.unreadable
    assert (bad.file, bad.place) == ("talk.jsonl", "line 8")
    assert reason in bad.reason
    assert len(found.kept) == 1


def test_ranks_of_tables_made_with_pandas(tmp_path: Path) -> None:
    """Whole numbers are floats there, and what is missing is NaN."""
    rows = [{**row, "rank": float("nan") if row["rank"] is None else float(row["rank"])} for row in TALK]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a")
    found = select_pairs([records(tmp_path / "a")], RULES)
    assert [one.id for one in found.kept] == ["a1"]
    assert found.unreadable == []


def test_the_later_of_two_ids_is_kept_aside(tmp_path: Path) -> None:
    found = chosen(tmp_path, *TALK, message("a1", "p1", rank=0, text="another"))
    assert [one.output for one in found.kept] == ["text a1"]
    (twice,) = (one for one in found.rejected if one.reason.startswith("duplicate"))
    assert twice.reason == "duplicate id: message a1 stands already in talk.jsonl, line 2"
    assert twice.text == "another"


def test_broken_trees(tmp_path: Path) -> None:
    below = {**message("p2", None), "replies": [message("a3", "p2", rank=0)]}
    nameless = {**message("", "p1"), "replies": [below]}
    found = chosen(
        tmp_path,
        tree(message("p1", None), message("a1", "p1", rank=0), nameless, "words", message("a5", "p7")),  # type: ignore[arg-type]
        {"prompt": {**message("p8", None), "replies": "none"}},
    )
    assert [one.id for one in found.kept] == ["a1"]
    assert [one.place for one in found.unreadable] == [
        "line 1, prompt.replies[1]",
        "line 1, prompt.replies[2]",
        "line 1, prompt.replies[3]",
        "line 2, prompt",
    ]
    assert "stands under 'p1'" in found.unreadable[2].reason
    assert {id: why[:6] for id, why in reasons(found).items()} == {"p2": "orphan", "a3": "orphan", "p8": "an ope"}


def test_deep_trees_and_endless_chains_come_to_an_end(tmp_path: Path) -> None:
    nested: dict[str, Any] = message("a0", None, rank=0)
    for i in range(150):
        nested = {**message(f"{'pa'[i % 2]}x{i}", None, rank=0), "replies": [nested]}
    assert chosen(tmp_path, {"prompt": nested}).counts["messages"] == 151
    chain = [message("p0", None)]
    chain += [message(f"{'pa'[i % 2]}{i}", f"{'ap'[i % 2]}{i - 1}", rank=0) for i in range(1, 4_000)]
    assert chosen(tmp_path, *chain).counts["kept"] == 1
    every = chosen(tmp_path, *chain, rules=replace(RULES, turns=EveryTurn(), rank=1))
    assert reasons(every)["a3999"] == "deeper than 200 turns"


def test_n_is_drawn_by_seed_whatever_the_order_of_lines(tmp_path: Path) -> None:
    rows = [one for i in range(30) for one in (message(f"p{i}", None), message(f"a{i}", f"p{i}", rank=0))]
    some = chosen(tmp_path, *rows, rules=replace(RULES, n=10))
    assert chosen(tmp_path, *rows[::-1], rules=replace(RULES, n=10)).kept != []
    again = chosen(tmp_path, *rows[::-1], rules=replace(RULES, n=10))
    assert [one.id for one in some.kept] == [one.id for one in again.kept]
    other = chosen(tmp_path, *rows, rules=replace(RULES, n=10, draw=1))
    assert [one.id for one in some.kept] != [one.id for one in other.kept]
    assert Counter(reasons(some).values()) == {"not drawn": 20}
    with pytest.raises(ValueError, match=r"n is 31, and 30 pairs are left after the selection \(first replies 30"):
        chosen(tmp_path, *rows, rules=replace(RULES, n=31))


def test_open_assistants_files_are_told_from_others(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for row, theirs in ((TALK[0], True), (tree(TALK[0]), True), ({"instruction": "q", "output": "a"}, False)):
        path.write_text(json.dumps(row), encoding="utf-8")
        assert is_open_assistant(path) is theirs


def test_any_language_takes_them_all(tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    rows = [
        {"message_id": f"{kind}{i}", "parent_id": parent and f"{parent}{i}", "role": role, "text": "Hm.", "lang": lang}
        for i, lang in enumerate(("en", "de"))
        for kind, parent, role in (("a", None, "prompter"), ("b", "a", "assistant"))
    ]
    path.write_text("".join(json.dumps({**row, "rank": 0, "deleted": False}) + "\n" for row in rows))
    assert len(select_pairs([records(path)], OpenAssistant(())).kept) == 1
    assert len(select_pairs([records(path)], OpenAssistant((), language=None)).kept) == 2


def test_prompts_that_are_to_be_left_out_are_rejected_whatever_their_case(tmp_path: Path) -> None:
    """Before any are drawn; of every turn, where it is one that is asked above."""
    path = tmp_path / "talk.jsonl"
    path.write_text(
        "".join(json.dumps(row) + "\n" for row in [*TALK, message("p9", None), message("a9", "p9", rank=0)])
    )
    asked = PromptSet(())
    rules = replace(RULES, without=asked, n=1)
    found = select_pairs([records(path)], rules, {fold("TEXT  p1!")})
    assert [one.id for one in found.kept] == ["a9"]
    assert reasons(found)["a1"] == f"equals a prompt of {asked.name}"
    assert (found.counts["in en"], found.counts["other prompts"]) == (2, 1)
    every = replace(RULES, without=asked, turns=EveryTurn())
    assert [one.id for one in select_pairs([records(path)], every, {fold("text p1")}).kept] == ["a9"]
