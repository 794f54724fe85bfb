"""The words that a claim's numbers come to."""

from __future__ import annotations

import pytest

from humpback.analysis.experiment.finding import SLOPE_MARGIN, Finding
from humpback.analysis.stats.statistics import Estimate

NONE = "not replicated: no difference shown"
UNTOLD = "cannot be told at this n"


def estimate(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, 1.0, low, high)


@pytest.mark.parametrize(
    ("difference", "head_to_head", "verdict"),
    [
        ((0.1, 3), None, "replicated"),
        ((0.1, 3), (0.1, 4), "replicated"),
        ((0.1, 3), (-0.1, 4), NONE),
        ((-0.1, 3), (0.1, 4), NONE),
        ((-0.1, 3), None, NONE),
        ((0.0, 3), None, NONE),
        ((-3, -0.1), None, "not replicated: reversed"),
        ((-3, -0.1), (-4, -1), "not replicated: reversed"),
        ((-3, -0.1), (1, 4), NONE),
        (None, (1, 4), "replicated"),
        ((-1, 4.9), None, NONE),
        ((-1, 5.1), None, UNTOLD),
        ((-9, 0.1), None, NONE),
        ((0.1, 9), (-0.1, 4), UNTOLD),
        (None, None, "not measured"),
    ],
)
def test_a_claim_is_replicated_when_every_measure_shown_excludes_zero(
    difference: tuple[float, float] | None, head_to_head: tuple[float, float] | None, verdict: str
) -> None:
    finding = Finding(
        "M2",
        "M0",
        claim="",
        paper=None,
        difference=estimate(*difference) if difference else None,
        by_seed=(),
        n=0,
        head_to_head=estimate(*head_to_head) if head_to_head else None,
    )
    assert finding.verdict == verdict


def test_a_slope_has_a_margin_of_its_own() -> None:
    flat = Finding("a", "b", "", None, estimate(-0.5, 1.5), (), 0, margin=SLOPE_MARGIN)
    assert flat.verdict == UNTOLD
    assert Finding("a", "b", "", None, estimate(-0.5, 0.9), (), 0, margin=SLOPE_MARGIN).verdict == NONE
