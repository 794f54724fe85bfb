"""Measured numbers over seeds: rows with intervals, and findings of claims about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from humpback.analysis.experiment.finding import Finding, Outcomes
from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import NotMeasured, Number
from humpback.analysis.stats.evidence import FEWEST
from humpback.analysis.stats.statistics import (
    NONE,
    Estimate,
    Scores,
    apart_mean,
    crossed_mean,
    runs_mean,
    standard_error,
    with_exact,
)
from humpback.core.store import Store
from humpback.spec.measures import Greater, Measure

Numbers = Mapping[str, Mapping[str, Mapping[int, Number]]]
"""By name of the measure, metric and seed."""


@dataclass(frozen=True)
class MeasuredRow:
    """One number of one measure, for one seed or over all."""

    name: str
    metric: str
    seed: str
    """A seed, or "all"."""
    value: float
    standard_error: float
    low: float
    high: float
    n: int
    """Items, over all seeds."""
    form: str
    """How it is printed."""
    paper: float | None = None
    """The paper's number for the same."""
    reason: str = ""
    """Why there is no number."""


def gather_measured(
    store: Store,
    measures: Mapping[int, Mapping[str, Measure]],
    reasons: Mapping[str, str],
    bases: Mapping[int, int] | None = None,
) -> tuple[list[MeasuredRow], Numbers]:
    """All rows of an experiment's measures, by name and metric, and the numbers behind them. `reasons` says, by
    fingerprint, why an artifact was not made; `bases`, by seed, which base its run started from."""
    numbers: dict[str, dict[str, dict[int, Number]]] = {}
    rows: list[MeasuredRow] = []
    for name, measure in next(iter(measures.values()), {}).items():
        printed: dict[str, float | None] = {metric: paper.value for metric, paper in measure.paper}
        found: dict[str, dict[int, Number]] = {}
        missing: dict[int, str] = {}
        for seed, by_name in measures.items():
            undone = next((one for one in by_name[name].needs if not store.state(one).readable), None)
            if undone is not None:
                missing[seed] = reasons.get(undone.fingerprint, "not made")
                continue
            try:
                for number in read_measure(store, by_name[name]):
                    found.setdefault(number.metric, {})[seed] = number
            except NotMeasured as error:
                missing[seed] = str(error)
        numbers[name] = found
        for metric, by_seed in found.items():
            rows += _rows(name, metric, by_seed, bases or {}, printed.get(metric))
        if missing and not found:
            why = next(iter(missing.values()))
            rows += [_absent(name, metric, value, why) for metric, value in (printed or {"": None}).items()]
    return rows, numbers


def _rows(
    name: str, metric: str, by_seed: Mapping[int, Number], bases: Mapping[int, int], paper: float | None
) -> list[MeasuredRow]:
    numbers = list(by_seed.values())
    together = over_seeds(numbers, [bases.get(seed, 0) for seed in by_seed])
    form = next(iter(by_seed.values())).form

    def row(seed: str, value: Estimate, n: int) -> MeasuredRow:
        return MeasuredRow(name, metric, seed, value.mean, value.standard_error, value.low, value.high, n, form, paper)

    apart = [row(str(seed), over_seeds([one]), int((~np.isnan(one.values)).sum())) for seed, one in by_seed.items()]
    return [row("all", together, sum(one.n for one in apart)), *apart]


def _absent(name: str, metric: str, paper: float | None, reason: str) -> MeasuredRow:
    return MeasuredRow(name, metric, "all", NONE, NONE, NONE, NONE, 0, ".1f", paper, reason)


Samples = Sequence[Scores]
"""A seed's items each."""


def over_seeds(numbers: Sequence[Number], bases: Sequence[int] | None = None) -> Estimate:
    """The mean of one number over seeds, of these (seeds,) bases: over bases of each base's seeds' means. A seed
    without any value is left out."""
    samples = [one.values for one in numbers]
    return _of_share(_mean(samples, [one.keys for one in numbers], bases), samples)


def _mean(samples: Samples, keys: Iterable[tuple[str, ...] | None], bases: Sequence[int] | None) -> Estimate:
    """Over seeds, of these (seeds,) bases. Items that by their keys are the same at every seed are one factor for all
    of them, as prompts are; what no seed changes is told once."""
    if all(np.array_equal(one, samples[0], equal_nan=True) for one in samples):
        return apart_mean(samples[:1])
    alike = len(set(keys) - {None}) == 1 and len({len(one) for one in samples}) == 1
    if not alike or all(np.isnan(one).all() for one in samples):
        return apart_mean(samples, bases=bases)
    return crossed_mean(np.stack(samples), bases=bases)


def _of_share(estimate: Estimate, samples: Samples) -> Estimate:
    """Items that are right or wrong (100 or 0) make a share, which has an exact interval where others have none."""
    outcomes = np.concatenate(samples)
    share = len(outcomes) > len(samples) and bool(np.isin(outcomes[~np.isnan(outcomes)], (0.0, 100.0)).all())
    return with_exact(estimate, min(int((~np.isnan(one)).sum()) for one in samples)) if share else estimate


def difference_of_measures(claim: Greater, outcomes: Outcomes) -> Finding:
    """The difference of two measured numbers, paired over items where both were measured on the same ones; or of one
    and a value."""
    ones = outcomes.numbers.get(claim.first.name, {}).get(claim.metric, {})
    difference: Estimate | None = None
    by_seed: tuple[float, ...] = ()
    n = 0
    numbers = list(ones.values())
    if isinstance(claim.second, Measure):
        others = outcomes.numbers.get(claim.second.name, {}).get(claim.metric, {})
        seeds = [seed for seed in ones if seed in others]
        if seeds:
            pairs = [ones[s] for s in seeds], [others[s] for s in seeds]
            difference, by_seed, n = _difference(*pairs, outcomes.bases_of(seeds))
        numbers += others.values()
    else:
        seeds = list(ones)
        if seeds:
            less = [one.values - claim.second for one in numbers]
            difference = _mean(less, [one.keys for one in numbers], outcomes.bases_of(seeds))
            by_seed, n = tuple(one.mean - claim.second for one in numbers), _items(numbers)
    first, second = claim.sides
    obstacle = ""
    if difference is None or np.isnan(difference.mean):
        difference = None
    else:
        obstacle = _obstacle(difference, len(seeds), numbers) or outcomes.against_seeds(claim.concerns(()), seeds)
    return Finding(
        first,
        second,
        claim.told,
        claim.paper_value,
        difference,
        by_seed,
        n,
        matters=claim.matters,
        form=next((one.form for one in ones.values()), ".1f"),
        obstacle=obstacle,
        paper_error=claim.paper_error,
    )


def _obstacle(difference: Estimate, runs: int, numbers: Sequence[Number]) -> str:
    counts = all(len(one.values) == 1 for one in numbers)
    if np.isnan(difference.low):
        return "one count, and seeds vary it" if counts and runs == 1 else "nothing varies"
    # A count is one value a seed, and has Student's interval over seeds, which knows how few there are.
    items = min(int((~np.isnan(one.values)).sum()) for one in numbers)
    return f"{items} items, and {FEWEST} are the fewest that tell" if items < FEWEST and not counts else ""


def _difference(
    ones: Sequence[Number], twos: Sequence[Number], bases: Sequence[int]
) -> tuple[Estimate, tuple[float, ...], int]:
    """Seeds are paired; items too where both were measured on the same ones, and else their errors add."""
    means = tuple(a.mean - b.mean for a, b in zip(ones, twos, strict=True))
    n = _items([*ones, *twos])
    if any(a.keys is None or a.keys != b.keys for a, b in zip(ones, twos, strict=True)):
        errors = [np.hypot(standard_error(a.values), standard_error(b.values)) for a, b in zip(ones, twos, strict=True)]
        degrees = [_items([a, b]) - 2 for a, b in zip(ones, twos, strict=True)]
        return runs_mean(means, errors, degrees, bases=bases), means, n
    pairs = [a.values - b.values for a, b in zip(ones, twos, strict=True)]
    return _mean(pairs, [one.keys for one in ones], bases), means, n


def _items(numbers: Sequence[Number]) -> int:
    return int(sum((~np.isnan(one.values)).sum() for one in numbers))
