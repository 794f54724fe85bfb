"""What a sample cannot carry, in words.

An interval is made of the outcomes that were seen: from one prompt, or from prompts that all came out alike, it has no
width, and from a few it is too narrow. A number from such a sample is no evidence, however it looks.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST = 20
"""Prompts (of one request each), or items, below which no verdict is drawn: with fewer, outcomes of 0 and 1 are too far
from the normal law, and 5 points are out of sight."""
FEWEST_UNITS = 3
"""Bases, or seeds of one base, below which no verdict is drawn: the 95 % intervals of two hold the truth 91 times in
100 in places (`benchmarks/interval_coverage.py`), and one has no interval for other seeds."""
FEWEST_DIFFERENT = 6
"""Prompts on which two systems have to differ before any verdict: were it five, all for the same one, a coin would do
so in one of 16 (the exact sign test, two-sided)."""
FOLLOWS_ORDER = 0.9
"""Share of the prompts judged in both orders on which exchanging the order exchanged the winner, from which on the
judge is said to follow the order: at most one prompt in ten is then judged by its answers. A judge that draws lots
comes to a half."""
_ALIKE = 1e-9


def against_interval(scores: NDArray[np.float64]) -> str:
    """Why (seeds, items) of scores have no interval; empty where they have one. NaN is no outcome."""
    outcomes = scores[~np.isnan(scores)]
    there = int((~np.isnan(scores)).any(axis=0).sum())
    if there < 2:
        return "one outcome alone" if there else "no outcome"
    spread = float(outcomes.max() - outcomes.min())
    return "every outcome is the same" if spread <= _ALIKE * max(1.0, float(np.abs(outcomes).max())) else ""


def against_verdict(scores: NDArray[np.float64], requests: Sequence[Hashable] | None = None) -> str:
    """Why no verdict can be drawn from (seeds, prompts) of differences; empty where one can. Prompts of one request, by
    (prompts,) `requests`, count once. What the judge's replies say against it is `half_unparsed` and `follows_order`;
    what seeds do is `few_units`."""
    if reason := against_interval(scores):
        return reason
    judged = np.flatnonzero((~np.isnan(scores)).any(axis=0)).tolist()
    there = len(judged) if requests is None else len({requests[at] for at in judged})
    if there < FEWEST:
        return f"{there} prompts, and {FEWEST} are the fewest that tell"
    if few := few_different(scores):
        return f"{few} of {there:,} prompts differ, and {FEWEST_DIFFERENT} are the fewest that tell"
    return ""


def few_different(differences: NDArray[np.float64]) -> int:
    """On how many items (seeds, items) of differences are not zero, where those are too few for an interval or a
    verdict; 0 where they are enough, or none is."""
    different = int((np.nan_to_num(differences) != 0).any(axis=0).sum())
    return different if different < FEWEST_DIFFERENT else 0


def few_units(units: int, what: str) -> str:
    """Says so where there are too few bases, or seeds of one base, for a verdict; empty where they are enough.

    what: "bases" or "seeds".
    """
    if units >= FEWEST_UNITS:
        return ""
    return f"{units} {what.removesuffix('s') if units == 1 else what}, and {FEWEST_UNITS} are the fewest that tell"


def half_unparsed(unparsed: int, calls: int) -> str:
    """Says so where half of a judge's calls or more were not parsed: the rest is not a sample of them."""
    return f"{unparsed:,} of {calls:,} calls were not parsed" if calls and 2 * unparsed >= calls else ""


def follows_order(flips: int, both: int) -> str:
    """Says so where the judge follows the order in which answers are shown, from `FOLLOWS_ORDER` on: points near one
    half then speak of the judge. `both` are the prompts judged in both orders; empty for fewer than 20 of them."""
    if both < FEWEST or flips < FOLLOWS_ORDER * both:
        return ""
    return f"the judge follows the order: exchanging it exchanged the winner on {flips:,} of {both:,} prompts"
