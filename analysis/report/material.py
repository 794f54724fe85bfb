"""What the page is built from: experiments as they are declared, and what their results folders hold.

Declarations come as plain values, because the analysis does not know the experiments; results come from committed files
alone. A file that is not there leaves its part of the page out; one that cannot be read stops the report by name.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from humpback.core.store import StoreError
from humpback.spec.claims import Above, Claim, Comparison, Greater, Rising

MARKS = ("arms.json", "comparisons.csv", "rows.csv", "measures.csv")
"""A folder with one of these is an experiment's."""


@dataclass(frozen=True)
class Quoted:
    """An arm or a measure, with the paper's number where there is one."""

    name: str
    metric: str
    paper: float | None


@dataclass(frozen=True)
class Declaration:
    """An experiment on a setup, as it stands before anything is run."""

    name: str
    """Such as "humpback/headline"."""
    question: str
    falsified: str
    """Paragraphs: what the paper says, where, and what would falsify it."""
    shows: str
    """The paper's table or figure."""
    command: str
    """Runs it."""
    reference: str = "reference"
    """What its arms are judged against."""
    claims: tuple[Claim, ...] = ()
    quoted: tuple[Quoted, ...] = ()
    note: str = ""
    """Why it cannot be run on this setup, where that is so."""


@dataclass(frozen=True)
class Found:
    """What an experiment's results folder holds; empty where there is no such file."""

    name: str
    made: dict[str, Any] = field(default_factory=dict)
    arms: dict[str, Any] = field(default_factory=dict)
    rows: tuple[dict[str, str], ...] = ()
    measures: tuple[dict[str, str], ...] = ()
    curves: tuple[dict[str, str], ...] = ()
    comparisons: tuple[dict[str, str], ...] = ()
    samples: tuple[dict[str, Any], ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
    """(name, SVG), in the order of `FIGURES`, then by name."""


FIGURES = ("figure", "measures", "curves", "size")


def read_results(folder: Path) -> dict[str, Found]:
    """What lies below `results/<setup>`, by experiment; nothing where the folder is not there.

    Raises:
        StoreError: naming a file that cannot be read, what is wrong and what to do.
    """
    places = sorted({path.parent for mark in MARKS for path in folder.glob(f"*/*/{mark}")})
    return {name: _found(name, place) for place in places for name in (f"{place.parent.name}/{place.name}",)}


def _found(name: str, place: Path) -> Found:
    drawn = {path.stem: _text(path) for path in sorted(place.glob("*.svg"))}
    order = [one for one in FIGURES if one in drawn] + [one for one in drawn if one not in FIGURES]
    return Found(
        name=name,
        made=_json(place / "made.json", dict) or {},
        arms=_json(place / "arms.json", dict) or {},
        rows=_csv(place / "rows.csv"),
        measures=_csv(place / "measures.csv"),
        curves=_csv(place / "curves.csv"),
        comparisons=_csv(place / "comparisons.csv"),
        samples=tuple(_json(place / "samples.json", list) or ()),
        figures=tuple((one, drawn[one]) for one in order),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from error


def _json(path: Path, kind: type) -> Any:
    text = _text(path)
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _unusable(path, f"not JSON ({error})") from error
    if not isinstance(value, kind):
        raise _unusable(path, f"holds a JSON {type(value).__name__} where a {kind.__name__} belongs")
    return value


def _csv(path: Path) -> tuple[dict[str, str], ...]:
    reader = csv.DictReader(_text(path).splitlines(keepends=True), strict=True)
    rows = []
    try:
        for row in reader:
            if None in row or None in row.values():
                raise _unusable(path, f"line {reader.line_num} has not as many cells as the head")
            rows.append(row)
    except csv.Error as error:
        raise _unusable(path, f"line {reader.line_num}: not CSV ({error})") from error
    return tuple(rows)


def _unusable(path: Path, problem: str) -> StoreError:
    return StoreError(f"{path}: {problem}; run the experiment again to write it anew")


def told(claim: Claim, reference: str) -> tuple[str, str]:
    """What a claim sets against what, in the words of `analysis/experiment/findings.py`."""
    match claim:
        case Comparison():
            return claim.first, claim.second
        case Above():
            return claim.arm, reference
        case Rising():
            return f"slope of {claim.curve}", f"slope of {claim.over}" if claim.over else "level"
        case Greater():
            return f"{claim.metric}: {claim.first}", str(claim.second)
