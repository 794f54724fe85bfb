"""One prompt judged, whatever was asked to judge it: the rules of AlpacaEval, AlpaGasus and the human study.

An item keeps what the rules said and no answer's text, so that 805 prompts of 50 systems stay small.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from humpback.analysis.judgements.verdicts import BothOrders, Winner
from humpback.core.store import StoreError
from humpback.core.tables import RAW_SHOWN, Unreadable

Result = Literal["win", "tie", "lose"]
NO_ROW = "no row"
"""Place of a row that one order's file lacks and the other's has: its prompt is judged by the one order."""
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
    answers: tuple[int, int] | None = None
    """Hashes of the system's answer and of its opponent's, of this process alone."""
    orders: tuple[float | None, float | None] = (None, None)
    """Preference for the system, 0 to 1, where its answer was shown first and where second; None where that was not
    asked, not parsed, or is not known."""

    def exchanged(self) -> Item:
        """The same prompt seen from the opponent."""
        first, second = (None if one is None else 1 - one for one in self.orders)
        return replace(
            self,
            points=None if self.points is None else 1 - self.points,
            result=None if self.result is None else _TURNED[self.result],
            characters=None if self.characters is None else self.characters[::-1],
            answers=None if self.answers is None else self.answers[::-1],
            orders=(second, first),
        )


def about_answers(one: object, other: object) -> dict[str, Any]:
    """What an item keeps of two texts; nothing where either is no text."""
    if not isinstance(one, str) or not isinstance(other, str):
        return {}
    return {"characters": (len(one), len(other)), "answers": (hash(one), hash(other))}


@dataclass(frozen=True)
class Judgement:
    """One system against one opponent, by one judge."""

    name: str
    """The system that win rates are about."""
    against: str
    """The opponent."""
    judge: str
    """Empty where the file does not say."""
    format: str
    """In words, for the reader."""
    files: tuple[str, ...]
    """Names, each with its folder where two would be the same."""
    items: tuple[Item, ...]
    """The prompts, each once."""
    unreadable: tuple[Unreadable, ...] = ()
    """Rows that could not be used."""
    notes: tuple[str, ...] = ()
    """What a reader should know of how the file was taken."""
    named: bool = True
    """Whether the file itself names both systems."""
    raters: Mapping[str, Mapping[str, Result]] = field(default_factory=dict)
    """By person and prompt, where several judged for one: what each said, which `items` pool."""


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
        orders=pair.preferences,
        **more,
    )


def judged_once(prompt: str, source: str, won: Winner | None, *, order: str = "ab", **more: Any) -> Item:
    """One order only: the verdict is the result. `order` says which answer was shown first."""
    pair = BothOrders(won, None) if order == "ab" else BothOrders(None, won)
    points = pair.points
    return Item(
        prompt,
        source,
        points,
        result_of(points),
        unparsed=int(won is None),
        first_wins=int(won == ("a" if order == "ab" else "b")),
        placed=int(won in ("a", "b")),
        orders=pair.preferences,
        **more,
    )


def result_of(points: float | None) -> Result | None:
    """AlpacaEval's discrete counts: above one half a win, below it a loss."""
    if points is None:
        return None
    return "win" if points > 0.5 else "lose" if points < 0.5 else "tie"


@dataclass(frozen=True, slots=True)
class Placed:
    """One row of a file, and what tells it from other rows of its prompt."""

    place: str
    """Such as "line 12"."""
    item: Item
    answers: tuple[Hashable, Hashable] = (None, None)
    """The system's and its opponent's, or whatever else makes it a row of its own."""
    id: str = ""
    """The prompt's id; empty where the row has none."""
    rater: str = ""
    """Who judged; empty where the row does not say."""
    whole: Hashable = None
    """The whole row: what is equal in all of it was written twice."""


Systems = tuple[str, str, str]
"""System, opponent and judge."""


def put(found: dict[Systems, list[Placed]], systems: Systems, row: Placed) -> None:
    """A row under its systems; turned where an earlier one shows them the other way round."""
    name, against, judge = systems
    if name != against and (against, name, judge) in found:
        systems = against, name, judge
        row = replace(row, item=row.item.exchanged(), answers=row.answers[::-1])
    found.setdefault(systems, []).append(row)


def pool(rows: Sequence[Placed], systems: Systems, kind: str, file: str) -> Judgement:
    """Rows about the same answers are the votes of one item: the mean of their points, and the majority's result. Rows
    of one prompt about other answers, or under another id, are items of their own, the later ones named by their
    number. A second row of one rater, or an equal row where raters have no names, is a duplicate: the first stays, and
    a later one is unreadable with the place of both.
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
    items: list[Item] = []
    raters: dict[str, dict[str, Result]] = {}
    for text, pairs in groups.items():
        ordered = list(pairs.values())
        if all(votes[0].id for votes in ordered):
            # So that the same rows have the same names in files of another order.
            ordered.sort(key=lambda votes: votes[0].id)
        for number, votes in enumerate(ordered, 1):
            prompt = text if number == 1 else f"{text} [{number}]"
            items.append(replace(_together([one.item for one in votes]), prompt=prompt))
            for one in votes:
                if one.rater and one.item.result is not None:
                    raters.setdefault(one.rater, {})[prompt] = one.item.result
    notes: tuple[str, ...] = ()
    if len(rows) - len(aside) > len(items):
        by = f" of {len(raters):,} annotators" if len(raters) > 1 else ""
        notes = (
            f"{len(rows) - len(aside):,} votes{by} on {len(items):,} pairs: a pair's points are the mean of its votes, "
            "its result the majority's; n counts pairs",
        )
    people = raters if len(raters) > 1 else {}
    return Judgement(*systems, kind, (file,), tuple(items), tuple(aside), notes, raters=people)


def _twice(one: Placed, other: Placed) -> bool:
    return one.rater == other.rater if one.rater or other.rater else one.whole == other.whole


def _together(votes: Sequence[Item]) -> Item:
    if len(votes) == 1:
        return votes[0]
    points = [one.points for one in votes if one.points is not None]
    balance = sum({"win": 1, "tie": 0, "lose": -1}[one.result] for one in votes if one.result is not None)
    return replace(
        votes[0],
        points=sum(points) / len(points) if points else None,
        result=result_of((1 + balance / len(points)) / 2) if points else None,
        calls=sum(one.calls for one in votes),
        unparsed=sum(one.unparsed for one in votes),
        first_wins=sum(one.first_wins for one in votes),
        placed=sum(one.placed for one in votes),
        orders=(None, None),
    )
