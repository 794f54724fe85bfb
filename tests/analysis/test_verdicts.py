"""The aggregation rules, as truth tables."""

from __future__ import annotations

import itertools

import pytest

from humpback.analysis.judgements.verdicts import BothOrders, winner

TABLE = [
    # order ab, order ba, points, result, flipped, first-position wins
    ("first", "second", 1.0, "win", False, 1),
    ("first", "first", 0.5, "tie", True, 2),
    ("second", "second", 0.5, "tie", True, 0),
    ("second", "first", 0.0, "lose", False, 1),
    ("first", "tie", 0.75, "win", False, 1),
    ("tie", "second", 0.75, "win", False, 0),
    ("tie", "first", 0.25, "lose", False, 1),
    ("second", "tie", 0.25, "lose", False, 0),
    ("tie", "tie", 0.5, "tie", False, 0),
    ("unparsed", "second", 1.0, None, None, 0),
    ("first", "unparsed", 1.0, None, None, 1),
    ("second", "unparsed", 0.0, None, None, 0),
    ("unparsed", "first", 0.0, None, None, 1),
    ("tie", "unparsed", 0.5, None, None, 0),
    ("unparsed", "tie", 0.5, None, None, 0),
    ("unparsed", "unparsed", None, None, None, 0),
]


def both(ab: str, ba: str) -> BothOrders:
    return BothOrders(winner("ab", ab), winner("ba", ba))


@pytest.mark.parametrize(("ab", "ba", "points", "result", "flipped", "first_wins"), TABLE)
def test_truth_table(
    ab: str, ba: str, points: float | None, result: str | None, flipped: bool | None, first_wins: int
) -> None:
    pair = both(ab, ba)
    assert (pair.points, pair.result, pair.flipped, pair.first_position_wins) == (points, result, flipped, first_wins)


def test_the_table_is_complete() -> None:
    words = ("first", "second", "tie", "unparsed")
    assert {row[:2] for row in TABLE} == set(itertools.product(words, words))


@pytest.mark.parametrize(("ab", "ba"), [row[:2] for row in TABLE])
def test_exchanging_the_systems_exchanges_win_and_lose(ab: str, ba: str) -> None:
    """Naming the other system a turns the orders round, while what was shown and said stays."""
    one, other = both(ab, ba), both(ba, ab)
    assert other.result == {"win": "lose", "lose": "win", "tie": "tie", None: None}[one.result]
    assert (one.points is None and other.points is None) or one.points + other.points == 1.0  # type: ignore[operator]
    assert one.flipped == other.flipped


@pytest.mark.parametrize(("order", "verdict"), [("xy", "first"), ("ab", "First"), ("ab", ""), ("ba", "a")])
def test_other_words_are_refused(order: str, verdict: str) -> None:
    with pytest.raises(ValueError, match="it is"):
        winner(order, verdict)
