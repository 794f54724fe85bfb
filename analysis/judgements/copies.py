"""Annotation files that are copies of one another, by what they say and not by their bytes.

Two systems with the same preference on every prompt, or the same answers to nearly all, are one system under two names,
or somebody's mistake. Answers are compared by their hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from humpback.analysis.judgements.formats.items import Item, Judgement
from humpback.analysis.stats.evidence import FEWEST

NEARLY = 0.9
"""Share of common prompts with the same answer from which on two systems are called copies."""


@dataclass(frozen=True)
class Copy:
    """Two systems that are the same, and in what."""

    first: str
    second: str
    reason: str


def copies(judgements: Sequence[Judgement]) -> list[Copy]:
    """Pairs that agree."""
    items = [{item.prompt: item for item in one.items} for one in judgements]
    return [
        Copy(judgements[i].name, judgements[j].name, reason)
        for i, j in combinations(range(len(judgements)), 2)
        if (reason := _reason([(one, items[j][prompt]) for prompt, one in items[i].items() if prompt in items[j]]))
    ]


def _reason(pairs: Sequence[tuple[Item, Item]]) -> str:
    reasons = []
    points = [(one.points, other.points) for one, other in pairs if None not in (one.points, other.points)]
    # Where every prompt is won or lost, agreeing is no surprise.
    if len(points) >= FEWEST and all(one == other for one, other in points) and len(set(points)) > 1:
        reasons.append(f"the same preference on all {len(points):,} prompts")
    answers = [(one.answers[0], other.answers[0]) for one, other in pairs if one.answers and other.answers]
    answers = [pair for pair in answers if hash("") not in pair]
    same = sum(one == other for one, other in answers)
    if len(answers) >= FEWEST and same >= NEARLY * len(answers):
        reasons.append(f"the same answer to {same:,} of {len(answers):,} prompts")
    return ", ".join(reasons)
