"""Claims to numbers: differences, rates above even, slopes and differences of slopes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from humpback.analysis.experiment.curve_fits import along
from humpback.analysis.experiment.finding import Finding, Outcomes, findings
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.scaling.fit import pull
from humpback.analysis.stats.multiplicity import p_of
from humpback.analysis.stats.verdict import HOLDS, REVERSED
from humpback.spec.claims import Arm, Claim, Curve, Paper
from tests.analysis.declared import arm

N = 400
RNG = np.random.default_rng(7)


def contest(rate: float) -> Contest:
    """Prompts won at a rate, shuffled."""
    points = (np.arange(N) < rate * N).astype(float)
    RNG.shuffle(points)
    return Contest(points, 0, 0, 0, 0, 0, 2 * N, 0, 0, 0, 1.0)


STEEP, FLAT = Curve("steep", alpha=Paper("humpback-alpha", "Humpback", metric="alpha")), Curve("flat")
SIZES = (100, 200, 400, 800)
ARMS = {
    one.name: one
    for one in (
        *(arm(f"{curve.name} {n}", curve=curve, n=n) for curve in (STEEP, FLAT) for n in SIZES),
        arm("good", paper=Paper("alpagasus-win-tie-lose", "7B all"), opponent="whole set"),
        arm("bad"),
        arm("absent"),
    )
}
GOOD, BAD, ABSENT = (ARMS[name] for name in ("good", "bad", "absent"))
ALPHA = {STEEP: (8.0, 5.0), FLAT: (0.0, 50.0)}


def rate(one: Arm) -> float:
    if one.curve is None:
        return {"good": 0.75, "bad": 0.25}[one.name]
    alpha, level = ALPHA[one.curve]
    return (alpha * math.log(one.n) + level) / 100


CONTESTS = {name: {seed: contest(rate(one)) for seed in (0, 1, 2)} for name, one in ARMS.items() if one != ABSENT}
OUTCOMES = Outcomes(ARMS, CONTESTS)


def against(better: Arm, worse: Arm, **more: bool) -> Claim:
    return better.beats(worse, "it is better", only="examples", **more)  # type: ignore[arg-type]


def find(claim: Claim, outcomes: Outcomes = OUTCOMES) -> Finding:
    (finding,) = findings([claim], outcomes)
    return finding


def test_a_slope_is_that_of_least_squares_on_the_logarithm() -> None:
    for curve in (STEEP, FLAT):
        rates = [100 * np.mean([one.points.mean() for one in CONTESTS[f"{curve.name} {n}"].values()]) for n in SIZES]
        scores = np.stack(list(along(curve, OUTCOMES, pull).values()))
        assert scores.shape == (3, N)
        assert scores.mean() == pytest.approx(np.polyfit(np.log(SIZES), rates, 1)[0])


@pytest.mark.parametrize(
    ("claim", "first", "verdict"),
    [
        (STEEP.rises("it rises"), "slope of steep", HOLDS),
        (STEEP.rises("", over=FLAT), "slope of steep", HOLDS),
        (FLAT.rises("", over=STEEP), "slope of flat", REVERSED),
        (GOOD.beats_opponent(""), "good", HOLDS),
        (BAD.beats_opponent(""), "bad", REVERSED),
        (against(GOOD, BAD), "good", HOLDS),
        (against(BAD, GOOD), "bad", REVERSED),
    ],
)
def test_each_kind_of_claim_finds_what_is_there(claim: Claim, first: str, verdict: str) -> None:
    found = find(claim)
    assert (found.first, found.verdict) == (first, verdict)
    assert find(FLAT.rises("")).verdict != HOLDS


def test_numbers_stand_beside_the_paper_s() -> None:
    one = find(GOOD.beats_opponent("it wins"))
    assert (one.second, one.paper, one.n) == ("whole set", 3.29, 3 * N)
    assert one.difference is not None
    assert one.difference.mean == pytest.approx(25)
    assert one.by_seed == pytest.approx((25, 25, 25))
    slope = find(STEEP.rises(""))
    assert slope.difference is not None
    assert (slope.paper, slope.difference.mean) == (6.95, pytest.approx(8, abs=0.2))
    assert find(STEEP.rises("", over=FLAT)).paper is None


def test_what_is_not_there_is_not_measured() -> None:
    nowhere = Curve("nowhere")
    for claim in (
        against(GOOD, ABSENT),
        ABSENT.beats_opponent(""),
        nowhere.rises(""),
        STEEP.rises("", over=nowhere),
    ):
        one = find(claim)
        assert one.difference is None
        assert one.verdict == "not measured"


def test_one_size_makes_no_slope_and_a_seed_without_a_size_is_left_out() -> None:
    single = Outcomes(ARMS, {"steep 100": CONTESTS["steep 100"]})
    with_gap = Outcomes(ARMS, {**CONTESTS, "steep 800": {0: CONTESTS["steep 800"][0]}})
    for outcomes, seeds in ((single, []), (with_gap, [0])):
        there = {name: outcomes.contests.get(name, {}) for name in ARMS}
        assert list(along(STEEP, Outcomes(ARMS, there), pull)) == seeds


def head_to_head(direct: Contest) -> Finding:
    outcomes = Outcomes(ARMS, CONTESTS, {("good", "bad"): {0: direct}})
    return find(against(GOOD, BAD, head_to_head=True), outcomes)


def test_a_head_to_head_has_to_say_the_same() -> None:
    for direct, holds in ((contest(0.9), True), (contest(0.1), False)):
        one = head_to_head(direct)
        assert one.head_to_head is not None
        assert (one.verdict == HOLDS) == holds


def test_p_is_below_five_per_cent_where_the_claim_holds_or_is_reversed() -> None:
    good, bad, better = (find(one) for one in (GOOD.beats_opponent(""), BAD.beats_opponent(""), against(GOOD, BAD)))
    assert good.p is not None
    assert good.p < 0.001
    assert bad.p == pytest.approx(good.p, rel=0.5)
    assert better.p is not None
    assert better.p < 0.05


def test_with_a_head_to_head_the_larger_p_counts() -> None:
    close, clear = head_to_head(contest(0.5)), head_to_head(contest(0.6))
    assert close.p == pytest.approx(1.0)
    assert clear.p is not None
    assert clear.p == pytest.approx(p_of(clear.shown[1]))
    assert clear.p > (p_of(clear.shown[0]) or 0.0)


def test_what_is_not_measured_has_no_p() -> None:
    one = find(ABSENT.beats_opponent(""))
    assert (one.p, one.shown) == (None, ())
