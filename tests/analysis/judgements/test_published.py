"""Published judgements to their published numbers, to the last digit that is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from humpback.analysis.judgements.comparison import system
from humpback.analysis.judgements.formats import alpaca_eval, orders, reviews
from tests.analysis.judgements.material import counts, single, written
from tests.shared_data import SHARED, needs_shared

ALPACA = SHARED / "alpaca_eval"
CHERRY = SHARED / "cherry"
ONE = [
    ("guanaco-65b", 71.80, 1.59, (578, 0, 227)),
    ("alpaca-7b", 26.46, 1.54, (205, 16, 584)),
    ("vicuna-13b", 70.43, 1.61, (566, 2, 237)),
    ("llama-2-7b-chat-hf", 71.37, 1.59, (574, 1, 230)),
]
REVIEWS = [
    ("vicuna_reviews_gpt4", (44, 15, 21)),
    ("koala_reviews_gpt4", (85, 36, 59)),
    ("vicuna_reviews_gpt3.5", (16, 58, 6)),
    ("koala_reviews_gpt3.5", (32, 110, 38)),
]
SETS = {"selfinstruct": 252, "oasst": 188, "koala": 156, "helpful_base": 129, "vicuna": 80}


@needs_shared
@pytest.mark.parametrize(("name", "rate", "error", "expected"), ONE, ids=[row[0] for row in ONE])
def test_alpaca_eval_1(name: str, rate: float, error: float, expected: tuple[int, int, int]) -> None:
    found = system(single(ALPACA / name / "annotations_gpt4.json"))
    overall = found.overall
    assert (found.judgement.name, found.judgement.against) == (name, "text_davinci_003")
    assert (found.judgement.format, found.judgement.judge) == (alpaca_eval.ONE, "alpaca_eval_gpt4")
    assert (round(overall.win_rate, 2), round(overall.standard_error, 2)) == (rate, error)
    assert (overall.wins, overall.ties, overall.losses) == expected
    assert (overall.n, overall.expected, overall.shortfall, overall.unparsed) == (805, 805, "", 0)
    assert overall.low < rate < overall.high
    assert {source: (some.n, some.expected) for source, some in found.sets.items()} == {
        source: (n, n) for source, n in SETS.items()
    }


@needs_shared
@pytest.mark.parametrize(("name", "rate", "error"), [("humpback-llama2-70b", 10.12, 0.94), ("alpaca-7b", 2.59, 0.49)])
def test_alpaca_eval_2(name: str, rate: float, error: float) -> None:
    found = system(single(ALPACA / name / "annotations_weighted_gpt4_turbo.json"))
    assert found.judgement.format == alpaca_eval.TWO
    assert (round(found.overall.win_rate, 2), round(found.overall.standard_error, 2)) == (rate, error)
    assert found.overall.n == 805


@needs_shared
@pytest.mark.parametrize(("name", "expected"), REVIEWS, ids=[row[0] for row in REVIEWS])
def test_reviews_with_both_orders_in_one_file(name: str, expected: tuple[int, int, int]) -> None:
    one = single(CHERRY / f"{name}.json")
    assert one.format == reviews.BOTH
    assert counts(one) == expected
    overall = system(one).overall
    assert (overall.n, overall.shortfall) == (sum(expected), "")
    assert overall.winning_score == pytest.approx((expected[0] - expected[2]) / sum(expected) + 1)


@needs_shared
@pytest.mark.parametrize("form", ["answers exchanged", "answers as they were", "no answers"])
@pytest.mark.parametrize(("name", "expected"), REVIEWS, ids=[row[0] for row in REVIEWS])
def test_the_same_reviews_as_two_files(name: str, expected: tuple[int, int, int], form: str, tmp_path: Path) -> None:
    rows = json.loads((CHERRY / f"{name}.json").read_text())["data"]
    prompt = "prompt" if "prompt" in rows[0] else "text"
    files = []
    for field, answers in (("scores", ("Answer1", "Answer2")), ("scores_reverse", ("Answer2", "Answer1"))):
        made = [{prompt: row[prompt], "score": json.loads(row[field])} for row in rows]
        if form != "no answers":
            shown = answers if form == "answers exchanged" else ("Answer1", "Answer2")
            made = [
                {**new, "Answer1": row[shown[0]], "Answer2": row[shown[1]]} for new, row in zip(made, rows, strict=True)
            ]
        files.append(written(tmp_path / f"{field}.json", made))
    one = single(*files)
    assert one.format == orders.TWO_FILES
    assert counts(one) == expected
    whole = system(single(CHERRY / f"{name}.json")).overall
    found = system(one).overall
    assert (found.flip_rate, found.first_preferred, found.win_rate) == (
        whole.flip_rate,
        whole.first_preferred,
        whole.win_rate,
    )
    if form != "no answers":
        assert (found.mean_length, found.longer_wins) == (whole.mean_length, whole.longer_wins)
