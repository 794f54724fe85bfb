"""From the store to rows: what each arm and each claim of an experiment came to.

Reads finished artifacts and nothing else. An arm that is not there (its curated set was empty, a stage failed) has a
row with the reason and no number.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from humpback.analysis.experiment.contests import contest
from humpback.analysis.experiment.findings import Finding, findings, slopes
from humpback.analysis.experiment.losses import losses
from humpback.analysis.experiment.measured import MeasuredRow, gather_measured, measured_finding
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.stats.evidence import follows_order, half_unparsed
from humpback.analysis.stats.statistics import NONE, Estimate, bootstrap, rate, standard_error
from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.spec.claims import Above, Claim, Comparison, Greater, Point, Rising
from humpback.spec.measures import Measure
from humpback.spec.outcomes import Arm, Judged

WIN_RATE = "win rate, %"
"""The metric under which the papers' numbers of arms are cited."""
ALPHA = "alpha"
"""The same of curves."""


@dataclass(frozen=True)
class Row:
    """One line of the table: an arm against an opponent, for one seed or over all."""

    arm: str
    against: str
    seed: str
    """A seed, or "all"."""
    examples: float
    """Training examples of the arm's model (mean over seeds)."""
    win_rate: float
    """Percent, ties half."""
    standard_error: float
    """Percent: over prompts for one seed, over prompts and seeds for all."""
    low: float
    high: float
    wins: int
    ties: int
    losses: int
    flip_rate: float
    """Share of prompts on which exchanging the order exchanged the winner."""
    first_preferred: float
    """Share of decided calls won by the answer shown first."""
    unparsed: int
    mean_length: float
    """Characters of the arm's answers."""
    n: int
    """Judged prompts (times seeds)."""
    reason: str = ""
    """Why there is no number."""
    set: str = "all"
    """A set of prompts, or "all"."""
    size: int | None = None
    """Where the arm lies on its curve."""
    paper: float | None = None
    """The paper's win rate for the same arm."""


@dataclass(frozen=True)
class Curve:
    """Win rate against size: w = slope * ln(size) + level, by least squares over the arms of one curve."""

    name: str
    sizes: tuple[int, ...]
    slope: Estimate | None
    """In points for a factor of e, resampled over prompts and seeds; None with fewer than two sizes."""
    level: float
    """The fit's value at size 1, in percent."""
    paper: float | None = None
    """The paper's slope of the same curve."""


@dataclass(frozen=True)
class Results:
    """Everything that an experiment reports."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    losses: tuple[str, ...]
    """What was lost on the way, a line a kind of stage."""
    curves: tuple[Curve, ...] = ()
    reference: str = "reference"
    measured: tuple[MeasuredRow, ...] = ()
    beside_paper: bool = False
    """Whether ours less the paper's is a number: base, judge, reference and prompts are the paper's."""


def gather(
    store: Store,
    arms: Mapping[int, Mapping[str, Arm]],
    claims: Iterable[Claim],
    reasons: Mapping[str, str],
    *,
    measures: Mapping[int, Mapping[str, Measure]] | None = None,
    paper: Mapping[str, Mapping[str, float]] | None = None,
    reference: str = "reference",
    by_set: bool = False,
    varying: Collection[str] = (),
    beside_paper: bool = False,
) -> Results:
    """All rows, curves and findings of an experiment, from its arms and measures by seed.

    `reasons` says, by fingerprint, why an artifact was not made; `paper` has the papers' numbers by arm or measure, and
    metric; `reference` is what the arms are judged against, in a word; `by_set` adds rows for each set of prompts, over
    all seeds; `varying` has the arms and measures that another seed would make anew: where one seed was run, no verdict
    is drawn of them; `beside_paper` says whether ours may be subtracted from the paper's.
    """
    claims, paper = tuple(claims), paper or {}
    rows: list[Row] = []
    contests: dict[str, dict[int, Contest]] = {}
    names = list(next(iter(arms.values())))
    points = {name: next(iter(arms.values()))[name].point for name in names}
    for name in names:
        judged = {seed: arms[seed][name].judged for seed in arms}
        own = {seed: arms[seed][name] for seed in arms}
        contests[name], more = _rows(store, name, reference, judged, own, reasons)
        size = points[name]
        rows += [replace(row, size=size.n if size else None, paper=paper.get(name, {}).get(WIN_RATE)) for row in more]
        if by_set:
            rows += _set_rows(store, name, reference, judged, rows[-len(more)].examples)
    direct: dict[tuple[str, str], dict[int, Contest]] = {}
    for one in claims:
        if isinstance(one, Comparison) and one.head_to_head:
            judged = {seed: arms[seed][one.first].against(arms[seed][one.second]) for seed in arms}
            firsts = {seed: arms[seed][one.first] for seed in arms}
            direct[one.first, one.second], more = _rows(store, one.first, one.second, judged, firsts, reasons)
            rows += more
            if by_set:
                rows += _set_rows(store, one.first, one.second, judged, rows[-len(more)].examples)
    measured, numbers = gather_measured(store, measures or {}, paper, reasons)
    found: list[Finding] = []
    for claim in claims:
        if isinstance(claim, Greater):
            found.append(measured_finding(claim, numbers))
        else:
            found += findings((claim,), contests, points, direct, reference)
    if len(arms) == 1:
        of_curves = {name: point.curve for name, point in points.items() if point}
        found = [_of_one_seed(one, claim, varying, of_curves) for one, claim in zip(found, claims, strict=True)]
    names_of_curves = dict.fromkeys(point.curve for point in points.values() if point)
    curves = tuple(
        replace(_curve(name, contests, points), paper=paper.get(name, {}).get(ALPHA)) for name in names_of_curves
    )
    followed = (
        f"{name} against {reference}: {why}"
        for name, of in contests.items()
        if (why := follows_order(sum(one.flips for one in of.values()), sum(one.both_parsed for one in of.values())))
    )
    lost = (*losses(store, arms), *followed)
    return Results(tuple(rows), tuple(found), lost, curves, reference, tuple(measured), beside_paper)


def _of_one_seed(one: Finding, claim: Claim, varying: Collection[str], of_curves: Mapping[str, str]) -> Finding:
    match claim:
        case Comparison():
            about = {claim.first, claim.second}
        case Above():
            about = {claim.arm}
        case Rising():
            about = {name for name, curve in of_curves.items() if curve in (claim.curve, claim.over)}
        case Greater():
            about = {str(claim.first), str(claim.second)}
    if one.obstacle or about.isdisjoint(varying):
        return one
    return replace(one, obstacle="one seed, and another draws data and training anew")


def _curve(name: str, contests: Mapping[str, Mapping[int, Contest]], points: Mapping[str, Point | None]) -> Curve:
    there = {at.n: contests[arm] for arm, at in points.items() if at and at.curve == name and contests[arm]}
    scores = slopes(name, contests, points)
    if np.isnan(scores).all():
        return Curve(name, tuple(sorted(there)), None, NONE)
    slope = bootstrap(scores)
    rates = [100 * float(np.nanmean([one.points for one in by_seed.values()])) for by_seed in there.values()]
    centre = float(np.mean([math.log(n) for n in there]))
    return Curve(name, tuple(sorted(there)), slope, float(np.mean(rates)) - slope.mean * centre)


def _set_rows(store: Store, name: str, against: str, judged: Mapping[int, Judged], examples: float) -> list[Row]:
    done = [one for one in judged.values() if store.state(one).status == "done"]
    sets = list(dict.fromkeys(name for one in done[:1] for name in contest(store, one).sets))
    return [
        replace(_row(name, against, "all", [contest(store, one, only) for one in done], [examples]), set=only)
        for only in sets
    ]


def _rows(
    store: Store,
    name: str,
    against: str,
    judged: Mapping[int, Judged],
    arms: Mapping[int, Arm],
    reasons: Mapping[str, str],
) -> tuple[dict[int, Contest], list[Row]]:
    contests: dict[int, Contest] = {}
    examples: dict[int, float] = {}
    rows: list[Row] = []
    for seed, one in judged.items():
        if store.state(one).status == "done":
            contests[seed] = contest(store, one)
            examples[seed] = _examples(store, arms[seed].model)
            rows.append(_row(name, against, str(seed), [contests[seed]], [examples[seed]]))
        else:
            rows.append(_absent(name, against, str(seed), reasons.get(one.fingerprint, "not made")))
    if not contests:
        return {}, [_absent(name, against, "all", rows[0].reason), *rows]
    return contests, [_row(name, against, "all", list(contests.values()), list(examples.values())), *rows]


def _examples(store: Store, model: Artifact) -> float:
    """What the model was trained on; no number where the model was deleted with its record."""
    return float(store.record(model).counts["kept"]) if store.state(model, weights=False).readable else NONE


def _row(arm: str, against: str, seed: str, contests: list[Contest], examples: Sequence[float]) -> Row:
    scores = np.stack([one.points for one in contests]) * 100
    measured = not np.isnan(scores).all()
    estimate = rate(scores) if measured else Estimate(NONE)
    unparsed = sum(one.unparsed for one in contests)
    if half_unparsed(unparsed, 2 * scores.size):
        estimate = replace(estimate, low=NONE, high=NONE)
    both, decided = sum(c.both_parsed for c in contests), sum(c.decided for c in contests)
    return Row(
        arm=arm,
        against=against,
        seed=seed,
        examples=float(np.mean(examples)),
        win_rate=estimate.mean,
        standard_error=standard_error(scores[0]) if len(contests) == 1 else estimate.standard_error,
        low=estimate.low,
        high=estimate.high,
        wins=sum(c.wins for c in contests),
        ties=sum(c.ties for c in contests),
        losses=sum(c.losses for c in contests),
        flip_rate=sum(c.flips for c in contests) / both if both else NONE,
        first_preferred=sum(c.first_wins for c in contests) / decided if decided else NONE,
        unparsed=unparsed,
        mean_length=float(np.mean([c.characters for c in contests])),
        n=int(scores.size),
    )


def _absent(arm: str, against: str, seed: str, reason: str) -> Row:
    return Row(arm, against, seed, NONE, NONE, NONE, NONE, NONE, 0, 0, 0, NONE, NONE, 0, NONE, 0, reason)


def missing(value: float) -> bool:
    """Whether a cell has no number."""
    return math.isnan(value)
