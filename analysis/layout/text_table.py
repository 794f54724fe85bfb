"""Rows of text as a table: aligned for the terminal, as Markdown, as CSV. Shared by the pages that look at data."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from humpback.core.text import one_line, printable

_MARKDOWN = re.compile(r"\||`|<(?=[A-Za-z/!?])|\[(?=[^\]]*\]\()")
_COMPUTED = re.compile(r"[=+@\t\r]|-(?![\d.]+([eE][+-]?\d+)?$)(?!$)")
DASH = "–"
"""A cell without a value."""


def aligned(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """Columns under their heads, the first `words` of them flush left and the others flush right."""
    lines = [tuple(map(one_line, heads)), *(tuple(map(one_line, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int | Collection[str] = 1) -> str:
    """A Markdown table, the columns of words (the first so many, or those with such heads) flush left and the others
    flush right."""
    left = heads[:words] if isinstance(words, int) else words

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(map(markdown_text, cells)) + " |"

    rule = ("---" if head in left else "---:" for head in heads)
    return "\n".join([line(heads), line(rule), *map(line, rows)])


def markdown_text(text: str) -> str:
    """The text in one line, as Markdown shows it: no end of a cell, no tag, no link, no code in it."""
    return _MARKDOWN.sub(r"\\\g<0>", one_line(text))


def tidy(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV; None is an empty cell, a number stands with six digits, and a text that a spreadsheet would compute has an
    apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([csv_cell(cell) for cell in row] for row in (heads, *rows))
    return out.getvalue()


def csv_cell(cell: object) -> object:
    """What `tidy` writes of a value."""
    if isinstance(cell, float):
        return f"{cell:.6g}"
    if not isinstance(cell, str):
        return cell
    return ("'" if _COMPUTED.match(cell) else "") + printable(cell)


def without_empty(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """The table without the columns that no row has a value for."""
    columns = [place for place in range(len(heads)) if any(row[place] != DASH for row in rows)]
    return [heads[place] for place in columns], [[row[place] for place in columns] for row in rows]


def cell(value: float | None, form: str) -> str:
    """A number, or a dash for NaN and None."""
    return DASH if value is None or value != value else format(value, form)


def between(low: float, high: float, form: str) -> str:
    """An interval, or a dash."""
    return DASH if low != low else f"{format(low, form)} to {format(high, form)}"


def json_value(value: Any) -> Any:
    """What JSON can hold: null for NaN, lists for tuples."""
    if isinstance(value, Mapping):
        return {key: json_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(one) for one in value]
    return None if isinstance(value, float) and value != value else value
