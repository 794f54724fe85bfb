"""Artifacts and plans as people read them."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

from humpback.core.metrics import rows_of
from humpback.core.plan import Plan
from humpback.core.store import METRICS, RECORD, Damaged, StoreError, payload_state, read_record

_LONG = 600
"""Characters of a cell that are shown."""


def plan_lines(plan: Plan, *, every: bool = True) -> list[str]:
    """What is done and what a run would make, with the reason, and a last line that counts. Without `every` step, only
    those that have to be mended."""
    lines = []
    for step in plan.to_do if every else plan.damaged:
        lines.append(f"{step.state.word:8} {step.artifact.name}")
        if step.state.word == "damaged" or step.state.reason != "never made":
            lines.append(f"         {step.state.reason}")
        if step.nearest:
            lines.append(f"         nearest finished: {step.nearest}; this one has")
            lines += [f"           {change}" for change in step.changed[:6]]
            if len(step.changed) > 6:
                lines.append(f"           and {len(step.changed) - 6} more")
    states = Counter(step.state.word for step in plan.steps)
    kinds = Counter(type(step.artifact).__name__.lower() for step in plan.to_do)
    lines.append(f"{states['done'] + states['weightless']} done, {len(plan.to_do)} to do, {states['damaged']} damaged")
    if kinds:
        lines.append("to do: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    return lines


def artifact_lines(path: Path, rows: int) -> list[str]:
    """The record in brief, then the first rows of each table."""
    folder = path if path.is_dir() else path.parent
    lines: list[str] = []
    if path.is_dir() or path.name == RECORD:
        record = read_record(folder / RECORD)
        lines += [
            f"{record['name']}",
            f"  made     {record['finished']} in {record['seconds']:.1f} s on {record['machine']['device']}, "
            f"commit {(record['source']['commit'] or 'unknown')[:12]}",
            f"  counts   {', '.join(f'{key} {value:,}' for key, value in record['counts'].items())}",
            f"  inputs   {', '.join(record['inputs']) or 'none'}",
            f"  fields   {json.dumps(_fields(record), ensure_ascii=False)}",
            f"  files    {', '.join(record['payload'])}",
        ]
    told = as_table(path, rows)
    lines += [f"  note     {note}" for note in told["notes"]]
    for table, found in told["tables"].items():
        counted = f": {found['rows']:,} rows" if found["rows"] is not None else f", the first {len(found['first'])}"
        lines += ["", f"{table}{counted}"]
        for row in found["first"]:
            lines.append("  " + "-" * 40)
            for key, value in row.items():
                if value not in ("", None, "{}"):
                    lines += _wrapped(f"  {key}: ", str(value))
    return lines


def as_table(path: Path, rows: int) -> dict[str, Any]:
    """The record (of a folder) and the first rows of each table, as JSON material.

    Raises:
        StoreError: when there is nothing at the path, or nothing that can be read.
        Damaged: when the artifact is not as it was published.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        raise StoreError(f"{path}: there is nothing; give the folder of an artifact, such as artifacts/selected/NAME")
    if path.is_file() and path.suffix != ".parquet" and path.name not in (RECORD, METRICS):
        return _somebody_s(path, rows)
    if path.is_dir() and not (path / RECORD).exists():
        raise StoreError(f"{path}: no {RECORD} in it, so it is no finished artifact")
    tables: dict[str, Any] = {}
    record, notes = None, list[str]()
    if path.is_dir():
        record = read_record(path / RECORD)
        state = payload_state(path, record)
        if not state.readable:
            raise Damaged(state.reason)
        notes += [state.reason] if state.reason else []
    for file in sorted(path.glob("*.parquet")) if path.is_dir() else [path] if path.suffix == ".parquet" else []:
        try:
            with pq.ParquetFile(file) as parquet:
                first = next(parquet.iter_batches(batch_size=rows), None)
                tables[file.name] = {
                    "rows": parquet.metadata.num_rows,
                    "first": first.to_pylist()[:rows] if first is not None else [],
                }
        except pa.ArrowInvalid as error:
            raise StoreError(f"{file}: not a Parquet file ({error})") from error
    metrics = path / METRICS if path.is_dir() else path
    if metrics.name == METRICS and metrics.exists():
        found, problems = rows_of(metrics)
        tables[metrics.name] = {"rows": len(found), "first": found[:1] + found[-1:] if len(found) > 1 else found}
        notes += problems
    return {"record": record, "tables": tables, "notes": notes}


def _somebody_s(path: Path, rows: int) -> dict[str, Any]:
    from humpback.cli.show_file import first_rows
    from humpback.readers.unusable import UnusableFile

    try:
        what, first = first_rows(path, rows)
    except UnusableFile as error:
        raise StoreError(str(error)) from error
    return {"record": None, "notes": [], "tables": {f"{path.name} ({what})": {"rows": None, "first": first}}}


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    table = record["expression"]

    def brief(value: Any) -> Any:
        if isinstance(value, dict) and "artifact" in value:
            return f"{table[value['artifact']]['class']} {value['artifact'][:8]}"
        return {key: brief(item) for key, item in value.items()} if isinstance(value, dict) else value

    return {key: brief(value) for key, value in table[record["fingerprint"]]["fields"].items()}


def _wrapped(label: str, text: str) -> list[str]:
    text = text if len(text) <= _LONG else text[:_LONG] + f" ... ({len(text):,} characters)"
    lines = [part for line in text.splitlines() or [""] for part in textwrap.wrap(line, 110) or [""]]
    return [label + lines[0], *(" " * len(label) + line for line in lines[1:])]
