"""Means with their intervals. Arrays are float, NaN where a prompt has no outcome.

Scores come as (seeds, prompts): every run of an arm answers the same prompts, so differences between arms are paired
over both, and both are resampled. Published judgements have no seeds, which is one seed.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from humpback.analysis.stats.evidence import FEWEST, against_interval
from humpback.analysis.stats.shares import exact

Scores = NDArray[np.float64]
NONE = float("nan")
REPLICATES = 10_000
_RARE = 5
_AT_A_TIME = 64
"""Tables: a replicate of each is 5 MB a seed."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error and 95 % interval, which are NaN where there are none."""

    mean: float
    standard_error: float = NONE
    low: float = NONE
    high: float = NONE
    degrees_of_freedom: int | None = None
    """Set where the interval is Student's t; None for a bootstrap interval."""


def standard_error(scores: Scores) -> float:
    """Standard error of the mean over one run's prompts (sample deviation over root n), as AlpacaEval prints it.

    NaN for fewer than two prompts.
    """
    there = scores[~np.isnan(scores)]
    return float(there.std(ddof=1) / np.sqrt(len(there))) if len(there) > 1 else NONE


@lru_cache(maxsize=16)
def _draws(prompts: int) -> tuple[Scores, np.random.Generator]:
    """(replicates, prompts) how often each prompt is drawn, and the generator behind them, from which seeds are drawn
    next. The same for every table of that width: an interval does not depend on what was computed before it, and
    systems that share prompts share the draws."""
    rng = np.random.default_rng(0)
    return rng.multinomial(prompts, np.full(prompts, 1 / prompts), size=REPLICATES).astype(float), rng


def bootstrap(scores: Scores) -> Estimate:
    """The mean of (seeds, prompts) with a percentile interval from resampling prompts and, where there are several,
    seeds, independently of each other (the pigeonhole bootstrap of two crossed factors).

    One prompt, and outcomes that are all the same, have a mean and no interval. Resampling S seeds understates their
    variance by (S-1)/S, which matters for few seeds; the spread between seeds is reported beside it. Give differences
    of two arms' scores for a paired interval.

    Raises:
        ValueError: when there is not a single outcome.
    """
    return bootstraps(scores[None])[0]


def bootstraps(tables: Scores) -> list[Estimate]:
    """`bootstrap` of each of (tables, seeds, prompts), on the same draws: 1,225 pairs of 50 systems in two seconds.

    Raises:
        ValueError: when a table has not a single outcome.
    """
    _, seeds, prompts = tables.shape
    there = ~np.isnan(tables)
    if not there.any(axis=(1, 2)).all():
        raise ValueError("no outcome at all: every prompt is missing")
    of_prompts, rng = _draws(prompts)
    of_seeds = np.ones((REPLICATES, 1))
    if seeds > 1:
        of_seeds = deepcopy(rng).multinomial(seeds, np.full(seeds, 1 / seeds), size=REPLICATES).astype(float)

    def drawn(values: Scores) -> Scores:
        """(tables, replicates) sums; over prompts first, because (replicates, seeds) is small."""
        by_seed = (of_prompts @ values.reshape(-1, prompts).T).reshape(REPLICATES, len(values), seeds)
        return np.ascontiguousarray((of_seeds[:, None] * by_seed).sum(axis=2).T)

    found = []
    for start in range(0, len(tables), _AT_A_TIME):
        some, mask = tables[start : start + _AT_A_TIME], there[start : start + _AT_A_TIME]
        totals = drawn(np.where(mask, some, 0.0))
        weights = np.full_like(totals, seeds * prompts) if mask.all() else drawn(mask.astype(float))
        for scores, total, weight in zip(some, totals, weights, strict=True):
            mean = float(np.nanmean(scores))
            if against_interval(scores):
                found.append(Estimate(mean))
                continue
            means = total[weight > 0] / weight[weight > 0]
            low, high = np.percentile(means, [2.5, 97.5])
            found.append(Estimate(mean, float(means.std(ddof=1)), float(low), float(high)))
    return found


def of_runs(means: Scores, errors: Scores) -> Estimate:
    """The mean of (seeds,) means, each with the standard error of its items, where seeds share no items. Seeds are
    resampled, and each seed's items by the normal law of their mean; where a seed's error is not known, the interval is
    Student's over seeds. NaN means are left out; what does not vary at all has no interval."""
    errors, means = errors[~np.isnan(means)], means[~np.isnan(means)]
    seeds = len(means)
    if np.isnan(errors).any() or not seeds or (np.ptp(means) == 0 and not errors.any()):
        return students(means)
    rng = np.random.default_rng(0)
    drawn = rng.integers(seeds, size=(REPLICATES, seeds))
    replicates = (means[drawn] + errors[drawn] * rng.standard_normal(drawn.shape)).mean(axis=1)
    low, high = np.percentile(replicates, [2.5, 97.5])
    return Estimate(float(means.mean()), float(replicates.std(ddof=1)), float(low), float(high))


def students(values: Scores) -> Estimate:
    """The mean of a few independent values with Student's interval; none of one, or where they do not vary."""
    if len(values) < 2 or np.ptp(values) == 0:
        return Estimate(float(values.mean()) if len(values) else NONE)
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    half = error * float(stdtrit(len(values) - 1, 0.975))
    return Estimate(mean, error, mean - half, mean + half, degrees_of_freedom=len(values) - 1)


def rate(scores: Scores) -> Estimate:
    """The mean of (seeds, prompts) between 0 and 100 percent as `bootstrap` has it; where that has no interval, or
    there are too few prompts for it, with the exact one over prompts. One prompt has none.

    Raises:
        ValueError: when there is not a single outcome.
    """
    return with_exact(bootstrap(scores), int((~np.isnan(scores)).any(axis=0).sum()))


def with_exact(estimate: Estimate, n: int) -> Estimate:
    """A rate in percent over n prompts, its interval the exact one where resampling has none or too little to go by:
    too few prompts, or fewer than five won or lost."""
    rarer = n * min(estimate.mean, 100 - estimate.mean) / 100
    if n < 2 or (n >= FEWEST and rarer >= _RARE and not np.isnan(estimate.low)):
        return estimate
    low, high = exact(n * estimate.mean / 100, n)
    return Estimate(estimate.mean, estimate.standard_error, 100 * low, 100 * high)
