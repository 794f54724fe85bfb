"""Scores that stand in a file already: a column of a CSV table, or a field of JSON, JSON Lines or Parquet records.

Scores belong to examples by their order alone, so a column that numbers the rows (`...idx`, or an
`id` that begins with 0 or 1) is held to counting.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.tables import Unreadable
from humpback.readers.records import FileRecord, holds_json, records, table
from humpback.readers.unusable import UnusableFile


@dataclass(frozen=True)
class Score:
    """One row's score."""

    place: str
    value: float | None
    """None where the row was not rated."""
    reason: str = ""
    """Why there is no score, where what stands there is none."""
    raw: str = ""


def scores(path: Path, column: str, name: str = "") -> Iterator[Score]:
    """The scores of a file in order. An empty cell, or null, is an unrated row.

    Raises:
        UnusableFile: when the file cannot be read, has no such column, or a column of row numbers does not count.
    """
    name = name or path.name
    rows = records(path, name) if holds_json(path) else table(path, name)
    first: dict[str, int] = {}
    seen = False
    for i, row in enumerate(rows):
        if isinstance(row, Unreadable):
            yield Score(row.place, None, f"{name}, {row.place}: {row.reason}", row.raw)
            continue
        seen = seen or column in row.value
        if i == 0 and column not in row.value:
            raise UnusableFile(f"{path}: no column {column!r}; there are {', '.join(map(repr, row.value))}")
        _counts_up(path, row, i, first)
        yield _score(row, column)
    if not seen:
        raise UnusableFile(f"{path}: no row with a column {column!r}")


def _counts_up(path: Path, row: FileRecord, i: int, first: dict[str, int]) -> None:
    for name, value in row.value.items():
        numbers = name.lower().endswith("idx")
        if not numbers and name.lower() != "id":
            continue
        found = _whole(value)
        start = first.setdefault(name, found if found in (0, 1) else -1)
        # A column "id" that does not begin like a count holds names; one called "idx" has no other use.
        if found != start + i if start >= 0 else numbers:
            raise UnusableFile(
                f"{path}: {row.place}: column {name} is {value!r} in row {i}; scores are matched by order, so the rows "
                "must stand in the order of the examples and be numbered 0, 1, 2, ... (or from 1)"
            )


def _whole(value: Any) -> int | None:
    try:
        return None if isinstance(value, (bool, float)) else int(value)
    except (TypeError, ValueError):
        return None


def _score(row: FileRecord, column: str) -> Score:
    value: Any = row.value.get(column)
    if value is None or (isinstance(value, str) and not value.strip()):
        return Score(row.place, None)
    try:
        number = math.nan if isinstance(value, bool | list | dict) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number):
        return Score(row.place, number)
    wrong = f"{row.file}, {row.place}: column {column} is {str(value)[:60]!r}; it takes a number, or nothing"
    return Score(row.place, None, wrong, str(value)[:200])
