"""Where one model fails and another does not, and the reverse."""

from __future__ import annotations

import pytest

from humpback.analysis.judgements.formats.items import Item, judged_in_both, judged_once
from humpback.analysis.judgements.improvement import FATES, as_json, as_text, fails, improvement
from humpback.analysis.judgements.verdicts import BothOrders, Winner

LOST, SPLIT, WON = BothOrders("b", "b"), BothOrders("a", "b"), BothOrders("a", "a")


def item(prompt: str, pair: BothOrders, source: str = "advice") -> Item:
    return judged_in_both(prompt, source, pair)


@pytest.mark.parametrize(
    ("ab", "ba", "lost"),
    [
        ("b", "b", True),
        ("a", "b", False),
        ("b", "tie", False),
        ("tie", "tie", False),
        ("a", "a", False),
        ("b", None, None),
        (None, None, None),
        (None, "a", None),
    ],
)
def test_to_fail_is_to_lose_in_both_orders(ab: Winner | None, ba: Winner | None, lost: bool | None) -> None:
    assert fails(item("p", BothOrders(ab, ba))) is lost


@pytest.mark.parametrize(("won", "lost"), [("b", True), ("tie", False), ("a", False), (None, None)])
def test_with_one_order_it_is_to_lose_in_that(won: Winner | None, lost: bool | None) -> None:
    assert fails(judged_once("p", "s", won)) is lost


FIRST = [item("1", LOST), item("2", LOST), item("3", WON), item("4", LOST, "recipe"), item("5", SPLIT, "recipe")]
SECOND = [item("5", WON, "recipe"), item("4", LOST, "recipe"), item("3", LOST), item("2", SPLIT), item("1", WON)]
UNPARSED = BothOrders("b", None)


def test_every_prompt_has_a_fate_by_category_and_the_reverse_is_counted() -> None:
    found = improvement(FIRST, SECOND)
    assert {one.prompt: one.fate for one in found.prompts} == {
        "1": "mended",
        "2": "mended",
        "3": "broken",
        "4": "both fail",
        "5": "neither fails",
    }
    assert (found.count("mended", "advice"), found.count("broken", "advice")) == (2, 1)
    assert (found.mended.count, found.mended.of, found.broken.count) == (2, 5, 1)
    assert found.p == 1.0


def test_exchanging_the_models_exchanges_mended_and_broken() -> None:
    there, back = improvement(FIRST, SECOND), improvement(SECOND, FIRST)
    assert there.count("mended") == back.count("broken")
    assert there.count("broken") == back.count("mended")
    assert there.p == back.p


def test_nothing_is_lost_between_the_two() -> None:
    found = improvement([*FIRST, item("6", LOST), item("8", UNPARSED)], [*SECOND, item("7", WON), item("8", WON)])
    assert (found.only_first, found.only_second) == (("6",), ("7",))
    assert found.count("undecided") == 1
    assert sum(found.count(fate) for fate in FATES) == len(found.prompts) == 6
    assert found.mended.of == 6, "an undecided prompt stays in the denominator"
    assert "not counted: 2 prompts" in as_text(found)


def test_a_prompt_twice_or_none_in_common_is_said() -> None:
    with pytest.raises(ValueError, match=r"the second model was judged on the prompt '5' more than once"):
        improvement(FIRST, [*SECOND, SECOND[0]])
    with pytest.raises(ValueError, match=r"no prompt in common: the first has 5, the second 1"):
        improvement(FIRST, [item("9", WON)])


def test_the_paper_41_of_251() -> None:
    seed = [item(str(n), LOST if n < 41 else WON) for n in range(251)]
    found = improvement(seed, [item(str(n), WON) for n in range(251)])
    told = as_json(found)
    assert (told["mended"], told["broken"], told["n"]) == (41, 0, 251)
    assert told["p"] == pytest.approx(2 * 0.5**41)
    assert told["categories"]["advice"]["mended"] == 41
    assert "41 of 251 (12.0 to 21.5 %)" in as_text(found)
