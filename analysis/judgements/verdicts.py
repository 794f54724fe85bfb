"""From verdicts to outcomes: the aggregation rules, as pure functions.

A judge sees two answers in one order and says first, second, tie or unparsed. Everything below works on the verdicts
of one prompt in both orders, turned to the systems a and b.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Winner = Literal["a", "b", "tie"]


def winner(order: str, verdict: str) -> Winner | None:
    """Who won a call, from the order of showing ("ab" or "ba") and the verdict; None when unparsed.

    Raises:
        ValueError: for a word that is neither.
    """
    if order not in ("ab", "ba"):
        raise ValueError(f"order {order!r}; it is 'ab' or 'ba'")
    match verdict:
        case "first":
            return "a" if order == "ab" else "b"
        case "second":
            return "b" if order == "ab" else "a"
        case "tie":
            return "tie"
        case "unparsed":
            return None
    raise ValueError(f"verdict {verdict!r}; it is first, second, tie or unparsed")


_PREFERENCE: dict[Winner | None, float | None] = {"a": 1.0, "tie": 0.5, "b": 0.0, None: None}


@dataclass(frozen=True)
class BothOrders:
    """Who won one prompt in either order; None where the reply was unparsed."""

    ab: Winner | None
    ba: Winner | None

    @property
    def preferences(self) -> tuple[float | None, float | None]:
        """For a in either order: 1, 0.5 for a tie, 0; None where the reply was unparsed."""
        return _PREFERENCE[self.ab], _PREFERENCE[self.ba]

    @property
    def points(self) -> float | None:
        """AlpacaEval's preference for a: the mean over the orders that were parsed; None if neither was."""
        given = [one for one in self.preferences if one is not None]
        return sum(given) / len(given) if given else None

    @property
    def result(self) -> Literal["win", "tie", "lose"] | None:
        """AlpaGasus, section 4: win = wins twice, or wins once and draws once; lose likewise; otherwise a tie. None if
        either order is unparsed, because the rule needs both."""
        if self.ab is None or self.ba is None:
            return None
        balance = sum({"a": 1, "tie": 0, "b": -1}[won] for won in (self.ab, self.ba))
        return "win" if balance > 0 else "lose" if balance < 0 else "tie"

    @property
    def flipped(self) -> bool | None:
        """Whether exchanging the order exchanged the winner; None if either is unparsed."""
        if self.ab is None or self.ba is None:
            return None
        return {self.ab, self.ba} == {"a", "b"}

    @property
    def first_position_wins(self) -> int:
        """In how many of the two calls the answer shown first won."""
        return (self.ab == "a") + (self.ba == "b")
