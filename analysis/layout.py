"""Rows of text as a table: aligned for the terminal, as Markdown, as CSV. Shared by the pages that look at data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

DASH = "–"
"""A cell without a value."""


def aligned(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """Columns under their heads, the first `words` of them flush left and the others flush right."""
    lines = [tuple(heads), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """A Markdown table, the first `words` columns flush left and the others flush right."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    rule = ("---" if place < words else "---:" for place in range(len(heads)))
    return "\n".join([line(heads), line(rule), *map(line, rows)])


def tidy(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV; None is an empty cell, and a number stands with six digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows)
    return out.getvalue()
