"""Points to fit: from anybody's CSV, and the paper's own of its data-efficiency figure."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from humpback.analysis.scaling.fit import Points
from humpback.core.expression import FieldError
from humpback.spec.claims import Curve
from humpback.spec.paper_numbers import PaperNumber, paper_numbers

_RATE = "win_rate"
NEEDED, OPTIONAL = ("n", "value"), ("error", "set", "seed")
COLUMNS = (
    "n (training examples) and value, and if you have them error (standard error), set (name of the curve) and seed"
)


@dataclass(frozen=True)
class Read:
    """What a file of points holds."""

    curves: tuple[Points, ...]
    """One for each set, in the order in which they first stand there."""
    unused: tuple[str, ...]
    """Columns that mean nothing here."""


def read_points(path: Path) -> Read:
    """The curves of a CSV with a row for each point. Without the column `set` there is one, named as the file.

    Raises:
        FieldError: for columns that are missing or look misspelt, a cell that will not do (file, line, column, what was
            found and what would do), errors in some rows of a set and not in others, a point of one seed that stands
            twice, or no row.
        OSError: when the file cannot be opened.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            heads = tuple(name.strip().lower() for name in reader.fieldnames or ())
            unused = _unused(heads, path.name)
            reader.fieldnames = heads
            rows = list(_rows(reader, path))
        except csv.Error as error:
            raise FieldError(f"{path.name}, line {reader.line_num}: not CSV ({error})") from error
        except UnicodeDecodeError as error:
            raise FieldError(f"{path.name}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    if not rows:
        raise FieldError(f"{path.name}: no row below the column names; a row is a point")
    return Read(tuple(_curve(name, rows) for name in dict.fromkeys(cells["set"] for _, cells in rows)), unused)


@dataclass(frozen=True)
class PaperCurve:
    """One curve of a paper's figure, which is drawn beside ours and enters no fit of ours."""

    points: Points
    """Named as the paper names it."""
    own: tuple[str, ...]
    """The experiment's curves that it is the counterpart of."""


def paper_points(curves: Iterable[Curve]) -> tuple[PaperCurve, ...]:
    """The published win rates by size of each table and row that curves name, once each.

    Raises:
        FieldError: when there is no such table, or the arm has no win rate at a size there.
        StoreError: when the published numbers are not found.
    """
    found = []
    declared = {curve.name: curve.points for curve in curves if curve.points}
    for table, arm in dict.fromkeys(declared.values()):
        rows = [row for row in paper_numbers(table) if row.metric == _RATE and row.n_examples]
        own = sorted((row for row in rows if row.arm == arm), key=lambda row: row.n_examples or 0)
        if not own:
            there = ", ".join(sorted({row.arm for row in rows})) or "none"
            raise FieldError(f"{table} has no {_RATE} by size of {arm!r}; it has those of {there}")
        names = tuple(name for name, where in declared.items() if where == (table, arm))
        found.append(PaperCurve(_published_curve(arm, own), names))
    return tuple(found)


def published_points() -> tuple[Points, ...]:
    """The points that can be read off Humpback's data-efficiency figure, with their reading errors.

    Raises:
        StoreError: when the published numbers are not found.
    """
    rows = paper_numbers("humpback-data-efficiency")
    arms = dict.fromkeys(row.arm for row in rows)
    return tuple(_published_curve(arm, [row for row in rows if row.arm == arm]) for arm in arms)


def published_alphas() -> dict[str, float]:
    """The alphas that the paper prints, by set."""
    return {row.arm: row.value for row in paper_numbers("humpback-alpha") if row.metric == "alpha"}


def _published_curve(arm: str, rows: Sequence[PaperNumber]) -> Points:
    errors = tuple(row.error for row in rows if row.error is not None)
    return Points(
        arm,
        tuple(float(row.n_examples or 0) for row in rows),
        tuple(row.value for row in rows),
        error=errors if len(errors) == len(rows) else None,
        reading=tuple(row.reading or 0.0 for row in rows),
    )


def _unused(heads: tuple[str, ...], file: str) -> tuple[str, ...]:
    found = ", ".join(map(repr, heads)) or "none"
    for name in NEEDED:
        if name not in heads:
            raise FieldError(f"{file}, line 1: no column {name!r}; found {found}; it takes {COLUMNS}")
    for name in heads:
        if heads.count(name) > 1:
            raise FieldError(f"{file}, line 1: column {name!r} stands there twice")
    others = tuple(name for name in heads if name not in (*NEEDED, *OPTIONAL))
    for name in others:
        close = get_close_matches(name, (*NEEDED, *OPTIONAL), n=1, cutoff=0.75)
        if close and close[0] not in heads:
            raise FieldError(f"{file}, line 1: column {name!r}; did you mean {close[0]!r}? It takes {COLUMNS}")
    return others


Row = tuple[str, dict[str, str]]
"""Where a point stands, and its cells by column."""


def _rows(reader: csv.DictReader[str], path: Path) -> Iterator[Row]:
    for cells in reader:
        where = f"{path.name}, line {reader.line_num}"
        if None in cells or None in cells.values():
            raise FieldError(f"{where}: more or fewer cells than columns")
        given = {name: " ".join(value.split()) for name, value in cells.items()}
        for name in ("set", "seed"):
            if given.get(name) == "":
                raise FieldError(f"{where}: {name} is empty; name it in every row, or leave the column out")
        yield where, {"error": "", "set": path.stem, **given}


def _curve(name: str, rows: Sequence[Row]) -> Points:
    own = [row for row in rows if row[1]["set"] == name]
    bare = [where for where, cells in own if not cells["error"]]
    if bare and len(bare) < len(own):
        raise FieldError(f"{bare[0]}: error is empty, and other rows of set {name!r} have one; all of a set or none")
    sizes = tuple(_number(cells["n"], "n", where, above_0=True) for where, cells in own)
    values = tuple(_number(cells["value"], "value", where) for where, cells in own)
    errors = None if bare else tuple(_number(cells["error"], "error", where, above_0=True) for where, cells in own)
    seeds = tuple(cells["seed"] for _, cells in own) if "seed" in own[0][1] else None
    seen: dict[tuple[float, str], str] = {}
    for n, seed, (where, _) in zip(sizes, seeds or (), own, strict=bool(seeds)):
        if (first := seen.setdefault((n, seed), where)) != where:
            raise FieldError(f"{where}: set {name!r} at n {n:g}, seed {seed} stands already at {first}")
    return Points(name, sizes, values, errors, seeds)


def _number(text: str, column: str, where: str, *, above_0: bool = False) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (above_0 and value <= 0):
        wanted = "a number above 0" if above_0 else "a number"
        raise FieldError(f"{where}: {column} is {text!r}; it is {wanted}, without thousands separators or units")
    return value
