"""The sign test against the papers' p, and planning against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from humpback.analysis.judgements.comparison import numbers
from humpback.analysis.judgements.formats.items import Item
from humpback.analysis.stats.power import prompts_needed, sign_test


@pytest.mark.parametrize(("wins", "ties", "losses", "paper"), [(284, 210, 236, 0.035), (293, 198, 239, 0.019)])
def test_alpagasus_s_sign_tests(wins: int, ties: int, losses: int, paper: float) -> None:
    """The papers' p is the normal approximation's; the exact ones are .039 and .021."""
    found = sign_test(wins, losses)
    assert round(found.normal, 3) == paper
    assert found.exact == pytest.approx(binomtest(wins, wins + losses).pvalue)
    assert wins + ties + losses == 730


@pytest.mark.parametrize(("wins", "n", "paper"), [(90, 252, 3.02), (95, 252, 3.06), (103, 251, 3.11)])
def test_humpback_s_standard_errors(wins: int, n: int, paper: float) -> None:
    """Deviation with n - 1: with n, 95 of 252 would print as 3.05."""
    items = [Item(str(i), "", float(i < wins), "win" if i < wins else "lose") for i in range(n)]
    found = numbers(items)
    assert round(found.standard_error, 2) == paper
    assert (found.wins, found.losses, found.n) == (wins, n - wins, n)


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (1, 0), (5, 5), (0, 9), (805, 0), (12, 30)])
def test_it_is_two_sided_and_never_above_one(wins: int, losses: int) -> None:
    found = sign_test(wins, losses)
    assert found == sign_test(losses, wins)
    wanted = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert found.exact == pytest.approx(min(1.0, wanted))
    assert 0 <= found.normal <= 1
    with pytest.raises(ValueError, match="0 or more"):
        sign_test(-1, 2)


def test_so_many_prompts_show_the_difference_four_times_in_five() -> None:
    rng = np.random.default_rng(3)
    n = prompts_needed(40.0**2, 6.0)
    assert n is not None
    draws = rng.normal(6.0, 40.0, size=(4_000, n))
    errors = draws.std(axis=1, ddof=1) / math.sqrt(n)
    assert np.mean(np.abs(draws.mean(axis=1)) > 1.96 * errors) == pytest.approx(0.8, abs=0.025)
    assert prompts_needed(40.0**2, 3.0) == pytest.approx(4 * n, abs=4)
    assert prompts_needed(float("nan"), 6.0) is prompts_needed(0.0, 6.0) is None


@pytest.mark.parametrize(("variance", "difference"), [(1, 0), (1, -1), (-1, 1)])
def test_what_cannot_be_planned_is_refused(variance: float, difference: float) -> None:
    with pytest.raises(ValueError, match="the one is above 0"):
        prompts_needed(variance, difference)
