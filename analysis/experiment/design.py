"""What design seeds say of a confirming run: the variances behind each claim, and the power of so many seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from humpback.analysis.experiment.curve_fits import along
from humpback.analysis.experiment.finding import Outcomes
from humpback.analysis.scaling.fit import pull
from humpback.analysis.stats.simulated_power import components
from humpback.analysis.stats.statistics import Scores
from humpback.core.errors import HumpbackError
from humpback.spec.claims import Above, Arm, Claim, Comparison, Rising
from humpback.spec.protocol import Variance


class NoDesign(HumpbackError):
    """The design seeds do not say what is asked of them. The message says what to do."""


def variances(claim: Claim, outcomes: Outcomes, bases: Mapping[int, int]) -> tuple[tuple[Variance, ...], int]:
    """The variance components of each measure of a claim over the seeds that have an outcome, and how many prompts.

    Raises:
        NoDesign: when fewer than two seeds have one.
    """
    found, prompts = [], 0
    for by_seed in _measures(claim, outcomes):
        if len(by_seed) < 2:
            raise NoDesign(
                f"{len(by_seed)} of the design seeds were run for {' > '.join(claim.sides)}; 2 are the fewest"
            )
        scores = np.stack(list(by_seed.values()))
        found.append(components(scores, [bases[seed] for seed in by_seed]))
        prompts = scores.shape[1]
    return tuple(found), prompts


def _measures(claim: Claim, outcomes: Outcomes) -> list[dict[int, Scores]]:
    """By seed the (prompts,) outcomes of each measure, in points."""

    def points(arm: Arm) -> dict[int, Scores]:
        return {seed: contest.points * 100 for seed, contest in outcomes.contests.get(arm.name, {}).items()}

    match claim:
        case Comparison():
            first, second = points(claim.first), points(claim.second)
            difference = {seed: first[seed] - second[seed] for seed in first if seed in second}
            direct = outcomes.direct.get((claim.first.name, claim.second.name), {})
            margins = {seed: contest.points * 100 - 50 for seed, contest in direct.items()}
            return [difference, *([margins] if claim.head_to_head else [])]
        case Above():
            return [{seed: one - 50 for seed, one in points(claim.arm).items()}]
        case Rising():
            return [_slopes(claim, outcomes)]
    raise NoDesign(f"{' > '.join(claim.sides)}: no claim of judged arms or curves")


def _slopes(claim: Rising, outcomes: Outcomes) -> dict[int, Scores]:
    own = along(claim.curve, outcomes, pull)
    if claim.over is None:
        return own
    other = along(claim.over, outcomes, pull)
    return {seed: own[seed] - other[seed] for seed in own if seed in other}


def matters(claim: Claim, arms: Mapping[str, Arm], points: float) -> float:
    """The smallest difference that matters, from that of two win rates in points: of a slope, that over the range of
    its curve's sizes on the natural logarithm. The arms are those of outcomes, which have their places."""
    if not isinstance(claim, Rising):
        return points
    sizes = [arm.n for arm in arms.values() if arm.curve == claim.curve]
    return points / math.log(max(sizes) / min(sizes))
