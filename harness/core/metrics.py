"""Reading `metrics.jsonl`: what was measured while an artifact was made. A log and no payload, so one bad line in it
costs that line, and is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_metrics(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Its rows in their order, and a message for each line that is none. No file is no row; a last line that its writer
    died over is left out."""
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    except OSError as error:
        return [], [f"{path}: cannot be read ({error.strerror}); make it readable, or move it away"]
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip() or (number == len(lines) and not _row(line)):
            continue
        row = _row(line)
        if row is None:
            problems.append(f"{path}, line {number}: no row of numbers with its step ({line[:60]!r}); delete that line")
        else:
            rows.append(row)
    return rows, problems


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("step"), int) else None
