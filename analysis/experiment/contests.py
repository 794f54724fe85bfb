"""One judged pair of systems as numbers, prompt by prompt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humpback.analysis.judgements.verdicts import BothOrders, winner
from humpback.analysis.stats.statistics import Scores
from humpback.core.store import Store
from humpback.core.tables import VERDICTS, Verdict, read
from humpback.spec.outcomes import Judged

NONE = float("nan")


@dataclass(frozen=True)
class Contest:
    """What one judged pair of systems came to, prompt by prompt."""

    points: Scores
    """(prompts,) AlpacaEval preference for a; NaN where neither order was parsed."""
    wins: int
    ties: int
    losses: int
    flips: int
    both_parsed: int
    unparsed: int
    """Calls whose reply had no verdict."""
    first_wins: int
    decided: int
    """Calls that named a winner."""
    characters: float
    """Mean length of a's answers."""
    sets: tuple[str, ...] = ()
    """(prompts,) the set or category of each prompt."""


def contest(store: Store, judged: Judged, only: str | None = None) -> Contest:
    """The verdicts of a finished judgement, prompt by prompt; of one set of prompts alone where `only` names it."""
    calls: dict[str, dict[str, Verdict]] = {}
    for row in read(store.open(judged) / VERDICTS, Verdict):
        if only is None or row.source == only:
            calls.setdefault(row.prompt, {})[row.order] = row
    pairs = [BothOrders(winner("ab", c["ab"].verdict), winner("ba", c["ba"].verdict)) for c in calls.values()]
    points = [NONE if pair.points is None else pair.points for pair in pairs]
    results = [pair.result for pair in pairs]
    winners = [won for pair in pairs for won in (pair.ab, pair.ba)]
    return Contest(
        points=np.array(points),
        wins=results.count("win"),
        ties=results.count("tie"),
        losses=results.count("lose"),
        flips=sum(pair.flipped is True for pair in pairs),
        both_parsed=sum(pair.flipped is not None for pair in pairs),
        unparsed=winners.count(None),
        first_wins=sum(pair.first_position_wins for pair in pairs),
        decided=sum(won in ("a", "b") for won in winners),
        characters=float(np.mean([c["ab"].a_characters for c in calls.values()])) if calls else NONE,
        sets=tuple(c["ab"].source for c in calls.values()),
    )
