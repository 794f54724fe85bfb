"""Annotation files that are copies of one another, by what they say and not by their bytes.

Two systems with the same preference on every prompt, or the same answers to nearly all, are one system under two names,
or somebody's mistake. Answers are compared by their hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from humpback.analysis.judgements.formats.items import Judgement

NEARLY = 0.9
"""Share of common prompts with the same answer from which on two systems are called copies."""
FEWEST = 20
"""Common prompts below which agreement proves nothing."""


@dataclass(frozen=True)
class Copy:
    """Two systems that are the same, and in what."""

    first: str
    second: str
    reason: str


def copies(judgements: Sequence[Judgement], answers: Sequence[dict[str, int]]) -> list[Copy]:
    """Pairs that agree. `answers` has for each judgement the hash of its answer to each prompt, where there is one."""
    prompts = {prompt: i for i, prompt in enumerate({item.prompt for one in judgements for item in one.items})}
    said = np.full((len(judgements), len(prompts)), np.nan)
    texts = np.zeros((len(judgements), len(prompts)), np.int64)
    for row, (one, of_one) in enumerate(zip(judgements, answers, strict=True)):
        for item in one.items:
            if item.points is not None:
                said[row, prompts[item.prompt]] = item.points
        for prompt, text in of_one.items():
            if prompt in prompts:
                texts[row, prompts[prompt]] = text
    return [
        Copy(judgements[i].name, judgements[j].name, reason)
        for i, j in combinations(range(len(judgements)), 2)
        if (reason := _reason(said[i], said[j], texts[i], texts[j]))
    ]


def _reason(
    one: NDArray[np.float64], other: NDArray[np.float64], ours: NDArray[np.int64], theirs: NDArray[np.int64]
) -> str:
    told = []
    both = ~np.isnan(one) & ~np.isnan(other)
    n = int(both.sum())
    # Where every prompt is won or lost, agreeing is no surprise.
    if n >= FEWEST and (one[both] == other[both]).all() and len(np.unique(one[both])) > 1:
        told.append(f"the same preference on all {n:,} prompts")
    answered = (ours != 0) & (theirs != 0)
    of, same = int(answered.sum()), int((ours[answered] == theirs[answered]).sum())
    if of >= FEWEST and same >= NEARLY * of:
        told.append(f"the same answer to {same:,} of {of:,} prompts")
    return ", ".join(told)
