"""Votes of people: each item's votes by any number of annotators become one outcome.

A prompt's points are the mean of its votes ("neither" one half) and its result the majority's, so that a prompt counts
once however many people looked at it. Screening items are left out, and with them the votes of annotators who did not
pass. The database is read elsewhere; here a vote is anything with these fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from humpback.analysis.judgements.formats.items import Item, Judgement
from humpback.core.tables import Unreadable
from humpback.spec.screening import PASS_MARK, marks

KIND = "votes of people"
POINTS = {"first": 1.0, "neither": 0.5, "second": 0.0}


class Vote(Protocol):
    """One vote that stands."""

    @property
    def item(self) -> str:
        """Which pair of answers."""

    @property
    def instruction(self) -> str:
        """The prompt's text."""

    @property
    def source(self) -> str:
        """The prompt's set."""

    @property
    def first(self) -> str:
        """Name of a system."""

    @property
    def second(self) -> str:
        """Name of the other."""

    @property
    def choice(self) -> str:
        """ "first", "second" or "neither", of the systems as named."""

    @property
    def shown_first(self) -> str:
        """ "first" or "second": whose answer stood first on the screen."""

    @property
    def annotator(self) -> str:
        """Who voted."""

    @property
    def screening(self) -> bool:
        """Whether the better answer was known beforehand."""


@dataclass(frozen=True)
class Ballot:
    """A vote as a row of a file."""

    item: str
    instruction: str
    source: str
    first: str
    second: str
    choice: str
    shown_first: str
    annotator: str
    screening: bool = False


@dataclass
class _Prompt:
    source: str
    points: list[float] = field(default_factory=list)
    first_wins: int = 0
    placed: int = 0
    by: set[str] = field(default_factory=set)


def judgements(file: str, votes: Iterable[Vote]) -> list[Judgement]:
    """A judgement for each pair of systems, named as the first vote on the pair names them."""
    pairs: dict[tuple[str, str], dict[str, _Prompt]] = {}
    aside: list[Unreadable] = []
    screening = 0
    people: set[str] = set()
    votes = list(votes)
    failed = {name: mark for name, mark in marks(votes).items() if not mark.passed}
    unscreened = 0
    for number, vote in enumerate(votes):
        if vote.screening:
            screening += 1
            continue
        if vote.annotator in failed:
            unscreened += 1
            continue
        reason = ""
        if vote.choice not in POINTS:
            reason = f"field choice is {vote.choice!r}; it is first, second or neither"
        elif vote.shown_first not in ("first", "second"):
            reason = f"field shown_first is {vote.shown_first!r}; it is first or second"
        turned = (vote.second, vote.first) in pairs
        pair = (vote.second, vote.first) if turned else (vote.first, vote.second)
        found = pairs.get(pair, {}).get(vote.instruction)
        if not reason and found and vote.annotator in found.by:
            reason = f"annotator {vote.annotator!r} voted on this prompt already; each prompt is judged once by each"
        if reason:
            aside.append(Unreadable(file, f"vote {number}", reason, f"item {vote.item} by {vote.annotator}"))
            continue
        people.add(vote.annotator)
        prompt = pairs.setdefault(pair, {}).setdefault(vote.instruction, _Prompt(vote.source))
        points = POINTS[vote.choice]
        prompt.points.append(1 - points if turned else points)
        prompt.first_wins += vote.choice == vote.shown_first
        prompt.placed += vote.choice != "neither"
        prompt.by.add(vote.annotator)
    notes = [f"a prompt's result is the majority of its votes; {len(people)} annotators"]
    notes += [f"{screening} votes on screening items are left out"] if screening else []
    if failed:
        told = ", ".join(f"{name} ({100 * mark.agreement:.0f} % of {mark.n})" for name, mark in failed.items())
        notes.append(
            f"{unscreened} votes are left out, of annotators who agreed with too few screening items: {told}; wanted "
            f"is more than {100 * PASS_MARK:.0f} %"
        )
    return [
        Judgement(
            name,
            against,
            "people",
            KIND,
            (file,),
            tuple(_item(text, prompt) for text, prompt in prompts.items()),
            () if i else tuple(aside),
            tuple(notes),
        )
        for i, ((name, against), prompts) in enumerate(pairs.items())
    ]


def _item(text: str, prompt: _Prompt) -> Item:
    mean = sum(prompt.points) / len(prompt.points)
    balance = sum(prompt.points) * 2 - len(prompt.points)
    return Item(
        text,
        prompt.source,
        mean,
        "win" if balance > 0 else "lose" if balance < 0 else "tie",
        calls=len(prompt.points),
        first_wins=prompt.first_wins,
        placed=prompt.placed,
    )
