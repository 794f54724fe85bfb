"""Every number with its column, one line a row: CSV for programs and statistics, read back by the report, and the same
as JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

from humpback.analysis.experiment.contamination import ContaminationRow
from humpback.analysis.experiment.curve_fits import CurveFit
from humpback.analysis.experiment.finding import Finding
from humpback.analysis.experiment.gather import Results, Row
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.layout import text_table
from humpback.analysis.scaling.checks import CannotTell, LackOfFit
from humpback.analysis.stats.multiplicity import holm
from humpback.analysis.stats.statistics import NONE, Estimate
from humpback.analysis.tables.cells import stands
from humpback.core.store import StoreError

_PARTS = ("mean", "standard_error", "low", "high", "degrees_of_freedom")
_AS_THEY_ARE = ("first", "second", "n", "paper", "beside_paper", "matters", "p", "verdict", "claim")
"""Fields of a finding that its line repeats."""

_WANTED = {"int": "a whole number", "float": "a number", "bool": "true or false", "tuple[int, ...]": "whole numbers"}


@dataclass(frozen=True)
class FindingLine:
    """A claim as `comparisons.csv` has it; None where there is no number."""

    first: str
    second: str
    difference_mean: float | None
    difference_standard_error: float | None
    difference_low: float | None
    difference_high: float | None
    difference_degrees_of_freedom: float | None
    head_to_head_mean: float | None
    head_to_head_standard_error: float | None
    head_to_head_low: float | None
    head_to_head_high: float | None
    head_to_head_degrees_of_freedom: float | None
    n: int
    paper: float | None
    beside_paper: str
    """How large the difference is beside it: "as large", "smaller", "larger", or empty."""
    matters: float | None
    """The smallest difference that matters."""
    p: float | None
    """Two-sided."""
    p_holm: float | None
    """The same after Holm's correction for the experiment's other claims."""
    holds_after_holm: bool | None
    """Of a claim that holds or is reversed, whether `p_holm` is below .05."""
    verdict: str
    claim: str

    def estimate(self, measure: str) -> Estimate | None:
        """The "difference" or the "head_to_head"; None where it was not measured."""
        return _estimate(*(getattr(self, f"{measure}_{part}") for part in _PARTS))


@dataclass(frozen=True)
class CurveLine:
    """A fitted curve as `curves.csv` has it; None where there is no number."""

    name: str
    sizes: tuple[int, ...]
    """In the file with spaces between."""
    slope: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    level: float | None
    paper: float | None
    bend: float | None
    bend_low: float | None
    bend_high: float | None
    end_slope: float | None
    end_slope_low: float | None
    end_slope_high: float | None
    lack_of_fit: str
    """The test in words, or why there is none."""
    lack_of_fit_p: float | None

    @property
    def curve(self) -> CurveFit:
        """The curve itself."""
        slope = _estimate(self.slope, self.standard_error, self.low, self.high)
        level = float("nan") if self.level is None else self.level
        bend, end = (
            _estimate(mean, None, low, high)
            for mean, low, high in (
                (self.bend, self.bend_low, self.bend_high),
                (self.end_slope, self.end_slope_low, self.end_slope_high),
            )
        )
        words, p = self.lack_of_fit, self.lack_of_fit_p
        straight = LackOfFit(words, p) if p is not None else CannotTell(words) if words else None
        return CurveFit(self.name, self.sizes, slope, level, self.paper, bend, end, straight)


def _estimate(mean: float | None, *rest: float | None) -> Estimate | None:
    error, low, high, *degrees = (float("nan") if one is None else one for one in rest)
    own = degrees[0] if degrees and not isnan(degrees[0]) else None
    return None if mean is None else Estimate(mean, error, low, high, own)


Line = TypeVar("Line", Row, MeasuredRow, CurveLine, FindingLine, ContaminationRow)


def as_csv(results: Results) -> dict[str, str]:
    """The files by name: the claims, and what else there is of arms, measured numbers, curves and contamination. A cell
    is empty where there is no number."""
    found = {
        "comparisons.csv": _csv(FindingLine, finding_lines(results.findings)),
        "rows.csv": _csv(Row, results.rows) if results.rows else "",
        "measures.csv": _csv(MeasuredRow, results.measured) if results.measured else "",
        "contamination.csv": _csv(ContaminationRow, results.contamination) if results.contamination else "",
        "curves.csv": _csv(CurveLine, map(_curve_line, results.curves)) if results.curves else "",
    }
    return {name: text for name, text in found.items() if text}


def as_json(command: str, results: Results, settings: Mapping[str, Any]) -> str:
    """Rows, measured numbers and claims as JSON, with what was set; null where there is no number."""
    body = {
        "command": command,
        **settings,
        "rows": list(map(_plain, results.rows)),
        "measured": list(map(_plain, results.measured)),
        "contamination": list(map(_plain, results.contamination)),
        "claims": list(map(_plain, finding_lines(results.findings))),
    }
    return json.dumps(body, indent=1, ensure_ascii=False)


def read_csv(path: Path, kind: type[Line]) -> tuple[Line, ...]:
    """The lines of a file, none where there is no file; a column that it does not have is empty.

    Raises:
        StoreError: naming the file, the line and what is wrong with it.
    """

    def unusable(problem: str) -> StoreError:
        return StoreError(f"{path}: {problem}; run the experiment again to write it anew")

    found = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for line in reader:
                if None in line or None in line.values():
                    raise unusable(f"line {reader.line_num} has not as many cells as the head")
                values: dict[str, Any] = {}
                for field in fields(kind):
                    cell = line.get(field.name, "")
                    try:
                        values[field.name] = _value(cell, str(field.type))
                    except (ValueError, KeyError) as error:
                        wanted = _WANTED[str(field.type).removesuffix(" | None")]
                        raise unusable(f"line {reader.line_num}, {field.name} is {cell!r}, not {wanted}") from error
                found.append(kind(**values))
    except FileNotFoundError:
        return ()
    except csv.Error as error:
        raise unusable(f"line {reader.line_num}: not CSV ({error})") from error
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(str(error)) from error
    return tuple(found)


def _value(cell: str, kind: str) -> object:
    if kind == "str":
        return cell
    if kind.startswith("tuple"):
        return tuple(map(int, cell.split()))
    if not cell:
        return None if kind.endswith("None") else 0 if kind == "int" else float("nan")
    if kind.startswith("bool"):
        return {"true": True, "false": False}[cell]
    return int(cell) if kind.startswith("int") else float(cell)


def finding_lines(findings: Sequence[Finding]) -> list[FindingLine]:
    found = []
    for finding, p_holm in zip(findings, holm([one.p for one in findings]), strict=True):
        values: dict[str, Any] = {name: getattr(finding, name) for name in _AS_THEY_ARE}
        for measure in ("difference", "head_to_head"):
            values |= {f"{measure}_{part}": getattr(getattr(finding, measure), part, None) for part in _PARTS}
        found.append(FindingLine(**values, p_holm=p_holm, holds_after_holm=stands(finding, p_holm)))
    return found


def _curve_line(curve: CurveFit) -> CurveLine:
    slope, test = curve.slope or Estimate(NONE), curve.straight
    parabola = {"bend": curve.bend, "end_slope": curve.end_slope}
    return CurveLine(
        curve.name,
        curve.sizes,
        slope.mean,
        slope.standard_error,
        slope.low,
        slope.high,
        curve.level,
        curve.paper,
        **{name: getattr(one, "mean", None) for name, one in parabola.items()},
        **{f"{name}_{end}": getattr(one, end, None) for name, one in parabola.items() for end in ("low", "high")},
        lack_of_fit=test.test if isinstance(test, LackOfFit) else test.words if test else "",
        lack_of_fit_p=test.p if isinstance(test, LackOfFit) else None,
    )


def _csv(kind: type[Line], lines: Iterable[Line]) -> str:
    def cell(value: object) -> object:
        if isinstance(value, tuple):
            return " ".join(map(str, value))
        return str(value).lower() if isinstance(value, bool) else value

    heads = [field.name for field in fields(kind)]
    return text_table.tidy(heads, [list(map(cell, _plain(line).values())) for line in lines])


def _plain(line: Row | MeasuredRow | CurveLine | FindingLine | ContaminationRow) -> dict[str, object]:
    """Numbers to six digits, and None in place of NaN."""

    def plain(value: object) -> object:
        if isinstance(value, float):
            return None if isnan(value) else float(f"{value:.6g}")
        return value

    return {name: plain(value) for name, value in asdict(line).items()}
