"""Rows of one prompt: votes, other answers, other systems, and what was written twice.

Tried beside what is here: annotators by number and by name, votes that are not parsed, pairs shown the other way round,
prompts that stand twice in a set with and without an id, the cache that alpaca-eval writes, prompts under every column.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from humpback.analysis.judgements import raters
from humpback.analysis.judgements.comparison import system
from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.formats.prompts import text_of
from tests.analysis.judgements.material import annotation, counts, read, single, written

FOUR = range(4)


def people(preferences: list[list[Any]], column: str = "annotator_index") -> list[dict[str, Any]]:
    """A row for each prompt and person; no judge is named."""
    rows = [
        annotation(i, preference, **{column: who})
        for i, votes in enumerate(preferences)
        for who, preference in enumerate(votes)
    ]
    return [{key: value for key, value in row.items() if key != "annotator" or key == column} for row in rows]


@pytest.mark.parametrize("column", ["annotator_index", "annotator_id", "worker", "rater", "annotator"])
def test_several_annotators_of_a_pair_are_votes(column: str, tmp_path: Path) -> None:
    one = single(written(tmp_path / "a.json", people([[2, 1, 1, 1]] * 19 + [[2, 2, None, 1.5]], column)))
    overall = system(one).overall
    assert (overall.n, one.unreadable) == (20, ())
    assert overall.win_rate == pytest.approx(100 * (19 * 0.25 + 2.5 / 3) / 20)
    assert counts(one) == (1, 0, 19)
    assert (sum(item.calls for item in one.items), overall.unparsed) == (80, 1)
    assert "80 votes of 4 annotators on 20 pairs" in one.notes[0]


def test_their_agreement_is_over_people(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", people([[2, 2, 2], [1, 1, 1], [2, 2, 1], [1, 1, 2]]))
    (panel,) = raters.annotators(read(path))
    assert len(panel.raters) == 3
    assert panel.agreement is not None
    assert panel.agreement.items == 4
    assert panel.agreement.raw.mean == pytest.approx((3 + 3 + 1 + 1) / 12)


def test_a_second_row_of_one_annotator_is_a_duplicate(tmp_path: Path) -> None:
    rows = people([[2, 1], [1, 1]])
    one = single(written(tmp_path / "a.json", [*rows, {**rows[0], "preference": 1}]))
    assert [item.points for item in one.items] == [0.5, 0.0]
    assert [row.place for row in one.unreadable] == ["element 4"]
    assert "stands already in element 0" in one.unreadable[0].reason


def test_a_judge_without_a_name_that_was_asked_again_votes_again(tmp_path: Path) -> None:
    rows = [{**annotation(0, preference), "annotator": None} for preference in (2, 2, 1)]
    one = single(written(tmp_path / "a.json", rows))
    assert [(item.points, item.result, item.calls) for item in one.items] == [(0.5, "tie", 2)], (
        "the second is the first"
    )
    assert len(one.unreadable) == 1


def test_two_judges_of_one_file_are_two_systems_in_the_table(tmp_path: Path) -> None:
    rows = [annotation(i, 1 + (i + k) % 2, annotator=name) for k, name in enumerate("ab") for i in range(4)]
    assert [one.judge for one in read(written(tmp_path / "a.json", rows))] == ["a", "b"]


def test_a_prompt_that_stands_twice_in_a_set_counts_twice(tmp_path: Path) -> None:
    rows = [annotation(i, 2) for i in range(3)]
    one = single(written(tmp_path / "a.json", [*rows, annotation(0, 1, output_2="another answer")]))
    assert ([item.points for item in one.items], one.unreadable) == ([1.0, 0.0, 1.0, 1.0], ())
    assert len({item.prompt for item in one.items}) == 4


def test_rows_the_other_way_round_are_turned(tmp_path: Path) -> None:
    turned = {
        "generator_1": "model",
        "generator_2": "reference",
        "output_1": "answer 1",
        "output_2": "reference answer",
    }
    one = single(written(tmp_path / "a.json", [annotation(0, 2), annotation(1, 1.25, **turned)]))
    assert (one.name, [item.points for item in one.items]) == ("model", [1.0, 0.75])
    assert one.items[1].characters == (len("answer 1"), len("reference answer"))


def test_a_cache_of_several_systems_is_refused_and_of_one_is_read(tmp_path: Path) -> None:
    def cached(i: int, preference: int, who: str) -> dict[str, Any]:
        row = annotation(i, preference, output_2=f"{who} {i}")
        return {key: value for key, value in row.items() if not key.startswith("generator")}

    rows = [cached(i, 2, "good") for i in range(5)]
    path = written(tmp_path / "system" / "annotations_seed0_configs.json", rows)
    assert (single(path).name, counts(single(path))) == ("system", (5, 0, 0))
    written(path, [*rows, *(cached(i, 1, "bad") for i in range(5))])
    with pytest.raises(NoJudgements, match=r"5 prompts have several answers.*generator_2.*alpaca-eval's cache"):
        read(path)


def reviews(n: int, twice: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"Instruction": f"p{i}", "Answer1": "x", "Answer2": "y", "scores": "[8.0, 7.0]", "scores_reverse": "[7.0, 8.0]"}
        for i in range(n)
    ]
    return [*rows[:-1], {**rows[0], **twice}]


@pytest.mark.parametrize(
    "twice",
    [
        {"idx": 218, "scores": "[7.0, 8.0]", "scores_reverse": "[8.0, 7.0]"},
        {"Answer2": "other", "scores": "[7.0, 8.0]", "scores_reverse": "[8.0, 7.0]"},
        {"scores": "[7.0, 8.0]", "scores_reverse": "[8.0, 7.0]"},
    ],
    ids=["an id", "another answer", "other scores"],
)
def test_every_row_of_a_review_file_counts_as_the_publisher_counts(twice: dict[str, Any], tmp_path: Path) -> None:
    one = single(written(tmp_path / "wizardlm_reviews.json", {"Meta_Info": {}, "data": reviews(218, twice)}))
    overall = system(one).overall
    assert (overall.n, overall.expected, overall.shortfall, counts(one)) == (218, 218, "", (217, 0, 1))


def test_a_prompt_twice_joins_its_own_row_of_the_other_order(tmp_path: Path) -> None:
    def rows(pairs: list[list[int]]) -> list[dict[str, Any]]:
        return [
            {"idx": i, "Instruction": f"p{max(i, 1)}", "Answer1": "x", "Answer2": "yy", "score": pair}
            for i, pair in enumerate(pairs)
        ]

    there = rows([[9, 1], [1, 9], [9, 1], [5, 5]])
    back = rows([[1, 9], [9, 1], [1, 9], [5, 5]])[::-1]
    one = single(written(tmp_path / "a.json", there), written(tmp_path / "b_reverse.json", back))
    assert (counts(one), one.unreadable) == ((2, 1, 1), ())


def test_a_row_written_twice_counts_once(tmp_path: Path) -> None:
    one = single(written(tmp_path / "a.json", {"Meta_Info": {}, "data": reviews(10, {})}))
    assert (len(one.items), len(one.unreadable)) == (9, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"instruction": "Say it."},
        {"Instruction": "Say it."},
        {"prompt": "Say it."},
        {"Question": "Say it."},
        {"query": "Say it."},
        {"text": "Say it."},
        {"input": "Say it."},
        {"input text": "Say it."},
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Say it."}]},
        {"conversations": [{"from": "human", "value": "Say it."}, {"from": "gpt", "value": "It."}]},
        {"conversations": ["Say it.", "It."]},
        {"turns": ["Say it."]},
        {"instruction": "", "prompt": "Say it."},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_prompt_is_found_under_every_column(given: dict[str, Any], tmp_path: Path) -> None:
    assert text_of(given) == "Say it."
    row = {key: value for key, value in annotation(0, 2).items() if key != "instruction"}
    assert single(written(tmp_path / "a.json", [{**row, **given}])).items[0].prompt == "Say it."
    both = {**given, "Answer1": "x", "Answer2": "y", "scores": [8, 7], "scores_reverse": [7, 8]}
    assert single(written(tmp_path / "r.json", [both])).items[0].prompt == "Say it."


def test_an_input_is_part_of_the_prompt(tmp_path: Path) -> None:
    rows = [annotation(0, 1 + i, input=given) for i, given in enumerate(("one", "two"))]
    path = written(tmp_path / "a.json", rows)
    assert [item.prompt for item in single(path).items] == ["prompt 0\n\none", "prompt 0\n\ntwo"]
    assert text_of({"turns": ["first", "second"]}) == "first\n\nsecond"
    assert text_of({"instances": [{"input": "i"}], "instruction": "do"}) == "do\n\ni"
    assert text_of(json.loads("{}")) is None
