"""Claims about arms and curves to findings.

Every claim comes down to one number per prompt and seed: a difference of points, points above an even rate, or a slope
(which is a weighted sum of the points at each size, so that it has an interval like any other).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from humpback.analysis.experiment.curve_fits import along, end_slope
from humpback.analysis.experiment.finding import Finding, Outcomes, Runs
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.scaling.fit import pull
from humpback.analysis.stats.evidence import against_verdict
from humpback.analysis.stats.statistics import NONE
from humpback.spec.claims import Above, Claim, Comparison, Level, OfCurve, Rising, Unsaturated

Judged = Mapping[str, Mapping[int, Contest]]
"""Contests by who stood against whom and by seed."""


def measures_of(claim: Comparison | Above | Rising, outcomes: Outcomes) -> tuple[Runs, ...]:
    """What a claim is about, in points: the difference of two win rates and, where it was judged, the head to head
    above 50; a win rate above 50; a slope, or the difference of two."""
    if isinstance(claim, Above):
        return (_above_even(outcomes.contests.get(claim.arm.name, {})),)
    if isinstance(claim, Rising):
        runs = along(claim.curve, outcomes, pull)
        if claim.over is not None:
            other = along(claim.over, outcomes, pull)
            runs = {seed: runs[seed] - other[seed] for seed in runs if seed in other}
        return (runs,)
    first, second = (outcomes.contests.get(arm.name, {}) for arm in (claim.first, claim.second))
    difference = {seed: (first[seed].points - second[seed].points) * 100 for seed in first if seed in second}
    direct = outcomes.direct.get((claim.first.name, claim.second.name), {})
    return (difference, *([_above_even(direct)] if direct else []))


def _above_even(judged: Mapping[int, Contest]) -> Runs:
    return {seed: one.points * 100 - 50 for seed, one in judged.items()}


def difference_of_arms(claim: Comparison, outcomes: Outcomes) -> Finding:
    """The difference of two win rates, and the head to head where there was one."""
    behind = _of_arms(outcomes, claim.first.name, claim.second.name)
    difference, *margins = measures_of(claim, outcomes)
    found = _finding(claim, outcomes, difference, behind)
    if not margins:
        return found
    direct = outcomes.direct[claim.first.name, claim.second.name]
    obstacle = found.obstacle or _obstacle(
        claim, outcomes, margins[0], {f"{claim.first.name} against {claim.second.name}": direct}
    )
    return replace(found, head_to_head=outcomes.mean(margins[0]), obstacle=obstacle)


def above_even(claim: Above, outcomes: Outcomes) -> Finding:
    """An arm's win rate above 50."""
    (runs,) = measures_of(claim, outcomes)
    return _finding(claim, outcomes, runs, _of_arms(outcomes, claim.arm.name))


def slope(claim: Rising, outcomes: Outcomes) -> Finding:
    """A curve's slope, or the difference of two."""
    (runs,) = measures_of(claim, outcomes)
    return _of_curve(claim, outcomes, runs)


def levelness(claim: Level, outcomes: Outcomes) -> Finding:
    """A curve's slope, which is claimed to be less than matters."""
    return replace(_of_curve(claim, outcomes, along(claim.curve, outcomes, pull)), absent=True)


def slope_at_end(claim: Unsaturated, outcomes: Outcomes) -> Finding:
    """A curve's slope at its largest size; of fewer than three sizes there is none."""
    return _of_curve(claim, outcomes, along(claim.curve, outcomes, end_slope, least=3))


def _of_curve(claim: OfCurve, outcomes: Outcomes, runs: Runs) -> Finding:
    behind = _of_arms(outcomes, *claim.concerns(outcomes.arms.values()))
    return _finding(claim, outcomes, runs, behind)


def _of_arms(outcomes: Outcomes, *names: str) -> Judged:
    return {f"{name} against the reference": outcomes.contests.get(name, {}) for name in names}


def _finding(claim: Claim, outcomes: Outcomes, runs: Runs, behind: Judged) -> Finding:
    first, second = claim.sides
    return Finding(
        first,
        second,
        claim.told,
        claim.paper_value,
        outcomes.mean(runs),
        tuple(NONE if np.isnan(row).all() else float(np.nanmean(row)) for row in runs.values()),
        sum(row.size for row in runs.values()),
        matters=claim.matters,
        obstacle=_obstacle(claim, outcomes, runs, behind),
        paper_error=claim.paper_error,
    )


def _obstacle(claim: Claim, outcomes: Outcomes, runs: Runs, behind: Judged) -> str:
    """Of the judgements behind a claim's numbers, and of these."""
    for contest, by_seed in behind.items():
        for one in by_seed.values():
            if one.obstacle:
                return f"{contest}: {one.obstacle}"
    if not runs:
        return ""
    concerned = claim.concerns(outcomes.arms.values())
    return against_verdict(np.stack(list(runs.values()))) or outcomes.against_seeds(concerned, list(runs))
