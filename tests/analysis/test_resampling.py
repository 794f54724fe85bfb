"""Intervals over prompts: how often they cover the truth, and that differences are paired."""

from __future__ import annotations

import numpy as np
import pytest

from humpback.analysis.stats.resampling import interval, intervals, paired
from humpback.analysis.stats.statistics import bootstrap, standard_error


def test_it_agrees_with_the_bootstrap_of_experiments() -> None:
    points = np.random.default_rng(1).random(300) * 100
    ours, theirs = interval(points), bootstrap(points[None, :])
    assert ours.mean == pytest.approx(theirs.mean)
    assert ours.standard_error == pytest.approx(standard_error(points), rel=0.03)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.2)


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("rate", [0.5, 0.72])
def test_a_win_rate_s_interval_covers_the_truth(rate: float, missing: float) -> None:
    rng = np.random.default_rng(5)
    points = 100.0 * (rng.random((400, 250)) < rate)
    points[rng.random(points.shape) < missing] = np.nan
    covered = np.mean([one.low <= 100 * rate <= one.high for one in intervals(points)])
    assert 0.925 <= covered <= 0.975


def test_a_paired_difference_s_interval_covers_the_truth_and_is_narrower() -> None:
    rng = np.random.default_rng(6)
    covered, width, apart = 0, 0.0, 0.0
    for _ in range(300):
        hard = rng.normal(0, 30, 200)
        both = np.stack([52 + hard + rng.normal(0, 10, 200), 50 + hard + rng.normal(0, 10, 200)])
        (one,) = paired(both, [(0, 1)])
        covered += one.low <= 2 <= one.high
        width += one.high - one.low
        alone = intervals(both)
        apart += float(np.hypot(alone[0].high - alone[0].low, alone[1].high - alone[1].low))
    assert 0.925 <= covered / 300 <= 0.98
    assert width < 0.5 * apart


def test_pairs_are_compared_on_what_both_have() -> None:
    nan = float("nan")
    points = np.array([[100, 0, 100, nan, 100], [0, 0, 100, 100, nan]], dtype=float)
    (one,) = paired(points, [(0, 1)])
    assert one.mean == pytest.approx(100 / 3)
    with pytest.raises(ValueError, match="no outcome"):
        paired(np.array([[nan, 1.0], [1.0, nan]]), [(0, 1)])
    assert paired(points, []) == []


def test_many_pairs_are_each_their_own() -> None:
    points = np.random.default_rng(2).random((15, 60))
    pairs = [(i, j) for i in range(15) for j in range(i)]
    assert len(pairs) > 64
    found = paired(points, pairs)
    for (i, j), one in zip(pairs, found, strict=True):
        assert one.mean == pytest.approx(points[i].mean() - points[j].mean())
    (alone,) = paired(points, [pairs[-1]])
    assert (alone.low, alone.high) == pytest.approx((found[-1].low, found[-1].high), abs=1e-5)
