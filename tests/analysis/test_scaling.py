"""The law fitted: against numpy and scipy, on the paper's points, and where there is too little to fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from humpback.analysis.scaling.checks import (
    AlphaDifference,
    CannotTell,
    Curvature,
    LackOfFit,
    alpha_difference,
    curvature,
    lack_of_fit,
)
from humpback.analysis.scaling.fit import Points, TooFewPoints, between_seeds, by_seed, fit
from humpback.analysis.scaling.points import published_alphas, published_points

SIZES = (100.0, 800.0, 1_600.0, 12_800.0, 51_200.0)
VALUES = (33.0, 45.3, 46.3, 61.0, 62.8)
ERRORS = (2.0, 1.0, 3.0, 1.5, 0.5)


def law(
    sizes: tuple[float, ...] = SIZES, *, alpha: float = 5.0, c: float = 8.0, bend: float = 0.0
) -> tuple[float, ...]:
    return tuple(c + alpha * math.log(n) + bend * math.log(n) ** 2 for n in sizes)


def test_least_squares_with_its_t_interval_is_scipy_s() -> None:
    line, theirs = fit(Points("x", SIZES, VALUES)), stats.linregress(np.log(SIZES), VALUES)
    assert (line.alpha, line.constant) == pytest.approx((theirs.slope, theirs.intercept))
    assert line.r_squared == pytest.approx(theirs.rvalue**2)
    assert line.alpha_error == pytest.approx(theirs.stderr)
    reach = stats.t.ppf(0.975, 3)
    assert line.by_residuals is not None
    assert line.by_residuals.high == pytest.approx(theirs.slope + reach * theirs.stderr)
    assert line.constant_by_residuals is not None
    assert line.constant_by_residuals.low == pytest.approx(theirs.intercept - reach * theirs.intercept_stderr)
    assert line.by_errors is None


def test_weights_are_the_errors_inverse_squares() -> None:
    line = fit(Points("x", SIZES, VALUES, ERRORS))
    slope, intercept = np.polyfit(np.log(SIZES), VALUES, 1, w=1 / np.array(ERRORS))
    assert (line.alpha, line.constant) == pytest.approx((slope, intercept))
    _, known = np.polyfit(np.log(SIZES), VALUES, 1, w=1 / np.array(ERRORS), cov="unscaled")
    _, scaled = np.polyfit(np.log(SIZES), VALUES, 1, w=1 / np.array(ERRORS), cov=True)
    assert line.by_errors is not None
    assert line.by_errors.high - line.alpha == pytest.approx(1.959964 * math.sqrt(known[0, 0]))
    assert line.alpha_error == pytest.approx(math.sqrt(scaled[0, 0]))
    assert fit(Points("x", SIZES, VALUES, (2.0,) * 5)).alpha == pytest.approx(fit(Points("x", SIZES, VALUES)).alpha)


def test_the_band_is_narrowest_at_the_middle_and_is_alpha_s_far_away() -> None:
    line = fit(Points("x", SIZES, VALUES))
    middle, near, far = line.band([math.exp(line.centre), SIZES[0], 1e30]) or ()
    assert middle.high - middle.low < near.high - near.low
    assert line.by_residuals is not None
    away = math.log(1e30) - line.centre
    assert (far.high - far.low) / away == pytest.approx(line.by_residuals.high - line.by_residuals.low, rel=0.01)


def test_the_paper_s_two_point_sets_come_out() -> None:
    """LIMA 2.86 and FLAN 0.22, within what reading their points off the figure allows; 2.86 would be 1.98 with the
    logarithm to base 2 and 6.59 to base 10."""
    printed = published_alphas()
    lines = {points.name: fit(points) for points in published_points()}
    assert set(lines) == set(printed)
    for name, bound in (("LIMA", 0.1), ("FLAN v2", 0.04)):
        reading = lines[name].by_reading
        assert reading is not None
        assert reading.high - reading.low < 2 * bound
        assert reading.low <= printed[name] <= reading.high
        assert lines[name].by_residuals is None
        assert lines[name].r_squared is None
    assert lines["FLAN v2"].alpha == pytest.approx(0.22, abs=0.005)


def test_the_paper_s_humpback_points_do_not_give_its_alpha_but_do_not_exclude_it() -> None:
    line = next(fit(points) for points in published_points() if points.name == "Humpback")
    assert line.points.n == (6_400, 9_600, 16_000, 28_800, 45_021)
    reading, interval = line.by_reading, line.by_residuals
    assert reading is not None
    assert interval is not None
    assert 4.5 < line.alpha < 7.4
    assert reading.high < 6.9
    assert interval.low < 6.95 < interval.high


def test_one_size_is_no_line() -> None:
    with pytest.raises(TooFewPoints, match="x: a line needs two sizes or more; there is 1"):
        fit(Points("x", (100.0, 100.0), (1.0, 2.0)))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"n": (1.0, 0.0)}, "size is not above 0"),
        ({"value": (1.0, math.inf)}, "value is not a number"),
        ({"value": (1.0,)}, "2 sizes and 1 of value"),
        ({"error": (1.0, 0.0)}, "error is not above 0"),
        ({"seed": ("0",)}, "2 sizes and 1 of seed"),
    ],
)
def test_points_that_cannot_be_are_refused(columns: dict[str, tuple[float, ...]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Points(**{"name": "x", "n": (1.0, 2.0), "value": (1.0, 2.0), **columns})  # type: ignore[arg-type]


def test_each_seed_has_its_alpha() -> None:
    sizes, alphas = (100.0, 800.0, 6_400.0), (4.0, 5.0, 6.0)
    values = tuple(v for alpha in alphas for v in law(sizes, alpha=alpha))
    seeds = tuple(seed for seed in "012" for _ in sizes)
    found = by_seed(Points("x", (*sizes * 3, 100.0), (*values, 1.0), seed=(*seeds, "lone")))
    assert found == pytest.approx({"0": 4.0, "1": 5.0, "2": 6.0})
    interval = between_seeds(list(found.values()))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(stats.t.interval(0.95, 2, 5, 1 / math.sqrt(3)))
    assert between_seeds([4.0]) is None


def test_chi_square_where_errors_are_given() -> None:
    bent = law(bend=-0.3)
    fits_not, fits = (lack_of_fit(fit(Points("x", SIZES, bent, (error,) * 5))) for error in (0.3, 3.0))
    assert isinstance(fits_not, LackOfFit)
    assert fits_not.words.startswith("chi-square(3) = ")
    assert fits_not.words.endswith("the line does not fit")
    line = fit(Points("x", SIZES, bent, (0.3,) * 5))
    chi = sum((r / 0.3) ** 2 for r in line.residuals)
    assert fits_not.p == pytest.approx(stats.chi2.sf(chi, 3))
    assert isinstance(fits, LackOfFit)
    assert fits.p > 0.05
    assert fits.words.endswith("no lack of fit shown")


def test_f_where_sizes_are_repeated() -> None:
    values = [v + d for v in law(bend=-0.6) for d in (-0.5, 0.5)]
    found = lack_of_fit(fit(Points("x", tuple(n for n in SIZES for _ in "ab"), tuple(values))))
    assert isinstance(found, LackOfFit)
    means = fit(Points("x", SIZES, law(bend=-0.6)))
    f = (2 * sum(r**2 for r in means.residuals) / 3) / (10 * 0.25 / 5)
    assert found.test == f"F(3, 5) = {f:.1f}"
    assert found.p == pytest.approx(stats.f.sf(f, 3, 5))
    assert found.p < 0.05


def test_without_either_signs_are_shown_and_nothing_is_claimed() -> None:
    found = lack_of_fit(fit(Points("x", SIZES[::-1], law(bend=-0.3)[::-1])))
    assert found == CannotTell("not tested: neither errors nor scatter at repeated sizes; residuals by N -+++-")
    assert lack_of_fit(fit(Points("x", (100.0, 800.0), (1.0, 2.0)))) == CannotTell("two sizes: any line fits")


def test_a_bend_is_tested_exactly_and_too_few_points_say_so() -> None:
    rng = np.random.default_rng(4)
    values = np.array(law(bend=-0.4)) + rng.normal(0, 0.5, 5)
    found = curvature(Points("x", SIZES, tuple(values)))
    assert isinstance(found, Curvature)
    coefficients, covariance = np.polyfit(np.log(SIZES), values, 2, cov=True)
    assert found.bend == pytest.approx(coefficients[0])
    reach = stats.t.ppf(0.975, 2)
    assert found.bend_interval.low == pytest.approx(coefficients[0] - reach * math.sqrt(covariance[0, 0]))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(coefficients[0]) / math.sqrt(covariance[0, 0]), 2))
    assert found.slope == pytest.approx(coefficients[1] + 2 * coefficients[0] * math.log(51_200))
    three = curvature(Points("x", SIZES[:3], law()[:3]))
    assert isinstance(three, CannotTell)
    assert three.words.startswith("too few points to tell: 3 points at 3 sizes")
    assert isinstance(curvature(Points("x", (100.0, 200.0) * 3, (1.0, 2.0) * 3)), CannotTell)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (law(alpha=5.0), "no bend shown, still rises at N = 51,200"),
        (tuple(5 * math.log(min(n, 800)) for n in SIZES), "saturates: no rise shown at N = 51,200"),
        (law(alpha=14.0, bend=-0.5), "slows, still rises at N = 51,200"),
        (law(alpha=0.0, bend=0.4), "bends upward"),
        (law(alpha=0.0), "cannot be told: neither bend nor rise shown at N = 51,200"),
    ],
)
def test_saturation_in_words(values: tuple[float, ...], words: str) -> None:
    noise = 0.2 * np.array([1, -1, -1, 1, 1, -1, -1, 1, 0.5, -0.5])
    found = curvature(Points("x", SIZES * 2, tuple(np.array(values * 2) + noise)))
    assert isinstance(found, Curvature)
    assert found.words == words


def test_alphas_are_compared_by_welch_s_t() -> None:
    first, second = fit(Points("a", SIZES, VALUES)), fit(Points("b", SIZES[:4], (10.0, 13.5, 14.5, 23.1)))
    found = alpha_difference(first, second)
    assert isinstance(found, AlphaDifference)
    a, b = (first.alpha_error or 0) ** 2, (second.alpha_error or 0) ** 2
    degrees = (a + b) ** 2 / (a**2 / 3 + b**2 / 2)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(first.alpha - second.alpha) / math.sqrt(a + b), degrees))
    reach = stats.t.ppf(0.975, degrees) * math.sqrt(a + b)
    assert found.interval.low == pytest.approx(first.alpha - second.alpha - reach)
    assert found.how == "residuals (t)"


def test_two_points_are_compared_by_errors_or_not_at_all() -> None:
    first = fit(Points("a", (100.0, 800.0), (10.0, 20.0), (1.0, 1.0)))
    second = fit(Points("b", (100.0, 800.0), (10.0, 12.0), (1.0, 1.0)))
    found = alpha_difference(first, second)
    assert isinstance(found, AlphaDifference)
    assert found.how == "errors (normal)"
    assert found.p == pytest.approx(2 * stats.norm.sf(8 / math.sqrt(4)))
    bare = fit(Points("c", (100.0, 800.0), (10.0, 12.0)))
    answer = alpha_difference(fit(Points("d", SIZES, VALUES)), bare)
    assert answer == CannotTell("c has two points and no errors: its alpha has no interval")


def test_perfect_lines_have_no_scatter_to_tell_them_apart_by() -> None:
    lines = [fit(Points(name, (1.0, math.e, math.e**2), (0.0, a, 2 * a))) for name, a in (("a", 2.0), ("b", 1.0))]
    assert [line.by_residuals for line in lines] == [None, None]
    assert alpha_difference(*lines) == CannotTell("a has points on one line and no errors: its alpha has no interval")
    bent = curvature(Points("a", (1.0, math.e, math.e**2, math.e**3), (0.0, 1.0, 4.0, 9.0)))
    assert isinstance(bent, CannotTell)
    assert between_seeds([2.0, 2.0, 2.0]) is None
