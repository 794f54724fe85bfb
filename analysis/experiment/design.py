"""What design seeds say of a confirming run: the variances behind each claim, and the power of so many seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from humpback.analysis.experiment.finding import Outcomes
from humpback.analysis.experiment.findings import measures_of
from humpback.analysis.stats.simulated_power import components
from humpback.core.errors import HumpbackError
from humpback.spec.claims import Above, Arm, Comparison, Rising
from humpback.spec.protocol import Variance


class NoDesign(HumpbackError):
    """The design seeds do not say what is asked of them. The message says what to do."""


def variances(claim: Comparison | Above | Rising, outcomes: Outcomes) -> tuple[tuple[Variance, ...], int]:
    """The variance components of each measure of a claim over the seeds that have an outcome, and how many prompts.

    Raises:
        NoDesign: when fewer than two seeds have one, of the head to head as well where there is to be one.
    """
    found, prompts = [], 0
    measures = measures_of(claim, outcomes)
    if isinstance(claim, Comparison) and claim.head_to_head and len(measures) < 2:
        measures = (*measures, {})
    for runs in measures:
        if len(runs) < 2:
            raise NoDesign(f"{len(runs)} of the design seeds were run for {' > '.join(claim.sides)}; 2 are the fewest")
        scores = np.stack(list(runs.values()))
        found.append(components(scores, outcomes.bases_of(runs)))
        prompts = scores.shape[1]
    return tuple(found), prompts


def matters(claim: Comparison | Above | Rising, arms: Mapping[str, Arm], points: float) -> float:
    """The smallest difference that matters, from that of two win rates in points: of a slope, that over the range of
    its curve's sizes on the natural logarithm. The arms are those of outcomes, which have their places."""
    if not isinstance(claim, Rising):
        return points
    sizes = [arm.n for arm in arms.values() if arm.curve == claim.curve]
    return points / math.log(max(sizes) / min(sizes))
