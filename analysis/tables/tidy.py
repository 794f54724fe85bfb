"""Every number with its column, one line a row: CSV for programs and statistics, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from math import isnan

from humpback.analysis.experiment.findings import Finding
from humpback.analysis.experiment.gather import Results, Row
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.multiplicity import holm
from humpback.analysis.stats.statistics import Estimate
from humpback.analysis.tables.cells import holds

_PARTS = ("mean", "standard_error", "low", "high")
_FINDING = (
    "first",
    "second",
    *(f"{measure}_{part}" for measure in ("difference", "head_to_head") for part in _PARTS),
    "n",
    "paper",
    "margin",
    "p",
    "p_holm",
    "holds_after_holm",
    "verdict",
    "claim",
)


def tidy(results: Results) -> str:
    """The arms as CSV, one line an arm, opponent, set and seed; empty where there is no number."""
    return _csv([field.name for field in fields(Row)], [asdict(row) for row in results.rows])


def tidy_measured(results: Results) -> str:
    """The measured numbers as CSV, one line a measure, metric and seed; empty where there is no number."""
    return _csv([field.name for field in fields(MeasuredRow)], [asdict(row) for row in results.measured])


def tidy_curves(results: Results) -> str:
    """The fitted curves as CSV, one line each; sizes with spaces between."""
    names = ("name", "sizes", "slope", "standard_error", "low", "high", "level", "paper")
    lines: list[dict[str, object]] = [
        {
            "name": one.name,
            "sizes": " ".join(map(str, one.sizes)),
            "slope": one.slope and one.slope.mean,
            "standard_error": one.slope and one.slope.standard_error,
            "low": one.slope and one.slope.low,
            "high": one.slope and one.slope.high,
            "level": one.level,
            "paper": one.paper,
        }
        for one in results.curves
    ]
    return _csv(names, lines)


def tidy_findings(results: Results) -> str:
    """The claims as CSV, one line each. `p` and `p_holm` are two-sided, and `holds_after_holm` says of a replicated
    claim whether it is below .05 after correction for the experiment's other claims."""
    return _csv(_FINDING, _findings(results.findings))


def as_json(command: str, results: Results) -> str:
    """Rows, measured numbers and claims as JSON; null where there is no number."""
    body = {
        "command": command,
        "rows": _plain([asdict(row) for row in results.rows]),
        "measured": _plain([asdict(row) for row in results.measured]),
        "claims": _plain(_findings(results.findings)),
    }
    return json.dumps(body, indent=1, ensure_ascii=False)


def _findings(findings: Sequence[Finding]) -> list[dict[str, object]]:
    found = []
    for one, p_holm in zip(findings, holm([one.p for one in findings]), strict=True):
        line: dict[str, object] = {name: getattr(one, name, None) for name in _FINDING}
        for measure in ("difference", "head_to_head"):
            estimate: Estimate | None = getattr(one, measure)
            line |= {f"{measure}_{part}": getattr(estimate, part, None) for part in _PARTS}
        found.append({**line, "p_holm": p_holm, "holds_after_holm": holds(one, p_holm)})
    return found


def _csv(names: Sequence[str], lines: Sequence[dict[str, object]]) -> str:
    def cell(value: object) -> object:
        return str(value).lower() if isinstance(value, bool) else value

    return layout.tidy(names, [[cell(line[name]) for name in names] for line in _plain(lines)])


def _plain(lines: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Numbers to six digits, and None in place of NaN."""

    def plain(value: object) -> object:
        if isinstance(value, float):
            return None if isnan(value) else float(f"{value:.6g}")
        return value

    return [{name: plain(value) for name, value in line.items()} for line in lines]
