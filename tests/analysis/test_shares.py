"""Exact intervals against tables and their definition; precision and recall against the paper's."""

from __future__ import annotations

import numpy as np
import pytest

from humpback.analysis.stats.shares import selection, share


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (1, 10, 0.0025, 0.4450), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1.0)],
)
def test_exact_intervals_as_in_tables(count: int, of: int, low: float, high: float) -> None:
    found = share(count, of)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    # The bounds' definition: at each, the tail has half of five percent.
    from scipy.stats import binom

    if count:
        assert binom.sf(count - 1, of, found.low) == pytest.approx(0.025)
    if count < of:
        assert binom.cdf(count, of, found.high) == pytest.approx(0.025)


def test_a_share_of_none_says_nothing() -> None:
    found = share(0, 0)
    assert (found.share, found.low, found.high) == (None, 0.0, 1.0)
    with pytest.raises(ValueError, match="3 of 2"):
        share(3, 2)


@pytest.mark.parametrize(
    ("both", "chosen", "precision", "recall"),
    [(22, 42, 0.52, 0.44), (46, 52, 0.88, 0.92)],
    ids=["M1", "GPT-4"],
)
def test_the_papers_selectors(both: int, chosen: int, precision: float, recall: float) -> None:
    """Humpback's data-selection table: 250 labelled examples, 20 % good. The only whole numbers that give its M1 and
    GPT-4 rows with 50 good ones."""
    good = np.arange(250) < 50
    selected = np.array([i < both or 50 <= i < 50 + chosen - both for i in range(250)])
    found = selection(good=good, selected=selected)
    assert found.precision.mean() == pytest.approx(precision, abs=0.005)
    assert found.recall.mean() == pytest.approx(recall, abs=0.005)
    assert (len(found.recall), len(found.precision)) == (50, chosen)


def test_selection_by_hand() -> None:
    good, selected = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 1, 0]], dtype=bool)
    found = selection(good=good, selected=selected)
    assert (found.precision.tolist(), found.recall.tolist()) == ([True, False], [True, False, False])
    with pytest.raises(IndexError):
        selection(good=good, selected=selected[1:])
