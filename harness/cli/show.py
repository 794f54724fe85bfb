"""`humpback show`: artifacts, and files of anybody, as people read them; plans too."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option, echo

from humpback.cli.app import AsJson, command, counts_line, print_json
from humpback.core.metrics import read_metrics
from humpback.core.plan import Plan
from humpback.core.store import METRICS, RECORD, Damaged, Record, StoreError, read_record

_LONG = 600
"""Characters of a cell that are shown."""


@command()
def show(
    path: Annotated[Path, Argument(help="An artifact's folder, or a file in it.")],
    rows: Annotated[int, Option(min=1, help="Rows of each table.")] = 3,
    as_json: AsJson = False,
) -> None:
    """An artifact for people: what made it, counts, first rows."""
    if as_json:
        found = as_table(path, rows)
        print_json({**found, "record": found["record"] and found["record"].to_json()})
    else:
        echo("\n".join(artifact_lines(path, rows)))


def plan_lines(plan: Plan, *, every: bool = True) -> list[str]:
    """What is done and what a run would make, with the reason, and a last line that counts. Without `every` step, only
    those that have to be mended."""
    lines = []
    for step in plan.to_do if every else plan.damaged:
        lines.append(f"{step.state.status:8} {step.artifact.name}")
        if step.state.status == "damaged" or step.state.reason != "never made":
            lines.append(f"         {step.state.reason}")
        if step.nearest:
            lines.append(f"         nearest finished: {step.nearest}; this one has")
            lines += [f"           {change}" for change in step.changed[:6]]
            if len(step.changed) > 6:
                lines.append(f"           and {len(step.changed) - 6} more")
    states = Counter(step.state.status for step in plan.steps)
    kinds = Counter(type(step.artifact).__name__.lower() for step in plan.to_do)
    lines.append(f"{states['done'] + states['weightless']} done, {len(plan.to_do)} to do, {states['damaged']} damaged")
    if kinds:
        lines.append("to do: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    return lines


def artifact_lines(path: Path, rows: int) -> list[str]:
    """The record in brief, then the first rows of each table."""
    found = as_table(path, rows)
    lines: list[str] = []
    if record := found["record"]:
        lines += [
            f"{record.name}",
            f"  made     {record.finished} in {record.seconds:.1f} s on {record.machine['device']}, "
            f"commit {(record.source['commit'] or 'unknown')[:12]}",
            f"  counts   {counts_line(record.counts)}",
            f"  inputs   {', '.join(record.inputs) or 'none'}",
            f"  fields   {json.dumps(_fields(record), ensure_ascii=False)}",
            f"  files    {', '.join(record.payload)}",
        ]
    lines += [f"  note     {note}" for note in found["notes"]]
    for name, table in found["tables"].items():
        size = f": {table['rows']:,} rows" if table["rows"] is not None else f", the first {len(table['first'])}"
        lines += ["", f"{name}{size}"]
        for row in table["first"]:
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
    if not path.exists():
        raise StoreError(f"{path}: there is nothing; give the folder of an artifact, such as artifacts/selected/NAME")
    if path.name == RECORD and path.is_file():
        return {"record": read_record(path), "tables": {}, "notes": []}
    if path.is_file():
        tables, notes = _tables([path], rows)
        return {"record": None, "tables": tables, "notes": notes}
    if not (path / RECORD).exists():
        raise StoreError(f"{path}: no {RECORD} in it, so it is no finished artifact")
    record = read_record(path / RECORD)
    state = record.state(path)
    if not state.readable:
        raise Damaged(state.reason)
    metrics = [path / METRICS] if (path / METRICS).exists() else []
    tables, notes = _tables([*sorted(path.glob("*.parquet")), *metrics], rows)
    return {
        "record": record,
        "tables": tables,
        "notes": [*filter(None, [state.reason]), *record.source.get("notes", ()), *notes],
    }


def _tables(files: list[Path], rows: int) -> tuple[dict[str, Any], list[str]]:
    """By name, how many rows each file has (None where they are not counted) and the first of them; and what is to be
    said of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables: dict[str, Any] = {}
    notes: list[str] = []
    for file in files:
        if file.name == METRICS:
            found, problems = read_metrics(file)
            tables[file.name] = {"rows": len(found), "first": found[:1] + found[1:][-1:]}
            notes += problems
        elif file.suffix == ".parquet":
            try:
                with pq.ParquetFile(file) as parquet:
                    first = next(parquet.iter_batches(batch_size=rows), None)
                    shown = first.to_pylist()[:rows] if first is not None else []
                    tables[file.name] = {"rows": parquet.metadata.num_rows, "first": shown}
            except pa.ArrowInvalid as error:
                raise StoreError(f"{file}: not a Parquet file ({error})") from error
        else:
            what, read = _first_rows(file, rows)
            tables[f"{file.name} ({what})"] = {"rows": None, "first": list(map(asdict, read))}
    return tables, notes


def _first_rows(path: Path, rows: int) -> tuple[str, list[Any]]:
    """What somebody's file is recognised as, in words, and its first rows: examples of a set, segments of pages.

    Raises:
        UnusableFile: when it is nothing that is read here.
    """
    from humpback.readers.pages import kind_of
    from humpback.readers.sets import read_set
    from humpback.readers.unusable import UnusableFile

    pages = "web pages, as segments"
    try:
        what, found = (pages, _segments(path)) if kind_of(path) in ("WARC", "HTML") else read_set(path)
        return what, list(islice(found, rows))
    except UnusableFile as error:
        try:
            return pages, list(islice(_segments(path), rows))
        except UnusableFile:
            raise error from None


def _segments(path: Path) -> Iterator[Any]:
    from humpback.readers.pages import pages
    from humpback.segmenter import segment_pages
    from humpback.spec.data import Segments
    from humpback.spec.files import WebPages

    for _, found in segment_pages(pages(path), Segments(WebPages(())), path.name):
        yield from found


def _fields(record: Record) -> dict[str, Any]:
    table = record.expression

    def brief(value: Any) -> Any:
        if isinstance(value, dict) and "artifact" in value:
            return f"{table[value['artifact']]['class']} {value['artifact'][:8]}"
        return {key: brief(item) for key, item in value.items()} if isinstance(value, dict) else value

    return {key: brief(value) for key, value in table[record.fingerprint]["fields"].items()}


def _wrapped(label: str, text: str) -> list[str]:
    text = text if len(text) <= _LONG else text[:_LONG] + f" ... ({len(text):,} characters)"
    lines = [part for line in text.splitlines() or [""] for part in textwrap.wrap(line, 110) or [""]]
    return [label + lines[0], *(" " * len(label) + line for line in lines[1:])]
