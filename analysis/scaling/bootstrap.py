"""The interval of alpha by resampling a curve's points.

What is resampled are residuals and what is compared is alpha over its own standard error (the bootstrap-t). Simulated
with five to eight sizes, its 95 % intervals hold the truth 93 to 97 times in 100; drawing whole points, or alphas
without their standard error, holds it 84 to 92 times.
"""

from __future__ import annotations

import numpy as np

from humpback.analysis.scaling.fit import Fit, Interval

LEAST = 5
"""Points below which residuals are too few to draw from."""
REPLICATES = 10_000


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
    errors = np.sqrt(np.square(rest).sum(axis=1) / line.degrees_of_freedom / line.spread)
    # A draw of equal residuals has no error of its own, and says nothing.
    there = errors > 1e-9 * line.alpha_error
    low, high = np.percentile(moved[there] / errors[there], [2.5, 97.5])
    return Interval(line.alpha - float(high) * line.alpha_error, line.alpha - float(low) * line.alpha_error)
