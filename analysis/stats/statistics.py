"""Means with their intervals. Arrays are float, NaN where a prompt has no outcome.

Scores come as (runs, prompts): every run of an arm answers the same prompts, so differences between arms are paired
over both. A run is a seed on one of several bases; published judgements are one run. What runs and what prompts do are
two crossed random factors, and the mean's variance is put together from their mean squares (method of moments), with
Satterthwaite's degrees of freedom. `benchmarks/interval_coverage.py` measures how often these intervals hold the truth.

Resampling both factors (the pigeonhole bootstrap) is not used: of S runs it takes a variance between runs that is
(S-1)/S of the true one, and the normal law for it, so that its intervals of few runs are too narrow.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from humpback.analysis.stats.evidence import FEWEST, against_interval
from humpback.analysis.stats.shares import exact

Scores = NDArray[np.float64]
Labels = Sequence[Hashable]
NONE = float("nan")
_RARE = 5


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


@dataclass(frozen=True)
class MeanSquares:
    """What a mean of crossed cells is known by: a mean square for each factor, and what is left."""

    mean: float
    cells: int
    factors: tuple[tuple[float, int], ...]
    """Mean square and degrees of freedom of units, where there are several, and of clusters of prompts."""
    left: float
    """Mean square of what is left: of units and clusters together, or of the only factor that there is."""
    degrees: int
    """Its degrees of freedom."""

    @property
    def variance(self) -> float:
        """Of a cell as it goes into the mean: what is left, and what each factor's mean square exceeds it by, which is
        its own variance and so at least none (method of moments). Over `cells` it is the mean's."""
        return self.left + sum(max(square - self.left, 0.0) for square, _ in self.factors)

    @property
    def degrees_of_freedom(self) -> float:
        """Satterthwaite's, over the mean squares that exceed what is left. Before they are squared, each is drawn
        towards the whole by one observation more: the approximation takes a mean square of two degrees of freedom at
        its word, and where that happened to come out small, so would the interval."""
        above = [(square, own) for square, own in self.factors if square > self.left]
        drawn = [((own * square + self.variance) / (own + 1), own) for square, own in above]
        return self.variance**2 / sum(square**2 / own for square, own in drawn) if drawn else float(self.degrees)

    @property
    def estimate(self) -> Estimate:
        """The mean with its interval, by Student's t."""
        error = float(np.sqrt(self.variance / self.cells))
        half = error * float(stdtrit(self.degrees_of_freedom, 0.975))
        return Estimate(self.mean, error, self.mean - half, self.mean + half, self.degrees_of_freedom)


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
    found = mean_squares(scores, bases=bases, requests=requests)
    return Estimate(found.mean) if against_interval(scores) or not found.degrees else found.estimate


def mean_squares(scores: Scores, *, bases: Labels | None = None, requests: Labels | None = None) -> MeanSquares:
    """What `crossed_mean` is made of; without degrees of freedom where all prompts are of one request.

    Raises:
        ValueError: as `crossed_mean`.
    """
    of_unit = units(len(scores), bases)
    clusters = _places(scores.shape[1], requests)
    there = ~np.isnan(scores)
    runs, used = there.any(axis=1), there.any(axis=0)
    if not runs.any():
        raise ValueError("no outcome at all: every prompt is missing")
    of_unit, scores = of_unit[runs], scores[runs][:, used]
    _, clusters = np.unique(clusters[used], return_inverse=True)
    cells = np.stack([_by_cluster(row, clusters) for row in scores])
    table = np.stack([cells[of_unit == unit].mean(axis=0) for unit in np.unique(of_unit)])
    rows, columns = table.shape
    mean, of_rows, of_columns = float(table.mean()), table.mean(axis=1), table.mean(axis=0)
    if columns < 2:
        return MeanSquares(mean, table.size, (), 0.0, 0)
    among_columns = rows * float(np.square(of_columns - mean).sum()) / (columns - 1)
    if rows == 1:
        return MeanSquares(mean, table.size, (), among_columns, columns - 1)
    among_rows = columns * float(np.square(of_rows - mean).sum()) / (rows - 1)
    degrees = (rows - 1) * (columns - 1)
    left = float(np.square(table - of_rows[:, None] - of_columns + mean).sum()) / degrees
    return MeanSquares(mean, table.size, ((among_rows, rows - 1), (among_columns, columns - 1)), left, degrees)


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
    among = ((float(of_unit.var(ddof=1)), len(own) - 1),) if len(own) > 1 else ()
    left = float(squares.mean())
    if not left and not any(square for square, _ in among):
        return Estimate(float(of_unit.mean()))
    return MeanSquares(float(of_unit.mean()), len(own), among, left, sum(degrees[at] for at in there)).estimate


def students(values: Scores) -> Estimate:
    """The mean of a few independent values with Student's interval; none of one, or where they do not vary."""
    if len(values) < 2 or np.ptp(values) == 0:
        return Estimate(float(values.mean()) if len(values) else NONE)
    return MeanSquares(float(values.mean()), len(values), (), float(values.var(ddof=1)), len(values) - 1).estimate


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


def rates_apart(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two rates over different prompts, its interval put together from theirs (Newcombe 1998, method
    10); none where either has none."""
    up, down = one.high - one.mean, one.mean - one.low
    other_up, other_down = other.high - other.mean, other.mean - other.low
    difference = one.mean - other.mean
    return Estimate(
        difference,
        float(np.hypot(one.standard_error, other.standard_error)),
        difference - float(np.hypot(down, other_up)),
        difference + float(np.hypot(up, other_down)),
    )
