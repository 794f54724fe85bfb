"""Points to fit: from anybody's CSV, and the paper's own of its data-efficiency figure."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from humpback.analysis.scaling.fit import Points
from humpback.core.expression import FieldError
from humpback.spec.paper_numbers import paper_numbers

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


@dataclass(frozen=True)
class _Row:
    where: str
    n: float
    value: float
    error: float | None
    set: str
    seed: str | None


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
    return Read(tuple(_curve(name, rows) for name in dict.fromkeys(row.set for row in rows)), unused)


def published_points() -> tuple[Points, ...]:
    """The points that can be read off Humpback's data-efficiency figure, with their reading errors.

    Raises:
        StoreError: when the published numbers are not found.
    """
    rows = paper_numbers("humpback-data-efficiency")
    curves = []
    for arm in dict.fromkeys(row.arm for row in rows):
        own = [row for row in rows if row.arm == arm]
        curves.append(
            Points(
                arm,
                tuple(float(row.n_examples or 0) for row in own),
                tuple(row.value for row in own),
                reading=tuple(row.reading or 0.0 for row in own),
            )
        )
    return tuple(curves)


def published_alphas() -> dict[str, float]:
    """The alphas that the paper prints, by set."""
    return {row.arm: row.value for row in paper_numbers("humpback-alpha") if row.metric == "alpha"}


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


def _rows(reader: Iterable[dict[str | None, str | None]], path: Path) -> Iterator[_Row]:
    for cells in reader:
        where = f"{path.name}, line {getattr(reader, 'line_num', 0)}"
        if None in cells or None in cells.values():
            raise FieldError(f"{where}: more or fewer cells than columns")
        given = {str(key): " ".join(str(value).split()) for key, value in cells.items()}
        error = given.get("error", "")
        for name in ("set", "seed"):
            if given.get(name) == "":
                raise FieldError(f"{where}: {name} is empty; name it in every row, or leave the column out")
        yield _Row(
            where,
            _number(given["n"], "n", where, above_0=True),
            _number(given["value"], "value", where),
            _number(error, "error", where, above_0=True) if error else None,
            given.get("set", path.stem),
            given.get("seed"),
        )


def _curve(name: str, rows: list[_Row]) -> Points:
    own = [row for row in rows if row.set == name]
    errors = [row.error for row in own if row.error is not None]
    if errors and len(errors) < len(own):
        bare = next(row for row in own if row.error is None)
        raise FieldError(f"{bare.where}: error is empty, and other rows of set {name!r} have one; all of a set or none")
    seen: dict[tuple[float, str], str] = {}
    for row in own:
        if row.seed is not None and (first := seen.setdefault((row.n, row.seed), row.where)) != row.where:
            raise FieldError(f"{row.where}: set {name!r} at n {row.n:g}, seed {row.seed} stands already at {first}")
    return Points(
        name,
        tuple(row.n for row in own),
        tuple(row.value for row in own),
        tuple(errors) or None,
        None if own[0].seed is None else tuple(str(row.seed) for row in own),
    )


def _number(text: str, column: str, where: str, *, above_0: bool = False) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (above_0 and value <= 0):
        wanted = "a number above 0" if above_0 else "a number"
        raise FieldError(f"{where}: {column} is {text!r}; it is {wanted}, without thousands separators or units")
    return value
