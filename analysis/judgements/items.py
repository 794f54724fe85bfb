"""One prompt judged, whatever was asked to judge it: the rules of AlpacaEval, AlpaGasus and the human study.

An item keeps what the rules said and no answer's text, so that 805 prompts of 50 systems stay small.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from analysis.verdicts import BothOrders, Winner
from harness.rows import RAW_SHOWN, Unreadable
from harness.store import StoreError

Result = Literal["win", "tie", "lose"]
NO_ROW = "no row"
"""Place of a row that one order's file lacks and the other's has: its prompt is judged by the one order."""
_POINTS: dict[Winner, float] = {"a": 1.0, "tie": 0.5, "b": 0.0}
_TURNED: dict[Result, Result] = {"win": "lose", "tie": "tie", "lose": "win"}


class NoJudgements(StoreError):
    """A file that holds no judgements. The message names it, what was found and what would do."""


@dataclass(frozen=True, slots=True)
class Item:
    """One prompt judged, seen from the system that the judgement is about."""

    prompt: str
    """What joins it with other files: the prompt's text, or its id where there is no text."""
    source: str
    """The prompt's set; empty where the file does not say."""
    points: float | None
    """Preference for the system, 0 to 1, ties 0.5; None when nothing was parsed."""
    result: Result | None
    """By the rule of the format; None when that rule lacks a reply that it needs."""
    calls: int = 1
    """Replies or votes that the file has for it."""
    unparsed: int = 0
    """Calls without a verdict."""
    flipped: bool | None = None
    """Whether exchanging the order exchanged the winner; None where both orders are not known."""
    first_wins: int = 0
    """Calls won by the answer that was shown first."""
    placed: int = 0
    """Calls that named a winner and of which it is known what was shown first."""
    characters: tuple[int, int] | None = None
    """Lengths of the system's answer and of its opponent's."""
    category: str = ""
    """The prompt's category within its set; empty where the file does not say."""

    def exchanged(self) -> Item:
        """The same prompt seen from the opponent."""
        return replace(
            self,
            points=None if self.points is None else 1 - self.points,
            result=None if self.result is None else _TURNED[self.result],
            characters=None if self.characters is None else self.characters[::-1],
        )


@dataclass(frozen=True)
class Judgement:
    """One system against one opponent, by one judge."""

    name: str
    """The system that win rates are about."""
    against: str
    judge: str
    """Empty where the file does not say."""
    format: str
    """In words, for the reader."""
    files: tuple[str, ...]
    items: tuple[Item, ...]
    unreadable: tuple[Unreadable, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know of how the file was taken."""
    named: bool = True
    """Whether the file itself names both systems."""


def judged_in_both(prompt: str, source: str, pair: BothOrders, **more: Any) -> Item:
    """AlpaGasus's rule for the result, AlpacaEval's preference averaged over both orders for the points."""
    winners = (pair.ab, pair.ba)
    return Item(
        prompt,
        source,
        pair.points,
        pair.result,
        calls=2,
        unparsed=winners.count(None),
        flipped=pair.flipped,
        first_wins=pair.first_position_wins,
        placed=sum(won in ("a", "b") for won in winners),
        **more,
    )


def judged_once(prompt: str, source: str, won: Winner | None, *, order: str = "ab", **more: Any) -> Item:
    """One order only: the verdict is the result. `order` says which answer was shown first."""
    return Item(
        prompt,
        source,
        None if won is None else _POINTS[won],
        None if won is None else {"a": "win", "tie": "tie", "b": "lose"}[won],  # type: ignore[arg-type]
        unparsed=int(won is None),
        first_wins=int(won == ("a" if order == "ab" else "b")),
        placed=int(won in ("a", "b")),
        **more,
    )


def without_duplicates(items: Iterable[tuple[str, Item, str]], file: str) -> tuple[list[Item], list[Unreadable]]:
    """Items by prompt, each prompt once: the first stays, and a later one is unreadable with the place of both.

    Items come as (place, item, raw text).
    """
    places: dict[str, str] = {}
    kept: list[Item] = []
    aside: list[Unreadable] = []
    for place, item, raw in items:
        if item.prompt in places:
            reason = f"the prompt stands already in {places[item.prompt]}; each prompt is judged once"
            aside.append(Unreadable(file, place, reason, raw[:RAW_SHOWN]))
        else:
            places[item.prompt] = place
            kept.append(item)
    return kept, aside
