"""Judgements as raters: who belongs together, whose win is whose, and what is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.judgements.formats import votes
from humpback.analysis.judgements.formats.items import Item, Judgement, NoJudgements, Result
from humpback.analysis.judgements.formats.reading import read_as_named
from humpback.analysis.judgements.raters import annotators, as_json, as_text, panels
from tests.analysis.judgements.material import vote
from tests.shared_data import SHARED, needs_shared

RESULTS: dict[str, Result | None] = {"w": "win", "t": "tie", "l": "lose", "u": None}


def judged(labels: str, judge: str = "", name: str = "ours", against: str = "theirs") -> Judgement:
    """A judgement of prompts p0, p1, ... by a letter each; "." is a prompt that it does not have."""
    items = [Item(f"p{i}", "", None, RESULTS[one]) for i, one in enumerate(labels) if one != "."]
    return Judgement(name, against, judge, "format", (f"{judge or labels}.json",), tuple(items))


def test_the_four_way_table_and_agreement_without_the_unparsed() -> None:
    (one,) = panels([judged("wwtlu.", "a"), judged("wltl.w", "b")])
    assert (one.name, one.against, list(one.raters)) == ("ours", "theirs", ["a", "b"])
    ((first, second, table),) = one.tables()
    assert (first, second, table.labels) == ("a", "b", ("win", "tie", "lose", "unparsed"))
    assert table.counts == ((1, 0, 1, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 0))
    assert table.missing == 2
    assert one.agreement is not None
    assert one.agreement.raw.mean == pytest.approx(3 / 4)
    assert (one.agreement.items, one.agreement.missing) == (4, 2)
    assert (one.unparsed("a"), one.unparsed("b")) == (1, 0)
    both = panels([judged("wu", "a"), judged("uu", "b")])[0]
    assert both.tables()[0][2].counts[3] == (0, 0, 0, 1)
    assert both.agreement is None
    assert "no prompt has an outcome" in as_text([both])


def test_a_judge_that_names_the_systems_the_other_way_round_is_turned() -> None:
    (one,) = panels([judged("wwtl", "a"), judged("lltw", "b", "theirs", "ours")])
    assert one.agreement is not None
    assert one.agreement.raw.mean == 1
    assert one.notes == ()


def test_raters_are_grouped_by_the_systems_and_one_alone_is_named() -> None:
    given = [judged("wl", judge, name) for name in ("m1", "m2") for judge in ("a", "b")]
    found = panels([*given, judged("wl", "c", "m3")])
    assert [(one.name, list(one.raters)) for one in found] == [("m1", ["a", "b"]), ("m2", ["a", "b"])]
    assert found[0].notes == ("m3 against theirs has one rater: c.json",)
    assert [one["system"] for one in as_json(found)["panels"]] == ["m1", "m2"]


def test_names_that_agree_nowhere_are_taken_together_and_told() -> None:
    (one,) = panels([judged("wl", name="x"), judged("wt", name="y")])
    assert "x against theirs; y against theirs" in one.notes[0]
    assert one.notes[0] in as_text([one])
    assert list(one.raters) == ["wl.json", "wt.json"]


def test_too_few_raters_and_no_common_prompt_are_refused() -> None:
    assert panels([judged("wl")]) == []
    with pytest.raises(NoJudgements, match="a and b share no prompt"):
        panels([judged("wl..", "a"), judged("..wl", "b")])


def test_three_raters_have_one_alpha_and_three_tables() -> None:
    (one,) = panels([judged("wwll", name) for name in "abc"])
    found = json.loads(json.dumps(as_json([one]), allow_nan=False))
    assert (found["raw"]["value"], found["alpha"]["value"], found["kappa"]) == (1, 1, None)
    assert [(table["rows"], table["columns"]) for table in found["tables"]] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found["tables"][0]["counts"][0] == [2, 0, 0, 0]
    text = as_text([one])
    assert "4 items, 3 raters, raw 1.000" in text
    assert "rows b, columns c: 4 prompts" in text
    assert as_text([one], as_markdown=True).count("| --- |") == 3


def test_annotators_are_raters_of_their_own() -> None:
    given = [
        *(vote("p", choice, name) for name, choice in (("Anna", "first"), ("Ben", "first"))),
        *(vote("q", choice, name) for name, choice in (("Anna", "second"), ("Ben", "neither"))),
        vote("r", "first", "Anna"),
        vote("r", "first", "Ben").turned,
        *(replace(vote("s", choice, name), screening=True) for name, choice in (("Anna", "first"), ("Dan", "second"))),
        vote("p", "second", "Dan"),
        replace(vote("p", "first", "Carla"), second="a third"),
    ]
    (one,) = annotators(votes.judgements("v.sqlite", given))
    assert one.raters == {
        "Anna in v.sqlite": {"p": "win", "q": "lose", "r": "win"},
        "Ben in v.sqlite": {"p": "win", "q": "tie", "r": "win"},
    }
    alone = [replace(one, annotator="Anna") for one in given]
    assert annotators(votes.judgements("v.sqlite", alone)) == []


@needs_shared
def test_gpt_4_and_gpt_3_5_on_the_same_reviews() -> None:
    files = [SHARED / "cherry" / f"vicuna_reviews_gpt{version}.json" for version in ("4", "3.5")]
    (one,) = panels(read_as_named(files))
    ((_, _, table),) = one.tables()
    assert [sum(row) for row in table.counts] == [44, 15, 21, 0]
    assert [sum(column) for column in zip(*table.counts, strict=True)] == [16, 58, 6, 0]
    assert one.agreement is not None
    assert one.agreement.raw.mean == pytest.approx((12 + 9 + 2) / 80)


def test_paths_are_no_part_of_a_rater_s_name(tmp_path: Path) -> None:
    (one,) = panels([judged("wl", "same"), replace(judged("wl", "same"), files=("b.json",))])
    assert list(one.raters) == ["same.json", "b.json"]
