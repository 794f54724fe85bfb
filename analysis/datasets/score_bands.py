"""A published histogram beside the one found here, band by band. The published counts are the caller's data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from humpback.analysis.datasets.scores import Histogram
from humpback.analysis.layout import text_table as layout
from humpback.core.expression import FieldError


@dataclass(frozen=True)
class Band:
    """Published rows with a score in [low, high)."""

    label: str
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Against:
    """One published band beside the same band here."""

    label: str
    published: int
    published_share: float
    """Of all published rows; NaN without any."""
    here: int
    here_share: float
    """Of the rated rows here; NaN without any."""


def against(found: Histogram, published: Sequence[Band]) -> list[Against]:
    """Published counts beside the counts here. Scores here that no band covers make a last line of their own, so that
    the column adds up to the rated rows.

    Raises:
        FieldError: when bands overlap, or a bar lies across the edge of a band.
    """
    for one, next_one in pairwise(sorted(published, key=lambda band: band.low)):
        if next_one.low < one.high:
            raise FieldError(f"the bands {one.label!r} and {next_one.label!r} overlap")
    total = sum(band.count for band in published)
    lines, left = [], found.rated
    for band in published:
        here = 0
        for bar in found.bars:
            if bar.count and bar.low < band.high and bar.high > band.low:
                if bar.low < band.low or bar.high > band.high:
                    raise FieldError(f"the bar {bar.label} lies across an edge of the band {band.label!r}")
                here += bar.count
        left -= here
        lines.append(Against(band.label, band.count, _share(band.count, total), here, _share(here, found.rated)))
    if left:
        lines.append(Against("others", 0, _share(0, total), left, _share(left, found.rated)))
    return lines


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def as_markdown(lines: Sequence[Against]) -> str:
    """Published and own counts side by side, with the difference of the shares in points."""
    heads = ("score", "published", "%", "here", "% here", "difference, points")
    rows = [
        (
            one.label,
            f"{one.published:,}",
            _points(one.published_share, ".2f"),
            f"{one.here:,}",
            _points(one.here_share, ".2f"),
            _points(one.here_share - one.published_share, "+.2f"),
        )
        for one in lines
    ]
    return layout.markdown(heads, rows)


def _points(share: float, form: str) -> str:
    return layout.DASH if math.isnan(share) else format(100 * share, form)
