"""Humpback's scaling law, w = alpha ln N + C, fitted to anybody's points.

Pure functions from points to values. The logarithm is natural: that is what turns the paper's two points of LIMA and of
FLAN into its alphas. Two intervals come of a fit itself, and they answer different questions:

- by residuals (t, n - 2 degrees of freedom): what scatters the points around the line, whatever it is (prompts,
  training, a wrong law), judged by the points alone. Wide for three or four points, as it must be;
- by errors (normal): what the given standard errors alone would do to alpha. It knows nothing of training runs, and
  counts what all points share (one prompt set) as if it were each point's own.

The interval by resampling is in `analysis/scaling/bootstrap.py`, tests of the law in `analysis/scaling/checks.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from humpback.analysis.stats.statistics import students
from humpback.core.errors import HumpbackError

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
EXACT = 1e-9
"""Share of the largest value up to which a residual is rounding."""


class TooFewPoints(HumpbackError, ValueError):
    """A line needs two sizes."""


@dataclass(frozen=True)
class Interval:
    """The ends of a 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Points:
    """One curve: a value at each training size."""

    name: str
    n: tuple[float, ...]
    """Training examples, above 0."""
    value: tuple[float, ...]
    """Such as win rates in percent; alpha has its unit."""
    error: tuple[float, ...] | None = None
    """Standard error of each value, above 0; the weights of the fit are their inverse squares."""
    seed: tuple[str, ...] | None = None
    """Run of each point."""
    reading: tuple[float, ...] | None = None
    """Error with which each value was read from a figure, either way."""

    def __post_init__(self) -> None:
        for name in ("value", "error", "seed", "reading"):
            column = getattr(self, name)
            if column is not None and len(column) != len(self.n):
                raise ValueError(f"{self.name}: {len(self.n)} sizes and {len(column)} of {name}; they go together")
        if not all(math.isfinite(one) and one > 0 for one in self.n):
            raise ValueError(f"{self.name}: a size is not above 0")
        if not all(map(math.isfinite, self.value)):
            raise ValueError(f"{self.name}: a value is not a number")
        if self.error is not None and not all(math.isfinite(one) and one > 0 for one in self.error):
            raise ValueError(f"{self.name}: a standard error is not above 0")

    @property
    def sizes(self) -> tuple[float, ...]:
        """The distinct sizes, in order."""
        return tuple(sorted(set(self.n)))

    @property
    def weights(self) -> Floats:
        """Of each point in a fit."""
        return np.ones(len(self.n)) if self.error is None else 1 / np.square(np.array(self.error))


@dataclass(frozen=True)
class Fit:
    """A line through points, by least squares; weighted where they have errors."""

    points: Points
    alpha: float
    constant: float
    """C: what the line gives at N = 1."""
    centre: float
    """Weighted mean of ln N, where the line is known best."""
    weight: float
    """Sum of the weights."""
    spread: float
    """Weighted sum of squares of ln N around its centre."""
    r_squared: float | None
    """Share of the values' (weighted) variance that the line explains; None for two points or equal values."""

    @property
    def degrees_of_freedom(self) -> int:
        """Points less the two parameters of the line: what is left for the residuals."""
        return len(self.points.n) - 2

    @cached_property
    def residuals(self) -> tuple[float, ...]:
        """Value less line, in the points' order."""
        return tuple(v - self.at(n) for n, v in zip(self.points.n, self.points.value, strict=True))

    @cached_property
    def variance(self) -> float | None:
        """Residual variance of a point of weight 1; None without degrees of freedom, and where the line goes through
        every point: a scatter of nothing at all is none that could be judged."""
        if not self.degrees_of_freedom or np.allclose(self.residuals, 0, atol=EXACT * max(map(abs, self.points.value))):
            return None
        return float(self.points.weights @ np.square(self.residuals)) / self.degrees_of_freedom

    @property
    def alpha_error(self) -> float | None:
        """Standard error of alpha by residuals."""
        return None if self.variance is None else math.sqrt(self.variance / self.spread)

    @property
    def by_residuals(self) -> Interval | None:
        """Of alpha, by t."""
        error = self.alpha_error
        return None if error is None else _around(self.alpha, error * quantile(self.degrees_of_freedom))

    @property
    def by_errors(self) -> Interval | None:
        """Of alpha, from the given standard errors alone."""
        if self.points.error is None:
            return None
        return _around(self.alpha, math.sqrt(1 / self.spread) * float(ndtri((1 + CONFIDENCE) / 2)))

    @property
    def constant_by_residuals(self) -> Interval | None:
        """Of C, by t; wide, since N = 1 is far from any point."""
        band = self.band([1.0])
        return None if band is None else band[0]

    @property
    def by_reading(self) -> Interval | None:
        """The alphas that values within their reading errors can give: bounds, no confidence attached."""
        if self.points.reading is None:
            return None
        return _around(self.alpha, float(np.abs(pull(self.points.n, self.points.weights)) @ self.points.reading))

    def at(self, n: float) -> float:
        """The line at a size."""
        return self.constant + self.alpha * math.log(n)

    def band(self, sizes: Sequence[float]) -> tuple[Interval, ...] | None:
        """The line's 95 % interval by residuals at each size, each by itself; None without degrees of freedom."""
        if self.variance is None:
            return None
        reach = quantile(self.degrees_of_freedom)
        half = [
            reach * math.sqrt(self.variance * (1 / self.weight + (math.log(n) - self.centre) ** 2 / self.spread))
            for n in sizes
        ]
        return tuple(_around(self.at(n), one) for n, one in zip(sizes, half, strict=True))


def fit(points: Points) -> Fit:
    """w = alpha ln N + C by least squares, weighted by the inverse squares of the errors where there are errors.

    Raises:
        TooFewPoints: for fewer than two distinct sizes.
    """
    if len(points.sizes) < 2:
        raise TooFewPoints(f"{points.name}: a line needs two sizes or more; there is {len(points.sizes)}")
    x, y, weights = np.log(points.n), np.array(points.value), points.weights
    total = float(weights.sum())
    centre, mean = float(weights @ x) / total, float(weights @ y) / total
    away = x - centre
    spread = float(weights @ np.square(away))
    alpha = float(pull(points.n, weights) @ (y - mean))
    constant = mean - alpha * centre
    around = float(weights @ np.square(y - mean))
    left = float(weights @ np.square(y - mean - alpha * away))
    r_squared = 1 - left / around if len(x) > 2 and around > 0 else None
    return Fit(points, alpha, constant, centre, total, spread, r_squared)


def pull(sizes: Sequence[float], weights: Floats | None = None) -> Floats:
    """What one more of each value adds to alpha, the least-squares slope of values on the natural logarithm of size."""
    x = np.log(sizes)
    weights = np.ones(len(x)) if weights is None else weights
    away = x - float(weights @ x) / float(weights.sum())
    found: Floats = weights * away / float(weights @ np.square(away))
    return found


def parabola(sizes: Sequence[float]) -> tuple[Floats, Floats]:
    """What one more of each value adds to the bend b of the least-squares parabola C + a x + b x squared, x the natural
    logarithm of size, and to its slope at the largest size. Of three sizes or more."""
    x = np.log(sizes)
    away = x - x.mean()
    per_value: Floats = np.linalg.pinv(np.stack([np.ones_like(x), away, np.square(away)], axis=1))
    return per_value[2], per_value[1] + 2 * float(away.max()) * per_value[2]


def by_seed(points: Points) -> dict[str, float]:
    """The alpha of each seed's own points; seeds with fewer than two sizes are left out."""
    found = {}
    for seed in dict.fromkeys(points.seed or ()):
        at = [place for place, one in enumerate(points.seed or ()) if one == seed]
        own = Points(
            f"{points.name}, seed {seed}",
            tuple(points.n[i] for i in at),
            tuple(points.value[i] for i in at),
            None if points.error is None else tuple(points.error[i] for i in at),
        )
        if len(own.sizes) > 1:
            found[seed] = fit(own).alpha
    return found


def between_seeds(alphas: Sequence[float]) -> Interval | None:
    """Of the mean alpha over seeds, by t: what another run of everything would do. None for fewer than two, and for
    seeds that are all the same."""
    if len(alphas) < 2 or np.allclose(alphas, alphas[0], rtol=EXACT, atol=0):
        return None
    found = students(np.array(alphas))
    return Interval(found.low, found.high)


def quantile(degrees: float) -> float:
    """How many standard errors a 95 % interval reaches, by t."""
    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))


def _around(middle: float, half: float) -> Interval:
    return Interval(middle - half, middle + half)
