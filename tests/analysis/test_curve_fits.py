"""An experiment's curves: slope, bend, slope at the end, and whether a line fits, over bases, seeds and prompts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from humpback.analysis.experiment.curve_fits import curve_fit, end_slope, lack_of_fit
from humpback.analysis.experiment.finding import Finding, Outcomes, findings
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.scaling.checks import CannotTell, LackOfFit
from humpback.analysis.scaling.fit import parabola, pull
from humpback.analysis.stats.multiplicity import LEVEL
from humpback.spec.claims import Claim, Curve
from tests.analysis.declared import arm

SIZES, N = (100, 200, 400, 800, 1600), 300
CURVE = Curve("curve")
ARMS = {f"at {n}": arm(f"at {n}", curve=CURVE, n=n) for n in SIZES}
BASES = {seed: seed % 3 for seed in range(6)}


def outcomes(law: Callable[[float], float], *, sizes: tuple[int, ...] = SIZES, noise: float = 0.1) -> Outcomes:
    """Points of six seeds on three bases around a law of ln(size), in percent."""
    rng = np.random.default_rng(5)
    hard = 0.05 * rng.standard_normal(N)

    def contest(n: int) -> Contest:
        points = law(float(np.log(n))) / 100 + hard + noise * rng.standard_normal(N)
        return Contest(points, 0, 0, 0, 0, 0, 2 * N, 0, 0, 0, 1.0)

    arms = {name: one for name, one in ARMS.items() if one.n in sizes}
    return Outcomes(arms, {name: {s: contest(one.n) for s in BASES} for name, one in arms.items()}, bases=BASES)


def find(claim: Claim, law: Callable[[float], float]) -> Finding:
    (found,) = findings([claim], outcomes(law))
    return found


def rising(x: float) -> float:
    return 20 + 5 * x


def flattening(x: float) -> float:
    """Rises by 8 a factor of e at first, and no more at the largest size."""
    return 50 - 1.5 * (x - np.log(1600)) ** 2


def level(x: float) -> float:
    return 50.0


def test_the_weights_are_those_of_least_squares() -> None:
    x, values = np.log(SIZES), np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    square, slope, _ = np.polyfit(x, values, 2)
    bend, end = (float(weights @ values) for weights in parabola(SIZES))
    assert (bend, end) == pytest.approx((square, slope + 2 * square * x.max()))
    assert float(end_slope(SIZES) @ values) == pytest.approx(end)
    assert float(pull(SIZES) @ values) == pytest.approx(np.polyfit(x, values, 1)[0])


@pytest.mark.parametrize(
    ("law", "fits", "bends", "slope"), [(rising, True, False, 5.0), (flattening, False, True, 0.0)], ids=["line", "bow"]
)
def test_a_line_fits_a_line_and_no_bow(law: Callable[[float], float], fits: bool, bends: bool, slope: float) -> None:
    found = curve_fit(CURVE, outcomes(law))
    assert isinstance(found.straight, LackOfFit)
    assert (found.straight.p >= LEVEL) == fits
    assert found.slope is not None
    assert found.bend is not None
    assert found.end_slope is not None
    assert (found.bend.high < 0) == bends
    assert found.end_slope.low < slope < found.end_slope.high
    x = np.log(SIZES)
    through = np.polyfit(x, [law(one) for one in x], 1)
    assert (found.slope.mean, found.level) == pytest.approx(tuple(through), abs=1.0)


def test_two_sizes_are_on_a_line_and_have_no_end() -> None:
    found = curve_fit(CURVE, outcomes(rising, sizes=(100, 1600)))
    assert found.straight == CannotTell("two sizes: any line fits")
    assert (found.bend, found.end_slope) == (None, None)
    (claim,) = findings([CURVE.keeps_rising("")], outcomes(rising, sizes=(100, 1600)))
    assert claim.verdict == "not measured"


@pytest.mark.parametrize(
    ("law", "rises", "keeps_rising", "does_not_rise"),
    [
        (rising, "holds", "holds", "does not hold: there is one"),
        (flattening, "holds", "does not hold: no difference that matters", "does not hold: there is one"),
        (level, "does not hold: no difference that matters", "does not hold: no difference that matters", "holds"),
        (lambda x: -rising(x), "does not hold: reversed", "does not hold: reversed", "holds"),
    ],
    ids=["rising", "flattening", "level", "falling"],
)
def test_curves_rise_keep_rising_or_do_not(
    law: Callable[[float], float], rises: str, keeps_rising: str, does_not_rise: str
) -> None:
    assert find(CURVE.rises(""), law).verdict == rises
    assert find(CURVE.keeps_rising("", matters=2.0), law).verdict == keeps_rising
    absent = find(CURVE.does_not_rise(""), law)
    assert absent.verdict == does_not_rise


def test_that_a_curve_does_not_rise_is_not_told_by_wide_intervals() -> None:
    (found,) = findings([CURVE.does_not_rise("", matters=0.1)], outcomes(level, noise=0.5))
    assert found.verdict == "cannot be told at this n"
    assert found.p is not None
    assert found.p > LEVEL


def test_a_line_that_fits_raises_an_alarm_as_rarely_as_it_says() -> None:
    """Discrete outcomes; a base, a seed and a prompt each shift all sizes alike and each size by itself."""
    rng, alarms, trials = np.random.default_rng(2), 0, 400
    bases = [0, 1, 2]
    for _ in range(trials):
        shared = 0.2 * rng.standard_normal((1, 3, 1)) + 0.5 * rng.standard_normal((1, 1, 80))
        own = 0.1 * rng.standard_normal((4, 3, 1)) + 0.3 * rng.standard_normal((4, 1, 80))
        scores = np.sign(shared + own + rng.standard_normal((4, 3, 80)))
        found = lack_of_fit((100, 200, 400, 800), scores, bases)
        assert isinstance(found, LackOfFit)
        alarms += found.p < LEVEL
    assert 0.01 <= alarms / trials <= 0.085
