"""p-values from intervals, and Holm's correction against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from humpback.analysis.experiment.finding import Finding
from humpback.analysis.stats.multiplicity import LEVEL, holm, p_of
from humpback.analysis.stats.statistics import Estimate, crossed_mean
from humpback.analysis.stats.verdict import HOLDS, REVERSED


@pytest.mark.parametrize(
    ("t", "degrees", "p"),
    [(1.959964, 1e9, 0.05), (-2.575829, 1e9, 0.01), (9.924843, 2, 0.01), (-4.302653, 2, 0.05), (0.0, 5, 1.0)],
)
def test_p_is_student_s_on_either_side(t: float, degrees: float, p: float) -> None:
    """Quantiles from any printed table; 1e9 degrees are the normal law."""
    assert p_of(Estimate(t, 1.0, t - 2, t + 2, degrees)) == pytest.approx(p, rel=1e-4)


def test_without_an_interval_of_student_s_there_is_no_p() -> None:
    assert p_of(Estimate(3.0)) is None
    assert p_of(Estimate(3.0, 1.0, 1.0, 5.0)) is None


def test_verdict_and_p_agree_on_either_side() -> None:
    rng = np.random.default_rng(3)
    seen = set()
    for shift in np.linspace(-0.3, 0.3, 25):
        found = crossed_mean(rng.normal(shift, 1.0, size=(3, 150)))
        finding = Finding("a", "b", "", None, found, (), 450, matters=0.5)
        assert finding.p is not None
        assert (finding.verdict in (HOLDS, REVERSED)) == (finding.p < LEVEL)
        seen.add(finding.verdict)
    assert seen >= {HOLDS, REVERSED}


@pytest.mark.parametrize(
    ("ps", "adjusted"),
    [
        ((0.01, 0.04, 0.03, 0.005), (0.03, 0.06, 0.06, 0.02)),
        ((0.02, 0.02, 0.02), (0.06, 0.06, 0.06)),
        ((0.5, 0.9), (1.0, 1.0)),
        ((0.03,), (0.03,)),
        ((), ()),
        ((0.01, None, 0.02), (0.02, None, 0.02)),
        ((None,), (None,)),
    ],
)
def test_holm_is_worked_out_by_hand(ps: tuple[float | None, ...], adjusted: tuple[float | None, ...]) -> None:
    """The first: 4 x .005, 3 x .01, 2 x .03, and .04 held up to the .06 before it."""
    assert holm(ps) == pytest.approx(adjusted)


def test_holm_lies_between_no_correction_and_bonferroni_s() -> None:
    ps = list(np.random.default_rng(1).uniform(0, 0.2, 20))
    for p, one in zip(ps, holm(ps), strict=True):
        assert one is not None
        assert p <= one <= min(1.0, 20 * p)


def test_what_is_no_p_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p-value 1\.2 at place 1"):
        holm([0.1, 1.2])
    with pytest.raises(ValueError, match="at place 0"):
        holm([float("nan"), 0.2])
