"""Numbers that cannot be known: no interval of width zero, no verdict from a sample that cannot carry one.

Tried: one prompt, few prompts, prompts that all came out alike (won, lost, tied, a quarter), half of the calls
unparsed, systems that differ on a few prompts alone, one seed where another draws anew, counts, shares of none and of
all, raters who agree on everything, curves through every point.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from humpback.analysis.experiment.curves import points_of
from humpback.analysis.experiment.finding import Outcomes, findings
from humpback.analysis.experiment.gather import _row
from humpback.analysis.experiment.measured import over_seeds
from humpback.analysis.experiment.measures.number import Number, count
from humpback.analysis.judgements.comparison import differences, numbers, system
from humpback.analysis.judgements.comparison_tables import amiss
from humpback.analysis.judgements.contest import Contest, contest_of
from humpback.analysis.judgements.formats.items import Item, judged_in_both, judged_once
from humpback.analysis.judgements.verdicts import BothOrders
from humpback.analysis.scaling.fit import Points, fit
from humpback.analysis.stats.agreement import agreement
from humpback.analysis.stats.evidence import FEWEST, against_verdict, follows_order
from humpback.analysis.stats.multiplicity import p_of
from humpback.analysis.stats.power import prompts_needed
from humpback.analysis.stats.shares import exact as of_wins
from humpback.analysis.stats.statistics import Estimate, crossed_mean, rate
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.papers import compares
from humpback.spec.claims import Curve
from humpback.spec.models import FolderModel
from humpback.spec.outcomes import LocalJudge
from tests.analysis.declared import arm, measure
from tests.analysis.test_comparison import judgement, points

RNG = np.random.default_rng(3)


def exact(rate: float, n: int) -> tuple[float, float]:
    """In percent."""
    low, high = of_wins(n * rate / 100, n)
    return 100 * low, 100 * high


def items(words: str) -> list[Item]:
    """w, t, l and u: won, tied, lost and unparsed prompts."""
    won = {"w": "a", "t": "tie", "l": "b", "u": None}
    return [judged_once(f"p{i}", "", won[word]) for i, word in enumerate(words)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("wins", "n"), [(0, 5), (5, 5), (3, 7), (20, 20), (0, 805), (805, 805), (1, 2)])
def test_the_exact_interval_is_clopper_and_pearson_s(wins: int, n: int) -> None:
    found = binomtest(wins, n).proportion_ci(0.95, method="exact")
    assert exact(100 * wins / n, n) == pytest.approx((100 * found.low, 100 * found.high))


@pytest.mark.parametrize("words", ["w" * 30, "l" * 30, "t" * 30, "wl", "wwl", "w" * 19 + "l"])
def test_no_interval_has_no_width(words: str) -> None:
    found = numbers(items(words))
    assert found.low < found.win_rate < found.high or found.win_rate in (0.0, 100.0)
    assert found.high - found.low > 5
    assert found.obstacle == ""
    low, high = exact(found.win_rate, len(words))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_one_prompt_and_half_of_the_calls_unparsed_have_none() -> None:
    for words, why in (("w", "one prompt alone"), ("wuuuu", "4 of 5 calls"), ("wl" * 20 + "u" * 40, "40 of 80 calls")):
        found = numbers(items(words))
        assert found.win_rate > 0
        assert np.isnan(found.low)
        assert why in found.obstacle
    assert not np.isnan(numbers(items("wl" * 20 + "u" * 39)).low)


def test_systems_are_told_apart_only_by_a_sample_that_can() -> None:
    def told(values: list[float], more: int = 0) -> tuple[bool | None, str]:
        one = points("a", {str(i): value for i, value in enumerate(values)})
        other = points("b", {str(i): 0.0 for i in range(len(values))})
        unparsed = tuple(judged_once(f"u{i}", "", None) for i in range(more))
        (found,) = differences([replace(one, items=(*one.items, *unparsed)), other])
        return found.told_apart, found.obstacle

    assert told([1.0] * 5) == (None, "every outcome is the same")
    assert told([1.0] * 500) == (None, "every outcome is the same")
    assert told([1.0]) == (None, "one outcome alone")
    assert told([1.0] * 10 + [0.5]) == (None, f"11 prompts, and {FEWEST} are the fewest that tell")
    assert told([1.0] * 30 + [0.5]) == (True, "")
    assert told([1.0] * 30 + [0.5], more=200)[1] == "a: 200 of 231 calls were not parsed"


def contest(values: np.ndarray, unparsed: int = 0) -> Contest:
    return Contest(values, 0, 0, 0, 0, 0, 2 * len(values), unparsed, 0, 0, 1.0)


NOISE = RNG.integers(0, 2, (3, 200)) * 0.4


@pytest.mark.parametrize(
    ("values", "unparsed", "verdict"),
    [
        (0.5 + NOISE, 0, "holds"),
        (0.5 + NOISE[:, :1], 0, "cannot be told: one outcome alone"),
        (0.5 + NOISE[:, :12], 0, "cannot be told: 12 prompts, and 20 are the fewest that tell"),
        (np.full((3, 200), 0.9), 0, "cannot be told: every outcome is the same"),
        (0.5 + NOISE, 200, "cannot be told: a against the reference: 200 of 400 calls were not parsed"),
        (0.5 + NOISE, 199, "holds"),
        (np.full((3, 200), np.nan), 0, "not measured"),
    ],
    ids=["enough", "one prompt", "few prompts", "no variance", "half unparsed", "less than half", "none"],
)
def test_a_claim_has_no_verdict_where_the_sample_cannot_carry_it(
    values: np.ndarray, unparsed: int, verdict: str
) -> None:
    of_arm = {seed: contest(row, unparsed) for seed, row in enumerate(values)}
    level = {seed: contest(np.full(len(row), 0.5)) for seed, row in enumerate(values)}
    curve = Curve("curve")
    one, other = arm("a", curve=curve, n=200), arm("b", curve=curve, n=100)
    claims = (one.beats_opponent(""), one.beats(other, "", only="examples"), curve.rises(""))
    arms, contests = {"a": one, "b": other}, {"a": of_arm, "b": level}
    found = findings(claims, Outcomes(arms, contests))
    assert [one.verdict for one in found] == [verdict] * 3
    assert all((one.p is not None and one.p < 0.05) == (verdict == "holds") for one in found)
    direct = {("a", "b"): of_arm}
    (both,) = findings([replace(claims[1], head_to_head=True)], Outcomes(arms, contests, direct))
    assert both.verdict == verdict


def test_a_head_to_head_that_the_judge_did_not_answer_is_named_by_its_opponents() -> None:
    one, other = arm("a", n=200), arm("b", n=100)
    told = {seed: contest(0.5 + row) for seed, row in enumerate(NOISE)}
    level = {seed: contest(np.full(200, 0.5)) for seed in range(3)}
    direct = {("a", "b"): {0: told[0], 1: contest(0.5 + NOISE[1], unparsed=200), 2: told[2]}}
    claim = one.beats(other, "", only="examples", head_to_head=True)
    (found,) = findings([claim], Outcomes({"a": one, "b": other}, {"a": told, "b": level}, direct))
    assert found.verdict == "cannot be told: a against b: 200 of 400 calls were not parsed"


def test_an_arm_s_row_has_an_interval_that_its_prompts_can_carry() -> None:
    def row(values: np.ndarray, unparsed: int = 0):  # type: ignore[no-untyped-def]
        return _row("a", "b", "all", [contest(one, unparsed) for one in values], [10], [0] * len(values))

    assert (row(np.ones((3, 50))).low, row(np.ones((3, 50))).high) == pytest.approx(exact(100, 50))
    assert np.isnan(row(np.ones((3, 1))).low)
    assert np.isnan(row(NOISE, unparsed=200).low)
    assert row(NOISE).low == pytest.approx(crossed_mean(100 * NOISE).low)
    assert rate(100 * NOISE[:, :10]).high == pytest.approx(exact(100 * NOISE[:, :10].mean(), 10)[1])


def test_shares_of_none_and_of_all_have_the_exact_interval_and_counts_have_none() -> None:
    def found(*values: np.ndarray) -> Estimate:
        return over_seeds([Number("m", one) for one in values])

    none = found(np.zeros(30))
    assert (none.low, none.high) == pytest.approx(exact(0, 30))
    assert found(np.full(30, 100.0)).low == pytest.approx(exact(100, 30)[0])
    for alike in (np.full(30, 7.0), np.array([7.0]), np.array([0.0])):
        assert np.isnan(found(alike).low)
        assert np.isnan(found(alike, alike).low)


def test_a_claim_about_few_items_or_one_count_has_no_verdict() -> None:
    def verdict(*values: np.ndarray) -> str:
        numbers_of = {"one": {"m": {seed: Number("m", one) for seed, one in enumerate(values)}}}
        claim = measure("one").exceeds(10.0, "m", "", matters=5.0)
        return findings([claim], Outcomes({}, {}, numbers=numbers_of))[0].verdict

    assert verdict(np.linspace(40, 60, 19)) == "cannot be told: 19 items, and 20 are the fewest that tell"
    assert verdict(np.linspace(40, 60, 20)) == "holds"
    assert verdict(count("m", 40).values) == "cannot be told: one count, and seeds vary it"
    assert verdict(count("m", 40).values, count("m", 40).values) == "cannot be told: nothing varies"


def test_raters_who_agree_on_everything_have_no_kappa_s_interval() -> None:
    same = agreement({"a": ["win", "lose"] * 20, "b": ["win", "lose"] * 20})
    assert same is not None
    assert same.kappa is not None
    assert (same.kappa.mean, np.isnan(same.kappa.low)) == (1.0, True)
    assert (100 * same.raw.low, 100 * same.raw.high) == pytest.approx(exact(100, 40))
    assert "kappa 1.000, alpha 1.000" in str(same)
    alone = agreement({"a": ["win"], "b": ["win"]})
    assert alone is not None
    assert np.isnan(alone.raw.low)


def test_planning_knows_no_variance_of_a_sample_without_any() -> None:
    assert prompts_needed(0.0, 5.0) is None
    assert prompts_needed(float("nan"), 5.0) is None
    assert prompts_needed(2_500.0, 5.0) is not None


def test_a_curve_through_every_point_has_no_interval() -> None:
    line = fit(Points("exact", (100, 200, 400, 800), tuple(3 + 2 * np.log((100, 200, 400, 800)))))
    assert (line.variance, line.by_residuals, line.band([100.0])) == (None, None, None)
    assert fit(Points("two", (100, 200), (1.0, 2.0))).by_residuals is None
    assert points_of is not None


def test_no_p_without_an_interval() -> None:
    assert p_of(Estimate(5.0)) is None


def test_one_seed_is_told_of_where_another_draws_anew() -> None:
    micro = experiment("humpback/headline").on(SETUPS["micro"], [0])
    assert set(micro.arms[0]) <= micro.varying
    fixed = experiment("humpback/data_statistics").on(SETUPS["micro"], [0])
    assert fixed.varying <= set(fixed.measures[0])


def test_ours_less_the_paper_s_is_given_only_on_the_paper_s_terms() -> None:
    assert {name for name, one in SETUPS.items() if compares(one)} == {
        "llama-7b", "llama-33b", "llama-65b", "llama2-70b", "alpagasus-7b", "alpagasus-13b",
    }  # fmt: skip
    own = SETUPS["llama-7b"]
    for change in (
        {"base": SETUPS["micro"].base},
        {"judge": LocalJudge(own.base)},
        {"reference": SETUPS["micro"].reference},
        {"prompts": SETUPS["micro"].prompts},
    ):
        assert not compares(replace(own, **change)), change
    assert compares(replace(own, name="another name"))
    assert FolderModel is not None


@pytest.mark.parametrize(("different", "n"), [(0, 805), (1, 805), (3, 805), (5, 805), (5, 40), (6, 805), (6, 40)])
def test_two_systems_that_differ_on_a_few_prompts_are_not_told_apart(different: int, n: int) -> None:
    half = "wl" * (n // 2) + "w" * (n % 2)
    better = half.replace("l", "w", different)
    (found,) = differences([judgement("one", items(half)), judgement("other", items(better))])
    assert found.estimate is not None
    if different < 6:
        assert found.told_apart is None
        assert np.isnan(found.estimate.low)
        reason = f"{different} of {n} prompts differ, and 6 are" if different else "every outcome is the same"
        assert found.obstacle.startswith(reason)
    else:
        assert (found.told_apart, found.obstacle) == (True, "")


def test_there_is_no_sign_test_of_the_part_that_could_be_parsed() -> None:
    assert numbers(items("w" * 20 + "u" * 19)).sign.exact < 0.001
    for unparsed in (20, 30):
        assert np.isnan(numbers(items("w" * 20 + "u" * unparsed)).sign.exact)
    one_order = [judged_in_both(f"p{i}", "", BothOrders("a", None if i % 2 else "a")) for i in range(40)]
    assert numbers(one_order).obstacle == ""
    assert np.isnan(numbers(one_order).sign.exact)


def test_reasons_are_empty_where_a_verdict_can_be_drawn() -> None:
    assert against_verdict(NOISE) == ""


@pytest.mark.parametrize(
    ("flips", "both", "follows"), [(40, 40, True), (36, 40, True), (35, 40, False), (19, 19, False)]
)
def test_a_judge_that_follows_the_order_is_said_to(flips: int, both: int, follows: bool) -> None:
    """From nine prompts in ten on, of twenty or more: in the table, and in place of any verdict."""
    assert bool(follows_order(flips, both)) is follows
    pairs = [BothOrders("a", "b" if i < flips else "a") for i in range(both)]
    one = replace(points("a", {}), items=tuple(judged_in_both(f"p{i}", "", pair) for i, pair in enumerate(pairs)))
    other = points("b", {f"p{i}": float(i % 3 > 0) for i in range(both)})
    assert numbers(one.items).order == follows_order(flips, both)
    assert not np.isnan(numbers(one.items).low)
    (found,) = differences([one, other])
    assert ("the judge follows the order" in found.obstacle) is follows
    m = arm("m")
    (claim,) = findings([m.beats_opponent("c")], Outcomes({"m": m}, {"m": {0: contest_of(one.items)}}))
    assert ("the judge follows the order" in claim.verdict) is follows
    assert any("the judge follows the order" in line for line in amiss(system(one))) is follows
