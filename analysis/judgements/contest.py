"""Judged prompts counted: what every rate and every share of them is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from humpback.analysis.judgements.formats.items import Item
from humpback.analysis.stats.evidence import follows_order, half_unparsed
from humpback.analysis.stats.statistics import NONE, Scores


@dataclass(frozen=True)
class Contest:
    """One system against one opponent, prompt by prompt and counted."""

    points: Scores
    """(prompts,) AlpacaEval preference for the system, 0 to 1; NaN where nothing was parsed."""
    wins: int
    """Prompts, by the rule of the format."""
    ties: int
    losses: int
    flips: int
    """Prompts on which exchanging the order exchanged the winner."""
    both_parsed: int
    """Prompts of which both orders are known: what flips are of."""
    calls: int
    """Of the judge; votes, where people judged."""
    unparsed: int
    """Calls whose reply had no verdict."""
    first_wins: int
    """Calls won by the answer shown first."""
    decided: int
    """Calls that named a winner and of which it is known what was shown first: what first wins are of."""
    characters: float
    """Mean length of the system's answers."""
    sets: tuple[str, ...] = ()
    """(prompts,) the set or category of each prompt."""
    prompts: tuple[str, ...] = ()
    """(prompts,) what names each."""
    orders: tuple[tuple[float | None, float | None], ...] = ()
    """(prompts,) preference for the system, 0 to 1, shown first and shown second."""

    @property
    def flip_rate(self) -> float:
        """Share of prompts, judged in both orders, on which exchanging the order exchanged the winner."""
        return self.flips / self.both_parsed if self.both_parsed else NONE

    @property
    def first_preferred(self) -> float:
        """Share of decided calls won by the answer shown first."""
        return self.first_wins / self.decided if self.decided else NONE

    @property
    def follows_order(self) -> str:
        """Says so where the judge follows the order in which answers are shown."""
        return follows_order(self.flips, self.both_parsed)

    @property
    def obstacle(self) -> str:
        """Why no verdict can be drawn from what the judge said; empty where one can."""
        return half_unparsed(self.unparsed, self.calls) or self.follows_order


def contest_of(items: Sequence[Item]) -> Contest:
    """The counts of these items."""
    results = [one.result for one in items]
    lengths = [one.characters[0] for one in items if one.characters is not None]
    return Contest(
        points=np.array([NONE if one.points is None else one.points for one in items]),
        wins=results.count("win"),
        ties=results.count("tie"),
        losses=results.count("lose"),
        flips=sum(one.flipped is True for one in items),
        both_parsed=sum(one.flipped is not None for one in items),
        calls=sum(one.calls for one in items),
        unparsed=sum(one.unparsed for one in items),
        first_wins=sum(one.first_wins for one in items),
        decided=sum(one.placed for one in items),
        characters=sum(lengths) / len(lengths) if lengths else NONE,
        sets=tuple(one.source for one in items),
        prompts=tuple(one.prompt for one in items),
        orders=tuple(one.orders for one in items),
    )
