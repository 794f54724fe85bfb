"""A judge against known verdicts: each measure by hand, and judges of known faults."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from humpback.analysis.judgements.formats.items import Item, judged_in_both
from humpback.analysis.judgements.judge_check import JudgeCheck, as_text, check_judge, verdict_lines
from humpback.analysis.judgements.known_pairs import KnownPair, KnownPairs
from humpback.analysis.judgements.verdicts import BothOrders, Winner, winner

Judge = Callable[[str, str, str], str]
"""Better answer's text, answer shown first, answer shown second: a verdict."""


def pairs(n: int, *, longer: bool = True) -> list[KnownPair]:
    """The better answer is b on every second pair, and the longer one on two pairs in four, where `longer`."""
    found = []
    for i in range(n):
        good, bad = "good" * (3 if longer and i % 4 < 2 else 1), "bad" * 2
        a, b, points = (good, bad, 1.0) if i % 2 else (bad, good, 0.0)
        found.append(KnownPair(f"p{i}", f"prompt {i}", a, b, points))
    return found


def judged(known: list[KnownPair], judge: Judge) -> list[Item]:
    items = []
    for pair in known:
        better = pair.a if pair.points > 0.5 else pair.b
        won: list[Winner | None] = [
            winner(order, judge(better, *((pair.a, pair.b) if order == "ab" else (pair.b, pair.a))))
            for order in ("ab", "ba")
        ]
        items.append(judged_in_both(pair.id, "", BothOrders(*won)))
    return items


def checked(known: list[KnownPair], judge: Judge, *, made: bool = False) -> JudgeCheck:
    return check_judge(known, judged(known, judge), KnownPairs(tuple(known), "the test", made))


def right(better: str, first: str, second: str) -> str:
    return "first" if first == better else "second"


def test_a_judge_that_is_always_right() -> None:
    found = checked(pairs(40), right)
    assert (found.accuracy.mean, found.shown_first.mean, found.order_decides.mean) == (100, 50, 0)
    assert found.accuracy.low == pytest.approx(91.19, abs=0.01)  # Clopper and Pearson's of 40 of 40
    assert found.kappa is not None
    assert found.kappa.mean == 1
    assert found.length_bias.mean == 0
    (line,) = verdict_lines(found)
    assert "shows as 1.00 of itself (0.82 to 1.00)" in line
    assert "1.0 times (1.0 to 1.5)" in line


def test_a_judge_that_follows_the_order_is_good_for_nothing() -> None:
    found = checked(pairs(40), lambda better, first, second: "first")
    assert (found.accuracy.mean, found.shown_first.mean, found.order_decides.mean) == (50, 100, 100)
    assert found.kappa is not None
    assert found.kappa.mean == 0
    (line,) = verdict_lines(found)
    assert line.startswith("good for nothing as it was asked: the judge follows the order")


def test_a_judge_that_follows_the_length_is_told_from_one_that_errs() -> None:
    long = checked(pairs(80), lambda better, first, second: "first" if len(first) > len(second) else "second")
    assert (long.right_longer.mean, long.right_shorter.mean, long.length_bias.mean) == (100, 0, 100)
    assert (long.longer, long.shorter) == (40, 40)
    assert long.accuracy.mean == 50
    assert "not told apart from chance" in verdict_lines(long)[0]
    assert any("it leans to the longer answer" in line for line in verdict_lines(long))
    # As many errors, but on any pair: no length bias, although it prefers the longer answer less often than is right.
    rng = random.Random(1)
    mostly = [one for i, one in enumerate(pairs(400)) if i % 4 < 2 or i % 8 == 3]
    noisy = checked(mostly, lambda better, first, second: right(better, first, second) if rng.random() < 0.8 else "tie")
    assert noisy.length_bias.low < 0 < noisy.length_bias.high
    assert not any("longer" in line for line in verdict_lines(noisy))


def test_position_bias_and_its_share_of_pairs_by_hand() -> None:
    """Of ten pairs in forty the first is preferred in both orders; all others are right."""
    known = pairs(40)
    calls = iter(range(80))

    def judge(better: str, first: str, second: str) -> str:
        return "first" if next(calls) // 2 < 10 else right(better, first, second)

    found = checked(known, judge)
    assert found.order_decides.mean == 25
    assert found.shown_first.mean == 62.5  # 20 of 20 calls and 30 of 60
    assert found.accuracy.mean == 87.5
    assert "it leans to the answer shown first" in "\n".join(verdict_lines(found))
    # By hand: known 5 + 15 wins and losses each way, judge ties ten: observed .75, expected .5 * .375 * 2.
    assert found.kappa is not None
    assert found.kappa.mean == pytest.approx((0.75 - 0.375) / (1 - 0.375))


def test_unparsed_calls_are_counted_and_are_no_errors() -> None:
    calls = iter(range(80))
    found = checked(pairs(40), lambda better, *shown: "unparsed" if next(calls) % 4 == 0 else right(better, *shown))
    assert found.unparsed.mean == 25
    assert found.accuracy.mean == 100
    assert found.shown_first.mean == 50
    half = checked(pairs(40), lambda better, *shown: "unparsed")
    assert "80 of 80 calls were not parsed" in verdict_lines(half)[0]
    assert "–" in as_text(half, "judge")


def test_few_pairs_and_plain_pairs_say_less() -> None:
    assert "cannot be told from 12 pairs" in verdict_lines(checked(pairs(12), right))[0]
    assert "takes pairs with votes" in verdict_lines(checked(pairs(40), right, made=True))[0]
