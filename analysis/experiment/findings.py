"""Claims about arms and curves to findings.

Every claim comes down to one number per prompt and seed: a difference of points, points above an even rate, or a slope
(which is a weighted sum of the points at each size, so that its interval comes of resampling prompts and seeds like any
other).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from humpback.analysis.experiment.finding import MARGIN, SLOPE_MARGIN, Finding, Outcomes
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.scaling.fit import pull
from humpback.analysis.stats.evidence import against_verdict
from humpback.analysis.stats.statistics import NONE, Estimate, Scores, bootstrap
from humpback.spec.claims import Above, Claim, Comparison, Curve, Rising


def difference_of_arms(claim: Comparison, outcomes: Outcomes) -> Finding:
    """The difference of two win rates, and the head to head where there was one."""
    first, second = (outcomes.contests.get(arm.name, {}) for arm in (claim.first, claim.second))
    direct = outcomes.direct.get((claim.first.name, claim.second.name), {})
    margins = _stacked([contest.points * 100 - 50 for contest in direct.values()])
    scores = _stacked([(first[seed].points - second[seed].points) * 100 for seed in first if seed in second])
    obstacle = _obstacle(scores, [first, second]) or _obstacle(margins, [direct])
    return _finding(claim, scores, obstacle, head_to_head=_estimate(margins) if direct else None)


def above_even(claim: Above, outcomes: Outcomes) -> Finding:
    """An arm's win rate above 50."""
    judged = outcomes.contests.get(claim.arm.name, {})
    scores = _stacked([contest.points * 100 - 50 for contest in judged.values()])
    return _finding(claim, scores, _obstacle(scores, [judged]))


def slope(claim: Rising, outcomes: Outcomes) -> Finding:
    """A curve's slope, or the difference of two."""
    scores = slopes(claim.curve, outcomes)
    if claim.over is not None:
        other = slopes(claim.over, outcomes)
        scores = scores - other if scores.shape == other.shape else np.empty((0, 0))
    behind = [outcomes.contests.get(name, {}) for name in claim.concerns(outcomes.arms.values())]
    return _finding(claim, scores, _obstacle(scores, behind), margin=SLOPE_MARGIN)


def slopes(curve: Curve, outcomes: Outcomes) -> Scores:
    """(seeds, prompts): each prompt's part in the least-squares slope of win rate, in percent, on the natural logarithm
    of size, over all arms of the curve. Empty when fewer than two sizes were judged for every seed.
    """
    judged = [(arm.n, outcomes.contests[arm.name]) for arm in outcomes.arms.values() if arm.curve == curve]
    points = sorted(((n, by_seed) for n, by_seed in judged if by_seed), key=lambda point: point[0])
    if len(points) < 2:
        return np.empty((0, 0))
    seeds = [seed for seed in points[0][1] if all(seed in by_seed for _, by_seed in points)]
    weights = pull([n for n, _ in points])
    return _stacked(
        [100 * sum(w * by_seed[seed].points for w, (_, by_seed) in zip(weights, points, strict=True)) for seed in seeds]
    )


def _finding(
    claim: Claim, scores: Scores, obstacle: str, *, head_to_head: Estimate | None = None, margin: float = MARGIN
) -> Finding:
    first, second = claim.sides
    return Finding(
        first,
        second,
        claim.told,
        claim.paper_value,
        _estimate(scores),
        tuple(NONE if np.isnan(row).all() else float(np.nanmean(row)) for row in scores),
        int(scores.size),
        head_to_head,
        margin,
        obstacle=obstacle,
    )


def _obstacle(scores: Scores, contests: Iterable[Mapping[int, Contest]]) -> str:
    """Of a claim's numbers, and the judgements behind them."""
    behind = [one for by_seed in contests for one in by_seed.values()]
    return next(filter(None, (one.obstacle for one in behind)), "") or (against_verdict(scores) if scores.size else "")


def _stacked(rows: Sequence[Scores]) -> Scores:
    return np.stack(rows) if rows else np.empty((0, 0))


def _estimate(scores: Scores) -> Estimate | None:
    return None if np.isnan(scores).all() else bootstrap(scores)
