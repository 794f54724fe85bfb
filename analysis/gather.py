"""From the store to rows: what each arm and each comparison of an experiment came to.

Reads finished artifacts and nothing else. An arm that is not there (its curated set was empty, a stage failed) has a
row with the reason and no number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.statistics import Estimate, Scores, bootstrap, standard_error
from analysis.verdicts import BothOrders, winner
from harness.data import Backtranslated, Rated, Segments, Selected
from harness.fingerprint import Artifact
from harness.outcomes import Arm, Comparison, Judged, Responses
from harness.rows import VERDICTS, Verdict, read
from harness.store import Store

NONE = float("nan")


@dataclass(frozen=True)
class Contest:
    """What one judged pair of systems came to, prompt by prompt."""

    points: Scores
    """(prompts,) AlpacaEval preference for a; NaN where neither order was parsed."""
    wins: int
    ties: int
    losses: int
    flips: int
    both_parsed: int
    unparsed: int
    """Calls whose reply had no verdict."""
    first_wins: int
    decided: int
    """Calls that named a winner."""
    characters: float
    """Mean length of a's answers."""


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


@dataclass(frozen=True)
class Finding:
    """One comparison of two arms: through the reference, and head to head where that was judged."""

    comparison: Comparison
    difference: Estimate | None
    """Paired difference of the win rates against the reference, in points; None when an arm is missing."""
    by_seed: tuple[float, ...]
    """The same for each seed."""
    n: int
    head_to_head: Estimate | None
    """Win rate of the first against the second, in points above 50; None where they were not judged directly."""

    @property
    def verdict(self) -> str:
        """In words: whether the interval excludes zero, and on which side. The difference through the reference, as the
        papers report it; where the two were also judged head to head, that has to say the same."""
        shown = [one for one in (self.difference, self.head_to_head) if one is not None]
        if not shown:
            return "not measured"
        if all(one.low > 0 for one in shown):
            return "replicated"
        if all(one.high < 0 for one in shown):
            return "not replicated: reversed"
        return "not replicated: no difference shown"


@dataclass(frozen=True)
class Results:
    """Everything that an experiment reports."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    losses: tuple[str, ...]
    """What was lost on the way, a line a kind of stage."""


def contest(store: Store, judged: Judged) -> Contest:
    """The verdicts of a finished judgement, prompt by prompt."""
    calls: dict[str, dict[str, Verdict]] = {}
    for row in read(store.open(judged) / VERDICTS, Verdict):
        calls.setdefault(row.prompt, {})[row.order] = row
    pairs = [BothOrders(winner("ab", c["ab"].verdict), winner("ba", c["ba"].verdict)) for c in calls.values()]
    points = [NONE if pair.points is None else pair.points for pair in pairs]
    results = [pair.result for pair in pairs]
    winners = [won for pair in pairs for won in (pair.ab, pair.ba)]
    return Contest(
        points=np.array(points),
        wins=results.count("win"),
        ties=results.count("tie"),
        losses=results.count("lose"),
        flips=sum(pair.flipped is True for pair in pairs),
        both_parsed=sum(pair.flipped is not None for pair in pairs),
        unparsed=winners.count(None),
        first_wins=sum(pair.first_position_wins for pair in pairs),
        decided=sum(won in ("a", "b") for won in winners),
        characters=float(np.mean([c["ab"].a_characters for c in calls.values()])),
    )


def gather(
    store: Store, arms: Mapping[int, Mapping[str, Arm]], comparisons: Iterable[Comparison], reasons: Mapping[str, str]
) -> Results:
    """All rows and findings of an experiment, from its arms by seed.

    `reasons` says, by fingerprint, why an artifact was not made.
    """
    rows: list[Row] = []
    against_reference: dict[str, dict[int, Contest]] = {}
    names = list(next(iter(arms.values())))
    for name in names:
        judged = {seed: arms[seed][name].judged for seed in arms}
        found, more = _rows(store, name, "reference", judged, {s: arms[s][name] for s in arms}, reasons)
        against_reference[name] = found
        rows += more
    findings: list[Finding] = []
    for one in comparisons:
        direct: dict[int, Contest] = {}
        if one.head_to_head:
            judged = {seed: arms[seed][one.first].against(arms[seed][one.second]) for seed in arms}
            firsts = {seed: arms[seed][one.first] for seed in arms}
            direct, more = _rows(store, one.first, one.second, judged, firsts, reasons)
            rows += more
        findings.append(_finding(one, against_reference[one.first], against_reference[one.second], direct))
    return Results(tuple(rows), tuple(findings), losses(store, arms))


_LOSSES = {
    Segments: ("sections of pages", ("kept", "rejected")),
    Backtranslated: ("instructions written", ("kept", "rejected")),
    Rated: ("candidates rated", ("unparsed",)),
    Selected: ("candidates selected from", ("kept", "rejected", "unparsed")),
    Responses: ("answers", ("empty", "cut", "prompt_too_long")),
}


def losses(store: Store, arms: Mapping[int, Mapping[str, Arm]]) -> tuple[str, ...]:
    """Over all finished artifacts below the arms: what went in and what was rejected, empty, cut or unparsed."""
    totals: dict[type, dict[str, int]] = {}
    seen: set[str] = set()
    waiting: list[Artifact] = [arm.judged for by_name in arms.values() for arm in by_name.values()]
    while waiting:
        one = waiting.pop()
        if one.fingerprint in seen:
            continue
        seen.add(one.fingerprint)
        waiting.extend(one.inputs)
        if type(one) in _LOSSES and store.state(one).word == "done":
            into = totals.setdefault(type(one), {})
            for key, value in store.record(one)["counts"].items():
                into[key] = into.get(key, 0) + value
    return tuple(
        f"{totals[kind]['in']:,} {what}: " + ", ".join(f"{totals[kind][key]:,} {key.replace('_', ' ')}" for key in keys)
        for kind, (what, keys) in _LOSSES.items()
        if kind in totals
    )


def _rows(
    store: Store,
    name: str,
    against: str,
    judged: Mapping[int, Judged],
    arms: Mapping[int, Arm],
    reasons: Mapping[str, str],
) -> tuple[dict[int, Contest], list[Row]]:
    contests: dict[int, Contest] = {}
    examples: dict[int, int] = {}
    rows: list[Row] = []
    for seed, one in judged.items():
        if store.state(one).word == "done":
            contests[seed] = contest(store, one)
            examples[seed] = store.record(arms[seed].model)["counts"]["in"]
            rows.append(_row(name, against, str(seed), [contests[seed]], [examples[seed]]))
        else:
            rows.append(_absent(name, against, str(seed), reasons.get(one.fingerprint, "not made")))
    if not contests:
        return {}, [_absent(name, against, "all", rows[0].reason), *rows]
    return contests, [_row(name, against, "all", list(contests.values()), list(examples.values())), *rows]


def _row(arm: str, against: str, seed: str, contests: list[Contest], examples: list[int]) -> Row:
    scores = np.stack([one.points for one in contests]) * 100
    measured = not np.isnan(scores).all()
    estimate = bootstrap(scores) if measured else Estimate(NONE, NONE, NONE, NONE)
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
        unparsed=sum(c.unparsed for c in contests),
        mean_length=float(np.mean([c.characters for c in contests])),
        n=int(scores.size),
    )


def _absent(arm: str, against: str, seed: str, reason: str) -> Row:
    return Row(arm, against, seed, NONE, NONE, NONE, NONE, NONE, 0, 0, 0, NONE, NONE, 0, NONE, 0, reason)


def _finding(
    comparison: Comparison,
    first: Mapping[int, Contest],
    second: Mapping[int, Contest],
    direct: Mapping[int, Contest],
) -> Finding:
    seeds = [seed for seed in first if seed in second]
    scores = np.array([(first[seed].points - second[seed].points) * 100 for seed in seeds])
    by_seed = tuple(NONE if np.isnan(row).all() else float(np.nanmean(row)) for row in scores)
    margins = np.array([one.points * 100 - 50 for one in direct.values()])
    return Finding(comparison, _estimate(scores), by_seed, int(scores.size), _estimate(margins))


def _estimate(scores: Scores) -> Estimate | None:
    return None if np.isnan(scores).all() else bootstrap(scores)


def missing(value: float) -> bool:
    """Whether a cell has no number."""
    return math.isnan(value)
