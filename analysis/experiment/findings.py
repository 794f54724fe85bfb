"""Claims to findings: a number with its interval, and a verdict by one rule.

Every claim comes down to one number per prompt and seed: a difference of points, points above an even rate, or a slope
(which is a weighted sum of the points at each size, so that its interval comes of resampling prompts and seeds like any
other).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from humpback.analysis.judgements.contest import Contest
from humpback.analysis.scaling.fit import pull
from humpback.analysis.stats.evidence import against_verdict
from humpback.analysis.stats.multiplicity import p_above
from humpback.analysis.stats.statistics import NONE, Estimate, Scores, bootstrap
from humpback.spec.claims import Above, Claim, Comparison, Point, Rising

MARGIN = 5.0
"""Points of win rate that matter: about what 805 prompts show four times in five."""
SLOPE_MARGIN = 1.0
"""The same for a slope, in points for a factor of e: over the papers' sizes (100 to 51,200) it comes to six points."""


@dataclass(frozen=True)
class Finding:
    """What came of one claim."""

    first: str
    """An arm or a curve."""
    second: str
    """What it is compared with."""
    claim: str
    paper: float | None
    """The paper's number for the same."""
    difference: Estimate | None
    """In points, paired over prompts and seeds: of the win rates against the reference, above 50, or of slopes; None
    when an arm is missing."""
    by_seed: tuple[float, ...]
    """The same for each seed."""
    n: int
    """Prompts times seeds."""
    head_to_head: Estimate | None = None
    """Win rate of the first against the second, in points above 50; None where they were not judged directly."""
    margin: float = MARGIN
    """A difference smaller than this does not matter."""
    form: str = ".1f"
    """How its numbers are printed."""
    obstacle: str = ""
    """Why the sample cannot carry a verdict; empty where it can."""

    @property
    def shown(self) -> tuple[Estimate, ...]:
        """Every measure that there is: the difference, the head to head."""
        return tuple(one for one in (self.difference, self.head_to_head) if one is not None)

    @property
    def p(self) -> float | None:
        """Two-sided, by `humpback.analysis.stats.multiplicity.p_above`; of two measures the larger, since both have to
        hold. Below .05 exactly where the verdict is "replicated". None without an interval, and where the sample
        carries no verdict."""
        if self.obstacle:
            return None
        found = [p_above(one) for one in self.shown]
        known = [p for p in found if p is not None]
        return max(known) if known and len(known) == len(found) else None

    @property
    def verdict(self) -> str:
        """In words. "Replicated" wants every measure that there is (the difference through the reference, as the papers
        report it, and the direct contest) above zero with its whole interval. Where zero is inside, the claim is "not
        replicated" if the interval has no room for a difference that matters, and else nothing can be told."""
        shown = self.shown
        if not shown:
            return "not measured"
        if self.obstacle:
            return f"cannot be told: {self.obstacle}"
        if all(one.low > 0 for one in shown):
            return "replicated"
        if all(one.high < 0 for one in shown):
            return "not replicated: reversed"
        if all(one.high < self.margin for one in shown):
            return "not replicated: no difference shown"
        return "cannot be told at this n"


Contests = Mapping[str, Mapping[int, Contest]]
"""By arm and seed, against the reference."""


def _obstacle(scores: Scores, contests: Iterable[Mapping[int, Contest]]) -> str:
    """Of a claim's numbers, and the judgements behind them."""
    behind = [one for by_seed in contests for one in by_seed.values()]
    return next(filter(None, (one.obstacle for one in behind)), "") or (against_verdict(scores) if scores.size else "")


def findings(
    claims: Iterable[Claim],
    contests: Contests,
    points: Mapping[str, Point | None],
    direct: Mapping[tuple[str, str], Mapping[int, Contest]],
    reference: str,
) -> list[Finding]:
    """What came of each claim. `points` says where each arm lies on a curve, `direct` has the heads to heads."""
    found = []
    for claim in claims:
        match claim:
            case Comparison():
                scores, by_seed = _difference(contests.get(claim.first, {}), contests.get(claim.second, {}))
                margins = [one.points * 100 - 50 for one in direct.get((claim.first, claim.second), {}).values()]
                direct_scores = _stacked(margins)
                head = _estimate(direct_scores) if margins else None
                obstacle = _obstacle(scores, [contests.get(one, {}) for one in (claim.first, claim.second)])
                found.append(
                    Finding(
                        claim.first,
                        claim.second,
                        claim.claim,
                        claim.paper,
                        _estimate(scores),
                        by_seed,
                        int(scores.size),
                        head,
                        obstacle=obstacle or _obstacle(direct_scores, [direct.get((claim.first, claim.second), {})]),
                    )
                )
            case Above():
                scores = _stacked([one.points * 100 - 50 for one in contests.get(claim.arm, {}).values()])
                found.append(
                    Finding(
                        claim.arm,
                        reference,
                        claim.claim,
                        claim.paper,
                        _estimate(scores),
                        _means(scores),
                        int(scores.size),
                        obstacle=_obstacle(scores, [contests.get(claim.arm, {})]),
                    )
                )
            case Rising():
                scores = slopes(claim.curve, contests, points)
                behind = [of for name, of in contests.items() if _on(points.get(name), claim)]
                if claim.over is not None:
                    other = slopes(claim.over, contests, points)
                    scores = scores - other if scores.shape == other.shape else np.empty((0, 0))
                found.append(
                    Finding(
                        f"slope of {claim.curve}",
                        f"slope of {claim.over}" if claim.over else "level",
                        claim.claim,
                        claim.paper,
                        _estimate(scores),
                        _means(scores),
                        int(scores.size),
                        margin=SLOPE_MARGIN,
                        obstacle=_obstacle(scores, behind),
                    )
                )
    return found


def _on(point: Point | None, claim: Rising) -> bool:
    return point is not None and point.curve in (claim.curve, claim.over)


def slopes(curve: str, contests: Contests, points: Mapping[str, Point | None]) -> Scores:
    """(seeds, prompts): each prompt's part in the least-squares slope of win rate, in percent, on the natural logarithm
    of size, over all arms of the curve. Empty when fewer than two sizes were judged for every seed.
    """
    arms = [(at.n, contests[name]) for name, at in points.items() if at and at.curve == curve and contests.get(name)]
    arms.sort(key=lambda one: one[0])
    if len(arms) < 2:
        return np.empty((0, 0))
    seeds = [seed for seed in arms[0][1] if all(seed in by_seed for _, by_seed in arms)]
    weights = pull([n for n, _ in arms])
    return _stacked(
        [100 * sum(w * by_seed[seed].points for w, (_, by_seed) in zip(weights, arms, strict=True)) for seed in seeds]
    )


def _difference(first: Mapping[int, Contest], second: Mapping[int, Contest]) -> tuple[Scores, tuple[float, ...]]:
    scores = _stacked([(first[seed].points - second[seed].points) * 100 for seed in first if seed in second])
    return scores, _means(scores)


def _stacked(rows: Sequence[Scores]) -> Scores:
    return np.stack(rows) if rows else np.empty((0, 0))


def _means(scores: Scores) -> tuple[float, ...]:
    return tuple(NONE if np.isnan(row).all() else float(np.nanmean(row)) for row in scores)


def _estimate(scores: Scores) -> Estimate | None:
    return None if np.isnan(scores).all() else bootstrap(scores)
