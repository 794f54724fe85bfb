"""Means with their intervals. Arrays are float, NaN where a prompt has no outcome.

Scores come as (runs, prompts): every run of an arm answers the same prompts, so differences between arms are paired
over both. A run is a seed on one of several bases; published judgements are one run. What runs and what prompts do are
two crossed random factors, and the mean's variance is put together from their mean squares (method of moments), with
Satterthwaite's degrees of freedom. `benchmarks/interval_coverage.py` measures how often these intervals hold the truth.

Resampling both factors (the pigeonhole bootstrap), which stood here before, has no interval of 3 or 5 runs: it takes a
variance that is (S-1)/S of the true one, and the normal law for it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from humpback.analysis.stats.evidence import FEWEST, against_interval
from humpback.analysis.stats.shares import exact

Scores = NDArray[np.float64]
Labels = Sequence[Hashable]
NONE = float("nan")
_RARE = 5
REPLICATES = 10_000
_AT_A_TIME = 64
"""Tables: a replicate of each is 5 MB a seed."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error and 95 % interval, which are NaN where there are none."""

    mean: float
    standard_error: float = NONE
    low: float = NONE
    high: float = NONE
    degrees_of_freedom: float | None = None
    """Of Student's t, which the interval is by; None for an exact interval of a share, and where there is none."""


def standard_error(scores: Scores) -> float:
    """Standard error of the mean over one run's prompts (sample deviation over root n), as AlpacaEval prints it.

    NaN for fewer than two prompts.
    """
    there = scores[~np.isnan(scores)]
    return float(there.std(ddof=1) / np.sqrt(len(there))) if len(there) > 1 else NONE


def units(runs: int, bases: Labels | None = None) -> NDArray[np.intp]:
    """(runs,) the place of each run's unit, from 0: what runs repeat of one another. Units are bases where there are
    several, because runs of one base share what that base is, and single runs where all are of one.

    Raises:
        ValueError: for another number of bases than of runs.
    """
    if bases is None or len(set(bases)) < 2:
        found = np.arange(runs)
    else:
        places = {base: place for place, base in enumerate(dict.fromkeys(bases))}
        found = np.array([places[base] for base in bases])
    if len(found) != runs:
        raise ValueError(f"{runs} runs and the bases of {len(found)}; they go together")
    return found


def crossed_mean(scores: Scores, *, bases: Labels | None = None, requests: Labels | None = None) -> Estimate:
    """The mean of (runs, prompts), with the interval for other runs (of other bases, where there are several) and other
    prompts. Give differences of two arms' scores for a paired interval.

    Each base counts the same, and each run of a base; a run's mean is over the prompts of which it has outcomes.
    Prompts of one request (two wordings of it) are one cluster. One prompt, and outcomes that are all the same, have a
    mean and no interval.

    bases: (runs,) which base each run started from; None where all are of one.
    requests: (prompts,) which request each prompt words; None where each is its own.

    Raises:
        ValueError: when there is not a single outcome, or labels are not as many as runs or prompts.
    """
    of_unit = units(len(scores), bases)
    clusters = _places(scores.shape[1], requests)
    there = ~np.isnan(scores)
    runs, used = there.any(axis=1), there.any(axis=0)
    if not runs.any():
        raise ValueError("no outcome at all: every prompt is missing")
    of_unit, scores = of_unit[runs], scores[runs][:, used]
    _, clusters = np.unique(clusters[used], return_inverse=True)
    table = np.stack([_by_cluster(row, clusters) for row in scores])
    averaged = np.stack([table[of_unit == unit].mean(axis=0) for unit in np.unique(of_unit)])
    return _crossed(averaged, no_interval=bool(against_interval(scores)))


def _places(prompts: int, requests: Labels | None) -> NDArray[np.intp]:
    if requests is not None and len(requests) != prompts:
        raise ValueError(f"{prompts} prompts and the requests of {len(requests)}; they go together")
    return np.arange(prompts) if requests is None else np.unique([str(one) for one in requests], return_inverse=True)[1]


def _by_cluster(scores: Scores, clusters: NDArray[np.intp]) -> Scores:
    """(clusters,) whose mean is that of the (prompts,) outcomes there are: the mean, and what each cluster moves it by.
    A cluster without an outcome moves it by nothing."""
    mean = np.nanmean(scores)
    moves = np.bincount(clusters, weights=np.where(np.isnan(scores), 0.0, scores - mean))
    found: Scores = mean + moves * len(moves) / np.count_nonzero(~np.isnan(scores))
    return found


def _crossed(table: Scores, *, no_interval: bool) -> Estimate:
    """Of (units, clusters), by the two mean squares and that of what is left."""
    rows, columns = table.shape
    mean = float(table.mean())
    if no_interval or columns < 2:
        return Estimate(mean)
    of_rows, of_columns = table.mean(axis=1), table.mean(axis=0)
    among_columns = rows * float(np.square(of_columns - mean).sum()) / (columns - 1)
    if rows == 1:
        return _estimate(mean, table.size, [], among_columns, columns - 1)
    among_rows = columns * float(np.square(of_rows - mean).sum()) / (rows - 1)
    degrees = (rows - 1) * (columns - 1)
    left = float(np.square(table - of_rows[:, None] - of_columns + mean).sum()) / degrees
    return _estimate(mean, table.size, [(among_rows, rows - 1), (among_columns, columns - 1)], left, degrees)


def apart_mean(samples: Sequence[Scores], *, bases: Labels | None = None) -> Estimate:
    """The mean of runs that share no items: of each run's (items,), every run of a base and every base counting the
    same. As `crossed_mean`, without a factor for items; a run without any value is left out, and where a run has one
    value alone (a count), the interval is Student's over units."""
    errors = [standard_error(one) for one in samples]
    means = [NONE if np.isnan(one).all() else float(np.nanmean(one)) for one in samples]
    degrees = [max(int((~np.isnan(one)).sum()) - 1, 0) for one in samples]
    return runs_mean(means, errors, degrees, bases=bases)


def runs_mean(
    means: Sequence[float], errors: Sequence[float], degrees: Sequence[int], *, bases: Labels | None = None
) -> Estimate:
    """`apart_mean` from each run's mean, its standard error and that error's degrees of freedom."""
    place = units(len(means), bases)
    there = [at for at, mean in enumerate(means) if not np.isnan(mean)]
    if not there:
        return Estimate(NONE)
    own = [[at for at in there if place[at] == unit] for unit in dict.fromkeys(place[there])]
    of_unit = np.array([np.mean([means[at] for at in some]) for some in own])
    squares = np.array([np.sum([errors[at] ** 2 for at in some]) / len(some) ** 2 for some in own])
    if np.isnan(squares).any():
        return students(of_unit)
    among = [(float(of_unit.var(ddof=1)), len(own) - 1)] if len(own) > 1 else []
    left = float(squares.mean())
    if not left and not any(square for square, _ in among):
        return Estimate(float(of_unit.mean()))
    return _estimate(float(of_unit.mean()), len(own), among, left, sum(degrees[at] for at in there))


def students(values: Scores) -> Estimate:
    """The mean of a few independent values with Student's interval; none of one, or where they do not vary."""
    if len(values) < 2 or np.ptp(values) == 0:
        return Estimate(float(values.mean()) if len(values) else NONE)
    return _estimate(float(values.mean()), len(values), [], float(values.var(ddof=1)), len(values) - 1)


def _estimate(mean: float, n: int, factors: Sequence[tuple[float, int]], left: float, degrees: int) -> Estimate:
    """A mean of n cells from the mean square and degrees of freedom of each factor and of what is left.

    A factor's mean square exceeds what is left by its own variance, which is at least none: n times the variance of
    the mean is what is left and all such excess (method of moments, each component cut off at 0). Its degrees of
    freedom are Satterthwaite's over the mean squares that exceed. Before they are squared, each is drawn towards the
    whole by one observation more: the approximation takes a mean square of two degrees of freedom at its word, and
    where that happened to come out small, so would the interval.
    """
    above = [(square, own) for square, own in factors if square > left]
    whole = left + sum(square - left for square, _ in above)
    if above:
        drawn = sum(((own * square + whole) / (own + 1)) ** 2 / own for square, own in above)
        of_whole = whole**2 / drawn
    else:
        of_whole = float(degrees)
    error = float(np.sqrt(whole / n))
    half = error * float(stdtrit(of_whole, 0.975))
    return Estimate(mean, error, mean - half, mean + half, of_whole)


def rate(scores: Scores, *, bases: Labels | None = None, requests: Labels | None = None) -> Estimate:
    """The mean of (runs, prompts) between 0 and 100 percent as `crossed_mean` has it, its interval cut off there; where
    that has no interval, or there are too few prompts for it, with the exact one over prompts. One prompt has none.

    Raises:
        ValueError: as `crossed_mean`.
    """
    found = crossed_mean(scores, bases=bases, requests=requests)
    return with_exact(found, int((~np.isnan(scores)).any(axis=0).sum()))


def with_exact(estimate: Estimate, n: int) -> Estimate:
    """A rate in percent over n prompts, its interval the exact one where the other has none or too little to go by:
    too few prompts, or fewer than five won or lost."""
    rarer = n * min(estimate.mean, 100 - estimate.mean) / 100
    if n >= FEWEST and rarer >= _RARE and not np.isnan(estimate.low):
        ends = max(0.0, estimate.low), min(100.0, estimate.high)
        return Estimate(estimate.mean, estimate.standard_error, *ends, estimate.degrees_of_freedom)
    if n < 2:
        return estimate
    low, high = exact(n * estimate.mean / 100, n)
    return Estimate(estimate.mean, estimate.standard_error, 100 * low, 100 * high)


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
