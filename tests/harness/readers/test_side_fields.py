"""Fields beside a pair that change its meaning: read, joined, refused or named, never dropped in silence.

Tried: system sentences under four names, beside pairs and beside chats, at odds with each other; earlier turns as
pairs, messages, texts and objects of pairs; context beside pairs that have an input; tools, pictures, parts of
messages; weights, masks, labels and flags of rows and of messages; preferences and completions in TRL's,
UltraFeedback's and plain layouts; several answers with scores inside and beside them; names that nobody knows; the same
through the stage, with its counts, and a file of which nothing is left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from humpback.core.tables import Example, Rejected, Unreadable
from humpback.readers.unusable import UnusableFile
from humpback.spec.files import InstructionSet, OpenAssistant, PromptSet
from tests.harness.readers.test_instructions import BOT, USER, one
from tests.harness.readers.test_read_in import Bench, bench

__all__ = ["bench"]

PAIR = {"prompt": "q", "response": "a"}
ALPACA = {"instruction": "q", "input": "", "output": "a"}
CHAT = {"messages": [USER, BOT]}
SHAREGPT = {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}


@pytest.mark.parametrize("row", [PAIR, ALPACA, CHAT, SHAREGPT, {"instruction": "q", "context": "", "response": "a"}])
@pytest.mark.parametrize("name", ["system", "system_prompt", "System-Message"])
def test_a_system_sentence_is_read_in_every_layout(tmp_path: Path, row: dict[str, Any], name: str) -> None:
    found = one(tmp_path, {**row, name: "Be brief.", "tools": "[]"})
    assert isinstance(found, Example)
    assert (found.system, found.instruction, found.output) == ("Be brief.", "q", "a")


def test_two_system_sentences_that_differ_are_refused(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be kind."}, USER, BOT]
    found = one(tmp_path, {"messages": turns, "system": "Be brief."})
    assert isinstance(found, Unreadable)
    assert "field system and another system sentence differ" in found.reason
    assert one(tmp_path, {"messages": turns, "system": "Be kind."}).system == "Be kind."  # type: ignore[union-attr]
    assert "it takes text" in one(tmp_path, {**PAIR, "system": ["x"]}).reason  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "history",
    [
        [["u1", "a1"], ["u2", "a2"]],
        ["u1", "a1", "u2", "a2"],
        [{"role": "user", "content": "u1"}, {"from": "gpt", "value": "a1"}, {"role": "human", "content": "u2"},
         {"role": "assistant", "content": "a2"}],
        [{"prompt": "u1", "response": "a1"}, {"instruction": "u2", "output": "a2"}],
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["history", "chat_history"])
def test_earlier_turns_stand_above_the_instruction(tmp_path: Path, history: list[Any], name: str) -> None:
    found = one(tmp_path, {**ALPACA, name: history})
    assert isinstance(found, Example)
    assert found.instruction == "User: u1\n\nAssistant: a1\n\nUser: u2\n\nAssistant: a2\n\nq"
    assert found.known["earlier"] == 4


def test_earlier_turns_that_cannot_be_joined_are_refused(tmp_path: Path) -> None:
    for history, says in (
        (["u1", "a1", "u2"], "ends with a turn of the user"),
        ([{"role": "assistant", "content": "a"}], "history[0] is a turn of the assistant"),
        ({"u": "a"}, "history is an object"),
        ([3], r"history\[0\] is a number"),
    ):
        found = one(tmp_path, {**ALPACA, "history": history})
        assert isinstance(found, Unreadable)
        assert says.replace("\\", "") in found.reason


def test_context_stands_below_the_instruction(tmp_path: Path) -> None:
    for row, instruction in (
        ({"question": "q", "context": "c", "answer": "a"}, "q\n\nc"),
        ({**ALPACA, "input": "i", "context": ["c", "d"]}, "q\n\ni\n\nc\n\nd"),
        ({**CHAT, "passage": "c"}, "q\n\nc"),
    ):
        assert one(tmp_path, row).instruction == instruction  # type: ignore[union-attr]
    assert "context is an object" in one(tmp_path, {**PAIR, "context": {"title": "t"}}).reason  # type: ignore[union-attr]


CALL = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}
PICTURE = {"role": "user", "content": [{"type": "text", "text": "q"}, {"type": "image_url", "image_url": {"url": "u"}}]}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({**PAIR, "tools": [{"name": "f"}]}, "field tools offers tools"),
        ({**CHAT, "functions": '[{"name": "f"}]'}, "field functions offers tools"),
        ({"messages": [USER, CALL, {"role": "tool", "content": "x"}, BOT]}, "messages[1].tool_calls is a tool's call"),
        ({"messages": [USER, {"role": "function_call", "content": "{}"}]}, "messages[1] is a tool's call"),
        ({**PAIR, "images": ["a.png"]}, "field images is a list"),
        ({**ALPACA, "image": "a.png"}, "field image is a string"),
        ({"messages": [PICTURE, BOT]}, "messages[0].content holds a part that is no text (image_url)"),
    ],
)
def test_what_is_more_than_text_is_refused(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    found = one(tmp_path, row)
    assert isinstance(found, Unreadable)
    assert says in found.reason


def test_parts_of_a_message_are_joined(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "q"}, {"type": "text", "text": "r"}]
    assert one(tmp_path, {"messages": [{"role": "user", "content": parts}, BOT]}).instruction == "q\n\nr"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({**PAIR, "weight": 0}, "weight is 0"),
        ({**PAIR, "label": False}, "label is false"),
        ({**PAIR, "is_safe": "False"}, "is_safe is false"),
        ({**PAIR, "review_result": False}, "review_result is false"),
        ({**PAIR, "deleted": True}, "deleted is true"),
        ({**PAIR, "status": "Discarded"}, "status is 'Discarded'"),
        ({**PAIR, "loss_mask": [0, 1]}, "loss_mask masks"),
        ({"messages": [USER, {**BOT, "weight": 0}]}, "messages[1].weight is 0"),
        ({"messages": [USER, {**BOT, "train": False}]}, "messages[1].train is false"),
        ({"prompt": [USER], "completion": [{**BOT, "weight": 0.0}]}, "prompt[1].weight is 0"),
    ],
)
def test_what_its_publisher_does_not_train_on_is_left_out(tmp_path: Path, row: dict[str, Any], field: str) -> None:
    found = one(tmp_path, row)
    assert isinstance(found, Rejected)
    assert found.reason.startswith(f"field {field}")
    assert found.text == "q\na"


@pytest.mark.parametrize(
    "beside",
    [{"weight": 1}, {"label": True}, {"is_safe": True}, {"deleted": False}, {"loss_mask": [1, 1]}, {"deleted": None}],
)
def test_flags_that_say_nothing_against_a_row_leave_it(tmp_path: Path, beside: dict[str, Any]) -> None:
    found = one(tmp_path, {**PAIR, **beside})
    assert isinstance(found, Example)
    assert "aside" not in found.known


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        ({"weight": 0.5}, ["weight"]),
        ({"label": "no"}, ["label"]),
        ({"rejected": "yes"}, ["rejected"]),
        ({"loss": 0.12, "mood": {"x": 1}, "empty": "", "nothing": None, "none": []}, ["loss", "mood"]),
        ({"status": "published", "text": "q a"}, ["status", "text"]),
    ],
)
def test_what_is_not_known_is_named(tmp_path: Path, beside: dict[str, Any], named: list[str]) -> None:
    found = one(tmp_path, {**PAIR, **beside})
    assert isinstance(found, Example)
    assert found.known["aside"] == named


WORSE = [USER, {"role": "assistant", "content": "b"}]
MORE = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "v"}]


@pytest.mark.parametrize(
    ("row", "instruction"),
    [
        ({"prompt": "q", "chosen": [USER, BOT], "rejected": WORSE, "messages": [USER, BOT]}, "q"),
        ({"prompt": "q", "chosen": [USER, BOT], "rejected": WORSE}, "q"),
        ({"chosen": [*MORE, USER, BOT], "rejected": [*MORE, *WORSE]}, "User: u\n\nAssistant: v\n\nq"),
        ({"prompt": [USER], "chosen": [BOT], "rejected": WORSE[1:]}, "q"),
        ({"prompt": [USER], "completion": [BOT]}, "q"),
        ({"prompt": [USER], "completion": "a"}, "q"),
        ({"prompt": [*MORE, USER], "completion": [BOT]}, "User: u\n\nAssistant: v\n\nq"),
        ({"prompt": "q", "chosen": "a", "rejected": "b"}, "q"),
    ],
)
def test_preferences_and_completions(tmp_path: Path, row: dict[str, Any], instruction: str) -> None:
    found = one(tmp_path, row)
    assert isinstance(found, Example), found
    assert (found.instruction, found.output) == (instruction, "a")
    assert found.known.get("aside", []) == (["rejected"] if "rejected" in row else [])


def test_a_chosen_chat_that_differs_from_the_messages_is_refused(tmp_path: Path) -> None:
    good = {"messages": [USER, BOT]}
    path = tmp_path / "set.jsonl"
    from tests.harness.readers.test_instructions import pairs, written

    found = list(pairs(written(tmp_path, good, good, {**good, "chosen": WORSE}, name=path.name)))
    assert isinstance(found[2], Unreadable)
    assert "more than one instruction or output" in found[2].reason


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "q", "completions": [{"response": "b", "score": 6.5}, {"response": "a", "score": 8}]},
        {"prompt": "q", "responses": ["b", "a", "c"], "scores": [1, 5, 2]},
        {"question": "q", "answers": [{"text": "a", "score": 3}, {"text": "b", "score": 3}]},
        {"prompt": "q", "generations": ["a"]},
    ],
)  # fmt: skip
def test_of_several_answers_the_best_is_taken(tmp_path: Path, row: dict[str, Any]) -> None:
    found = one(tmp_path, row)
    assert isinstance(found, Example), found
    assert (found.instruction, found.output, found.known["layout"]) == ("q", "a", "several answers")


def test_several_answers_without_scores_are_refused(tmp_path: Path) -> None:
    found = one(tmp_path, {"prompt": "q", "responses": ["a", "b"]})
    assert isinstance(found, Unreadable)
    assert "has 2 answers, and 0 of them a score" in found.reason


def test_a_prompt_stands_below_its_own_system_sentence(bench: Bench) -> None:
    counts, (row,) = bench.make(PromptSet((bench.lines("a.jsonl", {"prompt": "q", "system": "Be brief."}),)))
    assert (row.system, row.instruction, row.known["system"]) == ("", "Be brief.\n\nq", "Be brief.")
    assert counts["with a system sentence"] == 1


def test_the_stage_counts_what_stands_beside(bench: Bench) -> None:
    rows = [
        {**ALPACA, "system": "Be brief.", "history": [["u", "a"]], "quality": 0.9},
        {**ALPACA, "quality": 0.8, "a\nname": 1},
        {**ALPACA, "is_safe": False},
        {**ALPACA, "tools": [{"name": "f"}]},
    ]
    counts, examples = bench.make(InstructionSet((bench.lines("a.jsonl", *rows),)))
    assert [row.system for row in examples] == ["Be brief.", ""]
    assert counts == {
        "in": 4, "kept": 2, "rejected": 1, "unreadable": 1, "without output": 0, "Alpaca rows": 2,
        "with a system sentence": 1, "with earlier turns above": 1, "left aside: quality": 2, "left aside: a name": 1,
    }  # fmt: skip


def test_a_file_of_which_nothing_can_be_used_is_an_error(bench: Bench) -> None:
    good = bench.lines("good.jsonl", ALPACA)
    bad = bench.lines("bad.jsonl", *[{"messages": [USER, CALL]}] * 3, {"messages": [BOT]})
    with pytest.raises(UnusableFile, match=r"bad.jsonl: none of its 4 records .*\(3 times\): field messages\[1\]"):
        bench.make(InstructionSet((good, bad)))
    with pytest.raises(UnusableFile, match=r"only.jsonl: none of its 2 records .*\(2 times\): no output"):
        bench.make(InstructionSet((bench.lines("only.jsonl", {"prompt": "q"}, {"prompt": "r"}),)))
    message = {"message_id": "a", "parent_id": None, "text": "t", "role": "prompter", "lang": "de"}
    with pytest.raises(UnusableFile, match=r"none of its 1 records .*an opening that nobody answered"):
        bench.make(OpenAssistant((bench.lines("oasst.jsonl", message),)))
