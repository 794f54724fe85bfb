"""Measured numbers over seeds: rows with intervals, and findings of claims about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from humpback.analysis.experiment.finding import Finding, Outcomes
from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import NotMeasured, Number
from humpback.analysis.stats.evidence import FEWEST
from humpback.analysis.stats.statistics import NONE, Estimate, Scores, bootstrap, of_runs, standard_error, with_exact
from humpback.core.store import Store
from humpback.spec.claims import Greater, Measure

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
) -> tuple[list[MeasuredRow], Numbers]:
    """All rows of an experiment's measures, by name and metric, and the numbers behind them. `reasons` says, by
    fingerprint, why an artifact was not made."""
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
            rows += _rows(name, metric, by_seed, printed.get(metric))
        if missing and not found:
            why = next(iter(missing.values()))
            rows += [_absent(name, metric, value, why) for metric, value in (printed or {"": None}).items()]
    return rows, numbers


def _rows(name: str, metric: str, by_seed: Mapping[int, Number], paper: float | None) -> list[MeasuredRow]:
    together = _mean(list(by_seed.values()))
    form = next(iter(by_seed.values())).form

    def row(seed: str, value: Estimate, n: int) -> MeasuredRow:
        return MeasuredRow(name, metric, seed, value.mean, value.standard_error, value.low, value.high, n, form, paper)

    apart = [
        row(str(seed), over_seeds([one.values]), int((~np.isnan(one.values)).sum())) for seed, one in by_seed.items()
    ]
    return [row("all", together, sum(one.n for one in apart)), *apart]


def _absent(name: str, metric: str, paper: float | None, reason: str) -> MeasuredRow:
    return MeasuredRow(name, metric, "all", NONE, NONE, NONE, NONE, 0, ".1f", paper, reason)


def _mean(numbers: Sequence[Number], less: float = 0.0) -> Estimate:
    """Of one number over seeds. Items that are the same at every seed are resampled once for all of them, as prompts
    are."""
    samples = [one.values - less for one in numbers]
    return _of_share(_crossed(samples) if _alike(numbers) else _apart(samples), samples)


def _alike(numbers: Sequence[Number]) -> bool:
    return numbers[0].keys is not None and all(one.keys == numbers[0].keys for one in numbers)


def _crossed(samples: Sequence[Scores]) -> Estimate:
    scores = np.stack(samples)
    return Estimate(NONE) if np.isnan(scores).all() else bootstrap(scores)


def _of_share(estimate: Estimate, samples: Sequence[Scores]) -> Estimate:
    """Items that are right or wrong (100 or 0) make a share, which has an exact interval where others have none."""
    outcomes = np.concatenate(samples)
    share = len(outcomes) > len(samples) and bool(np.isin(outcomes[~np.isnan(outcomes)], (0.0, 100.0)).all())
    return with_exact(estimate, min(int((~np.isnan(one)).sum()) for one in samples)) if share else estimate


def over_seeds(samples: Sequence[Scores]) -> Estimate:
    """The mean over seeds of each seed's mean; a seed without any value is left out."""
    return _of_share(_apart(samples), samples)


def _apart(samples: Sequence[Scores]) -> Estimate:
    means = np.array([NONE if np.isnan(one).all() else np.nanmean(one) for one in samples])
    return of_runs(means, np.array([standard_error(one) for one in samples]))


def difference_of_measures(claim: Greater, outcomes: Outcomes) -> Finding:
    """The difference of two measured numbers, paired over items where both were measured on the same ones; or of one
    and a value."""
    ones = outcomes.numbers.get(claim.first.name, {}).get(claim.metric, {})
    difference: Estimate | None = None
    by_seed: tuple[float, ...] = ()
    n = 0
    others: Mapping[int, Number] = {}
    if isinstance(claim.second, Measure):
        others = outcomes.numbers.get(claim.second.name, {}).get(claim.metric, {})
        if seeds := [seed for seed in ones if seed in others]:
            difference, by_seed, n = _difference([ones[s] for s in seeds], [others[s] for s in seeds], 0.0)
    elif ones:
        difference, by_seed, n = _difference(list(ones.values()), None, claim.second)
    first, second = claim.sides
    return Finding(
        first,
        second,
        claim.told,
        claim.paper_value,
        None if difference is None or np.isnan(difference.mean) else difference,
        by_seed,
        n,
        margin=claim.matters,
        form=next((one.form for one in ones.values()), ".1f"),
        obstacle=_obstacle(difference, by_seed, [*ones.values(), *others.values()]),
    )


def _obstacle(difference: Estimate | None, by_seed: Sequence[float], numbers: Sequence[Number]) -> str:
    if difference is None or np.isnan(difference.mean):
        return ""
    if np.isnan(difference.low):
        single = len(by_seed) < 2 and all(len(one.values) == 1 for one in numbers)
        return "one count, and seeds vary it" if single else "nothing varies"
    # A count is one value a seed, and has Student's interval, which knows how few there are.
    items = min(int((~np.isnan(one.values)).sum()) for one in numbers)
    few = difference.degrees_of_freedom is None and items < FEWEST
    return f"{items} items, and {FEWEST} are the fewest that tell" if few else ""


def _difference(
    ones: Sequence[Number], twos: Sequence[Number] | None, value: float
) -> tuple[Estimate, tuple[float, ...], int]:
    """Seeds are paired; items too where both were measured on the same ones, and else their errors add."""
    if twos is None:
        return _mean(ones, less=value), tuple(one.mean - value for one in ones), _items(ones)
    means = tuple(a.mean - b.mean for a, b in zip(ones, twos, strict=True))
    n = _items([*ones, *twos])
    if any(a.keys is None or a.keys != b.keys for a, b in zip(ones, twos, strict=True)):
        errors = [np.hypot(standard_error(a.values), standard_error(b.values)) for a, b in zip(ones, twos, strict=True)]
        return of_runs(np.array(means), np.array(errors)), means, n
    samples = [a.values - b.values for a, b in zip(ones, twos, strict=True)]
    return _crossed(samples) if _alike(ones) else _apart(samples), means, n


def _items(numbers: Sequence[Number]) -> int:
    return int(sum((~np.isnan(one.values)).sum() for one in numbers))
