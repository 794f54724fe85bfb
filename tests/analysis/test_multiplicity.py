"""p-values from intervals, and Holm's correction against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from humpback.analysis.experiment.finding import Finding
from humpback.analysis.stats.multiplicity import LEVEL, holm, p_above
from humpback.analysis.stats.statistics import Estimate, bootstrap

NONE = float("nan")


def estimate(z: float) -> Estimate:
    return Estimate(z, 1.0, z - 1.959964, z + 1.959964)


@pytest.mark.parametrize(
    ("z", "p"),
    [(1.644854, 0.1), (1.959964, 0.05), (2.575829, 0.01), (3.290527, 0.001), (0.0, 1.0), (-2.5, 1.0)],
)
def test_p_is_the_normal_law_s(z: float, p: float) -> None:
    """Quantiles of the normal law from any printed table."""
    assert p_above(estimate(z)) == pytest.approx(p, rel=1e-4)


def test_the_interval_s_lower_half_counts() -> None:
    """Skewed, or Student's: what lies above zero is what the verdict asks."""
    assert p_above(Estimate(2.0, 1.0, 0.1, 9.0)) == p_above(Estimate(2.0, 1.0, 0.1, 2.1))
    student = Estimate(3.0, 1.0, 3.0 - 4.302653, 3.0 + 4.302653)
    assert (p_above(student) or 0) > LEVEL


def test_without_an_interval_there_is_no_p() -> None:
    assert p_above(Estimate(3.0, NONE, NONE, NONE)) is None
    assert p_above(Estimate(NONE, NONE, NONE, NONE)) is None
    assert p_above(Estimate(3.0, 0.0, 3.0, 3.0)) == 0.0
    assert p_above(Estimate(0.0, 0.0, 0.0, 0.0)) == 1.0


def test_verdict_and_p_agree_on_resampled_scores() -> None:
    rng = np.random.default_rng(3)
    seen = set()
    for shift in np.linspace(-0.1, 0.4, 12):
        found = bootstrap(rng.normal(shift, 1.0, size=(1, 150)))
        finding = Finding("a", "b", "", None, found, (), 150)
        assert (finding.verdict == "replicated") == ((finding.p or 0.0) < LEVEL)
        seen.add(finding.verdict == "replicated")
    assert seen == {True, False}


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


def test_an_interval_over_seeds_alone_has_student_s_p() -> None:
    """Three seeds: t = 9.93 with 2 degrees of freedom is p = .01, by the table."""
    half = 4.302653
    few = Estimate(9.924843, 1.0, 9.924843 - half, 9.924843 + half, degrees_of_freedom=2)
    assert p_above(few) == pytest.approx(0.01, rel=1e-4)
    assert p_above(replace(few, degrees_of_freedom=None)) < 1e-4  # type: ignore[operator]
    edge = Estimate(half, 1.0, 0.0, 2 * half, degrees_of_freedom=2)
    assert p_above(edge) == pytest.approx(0.05)
