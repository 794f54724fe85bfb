"""What the page is built from: experiments as they are declared, and what their results folders hold.

Declarations come as plain values, because the analysis does not know the experiments; results come from committed files
alone. A file that is not there leaves its part of the page out; one that cannot be read stops the report by name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from humpback.analysis.experiment.contamination import ContaminationRow
from humpback.analysis.experiment.gather import Results, Row
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.tables.csv_files import CurveLine, FindingLine, read_csv
from humpback.core.store import StoreError
from humpback.spec.claims import Claim

CONFIRMED = "confirmed"
"""The folder of what `humpback confirm` found, beside those of the experiments."""
MARKS = ("arms.json", "comparisons.csv", "rows.csv", "measures.csv")
"""A folder with one of these is an experiment's."""
FIGURES = ("figure", "grid", "measures", "curves", "size")
"""Names of figures in the order of the page; others follow by name."""


@dataclass(frozen=True)
class Quoted:
    """An arm or a measure, with the paper's number where there is one."""

    name: str
    metric: str
    paper: float | None


@dataclass(frozen=True)
class Declaration:
    """An experiment on a setup: as it stands or, where it was run, as it stood then."""

    name: str
    """Such as "humpback/headline"."""
    question: str
    falsified: str = ""
    """Paragraphs: what the paper says, where, and what would falsify it."""
    shows: str = ""
    """The paper's table or figure."""
    command: str = ""
    """Runs it."""
    reference: str = "reference"
    """What its arms are judged against."""
    claims: tuple[Claim, ...] = ()
    quoted: tuple[Quoted, ...] = ()
    note: str = ""
    """Why it cannot be run on this setup, where that is so."""

    @property
    def anchor(self) -> str:
        """Its id in the page."""
        return self.name.replace("/", "-")

    @property
    def heading(self) -> str:
        """The paper's table or figure, with a capital."""
        words = self.shows or self.name
        return words[:1].upper() + words[1:]

    @property
    def title(self) -> str:
        """The question of the docstring's first line."""
        return "".join(self.question.partition("? ")[:2]).strip()

    @property
    def claim(self) -> str:
        """The rest of the first line."""
        return self.question.partition("? ")[2]

    @property
    def paragraphs(self) -> list[str]:
        """What would falsify the claim stands by itself, so that it is found."""
        parts = re.split(r"\n\s*\n|\s(?=It is falsified\b)", self.falsified)
        return [" ".join(part.split()) for part in parts if part.strip()]


@dataclass(frozen=True)
class ResultsFiles:
    """What an experiment's results folder holds; empty where there is no such file."""

    name: str
    made: dict[str, Any]
    arms: dict[str, Any]
    results: Results
    """Without findings: those are `comparisons`."""
    comparisons: tuple[FindingLine, ...]
    samples: list[dict[str, Any]]
    figures: dict[str, str]
    """SVG by name."""

    def declaration(self, declared: Declaration | None) -> Declaration:
        """The experiment as it was when it ran, as far as that was written."""
        ran = {"command": self.arms.get("command"), **self.made}
        known = {key: ran[key] for key in ("question", "falsified", "shows", "command") if ran.get(key)}
        return replace(declared or Declaration(self.name, self.name), **known)


def read_results(folder: Path) -> dict[str, ResultsFiles]:
    """What lies below `results/<setup>`, by experiment, and what was confirmed; nothing where the folder is not there.

    Raises:
        StoreError: naming a file that cannot be read, what is wrong and what to do.
    """
    marks = [f"{place}/{mark}" for mark in MARKS for place in (CONFIRMED, "*/*")]
    places = sorted({path.parent for mark in marks for path in folder.glob(mark)})
    return {name: _read(name, place) for place in places for name in (place.relative_to(folder).as_posix(),)}


def _read(name: str, place: Path) -> ResultsFiles:
    drawn = {path.stem: _text(path) for path in sorted(place.glob("*.svg"))}
    curves = tuple(line.curve for line in read_csv(place / "curves.csv", CurveLine))
    rows, measured = read_csv(place / "rows.csv", Row), read_csv(place / "measures.csv", MeasuredRow)
    contamination = read_csv(place / "contamination.csv", ContaminationRow)
    return ResultsFiles(
        name=name,
        made=_json(place / "made.json", {}),
        arms=_json(place / "arms.json", {}),
        results=Results(rows, (), (), curves, measured=measured, contamination=contamination),
        comparisons=read_csv(place / "comparisons.csv", FindingLine),
        samples=_json(place / "samples.json", []),
        figures={name: drawn[name] for name in dict.fromkeys((*FIGURES, *drawn)) if name in drawn},
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from error


def _json(path: Path, empty: Any) -> Any:
    text = _text(path)
    try:
        value = json.loads(text) if text else empty
    except ValueError as error:
        raise _unusable(path, f"not JSON ({error})") from error
    if not isinstance(value, type(empty)):
        raise _unusable(path, f"holds a JSON {type(value).__name__} where a {type(empty).__name__} belongs")
    return value


def _unusable(path: Path, problem: str) -> StoreError:
    return StoreError(f"{path}: {problem}; run the experiment again to write it anew")
