"""Selectors against labels: Humpback's data-selection table, from columns of scores and a column of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.shares import Share, selection, share

HEADS = ("selector", "n", "good", "selected", "precision", "95 % interval", "recall", "95 % interval", "left out")


@dataclass(frozen=True)
class Selector:
    """One column of scores with a threshold, against the labels."""

    name: str
    """Name of the column."""
    at_least: float
    """The score from which on an example is selected."""
    n: int
    """Examples with a score and a label."""
    precision: Share
    """Good ones among the selected."""
    recall: Share
    """Selected ones among the good."""
    unrated: int
    """Labelled examples without a score: left out."""
    unlabelled: int
    """Scored examples without a label: left out."""


def selector(
    name: str, scores: Sequence[float | None], labels: Sequence[float | None], *, at_least: float, good: float
) -> Selector:
    """An example is selected from `at_least` on, and good from a label of `good` on. Both are in the examples' order.

    Raises:
        ValueError: when they are of different lengths.
    """
    pairs = list(zip(scores, labels, strict=True))
    both = np.array([pair for pair in pairs if None not in pair], dtype=float).reshape(-1, 2)
    found = selection(good=both[:, 1] >= good, selected=both[:, 0] >= at_least)
    precision, recall = (share(int(one.sum()), len(one)) for one in (found.precision, found.recall))
    unrated = sum(score is None and label is not None for score, label in pairs)
    unlabelled = sum(score is not None and label is None for score, label in pairs)
    return Selector(name, at_least, len(both), precision, recall, unrated, unlabelled)


def as_text(found: Sequence[Selector], *, as_markdown: bool = False) -> str:
    """The table, a row for each selector; intervals are exact (Clopper-Pearson)."""
    table = layout.markdown if as_markdown else layout.aligned
    rows = []
    for one in found:
        cells = [f"{one.name} >= {one.at_least:g}", f"{one.n:,}", f"{one.recall.of:,}", f"{one.precision.of:,}"]
        for rate in (one.precision, one.recall):
            cells += [layout.DASH if rate.share is None else f"{100 * rate.share:.1f} %"]
            cells += [f"{100 * rate.low:.1f} to {100 * rate.high:.1f}"]
        rows.append([*cells, f"{one.unrated + one.unlabelled:,}"])
    lines = [
        f"{one.name}: {one.unrated:,} labelled examples without a score and {one.unlabelled:,} scored ones without a "
        "label are left out"
        for one in found
        if one.unrated or one.unlabelled
    ]
    return "\n\n".join([table(HEADS, rows), *(["\n".join(dict.fromkeys(lines))] if lines else [])])


def as_json(found: Sequence[Selector]) -> dict[str, Any]:
    """Shares 0 to 1, null of none."""
    return {
        "selectors": [
            {
                "selector": one.name,
                "at_least": one.at_least,
                "n": one.n,
                **{name: _share(rate) for name, rate in (("precision", one.precision), ("recall", one.recall))},
                "unrated": one.unrated,
                "unlabelled": one.unlabelled,
            }
            for one in found
        ]
    }


def _share(one: Share) -> dict[str, Any]:
    return {"value": one.share, "count": one.count, "of": one.of, "interval": [one.low, one.high]}
