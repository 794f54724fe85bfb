"""Intervals and tests. Arrays are float, NaN where a prompt has no outcome.

Scores come as (seeds, prompts): every run of an arm answers the same prompts, so differences between arms are paired
over both, and both are resampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from humpback.analysis.stats.evidence import FEWEST, against_interval, exact

Scores = NDArray[np.float64]
NONE = float("nan")
REPLICATES = 10_000
_RARE = 5


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error and 95 % interval."""

    mean: float
    standard_error: float
    low: float
    high: float
    degrees: int | None = None
    """Of freedom, where the interval is Student's."""


def standard_error(scores: Scores) -> float:
    """Standard error of the mean over one run's prompts (sample deviation over root n), as AlpacaEval prints it.

    NaN for fewer than two prompts.
    """
    there = scores[~np.isnan(scores)]
    return float(there.std(ddof=1) / np.sqrt(len(there))) if len(there) > 1 else float("nan")


@cache
def _resamples(seeds: int, prompts: int) -> tuple[Scores, Scores]:
    """How often each seed, and each prompt, is drawn in each replicate; the same for every table of that shape, so
    that an arm's interval does not depend on what was computed before it."""
    rng = np.random.default_rng(0)
    of_prompts = rng.multinomial(prompts, np.full(prompts, 1 / prompts), size=REPLICATES).astype(float)
    if seeds == 1:
        return np.ones((REPLICATES, 1)), of_prompts
    return rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=REPLICATES).astype(float), of_prompts


def bootstrap(scores: Scores) -> Estimate:
    """The mean of (seeds, prompts) with a percentile interval from resampling prompts and, where there are several,
    seeds, independently of each other (the pigeonhole bootstrap of two crossed factors).

    One prompt, and outcomes that are all the same, have a mean and no interval. Resampling S seeds understates their
    variance by (S-1)/S, which matters for few seeds; the spread between seeds is reported beside it. Give differences
    of two arms' scores for a paired interval.

    Raises:
        ValueError: when there is not a single outcome.
    """
    seeds, prompts = scores.shape
    there = ~np.isnan(scores)
    if not there.any():
        raise ValueError("no outcome at all: every prompt is missing")
    if against_interval(scores):
        return Estimate(float(np.nanmean(scores)), NONE, NONE, NONE)
    filled = np.where(there, scores, 0.0)
    of_seeds, of_prompts = _resamples(seeds, prompts)
    # Over prompts first: (replicates, seeds) is small, and (replicates, prompts) would be made anew for each table.
    totals = (of_seeds * (of_prompts @ filled.T)).sum(axis=1)
    weights = (of_seeds * (of_prompts @ there.T.astype(float))).sum(axis=1)
    means = totals[weights > 0] / weights[weights > 0]
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(np.nanmean(scores)), float(means.std(ddof=1)), float(low), float(high))


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
    low, high = exact(estimate.mean, n)
    return Estimate(estimate.mean, estimate.standard_error, low, high)
