"""The histogram of scores: nothing lost, the threshold's count exact, and the papers' figures."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.analysis.datasets.scores import LARGEST, as_text, histogram, scores_in
from humpback.core.expression import FieldError
from humpback.core.store import StoreError
from humpback.core.tables import Example, Rejected, write
from tests.shared_data import SHARED, needs_shared

ALPACA = [2.5] * 172 + [3.0] * 1_550 + [3.5] * 10_811 + [4.0] * 30_240 + [4.5] * 9_218 + [5.0] * 11
"""AlpaGasus's ratings; the paper has one bar below 3."""


def test_half_points_have_a_bar_each_and_gaps_are_bars_of_none() -> None:
    found = histogram([5, 4.5, None, 4.5, 3, None], threshold=4.5)
    assert [(bar.label, bar.count) for bar in found.bars] == [("3", 1), ("3.5", 0), ("4", 0), ("4.5", 2), ("5", 1)]
    assert (found.unrated, found.rated, found.rows, found.selected) == (2, 4, 6, 3)
    assert found.share_selected == 0.5


def test_alpagasus_keeps_9229_of_52002() -> None:
    found = histogram(ALPACA, threshold=4.5)
    assert (found.selected, found.rows) == (9_229, 52_002)
    assert found.share_selected == pytest.approx(0.1775, abs=5e-5)
    assert "at least 4.5: 9,229 of 52,002 (17.75 %)" in as_text(found)


@pytest.mark.parametrize("threshold", [None, 4.5, 3.3, -7.0, 100.0])
@pytest.mark.parametrize("seed", range(6))
def test_other_scores_are_binned_without_loss_and_the_threshold_is_an_edge(seed: int, threshold: float | None) -> None:
    rng = random.Random(seed)
    scale = rng.choice([1e-3, 1, 70, 1e6])
    scores = [rng.gauss(3.4, 1) * scale for _ in range(400)] + [0.1 * i for i in range(11)]
    found = histogram(scores, threshold=threshold)
    assert len(found.bars) <= 26
    assert found.rated == len(scores)
    for bar in found.bars:
        assert bar.count == sum(bar.low <= score < bar.high for score in scores)
    assert all(one.high == other.low for one, other in zip(found.bars, found.bars[1:], strict=False))
    if threshold is not None:
        assert found.selected == sum(score >= threshold for score in scores)
        assert found.selected == sum(bar.count for bar in found.bars if bar.low >= threshold)


@pytest.mark.parametrize("scores", [[7], [7.3], [1e9, 1e9 + 1e-3], [0, 1e-300], [-LARGEST, LARGEST, 0.3], [0, 100]])
def test_odd_spans(scores: list[float]) -> None:
    found = histogram(scores)
    assert found.rated == len(scores)
    assert len(found.bars) <= 26
    assert found.bars[0].count
    assert found.bars[-1].count


def test_a_threshold_between_half_points_keeps_the_bars_above_it() -> None:
    lines = as_text(histogram([4, 4.5], threshold=4.2)).splitlines()
    assert [line.split()[0] for line in lines] == ["4", "────", "4.5", "unrated"]
    assert lines[1] == "──── at least 4.2: 1 of 2 (50.00 %) ────"


def test_text_draws_counts_in_proportion_and_none_as_nothing() -> None:
    lines = as_text(histogram([3] * 800 + [4] * 200 + [None] * 400 + [4.5]), width=8).splitlines()
    drawn = {line.split()[0]: line.split()[3:] for line in lines if line[0] != "─"}
    assert drawn == {"3": ["████████"], "3.5": [], "4": ["██"], "4.5": ["▏"], "unrated": ["████"]}


@pytest.mark.parametrize("threshold", [None, 4.5])
def test_no_rows_and_no_ratings(threshold: float | None) -> None:
    assert math.isnan(histogram([], threshold=threshold).share_selected)
    assert "unrated  0" in as_text(histogram([], threshold=threshold))
    found = histogram([None, None], threshold=threshold)
    assert (found.bars, found.unrated, found.selected) == ((), 2, 0)
    assert ("at least 4.5: 0 of 2 (0.00 %)" in as_text(found)) == (threshold is not None)


@pytest.mark.parametrize("score", [math.nan, math.inf, -2 * LARGEST])
def test_what_is_no_score_is_refused(score: float) -> None:
    with pytest.raises(FieldError, match=r"score 2 is .*; it takes a number"):
        histogram([4, None, score])


def test_scores_of_kept_and_rejected_rows(tmp_path: Path) -> None:
    kept, rejected, other = (tmp_path / f"{name}.parquet" for name in ("kept", "rejected", "other"))
    write(kept, Example, [Example("1", score=5.0), Example("2", score=4.5)])
    write(rejected, Rejected, [Rejected("3", "unparsed", "no idea"), Rejected("4", "below 4.5", "", score=3.0)])
    assert list(scores_in(kept, rejected)) == [5.0, 4.5, None, 3.0]
    pq.write_table(pa.table({"rating": [1]}), other)
    with pytest.raises(StoreError, match=r"other.parquet: no column 'score'; it has 'rating'"):
        list(scores_in(kept, other))


@needs_shared
def test_the_known_chatgpt_scores() -> None:
    with (SHARED / "alpagasus/known_labels.csv").open(encoding="utf-8", newline="") as file:
        cells = [row["chatgpt_accuracy_score_known"] for row in csv.DictReader(file)]
    found = histogram((float(cell) if cell else None for cell in cells), threshold=4.5)
    assert (found.rows, found.rated, found.unrated) == (52_002, 1_972, 50_030)
    assert {bar.label: bar.count for bar in found.bars} == {"3": 8, "3.5": 537, "4": 178, "4.5": 1_238, "5": 11}
    assert found.selected == 1_249
