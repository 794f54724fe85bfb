"""From the store to rows: what each arm and each claim of an experiment came to.

Reads finished artifacts and nothing else. An arm that is not there (its curated set was empty, a stage failed) has a
row with the reason and no number.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from humpback.analysis.experiment.contamination import ContaminationRow, gather_contamination, refuse_contaminated
from humpback.analysis.experiment.contests import contest, prompts_by
from humpback.analysis.experiment.curve_fits import CurveFit, curve_fit
from humpback.analysis.experiment.finding import Finding, Outcomes, findings
from humpback.analysis.experiment.losses import losses
from humpback.analysis.experiment.measured import MeasuredRow, gather_measured
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.stats.evidence import follows_order, half_unparsed
from humpback.analysis.stats.statistics import NONE, Estimate, rate, standard_error
from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.spec.claims import Arm, Claim, Comparison
from humpback.spec.measures import Measure
from humpback.spec.outcomes import Judged, Unjudged


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
    """Percent: over prompts for one seed; over prompts, seeds and bases for all."""
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
    """A set of prompts or a skill, or "all"."""
    size: int | None = None
    """Where the arm lies on its curve."""
    paper: float | None = None
    """The paper's win rate for the same arm."""
    bases: int = 1
    """How many bases its runs started from."""


@dataclass(frozen=True)
class Results:
    """Everything that an experiment reports."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    losses: tuple[str, ...]
    """What was lost on the way, a line a kind of stage."""
    curves: tuple[CurveFit, ...] = ()
    reference: str = "reference"
    measured: tuple[MeasuredRow, ...] = ()
    contamination: tuple[ContaminationRow, ...] = ()
    beside_paper: bool = False
    """Whether ours less the paper's is a number: base, judge, reference and prompts are the paper's."""
    outcomes: Outcomes | None = None
    """What all of it was computed from."""
    settings: tuple[str, ...] = ()
    """What was set to something else than the setup has, a line each."""


def gather(
    store: Store,
    arms: Mapping[int, Mapping[str, Arm]],
    claims: Iterable[Claim],
    reasons: Mapping[str, str],
    *,
    measures: Mapping[int, Mapping[str, Measure]] | None = None,
    bases: Mapping[int, int] | None = None,
    varying: Collection[str] = (),
    beside_paper: bool = False,
    repeats: bool = False,
) -> Results:
    """All rows, curves and findings of an experiment, from its arms and measures by seed.

    `reasons` says, by fingerprint, why an artifact was not made; `bases`, by seed, which of several bases its run
    started from; `varying` has the arms and measures that another seed would make anew: of few seeds, no verdict is
    drawn of them; `beside_paper` says whether ours may be subtracted from the paper's, and `repeats` whether model,
    data and judge are the paper's, so that a claim is replicated or not.
    """
    claims, firsts, bases = tuple(claims), next(iter(arms.values())), bases or {}
    rows: list[Row] = []
    contests: dict[str, dict[int, Contest]] = {}
    direct: dict[tuple[str, str], dict[int, Contest]] = {}
    placed: dict[str, Arm] = {}

    def judge(arm: Arm, against: str, judged: Mapping[int, Judged]) -> dict[int, Contest]:
        own = {seed: by_name[arm.name] for seed, by_name in arms.items()}
        found, more = _rows(store, arm.name, against, judged, own, reasons, bases)
        if against == arm.opponent:
            paper = arm.paper.value if arm.paper else None
            placed[arm.name] = arm = _placed(arm, more[0].examples)
            more = [replace(row, size=arm.n if arm.curve else None, paper=paper) for row in more]
        rows.extend(more)
        if arm.told_by:
            rows.extend(_set_rows(store, arm, against, judged, more[0].examples, bases))
        return found

    for name, arm in firsts.items():
        contests[name] = judge(arm, arm.opponent, {seed: by_name[name].judged for seed, by_name in arms.items()})
    firsts = placed
    for claim in claims:
        if isinstance(claim, Comparison) and claim.head_to_head:
            pair = first, second = claim.first.name, claim.second.name
            judged = {seed: by_name[first].against(by_name[second]) for seed, by_name in arms.items()}
            direct[pair] = judge(claim.first, second, judged)
    measured, numbers = gather_measured(store, measures or {}, reasons, bases)
    outcomes = Outcomes(firsts, contests, direct, numbers, bases, varying)
    contamination = gather_contamination(store, (arms, measures or {}), reasons)
    told = [replace(one, repeats=repeats) for one in findings(claims, outcomes)]
    found = refuse_contaminated(told, claims, firsts.values(), contamination)
    curves = tuple(curve_fit(one, outcomes) for one in dict.fromkeys(arm.curve for arm in firsts.values()) if one)
    reference = next((arm.opponent for arm in firsts.values()), "reference")
    followed = (
        f"{name} against {firsts[name].opponent}: {why}"
        for name, of in contests.items()
        if (why := follows_order(sum(one.flips for one in of.values()), sum(one.both_parsed for one in of.values())))
    )
    lost = (*losses(store, arms), *followed)
    return Results(
        tuple(rows), tuple(found), lost, curves, reference, tuple(measured), contamination, beside_paper, outcomes
    )


def _placed(arm: Arm, examples: float) -> Arm:
    """The arm at its place on its curve; on none where that is not known."""
    if arm.n or not arm.curve:
        return arm
    return replace(arm, curve=None) if missing(examples) else replace(arm, n=round(examples))


def _set_rows(
    store: Store, arm: Arm, against: str, judged: Mapping[int, Judged], examples: float, bases: Mapping[int, int]
) -> list[Row]:
    done = {seed: one for seed, one in judged.items() if store.state(one).status == "done"}
    sets = prompts_by(store, next(iter(done.values())), arm.told_by) if done else {}
    of_runs = [bases.get(seed, 0) for seed in done]

    def row(name: str, ids: Collection[str]) -> Row:
        contests = [contest(store, one, ids) for one in done.values()]
        return replace(_row(arm.name, against, "all", contests, [examples], of_runs), set=name)

    return [row(name, ids) for name, ids in sets.items()]


def _rows(
    store: Store,
    name: str,
    against: str,
    judged: Mapping[int, Judged],
    arms: Mapping[int, Arm],
    reasons: Mapping[str, str],
    bases: Mapping[int, int],
) -> tuple[dict[int, Contest], list[Row]]:
    contests: dict[int, Contest] = {}
    examples: dict[int, float] = {}
    rows: list[Row] = []
    for seed, one in judged.items():
        if store.state(one).status == "done":
            contests[seed] = contest(store, one)
            examples[seed] = _examples(store, arms[seed].model)
            rows.append(_row(name, against, str(seed), [contests[seed]], [examples[seed]], [bases.get(seed, 0)]))
        else:
            reason = reasons.get(one.fingerprint, NOT_JUDGED if isinstance(one.by, Unjudged) else "not made")
            rows.append(_answered(store, _absent(name, against, str(seed), reason), one, arms[seed].model))
    if not contests:
        together = _absent(name, against, "all", rows[0].reason)
        examples_of, lengths = ([getattr(row, of) for row in rows] for of in ("examples", "mean_length"))
        return {}, [replace(together, examples=float(np.mean(examples_of)), mean_length=float(np.mean(lengths))), *rows]
    of_runs = [bases.get(seed, 0) for seed in contests]
    return contests, [_row(name, against, "all", list(contests.values()), list(examples.values()), of_runs), *rows]


NOT_JUDGED = "not judged"


def _answered(store: Store, row: Row, judged: Judged, model: Artifact) -> Row:
    """What is known of answers that nobody judges yet."""
    if row.reason != NOT_JUDGED or not store.state(judged.answers).readable:
        return row
    lengths = [len(one.output) for one in read(store.open(judged.answers) / EXAMPLES, Example)]
    return replace(row, examples=_examples(store, model), mean_length=float(np.mean(lengths)))


def _examples(store: Store, model: Artifact) -> float:
    """What the model was trained on; no number where the model was deleted with its record."""
    return float(store.record(model).counts["kept"]) if store.state(model, weights=False).readable else NONE


def _row(
    arm: str, against: str, seed: str, contests: list[Contest], examples: Sequence[float], bases: Sequence[int]
) -> Row:
    scores = np.stack([one.points for one in contests]) * 100
    measured = not np.isnan(scores).all()
    estimate = rate(scores, bases=bases) if measured else Estimate(NONE)
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
        bases=len(set(bases)),
    )


def _absent(arm: str, against: str, seed: str, reason: str) -> Row:
    return Row(arm, against, seed, NONE, NONE, NONE, NONE, NONE, 0, 0, 0, NONE, NONE, 0, NONE, 0, reason)


def missing(value: float) -> bool:
    """Whether a cell has no number."""
    return math.isnan(value)
