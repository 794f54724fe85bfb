"""The rules as truth tables, and what exchanging the systems does to them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humpback.analysis.judgements.comparison import numbers
from humpback.analysis.judgements.formats.alpaca_eval import points_of
from humpback.analysis.judgements.formats.items import Item, judged_in_both, judged_once, result_of
from humpback.analysis.judgements.formats.reviews import pair_of, verdict_of
from humpback.analysis.judgements.formats.source import Unfit
from humpback.analysis.judgements.verdicts import BothOrders, winner

BOTH = {
    # verdict in order ab, in order ba: result, points, flipped, first-position wins, calls with a winner, unparsed
    ("first", "second"): ("win", 1.0, False, 1, 2, 0),
    ("first", "tie"): ("win", 0.75, False, 1, 1, 0),
    ("tie", "second"): ("win", 0.75, False, 0, 1, 0),
    ("first", "first"): ("tie", 0.5, True, 2, 2, 0),
    ("second", "second"): ("tie", 0.5, True, 0, 2, 0),
    ("tie", "tie"): ("tie", 0.5, False, 0, 0, 0),
    ("second", "first"): ("lose", 0.0, False, 1, 2, 0),
    ("second", "tie"): ("lose", 0.25, False, 0, 1, 0),
    ("tie", "first"): ("lose", 0.25, False, 1, 1, 0),
    ("unparsed", "first"): (None, 0.0, None, 1, 1, 1),
    ("unparsed", "second"): (None, 1.0, None, 0, 1, 1),
    ("unparsed", "tie"): (None, 0.5, None, 0, 0, 1),
    ("first", "unparsed"): (None, 1.0, None, 1, 1, 1),
    ("second", "unparsed"): (None, 0.0, None, 0, 1, 1),
    ("tie", "unparsed"): (None, 0.5, None, 0, 0, 1),
    ("unparsed", "unparsed"): (None, None, None, 0, 0, 2),
}
WORDS = ("first", "second", "tie", "unparsed")


def both(ab: str, ba: str, lengths: tuple[int, int] | None = None) -> Item:
    return judged_in_both("p", "", BothOrders(winner("ab", ab), winner("ba", ba)), characters=lengths)


def test_the_table_has_every_combination() -> None:
    assert set(BOTH) == set(itertools.product(WORDS, WORDS))


@pytest.mark.parametrize(("orders", "expected"), BOTH.items(), ids=str)
def test_both_orders(orders: tuple[str, str], expected: tuple[object, ...]) -> None:
    item = both(*orders)
    found = (item.result, item.points, item.flipped, item.first_wins, item.placed, item.unparsed)
    assert found == expected
    assert item.calls == 2


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("verdict", WORDS)
def test_one_order(order: str, verdict: str) -> None:
    item = judged_once("p", "", winner(order, verdict), order=order)
    ours = "first" if order == "ab" else "second"
    expected = {"tie": ("tie", 0.5), "unparsed": (None, None), ours: ("win", 1.0)}.get(verdict, ("lose", 0.0))
    assert (item.result, item.points) == expected
    assert (item.flipped, item.unparsed) == (None, verdict == "unparsed")
    assert (item.first_wins, item.placed) == (verdict == "first", verdict in ("first", "second"))


@pytest.mark.parametrize(
    ("preference", "points", "result"),
    [
        (1, 0.0, "lose"),
        (2, 1.0, "win"),
        (0, 0.5, "tie"),
        (1.5, 0.5, "tie"),
        (1.25, 0.25, "lose"),
        (1.5000001, 0.5000001, "win"),
        (2.0, 1.0, "win"),
        (None, None, None),
        (float("nan"), None, None),
    ],
)
def test_alpaca_eval_s_preference(preference: object, points: float | None, result: str | None) -> None:
    found = points_of(preference)
    assert found == (points if points is None else pytest.approx(points))
    assert result_of(found) == result


@pytest.mark.parametrize("preference", [3, -1, 0.5, 2.01, 0.999, float("inf"), "good", "3", True, [1], {}])
def test_what_is_no_preference_is_named_and_never_a_number(preference: object) -> None:
    with pytest.raises(Unfit, match="field preference is"):
        points_of(preference)


@pytest.mark.parametrize(
    ("value", "pair", "verdict"),
    [
        ("[9.0, 8.5]", (9.0, 8.5), "first"),
        ([7, 8], (7.0, 8.0), "second"),
        ("8 8", (8.0, 8.0), "tie"),
        ("8, 7.5", (8.0, 7.5), "first"),
        ("(7,8)", (7.0, 8.0), "second"),
        ("7 8\nThe second is better by 1 2 3.", (7.0, 8.0), "second"),
        ("-1 -1", None, "unparsed"),
        ("9/10", None, "unparsed"),
        ([0, 0], (0.0, 0.0), "tie"),
        ([-1, -1], None, "unparsed"),
        ([8, -1], None, "unparsed"),
        (None, None, "unparsed"),
        ("", None, "unparsed"),
        ("Both are fine.", None, "unparsed"),
        ([None, 8], None, "unparsed"),
        ([float("nan"), 8], None, "unparsed"),
    ],
)
def test_a_pair_of_scores(value: object, pair: tuple[float, float] | None, verdict: str) -> None:
    assert pair_of(value, "scores") == pair
    assert verdict_of(pair) == verdict


@pytest.mark.parametrize(
    "value", [[8], [8, 9, 7], [11, 5], [-2, 5], ["8", 9], [True, 9], {"a": 1}, 8, "[8, 9, 7]", "8, 9, 7"]
)
def test_what_is_no_pair_is_named(value: object) -> None:
    with pytest.raises(Unfit, match="field scores"):
        pair_of(value, "scores")


@pytest.mark.parametrize("orders", BOTH, ids=str)
def test_naming_the_other_system_first_is_the_exchanged_item(orders: tuple[str, str]) -> None:
    """What was shown and said stays; only who is called a changes, and with it which order is which."""
    assert both(*orders[::-1], lengths=(3, 5)) == both(*orders, lengths=(5, 3)).exchanged()


items = st.builds(
    both,
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.one_of(st.none(), st.tuples(st.integers(0, 9), st.integers(0, 9))),
)


@settings(deadline=None)
@given(st.lists(items, min_size=2, max_size=12))
def test_exchanging_the_systems_exchanges_win_and_lose(given_items: list[Item]) -> None:
    one, other = numbers(given_items), numbers([item.exchanged() for item in given_items])
    assert (one.wins, one.ties, one.losses) == (other.losses, other.ties, other.wins)
    assert (one.n, one.unparsed) == (other.n, other.unparsed)
    assert one.mean_length == pytest.approx(other.against_length, nan_ok=True)
    assert one.empty == other.empty[::-1]
    for field in ("flip_rate", "first_preferred", "longer_wins", "standard_error"):
        assert getattr(one, field) == pytest.approx(getattr(other, field), nan_ok=True)
    assert one.win_rate == pytest.approx(100 - other.win_rate, nan_ok=True)
    assert (one.low, one.high) == pytest.approx((100 - other.high, 100 - other.low), nan_ok=True, abs=1e-3)
    assert one.winning_score == pytest.approx(2 - other.winning_score, nan_ok=True)
    assert one.sign == other.sign
