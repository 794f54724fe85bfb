"""How scores are spread: a bar for each score, unrated rows as a bar of their own, and what a threshold keeps.

AlpaGasus's figure of 52,002 ratings, with its threshold of 4.5 (section 2). Where every score is a multiple of one
half, a bar is that score; otherwise a bar is a bin of a round width, and the threshold is an edge. A row without a
score is counted and shown, and is never kept. 8 bytes of memory a row.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from humpback.analysis.layout import text_table as layout
from humpback.core.expression import FieldError
from humpback.core.store import StoreError

MOST_BARS = 24
"""More half points than that between the lowest and the highest score are binned."""

LARGEST = 1e12
"""A score beyond this, either way, is taken for a mistake."""

_BLOCKS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Bar:
    """Rows whose score lies in [low, high)."""

    low: float
    high: float
    count: int
    label: str
    """The score itself, or the bin as "2 to 4"."""


@dataclass(frozen=True)
class Histogram:
    """Counts by score."""

    bars: tuple[Bar, ...]
    """Ascending and without gaps: a score between two others that no row has is a bar of 0."""
    unrated: int
    threshold: float | None
    selected: int
    """Rows with a score of at least the threshold; all rated rows where there is none."""

    @property
    def rated(self) -> int:
        """Rows with a score."""
        return sum(bar.count for bar in self.bars)

    @property
    def rows(self) -> int:
        """All rows."""
        return self.rated + self.unrated

    @property
    def share_selected(self) -> float:
        """Of all rows, as AlpaGasus counts its 17.75 %; NaN without rows."""
        return self.selected / self.rows if self.rows else math.nan


def histogram(scores: Iterable[float | None], *, threshold: float | None = None) -> Histogram:
    """Counts by score; None is an unrated row.

    Raises:
        FieldError: when a score is not a number, or beyond LARGEST.
    """
    known, unrated = array("d"), 0
    for place, score in enumerate(scores):
        if score is None:
            unrated += 1
        elif abs(score) <= LARGEST:
            known.append(score)
        else:
            raise FieldError(f"score {place} is {score}; it takes a number up to {LARGEST:g}, or None without a rating")
    values = np.frombuffer(known)
    kept = len(values) if threshold is None else int((values >= threshold).sum())
    return Histogram(tuple(_bars(values, threshold or 0.0)), unrated, threshold, kept)


def scores_in(*paths: Path) -> Iterator[float | None]:
    """The scores of Parquet files that have a `score` column, such as a stage's kept and rejected rows, streamed.

    Raises:
        StoreError: when a file has no such column.
    """
    return chain.from_iterable(map(_scores_in, paths))


def _scores_in(path: Path) -> Iterator[float | None]:
    with pq.ParquetFile(path, pre_buffer=False) as file:
        if "score" not in file.schema_arrow.names:
            raise StoreError(f"{path.name}: no column 'score'; it has {', '.join(map(repr, file.schema_arrow.names))}")
        for batch in file.iter_batches(columns=["score"]):
            yield from batch.column(0).to_pylist()


def _bars(values: NDArray[np.float64], anchor: float) -> list[Bar]:
    if not len(values):
        return []
    least, most = float(values.min()), float(values.max())
    exact = bool((values * 2 == np.floor(values * 2)).all()) and (most - least) * 2 < MOST_BARS
    step = 0.5 if exact else _step(most - least, largest=max(abs(least), abs(most)))
    anchor = 0.0 if exact else anchor
    # A place further either way, because dividing rounds; 15 digits, so that an edge is the number that it reads as.
    places = range(math.floor((least - anchor) / step) - 1, math.floor((most - anchor) / step) + 3)
    edges = [float(f"{anchor + place * step:.15g}") for place in places]
    counts = np.bincount(np.searchsorted(edges, values, side="right") - 1, minlength=len(edges) - 1)
    bars = [
        Bar(low, high, int(count), f"{low:g}" if exact else f"{low:g} to {high:g}")
        for (low, high), count in zip(pairwise(edges), counts, strict=True)
    ]
    filled = [place for place, bar in enumerate(bars) if bar.count]
    return bars[filled[0] : filled[-1] + 1]


def _step(span: float, *, largest: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that covers the span in half of MOST_BARS."""
    if span <= 1e-9 * largest or span < 1e-9:
        return 1.0
    wanted = span / (MOST_BARS / 2)
    unit: float = 10.0 ** math.floor(math.log10(wanted))
    return next(step for step in (unit, 2 * unit, 5 * unit, 10 * unit) if step >= wanted)


def as_text(found: Histogram, *, width: int = 40) -> str:
    """A bar a line from the lowest score to the highest, the threshold between them, unrated rows below."""
    named = [(bar.label, bar.count, bar) for bar in found.bars]
    shown = [*named, ("unrated", found.unrated, None)]
    most = max(count for _, count, _ in shown)
    head = max(len(label) for label, _, _ in shown)
    digits = max(len(f"{count:,}") for _, count, _ in shown)
    lines, drawn = [], found.threshold is None
    for label, count, bar in shown:
        if not drawn and (bar is None or bar.low >= (found.threshold or 0.0)):
            lines.append(f"{'─' * 4} {threshold_line(found)} {'─' * 4}")
            drawn = True
        share = layout.DASH if not found.rows else f"{count / found.rows:.2%}"
        lines.append(f"{label:>{head}}  {count:>{digits},}  {share:>7}  {_block(count, most, width)}".rstrip())
    return "\n".join(lines)


def threshold_line(found: Histogram) -> str:
    """Such as "at least 4.5: 9,229 of 52,002 (17.75 %)"."""
    share = layout.DASH if not found.rows else f"{100 * found.share_selected:.2f} %"
    if found.threshold is None:
        return f"rated: {found.rated:,} of {found.rows:,} ({share})"
    return f"at least {found.threshold:g}: {found.selected:,} of {found.rows:,} ({share})"


def _block(count: int, most: int, width: int) -> str:
    """A bar in eighths of a character; a count above 0 is never invisible."""
    eighths = max(round(8 * width * count / most), 1) if count else 0
    return _BLOCKS[8] * (eighths // 8) + (_BLOCKS[eighths % 8] if eighths % 8 else "")
