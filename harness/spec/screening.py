"""Screening annotators: items with a known answer, and the mark that passes (Humpback's human evaluation)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

PASS_MARK = 0.85
"""Wanted is more than this agreement on the screening items (Humpback's human evaluation)."""


class Answered(Protocol):
    """A vote, as far as screening sees it."""

    @property
    def annotator(self) -> str:
        """Who voted."""

    @property
    def choice(self) -> str:
        """ "first", "second" or "neither"; on a screening item "first" is the known answer."""

    @property
    def screening(self) -> bool:
        """Whether the better answer was known beforehand."""


@dataclass(frozen=True)
class Mark:
    """How an annotator did on the screening items."""

    annotator: str
    n: int
    agreed: int
    neither: int

    @property
    def agreement(self) -> float:
        """Share of items answered as known, "neither" counting half."""
        return (self.agreed + self.neither / 2) / self.n

    @property
    def passed(self) -> bool:
        """More than `PASS_MARK`."""
        return self.agreement > PASS_MARK


def marks(votes: Iterable[Answered]) -> dict[str, Mark]:
    """Each annotator's mark on the screening items; annotators who voted on none are not in it."""
    choices: dict[str, list[str]] = {}
    for vote in votes:
        if vote.screening:
            choices.setdefault(vote.annotator, []).append(vote.choice)
    return {
        name: Mark(name, len(given), given.count("first"), given.count("neither")) for name, given in choices.items()
    }
