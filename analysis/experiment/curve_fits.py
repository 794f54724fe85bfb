"""Win rate against size: the line through an experiment's arms, whether it fits, and whether it flattens.

What is fitted are weighted sums of each prompt's points at the sizes, so intervals are over runs and prompts, as of any
claim. `analysis/scaling` asks the same of anybody's points, which have no prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from humpback.analysis.experiment.finding import Outcomes
from humpback.analysis.scaling.checks import CannotTell, LackOfFit
from humpback.analysis.scaling.fit import Floats, parabola, pull
from humpback.analysis.stats.statistics import NONE, Estimate, MeanSquares, Scores, crossed_mean, mean_squares
from humpback.spec.claims import Curve


@dataclass(frozen=True)
class CurveFit:
    """Win rate against size: w = slope * ln(size) + level, by least squares over the arms of one curve."""

    name: str
    sizes: tuple[int, ...]
    slope: Estimate | None
    """In points for a factor of e; None with fewer than two sizes."""
    level: float
    """The fit's value at size 1, in percent."""
    paper: float | None = None
    """The paper's slope of the same curve."""
    bend: Estimate | None = None
    """Factor of (ln size) squared in a parabola through the same points, below 0 for a curve that flattens; None with
    fewer than three sizes."""
    end_slope: Estimate | None = None
    """That parabola's slope at the largest size: above 0, the curve has not saturated there."""
    straight: LackOfFit | CannotTell | None = None
    """Whether the line fits, by the scatter between runs and prompts (pure error); None without a line."""


def curve_fit(curve: Curve, outcomes: Outcomes) -> CurveFit:
    """The line through a curve's arms, over the seeds of which every size was judged."""
    judged = _points(curve, outcomes)
    sizes = [n for n, _ in judged]
    paper = curve.alpha.value if curve.alpha else None
    slope = outcomes.mean(along(curve, outcomes, pull))
    if slope is None:
        return CurveFit(curve.name, tuple(sizes), None, NONE, paper)
    seeds = _seeds(judged)
    scores = np.stack([[100 * by_seed[seed] for seed in seeds] for _, by_seed in judged])
    bases = outcomes.bases_of(seeds)
    middle = float(np.mean([crossed_mean(one, bases=bases).mean for one in scores]))
    return CurveFit(
        curve.name,
        tuple(sizes),
        slope,
        middle - slope.mean * float(np.mean(np.log(sizes))),
        paper,
        outcomes.mean(along(curve, outcomes, _bend, least=3)),
        outcomes.mean(along(curve, outcomes, end_slope, least=3)),
        lack_of_fit(sizes, scores, bases),
    )


def along(
    curve: Curve, outcomes: Outcomes, weigh: Callable[[Sequence[float]], Floats], *, least: int = 2
) -> dict[int, Scores]:
    """By seed, (prompts,) of each prompt's part in a weighted sum of win rates, in percent, over the arms of a curve.
    `weigh` gives the weights from the sizes. Empty when fewer than `least` sizes were judged for every seed."""
    points = _points(curve, outcomes)
    if len(points) < least:
        return {}
    weights = weigh([float(n) for n, _ in points])
    return {
        seed: 100 * sum(w * by_seed[seed] for w, (_, by_seed) in zip(weights, points, strict=True))
        for seed in _seeds(points)
    }


def end_slope(sizes: Sequence[float]) -> Floats:
    """What one more of each value adds to a parabola's slope on ln(size) at the largest size."""
    return parabola(sizes)[1]


def _bend(sizes: Sequence[float]) -> Floats:
    return parabola(sizes)[0]


def lack_of_fit(sizes: Sequence[float], scores: Scores, bases: Sequence[int]) -> LackOfFit | CannotTell:
    """Whether the mean (sizes, runs, prompts) of scores lies on a line in ln(size), by F: what a line leaves of the
    means, in contrasts orthogonal to it, against the pure error of the same contrasts between runs and prompts."""
    free = len(sizes) - 2
    if free < 1:
        return CannotTell("two sizes: any line fits")
    line = np.stack([np.ones(len(sizes)), np.log(sizes)], axis=1)
    contrasts = np.linalg.qr(line, mode="complete")[0][:, 2:].T
    found = [mean_squares(np.tensordot(one, scores, 1), bases=bases) for one in contrasts]
    first = found[0]
    factors = tuple(
        (float(np.mean([one.factors[place][0] for one in found])), free * first.factors[place][1])
        for place in range(len(first.factors))
    )
    error = MeanSquares(0.0, first.cells, factors, float(np.mean([one.left for one in found])), free * first.degrees)
    if not error.variance > 0:
        return CannotTell("not tested: nothing varies")
    statistic = first.cells * float(np.mean([one.mean**2 for one in found])) / error.variance
    degrees = error.degrees_of_freedom
    return LackOfFit(f"F({free}, {degrees:.0f}) = {statistic:.1f}", float(fdtrc(free, degrees, statistic)))


Judged = list[tuple[int, dict[int, Scores]]]
"""Sizes in order, each with (prompts,) of points by seed."""


def _points(curve: Curve, outcomes: Outcomes) -> Judged:
    judged = [(arm.n, outcomes.contests.get(arm.name, {})) for arm in outcomes.arms.values() if arm.curve == curve]
    return sorted(
        ((n, {seed: one.points for seed, one in by_seed.items()}) for n, by_seed in judged if by_seed),
        key=lambda point: point[0],
    )


def _seeds(points: Judged) -> list[int]:
    return [seed for seed in points[0][1] if all(seed in by_seed for _, by_seed in points)]
