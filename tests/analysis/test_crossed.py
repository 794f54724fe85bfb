"""Means over bases, seeds and prompts: their intervals, what clusters and gaps do, and the claim's verdict."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from humpback.analysis.stats.multiplicity import LEVEL
from humpback.analysis.stats.statistics import Estimate, apart_mean, crossed_mean
from humpback.analysis.stats.verdict import HOLDS, REVERSED, TOO_SMALL, claim_tested, size_beside

RNG = np.random.default_rng(13)


def drawn(*, runs: int, prompts: int, mean: float = 0.0, run: float = 0.0, prompt: float = 0.0) -> np.ndarray:
    """Scores of unit residual deviation; `run` is the deviation of runs."""
    effects = run * RNG.standard_normal((runs, 1)) + prompt * RNG.standard_normal((1, prompts))
    found: np.ndarray = mean + effects + RNG.standard_normal((runs, prompts))
    return found


def test_one_run_s_interval_is_student_s_over_prompts() -> None:
    scores = drawn(runs=1, prompts=40, mean=0.3)
    found, known = crossed_mean(scores), ttest_1samp(scores[0], 0).confidence_interval()
    assert (found.mean, found.degrees_of_freedom) == (pytest.approx(scores.mean()), 39)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


def test_where_runs_are_all_that_varies_the_interval_is_student_s_over_runs() -> None:
    scores = np.array([[1.0], [2.0], [4.0], [5.0]]) + np.zeros((1, 50)) + 1e-9 * drawn(runs=4, prompts=50)
    found, known = crossed_mean(scores), ttest_1samp([1, 2, 4, 5], 0).confidence_interval()
    assert (found.low, found.high, found.degrees_of_freedom) == pytest.approx((known.low, known.high, 3), rel=1e-3)


def test_the_variance_is_put_together_as_worked_out_by_hand() -> None:
    """Two runs, three prompts. Means 3; of runs 2 and 4, of prompts 2, 3, 4. Sums of squares: runs 6, prompts 4, all
    together 14, so what is left has 4 with 2 degrees of freedom. Mean squares 6, 2, 2: only that of runs exceeds what
    is left, and six times the variance is 6."""
    scores = np.array([[2.0, 1.0, 3.0], [2.0, 5.0, 5.0]])
    assert np.square(scores - 3).sum() == 14
    found = crossed_mean(scores)
    assert (found.mean, found.standard_error) == (3, pytest.approx(1.0))
    assert found.degrees_of_freedom == pytest.approx(1.0)
    assert found.high == pytest.approx(3 + student.ppf(0.975, 1))


def test_runs_of_one_base_are_one_unit_and_every_base_counts_the_same() -> None:
    scores = drawn(runs=5, prompts=60)
    bases = ("a", "b", "a", "b", "c")
    of_bases = np.stack([scores[[0, 2]].mean(axis=0), scores[[1, 3]].mean(axis=0), scores[4]])
    found, known = crossed_mean(scores, bases=bases), crossed_mean(of_bases)
    assert (found.mean, found.low, found.high) == pytest.approx((known.mean, known.low, known.high))
    assert crossed_mean(scores, bases=["a"] * 5) == crossed_mean(scores)


def test_wordings_of_one_request_are_one_cluster() -> None:
    scores = drawn(runs=3, prompts=40)
    twice = np.repeat(scores, 2, axis=1)
    requests = np.repeat(np.arange(40), 2).tolist()
    once, both = crossed_mean(scores), crossed_mean(twice, requests=requests)
    assert (both.mean, both.low, both.high) == pytest.approx((once.mean, once.low, once.high))
    assert crossed_mean(twice).standard_error < 0.9 * both.standard_error


def test_gaps_are_left_out() -> None:
    scores = drawn(runs=2, prompts=50)
    scores[0, :10] = scores[:, 49] = np.nan
    found = crossed_mean(scores)
    assert found.mean == pytest.approx(np.nanmean(scores, axis=1).mean())
    without_run = np.vstack([scores, np.full((1, 50), np.nan)])
    assert crossed_mean(without_run) == found
    with pytest.raises(ValueError, match="no outcome"):
        crossed_mean(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match="2 runs and the bases of 3"):
        crossed_mean(scores, bases=("a", "b", "c"))
    with pytest.raises(ValueError, match="50 prompts and the requests of 2"):
        crossed_mean(scores, requests=("a", "b"))


def test_runs_that_share_no_items_have_the_spread_of_their_means_or_of_their_items() -> None:
    apart = apart_mean([np.array([10.0, 12.0]), np.array([30.0, 32.0]), np.array([20.0, 22.0])])
    known = ttest_1samp([11, 31, 21], 0).confidence_interval()
    assert apart.low == pytest.approx(known.low, rel=0.01)
    same = apart_mean([np.array([0.0, 20.0] * 50)] * 3)
    assert same.standard_error == pytest.approx(np.std([0, 20] * 50, ddof=1) / np.sqrt(300))
    assert np.isnan(apart_mean([np.array([7.0]), np.array([7.0])]).low)


@pytest.mark.parametrize(("runs", "bases"), [(3, 3), (5, 1), (10, 3)])
@pytest.mark.parametrize(("base", "seed"), [(0.0, 0.0), (0.0, 0.4), (0.4, 0.2)], ids=["residual", "seeds", "bases"])
def test_intervals_hold_the_truth(runs: int, bases: int, base: float, seed: float) -> None:
    """The full table is made by benchmarks/interval_coverage.py; here a seeded part of it, within its error."""
    rng, prompts, trials, held = np.random.default_rng(1), 100, 800, 0
    of_run = np.arange(runs) % bases
    for _ in range(trials):
        shift = seed * rng.standard_normal((runs, 1))
        if bases > 1:
            shift += base * rng.standard_normal((bases, 1))[of_run]
        scores = shift + 0.5 * rng.standard_normal((1, prompts)) + rng.standard_normal((runs, prompts))
        found = crossed_mean(scores, bases=of_run.tolist())
        held += found.low <= 0 <= found.high
    assert 0.925 <= held / trials <= 0.985


def test_two_wordings_of_each_request_hold_the_truth_only_as_clusters() -> None:
    rng, trials = np.random.default_rng(4), 600
    requests = np.repeat(np.arange(50), 2)
    held = np.zeros(2)
    for _ in range(trials):
        scores = rng.standard_normal(50)[requests] + 0.5 * rng.standard_normal((3, 100))
        both = crossed_mean(scores, requests=requests.tolist()), crossed_mean(scores)
        held += [one.low <= 0 <= one.high for one in both]
    clustered, apart = held / trials
    assert 0.93 <= clustered <= 0.97
    assert apart < 0.9


def test_a_claim_is_told_by_its_interval_and_p_says_the_same() -> None:
    noise = drawn(runs=6, prompts=100, run=0.02)
    noise -= noise.mean()
    verdicts = {}
    for mean in (-0.5, 0.0, 0.5):
        found = claim_tested(noise + mean, matters=0.4)
        verdicts[mean] = found.verdict
        assert found.p is not None
        assert (found.p < LEVEL) == (mean != 0)
        turned = claim_tested(-noise - mean, matters=0.4, sign=-1)
        assert (turned.verdict, turned.p) == (found.verdict, pytest.approx(found.p))
        assert turned.estimate.mean == pytest.approx(-mean)
    assert verdicts == {-0.5: REVERSED, 0.0: TOO_SMALL, 0.5: HOLDS}
    assert claim_tested(noise, matters=0.01).verdict == "cannot be told at this n"
    with pytest.raises(ValueError, match="above 0"):
        claim_tested(noise, matters=0.0)


@pytest.mark.parametrize(
    ("runs", "bases", "verdict"),
    [
        (1, 1, "cannot be told: 1 seed, and 3 are the fewest that tell"),
        (2, 1, "cannot be told: 2 seeds, and 3 are the fewest that tell"),
        (8, 2, "cannot be told: 2 bases, and 3 are the fewest that tell"),
        (3, 3, HOLDS),
    ],
)
def test_few_units_have_no_verdict(runs: int, bases: int, verdict: str) -> None:
    found = claim_tested(drawn(runs=runs, prompts=100, mean=3.0), matters=1.0, bases=(np.arange(runs) % bases).tolist())
    assert (found.verdict, found.p is None) == (verdict, verdict != HOLDS)


def test_prompts_of_one_request_count_once_among_the_fewest() -> None:
    scores = drawn(runs=3, prompts=30, mean=3.0)
    assert claim_tested(scores, matters=1.0).verdict == HOLDS
    told = claim_tested(scores, matters=1.0, requests=[at // 2 for at in range(30)]).verdict
    assert told == "cannot be told: 15 prompts, and 20 are the fewest that tell"


@pytest.mark.parametrize(
    ("ours", "paper", "error", "size"),
    [
        ((4.0, 3.0, 5.0), 9.9, 0.0, "smaller"),
        ((4.0, 3.0, 5.0), 5.5, 0.0, "smaller"),
        ((4.0, 3.0, 5.0), 5.5, 1.0, "as large"),
        ((4.0, 3.0, 5.0), 4.9, 0.0, "as large"),
        ((4.0, 3.0, 5.0), 1.0, 0.5, "larger"),
        ((4.0, 3.0, 5.0), None, 0.0, ""),
        ((4.0, np.nan, np.nan), 4.0, 0.0, ""),
    ],
)
def test_sizes_beside_the_paper_s(
    ours: tuple[float, float, float], paper: float | None, error: float, size: str
) -> None:
    assert size_beside(Estimate(ours[0], 0.5, *ours[1:]), paper, error) == size


@pytest.mark.parametrize("sign", [1, -1])
def test_a_claim_and_the_paper_s_number_are_turned_together(sign: int) -> None:
    scores = sign * drawn(runs=5, prompts=200, mean=3.0)
    for paper, size in ((1, "larger"), (3, "as large"), (6, "smaller")):
        assert claim_tested(scores, matters=1.0, sign=sign, paper=sign * paper).beside_paper == size
    assert claim_tested(scores, matters=1.0, sign=sign).beside_paper == ""
