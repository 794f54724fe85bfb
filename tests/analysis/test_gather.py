"""The words that a claim's numbers come to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from humpback.analysis.experiment.finding import Finding
from humpback.analysis.stats.statistics import Estimate

NONE, REVERSED = "does not hold: no difference that matters", "does not hold: reversed"
UNTOLD = "cannot be told at this n"


def estimate(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, 1.0, low, high)


@pytest.mark.parametrize(
    ("difference", "head_to_head", "verdict"),
    [
        ((0.1, 3), None, "holds"),
        ((0.1, 3), (0.1, 4), "holds"),
        ((0.1, 3), (-0.1, 4), NONE),
        ((-0.1, 3), (0.1, 4), NONE),
        ((-0.1, 3), None, NONE),
        ((0.0, 3), None, NONE),
        ((-3, -0.1), None, REVERSED),
        ((-3, -0.1), (-4, -1), REVERSED),
        ((-3, -0.1), (1, 4), NONE),
        (None, (1, 4), "holds"),
        ((-1, 4.9), None, NONE),
        ((-1, 5.1), None, UNTOLD),
        ((-9, 0.1), None, NONE),
        ((0.1, 9), (-0.1, 4), UNTOLD),
        (None, None, "not measured"),
    ],
)
def test_a_claim_holds_when_every_measure_shown_excludes_zero(
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


def finding(low: float, high: float, **more: Any) -> Finding:
    return Finding("a", "b", "", more.pop("paper", None), estimate(low, high), (), 0, **more)


def test_what_matters_is_the_claim_s_own() -> None:
    assert finding(-0.5, 1.5, matters=1.0).verdict == UNTOLD
    assert finding(-0.5, 0.9, matters=1.0).verdict == NONE


@pytest.mark.parametrize(
    ("low", "high", "verdict", "p"),
    [
        (-0.5, 0.9, "holds", "below"),
        (-3.0, -1.0, "holds", "below"),
        (0.1, 0.9, "holds", "below"),
        (-0.5, 1.5, UNTOLD, "above"),
        (0.5, 1.5, "does not hold: there is one", "below"),
    ],
)
def test_that_something_is_absent_holds_where_there_is_no_room_for_it(
    low: float, high: float, verdict: str, p: str
) -> None:
    """Intervals of 1e9 degrees of freedom, so that p is the normal law's."""
    error = (high - low) / 2 / 1.959964
    one = Finding("a", "b", "", None, Estimate((low + high) / 2, error, low, high, 1e9), (), 0, matters=1.0)
    one = replace(one, absent=True)
    assert one.verdict == verdict
    assert one.p is not None
    assert (one.p < 0.05) == (p == "below")


def test_measures_that_point_to_different_sides_have_no_small_p() -> None:
    one, other = Estimate(3.0, 1.0, 1.0, 5.0, 50.0), Estimate(-3.0, 1.0, -5.0, -1.0, 50.0)
    both = Finding("a", "b", "", None, one, (), 0, head_to_head=other)
    assert (both.p, both.verdict) == (1.0, UNTOLD)
    same = replace(both, head_to_head=one)
    assert same.p == pytest.approx(0.0043, abs=1e-4)


def test_where_all_is_the_paper_s_the_words_are_replicated_and_not() -> None:
    assert finding(1, 3, repeats=True).verdict == "replicated"
    assert finding(-3, -1, repeats=True).verdict == "not replicated: reversed"
    assert finding(-3, 1, repeats=True).verdict == "not replicated: no difference that matters"
    assert finding(-3, 9, repeats=True).verdict == UNTOLD


@pytest.mark.parametrize(
    ("low", "high", "paper", "size"),
    [
        (1, 3, 9.9, "smaller"),
        (1, 3, 2.5, "as large"),
        (1, 3, 0.5, "larger"),
        (-1, 3, 9.9, "smaller"),
        (-3, -1, 9.9, ""),
        (-1, 9, 2.0, ""),
        (1, 3, None, ""),
    ],
)
def test_what_is_told_has_a_size_beside_the_paper_s(low: float, high: float, paper: float | None, size: str) -> None:
    assert finding(low, high, paper=paper).beside_paper == size
