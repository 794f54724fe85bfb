"""Rates and differences over one run's prompts: the paper's own standard errors, and how often intervals hold the
truth. What several runs do is in test_crossed.py."""

from __future__ import annotations

import numpy as np
import pytest

from humpback.analysis.stats.statistics import crossed_mean, rate, standard_error


@pytest.mark.parametrize(("wins", "n", "paper"), [(90, 252, 3.02), (95, 252, 3.06), (103, 251, 3.11)])
def test_the_paper_s_standard_errors(wins: int, n: int, paper: float) -> None:
    """Humpback's selection table: binomial over about 250 prompts."""
    assert 100 * standard_error(np.array([1.0] * wins + [0.0] * (n - wins))) == pytest.approx(paper, abs=0.01)


def test_too_few_prompts_have_no_standard_error() -> None:
    assert np.isnan(standard_error(np.array([1.0])))


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("share", [0.5, 0.72])
def test_a_win_rate_s_interval_covers_the_truth(share: float, missing: float) -> None:
    rng = np.random.default_rng(5)
    points = 100.0 * (rng.random((400, 250)) < share)
    points[rng.random(points.shape) < missing] = np.nan
    covered = np.mean([one.low <= 100 * share <= one.high for one in (rate(row[None]) for row in points)])
    assert 0.925 <= covered <= 0.975


def test_a_rate_s_interval_does_not_leave_the_scale() -> None:
    """Three runs far apart: Student's interval alone would reach beyond 100."""
    rng = np.random.default_rng(2)
    scores = 100.0 * (rng.random((3, 200)) < np.array([[0.99], [0.9], [0.8]]))
    assert crossed_mean(scores).high > 100 == rate(scores).high


def test_a_paired_difference_s_interval_covers_the_truth_and_is_narrower() -> None:
    rng = np.random.default_rng(6)
    covered, width, apart = 0, 0.0, 0.0
    for _ in range(300):
        hard = rng.normal(0, 30, 200)
        both = np.stack([52 + hard + rng.normal(0, 10, 200), 50 + hard + rng.normal(0, 10, 200)])
        one = crossed_mean(both[:1] - both[1:])
        covered += one.low <= 2 <= one.high
        width += one.high - one.low
        first, second = (crossed_mean(row[None]) for row in both)
        apart += float(np.hypot(first.high - first.low, second.high - second.low))
    assert 0.925 <= covered / 300 <= 0.98
    assert width < 0.5 * apart
