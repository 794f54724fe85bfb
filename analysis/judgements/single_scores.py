"""MT-Bench's scores: the mean rating of a model's answers by category and turn, with intervals over questions.

A question's score is the mean of its turns that were rated, so that a question counts once. Where every reply held a
rating, the mean over questions is FastChat's mean over ratings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.statistics import NONE, Estimate, crossed_mean
from humpback.core.tables import Grade

OVERALL = "overall"


@dataclass(frozen=True)
class Score:
    """A mean rating, 1 to 10."""

    of: str
    """A category, or overall, or one turn of all."""
    mean: Estimate
    """The interval is Student's over questions."""
    questions: int
    """Questions with a rating."""
    unparsed: int
    """Answers whose rating could not be read."""


def scores(grades: Sequence[Grade]) -> list[Score]:
    """Overall, each turn, then each category in the questions' order."""
    turns = sorted({one.turn for one in grades})
    parts = [(OVERALL, list(grades))]
    parts += [(f"turn {turn}", [one for one in grades if one.turn == turn]) for turn in turns]
    parts += [
        (category, [one for one in grades if one.category == category])
        for category in dict.fromkeys(one.category for one in grades)
    ]
    return [_score(name, part) for name, part in parts]


def _score(name: str, grades: Sequence[Grade]) -> Score:
    of: dict[str, list[float]] = {}
    for one in grades:
        if one.score is not None:
            of.setdefault(one.question, []).append(one.score)
    means = np.array([[sum(given) / len(given) for given in of.values()]])
    mean = crossed_mean(means) if of else Estimate(NONE)
    return Score(name, mean, len(of), sum(one.score is None for one in grades))


def as_text(found: Sequence[Score], *, as_markdown: bool = False) -> str:
    """A row each."""
    rows = [
        (
            one.of,
            layout.cell(one.mean.mean, ".2f"),
            layout.between(one.mean.low, one.mean.high, ".2f"),
            f"{one.questions:,}",
            f"{one.unparsed:,}",
        )
        for one in found
    ]
    heads = ("", "score", "95 % interval", "questions", "unparsed")
    return (layout.markdown if as_markdown else layout.aligned)(heads, rows)


def as_json(found: Sequence[Score]) -> list[dict[str, Any]]:
    """The same as objects."""
    return [
        {
            "of": one.of,
            "score": layout.json_value(one.mean.mean),
            "interval": None if one.mean.low != one.mean.low else [one.mean.low, one.mean.high],
            "questions": one.questions,
            "unparsed": one.unparsed,
        }
        for one in found
    ]
