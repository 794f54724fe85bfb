"""Selectors against labels: Humpback's data-selection table, from columns of scores and a column of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.agreement import Selection, Share, selection

HEADS = ("selector", "n", "good", "selected", "precision", "95 % interval", "recall", "95 % interval", "left out")


@dataclass(frozen=True)
class Selector:
    """One column of scores with a threshold, against the labels."""

    name: str
    at_least: float
    found: Selection
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
    both = [(score, label) for score, label in pairs if score is not None and label is not None]
    found = selection(good=[label >= good for _, label in both], selected=[score >= at_least for score, _ in both])
    unrated = sum(score is None and label is not None for score, label in pairs)
    unlabelled = sum(score is not None and label is None for score, label in pairs)
    return Selector(name, at_least, found, unrated, unlabelled)


def as_text(found: Sequence[Selector], *, as_markdown: bool = False) -> str:
    """The table, a row for each selector; intervals are exact (Clopper-Pearson)."""
    table = layout.markdown if as_markdown else layout.aligned
    rows = [
        (
            f"{one.name} >= {one.at_least:g}",
            f"{one.found.n:,}",
            f"{one.found.recall.of:,}",
            f"{one.found.precision.of:,}",
            *_cells(one.found.precision),
            *_cells(one.found.recall),
            f"{one.unrated + one.unlabelled:,}",
        )
        for one in found
    ]
    lines = [
        f"{one.name}: {one.unrated:,} labelled examples without a score and {one.unlabelled:,} scored ones without a "
        "label are left out"
        for one in found
        if one.unrated or one.unlabelled
    ]
    return "\n\n".join([table(HEADS, rows), *(["\n".join(dict.fromkeys(lines))] if lines else [])])


def _cells(one: Share) -> tuple[str, str]:
    rate = layout.DASH if one.share is None else f"{100 * one.share:.1f} %"
    return rate, f"{100 * one.low:.1f} to {100 * one.high:.1f}"


def as_json(found: Sequence[Selector]) -> dict[str, Any]:
    """Shares 0 to 1, null of none."""
    return {
        "selectors": [
            {
                "selector": one.name,
                "at_least": one.at_least,
                "n": one.found.n,
                "precision": _share(one.found.precision),
                "recall": _share(one.found.recall),
                "unrated": one.unrated,
                "unlabelled": one.unlabelled,
            }
            for one in found
        ]
    }


def _share(one: Share) -> dict[str, Any]:
    return {"value": one.share, "count": one.count, "of": one.of, "interval": [one.low, one.high]}
