"""Intervals of alpha by resampling: over a curve's points, or over the prompts and seeds behind them.

Over points, what is resampled are residuals and what is compared is alpha over its own standard error (the
bootstrap-t). Simulated with five to eight sizes, its 95 % intervals hold the truth 93 to 97 times in 100; drawing whole
points, or alphas without their standard error, holds it 84 to 92 times.

Over prompts and seeds, every size is answered by the same seeds on the same prompts, and all are drawn together, as
`humpback.analysis.stats.statistics.bootstrap` draws them: what a hard prompt takes from all sizes alike goes into C and
not into alpha, so this interval can be far narrower than one made of each point's standard error. It does not ask
whether the law holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from humpback.analysis.scaling.fit import Fit, Floats, Interval, TooFewPoints
from humpback.analysis.stats.statistics import NONE, REPLICATES, Estimate, Scores, _resamples

LEAST = 5
"""Points below which residuals are too few to draw from."""


def over_points(line: Fit) -> Interval | None:
    """Of alpha, by bootstrap-t over residuals, each divided by the share of it that the fit leaves; None for fewer than
    five points. The draws are the same for the same number of points."""
    points = line.points
    count = len(points.n)
    if count < LEAST or line.alpha_error is None:
        return None
    root = np.sqrt(points.weights)
    # In units in which every point has weight 1, an ordinary regression on two columns.
    design = np.stack([root, root * (np.log(points.n) - line.centre)], axis=1)
    hat = design @ np.diag([1 / line.weight, 1 / line.spread]) @ design.T
    left = 1 - np.diag(hat)
    # A point that the line must pass through has no residual to offer.
    free = left > 1e-9
    pool = (root * np.array(line.residuals))[free] / np.sqrt(left[free])
    drawn = (pool - pool.mean())[np.random.default_rng(0).integers(0, len(pool), (REPLICATES, count))]
    moved = drawn @ design[:, 1] / line.spread
    rest = drawn - drawn @ hat
    errors = np.sqrt(np.square(rest).sum(axis=1) / line.degrees / line.spread)
    # A draw of equal residuals has no error of its own, and says nothing.
    there = errors > 1e-9 * line.alpha_error
    low, high = np.percentile(moved[there] / errors[there], [2.5, 97.5])
    return Interval(line.alpha - float(high) * line.alpha_error, line.alpha - float(low) * line.alpha_error)


def over_prompts(sizes: Sequence[float], outcomes: Scores) -> Estimate:
    """Alpha of the sizes' mean outcomes with its percentile interval over prompts and seeds.

    outcomes: (sizes, seeds, prompts), NaN where there is none. Sizes weigh alike: they are answered by the same seeds
    on the same prompts. Few seeds make it too narrow, as in `humpback.analysis.stats.statistics.bootstrap`.

    Raises:
        ValueError: for another shape, or a size without an outcome.
        TooFewPoints: for fewer than two distinct sizes.
    """
    return _estimate(*_alphas(sizes, outcomes))


@dataclass(frozen=True)
class PairedDifference:
    """Alpha of the first less alpha of the second, over the prompts and seeds that both have."""

    estimate: Estimate
    p: float
    """Two-sided: twice the smaller share of replicates on one side of 0, at least 2 / (replicates + 1)."""


def difference_over_prompts(
    first_sizes: Sequence[float], first: Scores, second_sizes: Sequence[float], second: Scores
) -> PairedDifference:
    """Whether two curves' alphas differ, both answered by the same seeds on the same prompts, in the same order.

    first, second: (sizes, seeds, prompts); the sizes may differ, seeds and prompts may not.

    Raises:
        ValueError: when seeds or prompts differ in number, or a size has no outcome.
    """
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(f"{first.shape[1:]} and {second.shape[1:]} seeds and prompts; pairing takes the same of both")
    (a, of_first), (b, of_second) = _alphas(first_sizes, first), _alphas(second_sizes, second)
    gaps = of_first - of_second
    beyond = min(int((gaps <= 0).sum()), int((gaps >= 0).sum()))
    p = min(1.0, 2 * (beyond + 1) / (int((~np.isnan(gaps)).sum()) + 1))
    return PairedDifference(_estimate(a - b, gaps), p)


def _estimate(found: float, replicates: Floats) -> Estimate:
    """Replicates that drew no outcome of some size are NaN, and left out. Where none differs there is no interval."""
    low, high = np.nanpercentile(replicates, [2.5, 97.5])
    if high - low <= 1e-9 * max(1.0, abs(found)):
        return Estimate(found, NONE, NONE, NONE)
    return Estimate(found, float(np.nanstd(replicates, ddof=1)), float(low), float(high))


def _alphas(sizes: Sequence[float], outcomes: Scores) -> tuple[float, Floats]:
    """Alpha of the means, and of each replicate's means."""
    if outcomes.ndim != 3 or len(sizes) != len(outcomes):
        raise ValueError(f"{len(sizes)} sizes and outcomes of shape {outcomes.shape}; it is (sizes, seeds, prompts)")
    if len(set(sizes)) < 2:
        raise TooFewPoints("a line needs two sizes or more")
    there = ~np.isnan(outcomes)
    if not there.any(axis=(1, 2)).all():
        raise ValueError("no outcome at all for one of the sizes")
    away = np.log(sizes) - np.log(sizes).mean()
    pull = away / (away @ away)
    of_seeds, of_prompts = _resamples(*outcomes.shape[1:])
    means = np.empty((len(sizes), len(of_seeds)))
    for place, (one, mask) in enumerate(zip(np.where(there, outcomes, 0.0), there, strict=True)):
        totals = (of_seeds * (of_prompts @ one.T)).sum(axis=1)
        weights = (of_seeds * (of_prompts @ mask.T.astype(float))).sum(axis=1)
        means[place] = np.divide(totals, weights, out=np.full_like(totals, np.nan), where=weights > 0)
    return float(pull @ np.nanmean(outcomes, axis=(1, 2))), pull @ means
