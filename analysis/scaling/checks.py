"""Whether w = alpha ln N + C holds: lack of fit, saturation, and whether two alphas differ.

Each question has an answer or a reason why these points cannot give one; with the five or six sizes of a scaling figure
that reason is often the answer.

Saturation is asked with a term in (ln N) squared, and not with a plateau min(N, N*). The square is a linear parameter,
so its t test (the F test of one more parameter) is exact for normal residuals at any number of points; a break at an
unknown N* is not identified under the law without a break, its F is not F distributed, and with six sizes it sits
wherever one residual is. What is asked is therefore: does the curve bend, and does it still rise at the largest N?
AICc is not used: with four parameters (the variance is one) it is undefined below six points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr

from humpback.analysis.scaling.fit import CONFIDENCE, EXACT, Fit, Floats, Interval, Points, quantile
from humpback.analysis.stats.multiplicity import LEVEL


@dataclass(frozen=True)
class CannotTell:
    """No answer from these points."""

    words: str
    """Why."""


@dataclass(frozen=True)
class LackOfFit:
    """A test of the straight line."""

    test: str
    """Such as "chi-square(4) = 3.1"."""
    p: float

    @property
    def words(self) -> str:
        """The test, and what it says at 5 %."""
        said = "no lack of fit shown" if self.p >= LEVEL else "the line does not fit"
        return f"{self.test}, p {p_in_words(self.p)}: {said}"


def lack_of_fit(line: Fit) -> LackOfFit | CannotTell:
    """Whether the points scatter around the line more than they should.

    Where errors are given, by chi-square. Otherwise, where sizes are repeated (seeds), by F: the scatter of sizes'
    means around the line against the scatter within sizes. Otherwise not at all: a run of signs of so few residuals
    proves nothing, and they are shown in order of N as they are.
    """
    points = line.points
    sizes = points.sizes
    if line.degrees_of_freedom and points.error is not None:
        statistic = float(np.square(np.array(line.residuals) / np.array(points.error)).sum())
        return LackOfFit(
            f"chi-square({line.degrees_of_freedom}) = {statistic:.1f}",
            float(chdtrc(line.degrees_of_freedom, statistic)),
        )
    within = len(points.n) - len(sizes)
    if within and len(sizes) > 2:
        values, n = np.array(points.value), np.array(points.n)
        pure = sum(float(np.square(values[n == size] - values[n == size].mean()).sum()) for size in sizes)
        extra = max(float(np.square(line.residuals).sum()) - pure, 0.0)
        degrees = len(sizes) - 2
        if pure > 0:
            statistic = (extra / degrees) / (pure / within)
            return LackOfFit(f"F({degrees}, {within}) = {statistic:.1f}", float(fdtrc(degrees, within, statistic)))
    if len(sizes) == 2:
        return CannotTell("two sizes: any line fits")
    signs = "".join("+" if r > 0 else "-" for _, r in sorted(zip(points.n, line.residuals, strict=True)))
    return CannotTell(f"not tested: neither errors nor scatter at repeated sizes; residuals by N {signs}")


@dataclass(frozen=True)
class Curvature:
    """The fit of w = C + a x + b x squared, x = ln N."""

    bend: float
    """b; below 0 for a curve that flattens."""
    bend_interval: Interval
    p: float
    """Two-sided, of b = 0: that of the F test with 1 and n - 3 degrees of freedom."""
    largest: float
    """N of the largest point."""
    slope: float
    """dw / d ln N there."""
    slope_interval: Interval

    @property
    def words(self) -> str:
        """The verdict: what bend and slope, each at 5 %, can and cannot tell."""
        end = f"at N = {self.largest:,.0f}"
        rises = self.slope_interval.low > 0
        if self.bend_interval.high < 0:
            return f"slows, still rises {end}" if rises else f"saturates: no rise shown {end}"
        if self.bend_interval.low > 0:
            return "bends upward"
        return f"no bend shown, still rises {end}" if rises else f"cannot be told: neither bend nor rise shown {end}"


def curvature(points: Points) -> Curvature | CannotTell:
    """Whether the curve bends in ln N, and whether it still rises at the largest N. Weighted as the line is; the scale
    is the residuals', so three parameters need four points, at three sizes or more."""
    degrees = len(points.n) - 3
    if degrees < 1 or len(points.sizes) < 3:
        had = f"{len(points.n)} points at {len(points.sizes)} sizes"
        return CannotTell(f"too few points to tell: {had}; a bend needs 4 points at 3 sizes")
    x, weights = np.log(points.n), points.weights
    centre = float(weights @ x / weights.sum())
    design = np.stack([np.ones_like(x), x - centre, np.square(x - centre)], axis=1)
    inverse: Floats = np.linalg.inv(design.T @ (weights[:, None] * design))
    values = np.array(points.value)
    found = inverse @ (design.T @ (weights * values))
    left = values - design @ found
    if np.allclose(left, 0, atol=EXACT * float(np.abs(values).max())):
        return CannotTell(f"cannot be told: the curve goes through all {len(points.n)} points, which leaves no scatter")
    scale = float(weights @ np.square(left)) / degrees
    end = np.array([0.0, 1.0, 2 * (float(x.max()) - centre)])
    error = math.sqrt(scale * float(inverse[2, 2]))
    slope, slope_error = float(end @ found), math.sqrt(scale * float(end @ inverse @ end))
    bend, reach = float(found[2]), quantile(degrees)
    return Curvature(
        bend,
        Interval(bend - reach * error, bend + reach * error),
        _two_sided(bend, error, degrees),
        max(points.n),
        slope,
        Interval(slope - reach * slope_error, slope + reach * slope_error),
    )


@dataclass(frozen=True)
class AlphaDifference:
    """Alpha of the first less alpha of the second, of two fits to different data."""

    first: str
    second: str
    difference: float
    interval: Interval
    p: float
    """Two-sided, by itself."""
    how: str
    """ "residuals (t)" or "errors (normal)"."""


def alpha_difference(first: Fit, second: Fit) -> AlphaDifference | CannotTell:
    """Whether two alphas differ: by the residuals of both lines (Welch's t, so neither scatter is taken for the
    other's), or, where one of them is through two points, by the given errors of both (normal).

    Both take the two curves' errors as independent. Curves answered on the same prompts share some of theirs.
    """
    estimate = first.alpha - second.alpha
    names = first.points.name, second.points.name
    if first.variance is not None and second.variance is not None:
        a, b = first.variance / first.spread, second.variance / second.spread
        degrees = (a + b) ** 2 / (a**2 / first.degrees_of_freedom + b**2 / second.degrees_of_freedom)
        error = math.sqrt(a + b)
        reach, p, how = quantile(degrees), _two_sided(estimate, error, degrees), "residuals (t)"
    elif first.points.error is not None and second.points.error is not None:
        error = math.sqrt(1 / first.spread + 1 / second.spread)
        reach, how = float(ndtri((1 + CONFIDENCE) / 2)), "errors (normal)"
        p = 2 * float(ndtr(-abs(estimate) / error))
    else:
        short = next(one for one in (first, second) if one.variance is None)
        had = "two points" if not short.degrees_of_freedom else "points on one line"
        return CannotTell(f"{short.points.name} has {had} and no errors: its alpha has no interval")
    return AlphaDifference(*names, estimate, Interval(estimate - reach * error, estimate + reach * error), p, how)


def _two_sided(value: float, error: float, degrees: float) -> float:
    if error == 0:
        return 1.0 if value == 0 else 0.0
    return 2 * float(stdtr(degrees, -abs(value) / error))


def p_in_words(value: float) -> str:
    """To three digits."""
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
