"""Arms and measures that stand for any other: claims are about their names."""

from __future__ import annotations

from typing import Any

from humpback.experiments.setups.micro import MICRO
from humpback.spec.claims import Arm, Paper
from humpback.spec.measures import Measure, RefusalRate
from humpback.spec.outcomes import Judged

_JUDGED = Judged(MICRO.reference, against=MICRO.reference, by=MICRO.judge)


def arm(name: str, **more: Any) -> Arm:
    """An arm of that name."""
    return Arm(name, MICRO.base, _JUDGED, **more)


def measure(name: str, *papers: tuple[str, Paper]) -> Measure:
    """A measure of that name."""
    return RefusalRate(name, MICRO.reference, paper=papers)
