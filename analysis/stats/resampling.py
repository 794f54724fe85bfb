"""Bootstrap over prompts for one or many systems, fast enough to run at each command.

`humpback.analysis.stats.statistics` crosses prompts with seeds; published judgements have no seeds. Drawing integers
and counting them gives the same distribution as its multinomial draws in a sixth of the time. All systems share the
draws, so that their differences are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from humpback.analysis.stats.evidence import against_interval, few_different
from humpback.analysis.stats.statistics import REPLICATES, Estimate, Scores

_NONE = float("nan")
_AT_A_TIME = 50
_PAIRS = 64


@lru_cache(maxsize=16)
def _draws(prompts: int) -> NDArray[np.float32]:
    """(replicates, prompts): how often each prompt is drawn; the same for every table of that width."""
    rng = np.random.default_rng(0)
    drawn = np.empty((REPLICATES, prompts), np.float32)
    offsets = np.repeat(np.arange(_AT_A_TIME) * prompts, prompts)
    for start in range(0, REPLICATES, _AT_A_TIME):
        which = rng.integers(0, prompts, size=_AT_A_TIME * prompts) + offsets
        drawn[start : start + _AT_A_TIME] = np.bincount(which, minlength=_AT_A_TIME * prompts).reshape(-1, prompts)
    return drawn


def interval(points: Scores) -> Estimate:
    """The mean of (prompts,) with its standard error and percentile 95 % interval; NaN is a missing outcome. One
    outcome, and outcomes that are all the same, have no interval.

    Raises:
        ValueError: when there is not a single outcome.
    """
    return intervals(points[None, :])[0]


def intervals(rows: Scores) -> list[Estimate]:
    """`interval` of each row of (rows, prompts), on the same draws."""
    there = ~np.isnan(rows)
    if not there.any(axis=1).all():
        raise ValueError("no outcome at all: every prompt of a row is missing")
    draws = _draws(rows.shape[1])
    found: list[Estimate] = []
    for start in range(0, len(rows), _PAIRS):
        some, mask = rows[start : start + _PAIRS], there[start : start + _PAIRS]
        # Around the mean, because single precision is kept for what varies.
        centres = np.nanmean(some, axis=1)
        centred = np.where(mask, some - centres[:, None], 0.0).astype(np.float32)
        totals = draws @ centred.T
        if mask.all():
            means = totals / rows.shape[1]
        else:
            weights = draws @ mask.astype(np.float32).T
            means = np.divide(totals, weights, out=np.full_like(totals, np.nan), where=weights > 0)
        alike = [bool(against_interval(one[None, :])) for one in some]
        low, high = np.nanpercentile(means, [2.5, 97.5], axis=0) if np.isnan(means).any() else _middle(means)
        errors = np.nanstd(means, axis=0, ddof=1)
        found += [
            Estimate(float(c), *((_NONE,) * 3 if same else map(float, (e, c + lo, c + hi))))
            for c, e, lo, hi, same in zip(centres, errors, low, high, alike, strict=True)
        ]
    return found


def _middle(means: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return low, high


def paired(points: Scores, pairs: Sequence[tuple[int, int]]) -> list[Estimate]:
    """The difference of each pair of rows of (systems, prompts) over the prompts that both have; without an interval
    where they differ on too few for one.

    Raises:
        ValueError: when a pair has no prompt in common.
    """
    if not pairs:
        return []
    first, second = zip(*pairs, strict=True)
    margins = points[list(first)] - points[list(second)]
    return [
        Estimate(found.mean, _NONE, _NONE, _NONE) if few_different(one[None, :]) else found
        for found, one in zip(intervals(margins), margins, strict=True)
    ]
