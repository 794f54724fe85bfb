"""The papers' own numbers as rows, each with where it stands and how it is known.

They lie as CSV in `results/published/`, a file for each table or figure, so that people can read and correct them
without reading code. Found beside the packages in a checkout (which is where an editable install reads from), or under
`share/humpback-harness/published` of the environment, where an installed wheel puts data files.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from humpback.core.expression import FieldError
from humpback.core.store import StoreError

Known = Literal["printed", "digitised", "second-hand", "calculated"]
_READING = re.compile(r"read to within ([0-9.]+)")


@dataclass(frozen=True)
class PaperNumber:
    """One published number."""

    paper: str
    """Whose number it is, such as "humpback"."""
    table: str
    """The file's name without `.csv`, such as "humpback-alpha"."""
    arm: str
    metric: str
    n_examples: int | None
    """Training size, where the number is a point on a curve."""
    value: float
    """Rates, shares and accuracies in percent; the units of others are in `results/published/README.md`."""
    error: float | None
    """The standard error, where one is given; same unit as `value`."""
    n: int | None
    """Prompts, items or pairs that the number is over."""
    known: Known
    note: str

    @property
    def reading(self) -> float | None:
        """How far the value may be off because it was read from a figure; None where it was not, or exactly."""
        found = _READING.search(self.note)
        return float(found[1]) if found else None


COLUMNS = tuple(field.name for field in fields(PaperNumber))


def folder() -> Path:
    """Where the files are.

    Raises:
        StoreError: when they are in neither place.
    """
    import sysconfig  # it reads the environment, which nothing here may as it is imported

    places = (
        Path(__file__).resolve().parents[2] / "results" / "published",
        Path(sysconfig.get_path("data")) / "share" / "humpback-harness" / "published",
    )
    for place in places:
        if next(place.glob("*.csv"), None) is not None:
            return place
    raise StoreError(
        f"the published numbers (results/published/*.csv of the repository) are neither in {places[0]} nor in "
        f"{places[1]}; install the harness from a checkout with pip install -e, or copy them to the second place"
    )


def paper_numbers(table: str | None = None) -> tuple[PaperNumber, ...]:
    """Every published number, or those of one table, in the order of the files.

    Raises:
        FieldError: for a table that is not there, with the closest names; for a bad cell, with file and line.
        StoreError: when the files are not found.
    """
    rows = _all(folder())
    if table is None:
        return rows
    found = tuple(row for row in rows if row.table == table)
    if not found:
        raise FieldError(_unknown("table", table, {row.table for row in rows}))
    return found


def number(table: str, arm: str, metric: str, n_examples: int | None = None) -> PaperNumber:
    """The one number of that arm and metric; `n_examples` chooses a point of a curve.

    Raises:
        FieldError: when there is none, with the closest names, or when there are several and no size was given.
    """
    rows = paper_numbers(table)
    of_arm = [row for row in rows if row.arm == arm]
    if not of_arm:
        raise FieldError(_unknown(f"arm in {table}", arm, {row.arm for row in rows}))
    of_metric = [row for row in of_arm if row.metric == metric]
    if not of_metric:
        raise FieldError(_unknown(f"metric of {arm} in {table}", metric, {row.metric for row in of_arm}))
    found = [row for row in of_metric if n_examples is None or row.n_examples == n_examples]
    if len(found) == 1:
        return found[0]
    sizes = ", ".join("none" if row.n_examples is None else str(row.n_examples) for row in of_metric)
    asked = "several numbers" if n_examples is None else f"no number at n_examples {n_examples}"
    raise FieldError(f"{table}: {asked} for {metric} of {arm}; n_examples there: {sizes}")


def read_numbers(path: Path) -> tuple[PaperNumber, ...]:
    """The rows of one file.

    Raises:
        FieldError: for columns or a cell that will not do, with file, line, what was found and what would do; for two
            rows with the same arm, metric and size; for a table that is not the file's name.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise FieldError(f"{path.name}, line 1: columns {reader.fieldnames}; they are {', '.join(COLUMNS)}")
        rows: dict[tuple[str, str, int | None], PaperNumber] = {}
        try:
            for cells in reader:
                where = f"{path.name}, line {reader.line_num}"
                row = _row(cells, where, path.stem)
                if rows.setdefault((row.arm, row.metric, row.n_examples), row) is not row:
                    raise FieldError(f"{where}: arm {row.arm!r}, metric {row.metric!r} stand there twice")
        except csv.Error as error:
            raise FieldError(f"{path.name}, line {reader.line_num}: not CSV ({error})") from error
    return tuple(rows.values())


@cache
def _all(place: Path) -> tuple[PaperNumber, ...]:
    return tuple(row for path in sorted(place.glob("*.csv")) for row in read_numbers(path))


def _row(cells: dict[str | None, str | None], where: str, stem: str) -> PaperNumber:
    if None in cells or None in cells.values():
        raise FieldError(f"{where}: a row has {len(COLUMNS)} cells; a cell with a comma stands in quotes")
    given = {str(key): str(value) for key, value in cells.items()}
    if given["table"] != stem:
        raise FieldError(f"{where}: table is {given['table']!r}; it is the file's name, {stem!r}")
    for name in ("paper", "arm", "metric"):
        if not given[name]:
            raise FieldError(f"{where}: {name} is empty")
    known = next((one for one in _known() if one == given["known"]), None)
    if known is None:
        raise FieldError(f"{where}: known is {given['known']!r}; it is {', '.join(_known())}")
    value = _number(given["value"], "value", where)
    if value is None:
        raise FieldError(f"{where}: value is empty; it is a number")
    return PaperNumber(
        given["paper"],
        given["table"],
        given["arm"],
        given["metric"],
        _count(given["n_examples"], "n_examples", where),
        value,
        _number(given["error"], "error", where),
        _count(given["n"], "n", where),
        known,
        given["note"],
    )


def _known() -> Sequence[Known]:
    return get_args(Known)


def _number(text: str, name: str, where: str) -> float | None:
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (name == "error" and value <= 0):
        raise FieldError(f"{where}: {name} is {text!r}; it is a number{' above 0' if name == 'error' else ''}")
    return value


def _count(text: str, name: str, where: str) -> int | None:
    if text and not (text.isascii() and text.isdigit()):
        raise FieldError(f"{where}: {name} is {text!r}; it is a whole number without separators, or empty")
    return int(text) if text else None


def _unknown(what: str, given: str, there: Iterable[str]) -> str:
    names = {name.casefold(): name for name in sorted(there)}
    close = [names[one] for one in get_close_matches(given.casefold(), names, n=3, cutoff=0.4)] or list(names.values())
    return f"no {what} is called {given!r}; the closest are {', '.join(map(repr, close))}"
