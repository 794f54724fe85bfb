"""How often the intervals of alpha hold the truth, and how often the tests raise a false alarm, in simulation."""

from __future__ import annotations

import numpy as np
import pytest

from humpback.analysis.scaling.bootstrap import over_points
from humpback.analysis.scaling.checks import (
    AlphaDifference,
    Curvature,
    LackOfFit,
    alpha_difference,
    curvature,
    lack_of_fit,
)
from humpback.analysis.scaling.fit import Interval, Points, fit

SIZES = (100.0, 800.0, 1_600.0, 12_800.0, 25_600.0, 51_200.0)
TRUE = 5.0


def holds(interval: Interval | None, truth: float = TRUE) -> bool:
    assert interval is not None
    return interval.low <= truth <= interval.high


def drawn(rng: np.random.Generator, count: int, error: float | np.ndarray = 2.0, *, alpha: float = TRUE) -> Points:
    sizes = SIZES[:count]
    values = 8 + alpha * np.log(sizes) + rng.normal(0, error, count)
    return Points("x", sizes, tuple(values), tuple(np.broadcast_to(error, count)))


@pytest.mark.parametrize("count", [3, 4, 6])
def test_t_and_normal_intervals_hold_the_truth_at_any_number_of_points(count: int) -> None:
    rng = np.random.default_rng(count)
    errors = np.linspace(1, 3, count)
    lines = [fit(drawn(rng, count, errors)) for _ in range(2_000)]
    assert 0.94 <= np.mean([holds(line.by_residuals) for line in lines]) <= 0.96
    assert 0.94 <= np.mean([holds(line.by_errors) for line in lines]) <= 0.96
    unweighted = [fit(Points("x", line.points.n, line.points.value)) for line in lines]
    assert np.std([line.alpha for line in lines]) < np.std([line.alpha for line in unweighted])


def test_bands_hold_the_true_line() -> None:
    rng = np.random.default_rng(1)
    truth = 8 + TRUE * np.log(6_400)
    bands = [fit(drawn(rng, 5)).band([6_400.0]) for _ in range(2_000)]
    assert 0.94 <= np.mean([holds(band[0], truth) for band in bands if band]) <= 0.96


@pytest.mark.parametrize("count", [5, 6])
def test_the_bootstrap_over_points_holds_the_truth(count: int) -> None:
    rng = np.random.default_rng(10 + count)
    errors = np.linspace(1, 3, count)
    found = [over_points(fit(drawn(rng, count, errors))) for _ in range(400)]
    assert 0.92 <= np.mean([holds(one) for one in found]) <= 0.98


def test_the_bootstrap_over_points_needs_five_and_is_the_same_each_time() -> None:
    rng = np.random.default_rng(2)
    assert over_points(fit(drawn(rng, 4))) is None
    line = fit(drawn(rng, 6))
    assert over_points(line) == over_points(line)
    flat = fit(Points("x", SIZES, (3.0,) * 6))
    assert over_points(flat) is None


def test_tests_raise_a_false_alarm_one_time_in_twenty() -> None:
    rng = np.random.default_rng(7)
    bends, misfits, differ = [], [], []
    for _ in range(2_000):
        bend, line = curvature(drawn(rng, 5)), fit(drawn(rng, 5))
        straight, other = lack_of_fit(line), alpha_difference(line, fit(drawn(rng, 6, 4.0)))
        assert isinstance(bend, Curvature)
        assert isinstance(straight, LackOfFit)
        assert isinstance(other, AlphaDifference)
        bends.append(bend.p < 0.05)
        misfits.append(straight.p < 0.05)
        differ.append(other.p < 0.05)
    assert 0.04 <= np.mean(bends) <= 0.06
    assert 0.04 <= np.mean(misfits) <= 0.06
    assert 0.03 <= np.mean(differ) <= 0.06
