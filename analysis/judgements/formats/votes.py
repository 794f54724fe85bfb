"""Votes of people: each item's votes by any number of annotators become one outcome.

A prompt's points are the mean of its votes ("neither" one half) and its result the majority's, so that a prompt counts
once however many people looked at it. Screening items are left out, and with them the votes of annotators who did not
pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from humpback.analysis.judgements.formats.items import Item, Judgement, Placed, Systems, pool, put, result_of
from humpback.spec.votes import PASS_MARK, Vote, marks

KIND = "votes of people"
POINTS = {"first": 1.0, "neither": 0.5, "second": 0.0}


def judgements(file: str, votes: Sequence[Vote]) -> list[Judgement]:
    """A judgement for each pair of systems, named as the first vote on the pair names them."""
    failed = {name: mark for name, mark in marks(votes).items() if not mark.passed}
    found: dict[Systems, list[Placed]] = {}
    unscreened = 0
    people: set[str] = set()
    for number, vote in enumerate(votes):
        unscreened += not vote.screening and vote.annotator in failed
        if not vote.screening and vote.annotator not in failed:
            people.add(vote.annotator)
            answers = (vote.first_output, vote.second_output)
            row = Placed(f"vote {number}", _item(vote), answers, rater=vote.annotator)
            put(found, (vote.first, vote.second, "people"), row)
    notes = [f"a prompt's result is the majority of its votes; {len(people)} annotators"]
    if screening := sum(vote.screening for vote in votes):
        notes.append(f"{screening} votes on screening items are left out")
    if failed:
        marked = ", ".join(f"{name} ({100 * mark.agreement:.0f} % of {mark.n})" for name, mark in failed.items())
        notes.append(
            f"{unscreened} votes are left out, of annotators who agreed with too few screening items: {marked}; wanted "
            f"is more than {100 * PASS_MARK:.0f} %"
        )
    return [replace(pool(rows, systems, KIND, file), notes=tuple(notes)) for systems, rows in found.items()]


def _item(vote: Vote) -> Item:
    points = POINTS[vote.choice]
    return Item(
        vote.instruction,
        vote.source,
        points,
        result_of(points),
        first_wins=int(vote.choice == vote.shown_first),
        placed=int(vote.choice != "neither"),
    )
