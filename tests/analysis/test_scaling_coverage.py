"""How often the intervals of alpha hold the truth, and how often the tests raise a false alarm, in simulation."""

from __future__ import annotations

import numpy as np
import pytest

from humpback.analysis.scaling.bootstrap import difference_over_prompts, over_points, over_prompts
from humpback.analysis.scaling.checks import (
    AlphaDifference,
    Curvature,
    LackOfFit,
    alpha_difference,
    curvature,
    lack_of_fit,
)
from humpback.analysis.scaling.fit import Interval, Points, TooFewPoints, fit

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


def outcomes(
    rng: np.random.Generator, seeds: int, prompts: int, *, alpha: float = TRUE, hard: np.ndarray | None = None
) -> np.ndarray:
    """(sizes, seeds, prompts): prompts differ in hardness and a little in how much they gain from data; so do seeds."""
    x = np.log(SIZES[:4])[:, None, None]
    own = rng.normal(0, 30, prompts) if hard is None else hard
    gain = alpha + rng.normal(0, 3, prompts) + (rng.normal(0, 0.2, (seeds, 1)) if seeds > 1 else 0.0)
    return 8 + own + gain * x + rng.normal(0, 10, (4, seeds, prompts))


@pytest.mark.parametrize(("seeds", "trials", "least"), [(1, 100, 0.88), (5, 50, 0.85)])
def test_the_bootstrap_over_prompts_and_seeds_holds_the_truth(seeds: int, trials: int, least: float) -> None:
    """Five seeds are few, and percentiles over them somewhat short, as `humpback.analysis.stats.statistics.bootstrap`
    says."""
    rng = np.random.default_rng(20 + seeds)
    found = [over_prompts(SIZES[:4], outcomes(rng, seeds, 40)) for _ in range(trials)]
    assert least <= np.mean([one.low <= TRUE <= one.high for one in found]) <= 0.995


def test_what_all_sizes_share_does_not_widen_alpha() -> None:
    rng = np.random.default_rng(3)
    flat = rng.normal(0, 1, (4, 2, 80))
    shared = flat + rng.normal(0, 50, 80)
    ours, theirs = over_prompts(SIZES[:4], flat), over_prompts(SIZES[:4], shared)
    assert theirs.mean == pytest.approx(ours.mean)
    assert theirs.standard_error == pytest.approx(ours.standard_error)


def test_alpha_over_prompts_is_the_fit_of_the_means_and_missing_outcomes_are_left_out() -> None:
    rng = np.random.default_rng(5)
    some = outcomes(rng, 3, 50)
    some[rng.random(some.shape) < 0.1] = np.nan
    some[0, :, :25] = np.nan
    means = tuple(float(one) for one in np.nanmean(some, axis=(1, 2)))
    found = over_prompts(SIZES[:4], some)
    assert found.mean == pytest.approx(fit(Points("x", SIZES[:4], means)).alpha)
    assert (found.low + found.high) / 2 == pytest.approx(found.mean, abs=0.5 * found.standard_error)
    some[0, :, 1:] = np.nan
    some[0, :, 0] = 40
    few = over_prompts(SIZES[:4], some)
    assert few.low < few.mean < few.high
    with pytest.raises(ValueError, match="no outcome at all for one of the sizes"):
        over_prompts(SIZES[:2], np.stack([some[0], np.full_like(some[0], np.nan)]))
    with pytest.raises(ValueError, match=r"3 sizes and outcomes of shape"):
        over_prompts(SIZES[:3], some)
    with pytest.raises(TooFewPoints):
        over_prompts((100.0, 100.0, 100.0, 100.0), some)


def test_a_paired_difference_of_alphas() -> None:
    rng = np.random.default_rng(6)
    held, false = 0, 0
    for _ in range(40):
        hard = rng.normal(0, 30, 60)
        first, second = (outcomes(rng, 1, 60, alpha=alpha, hard=hard) for alpha in (5.5, 5.0))
        found = difference_over_prompts(SIZES[:4], first, SIZES[:4], second)
        held += found.estimate.low <= 0.5 <= found.estimate.high
        equal = outcomes(rng, 1, 60, alpha=5.0, hard=hard)
        false += difference_over_prompts(SIZES[:4], equal, SIZES[:4], second).p < 0.05
    assert 34 <= held <= 40
    assert false <= 6
    far = difference_over_prompts(SIZES[:4], second + 40 * np.log(SIZES[:4])[:, None, None], SIZES[:4], second)
    assert far.p < 0.001
    assert far.estimate.mean == pytest.approx(40)
    assert np.isnan(far.estimate.low), "every prompt shows the same difference"
    with pytest.raises(ValueError, match="pairing takes the same of both"):
        difference_over_prompts(SIZES[:4], first, SIZES[:4], second[:, :, :50])


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
