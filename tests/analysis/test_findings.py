"""Claims to numbers: differences, rates above even, slopes and differences of slopes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from humpback.analysis.experiment.findings import Contests, findings, slopes
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.stats.multiplicity import p_above
from humpback.spec.claims import Above, Claim, Comparison, Point, Rising

N = 400
RNG = np.random.default_rng(7)


def contest(rate: float) -> Contest:
    """Prompts won at a rate, shuffled."""
    points = (np.arange(N) < rate * N).astype(float)
    RNG.shuffle(points)
    return Contest(points, 0, 0, 0, 0, 0, 2 * N, 0, 0, 0, 1.0)


def curve(name: str, alpha: float, level: float, sizes: tuple[int, ...] = (100, 200, 400, 800)) -> dict[str, float]:
    return {f"{name} {n}": (alpha * math.log(n) + level) / 100 for n in sizes}


RATES = {**curve("steep", 8.0, 5.0), **curve("flat", 0.0, 50.0), "good": 0.75, "bad": 0.25}
CONTESTS: Contests = {name: {seed: contest(rate) for seed in (0, 1, 2)} for name, rate in RATES.items()}
POINTS = {name: Point(name.split()[0], int(name.split()[1])) if " " in name else None for name in RATES}


def found(*claims: Claim) -> dict[str, str]:
    return {one.first: one.verdict for one in findings(claims, CONTESTS, POINTS, {}, "reference")}


def test_a_slope_is_that_of_least_squares_on_the_logarithm() -> None:
    for name in ("steep", "flat"):
        sizes = [point.n for point in POINTS.values() if point and point.curve == name]
        rates = [100 * np.mean([one.points.mean() for one in CONTESTS[f"{name} {n}"].values()]) for n in sizes]
        scores = slopes(name, CONTESTS, POINTS)
        assert scores.shape == (3, N)
        assert scores.mean() == pytest.approx(np.polyfit(np.log(sizes), rates, 1)[0])


def test_each_kind_of_claim_finds_what_is_there() -> None:
    assert found(Rising("steep", "it rises")) == {"slope of steep": "replicated"}
    assert found(Rising("steep", "", over="flat")) == {"slope of steep": "replicated"}
    assert found(Rising("flat", "", over="steep")) == {"slope of flat": "not replicated: reversed"}
    assert found(Rising("flat", "")) != {"slope of flat": "replicated"}
    assert found(Above("good", "")) == {"good": "replicated"}
    assert found(Above("bad", "")) == {"bad": "not replicated: reversed"}
    assert found(Comparison("good", "bad", "", "")) == {"good": "replicated"}
    assert found(Comparison("good", "bad", "", ""), Comparison("bad", "good", "", "")) == {
        "good": "replicated",
        "bad": "not replicated: reversed",
    }


def test_numbers_stand_beside_the_paper_s() -> None:
    (one,) = findings([Above("good", "it wins", paper=3.3)], CONTESTS, POINTS, {}, "whole set")
    assert (one.second, one.paper, one.n) == ("whole set", 3.3, 3 * N)
    assert one.difference is not None
    assert one.difference.mean == pytest.approx(25)
    assert one.by_seed == pytest.approx((25, 25, 25))
    (slope,) = findings([Rising("steep", "", paper=6.95)], CONTESTS, POINTS, {}, "")
    assert slope.difference is not None
    assert slope.difference.mean == pytest.approx(8, abs=0.2)


def test_what_is_not_there_is_not_measured() -> None:
    for claim in (
        Comparison("good", "absent", "", ""),
        Above("absent", ""),
        Rising("absent", ""),
        Rising("steep", "", over="absent"),
    ):
        (one,) = findings([claim], {**CONTESTS, "absent": {}}, POINTS, {}, "")
        assert one.difference is None
        assert one.verdict == "not measured"


def test_one_size_makes_no_slope_and_a_seed_without_a_size_is_left_out() -> None:
    single = {"steep 100": CONTESTS["steep 100"]}
    assert slopes("steep", single, POINTS).size == 0
    lacking = {**CONTESTS, "steep 800": {0: CONTESTS["steep 800"][0]}}
    assert slopes("steep", lacking, POINTS).shape == (1, N)


def test_a_head_to_head_has_to_say_the_same() -> None:
    claim = Comparison("good", "bad", "", "", head_to_head=True)
    for direct, verdict in ((contest(0.9), "replicated"), (contest(0.1), "not replicated: no difference shown")):
        (one,) = findings([claim], CONTESTS, POINTS, {("good", "bad"): {0: direct}}, "")
        assert one.head_to_head is not None
        assert (one.verdict == "replicated") == (verdict == "replicated")


def test_p_is_below_five_per_cent_where_the_claim_is_replicated() -> None:
    claims = [Above(name, "") for name in ("good", "bad")] + [Comparison("good", "bad", "", "")]
    good, bad, better = findings(claims, CONTESTS, POINTS, {}, "")
    assert good.p is not None
    assert good.p < 0.001
    assert bad.p == 1.0
    assert (good.p < 0.05, better.p is not None and better.p < 0.05) == (True, True)


def test_with_a_head_to_head_the_larger_p_counts() -> None:
    claim = Comparison("good", "bad", "", "", head_to_head=True)
    (close,) = findings([claim], CONTESTS, POINTS, {("good", "bad"): {0: contest(0.5)}}, "")
    (clear,) = findings([claim], CONTESTS, POINTS, {("good", "bad"): {0: contest(0.6)}}, "")
    assert close.p == 1.0
    assert clear.p is not None
    assert clear.p == pytest.approx(p_above(clear.shown[1]))
    assert clear.p > (p_above(clear.shown[0]) or 0.0)


def test_what_is_not_measured_has_no_p() -> None:
    (one,) = findings([Above("absent", "")], {**CONTESTS, "absent": {}}, POINTS, {}, "")
    assert (one.p, one.shown) == (None, ())
