"""One prompt judged, whatever was asked to judge it: the rules of AlpacaEval, AlpaGasus and the human study.

An item keeps what the rules said and no answer's text, so that 805 prompts of 50 systems stay small.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from humpback.analysis.judgements.verdicts import BothOrders, Winner
from humpback.core.store import StoreError
from humpback.core.tables import RAW_SHOWN, Unreadable

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


@dataclass(frozen=True, slots=True)
class Placed:
    """One row of a file, and what tells it from other rows of its prompt."""

    place: str
    item: Item
    answers: tuple[Hashable, Hashable]
    """The system's and its opponent's, or whatever else makes it a row of its own."""
    id: str = ""
    """The prompt's id; empty where the row has none."""
    rater: str = ""
    """Who judged; empty where the row does not say."""
    whole: Hashable = None
    """The whole row: what is equal in all of it was written twice."""


def by_prompt(rows: Iterable[Placed], file: str) -> tuple[dict[str, list[Placed]], list[Unreadable]]:
    """The rows of each item, of one system, opponent and judge, and those that were written twice.

    Rows of one prompt about other answers, or under another id, are items of their own, the later ones named by their
    number. Rows about the same answers are the votes of one item. A second row of one rater, or an equal row where
    raters have no names, is a duplicate: the first stays, and a later one is unreadable with the place of both.
    """
    groups: dict[str, dict[Hashable, list[Placed]]] = {}
    aside: list[Unreadable] = []
    for row in rows:
        votes = groups.setdefault(row.item.prompt, {}).setdefault((row.id, row.answers), [])
        if (same := next((one for one in votes if _twice(one, row)), None)) is not None:
            reason = f"the prompt stands already in {same.place} with the same answers; each judge judges them once"
            aside.append(Unreadable(file, row.place, reason, row.item.prompt[:RAW_SHOWN]))
        else:
            votes.append(row)
    found: dict[str, list[Placed]] = {}
    for prompt, pairs in groups.items():
        ordered = list(pairs.values())
        if all(votes[0].id for votes in ordered):
            # So that the same rows have the same names in files of another order.
            ordered.sort(key=lambda votes: votes[0].id)
        for number, votes in enumerate(ordered, 1):
            found[prompt if number == 1 else f"{prompt} [{number}]"] = votes
    return found, aside


def of_rows(rows: Iterable[Placed], file: str) -> tuple[list[Item], list[Unreadable]]:
    """The same as items, the votes of each pooled."""
    found, aside = by_prompt(rows, file)
    return [replace(pooled([one.item for one in votes]), prompt=prompt) for prompt, votes in found.items()], aside


def _twice(one: Placed, other: Placed) -> bool:
    if one.rater or other.rater:
        return one.rater == other.rater
    return one.whole == other.whole


def pooled(votes: Sequence[Item]) -> Item:
    """The votes on one pair as one item: the mean of their points, and the majority's result."""
    if len(votes) == 1:
        return votes[0]
    points = [one.points for one in votes if one.points is not None]
    balance = sum({"win": 1, "tie": 0, "lose": -1}[one.result] for one in votes if one.result is not None)
    return replace(
        votes[0],
        points=sum(points) / len(points) if points else None,
        result=("win" if balance > 0 else "lose" if balance < 0 else "tie") if points else None,
        calls=sum(one.calls for one in votes),
        unparsed=sum(one.unparsed for one in votes),
        first_wins=sum(one.first_wins for one in votes),
        placed=sum(one.placed for one in votes),
    )
