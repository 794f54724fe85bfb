"""Reading what the mirror shows: records, metrics.jsonl, written results. Nothing here knows of Weights & Biases."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from humpback.core.metrics import read_metrics
from humpback.core.store import RECORD, Damaged, Record, Store, read_record

EXPERIMENT = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
"""Name of an experiment."""
_FLAGS = ("--json",)
"""Options of commands that take no value, so that what follows is no value either."""


@dataclass(frozen=True)
class Table:
    """Rows under their heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


Uses = Mapping[str, frozenset[str]]
"""By fingerprint: the experiments, setups, arms and seeds that an artifact belongs to."""


def read_arms(folder: Path) -> dict[str, Any]:
    """The arms.json of written results.

    Raises:
        Damaged: when it cannot be read.
    """
    path = folder / "arms.json"
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(held, dict):
            raise ValueError(f"a {type(held).__name__} where an object belongs")
    except (OSError, ValueError) as error:
        raise _rewritten(path, error) from error
    return held


def _rewritten(path: Path, error: Exception) -> Damaged:
    return Damaged(f"{path}: cannot be read ({error}); run the experiment again, which writes it anew")


def uses(results: Iterable[Path]) -> Uses:
    """What the arms.json files below these folders say of each artifact. What cannot be read says nothing."""
    found: dict[str, set[str]] = {}
    for experiment, setup, folder in results_folders(results):
        try:
            held = read_arms(folder)
        except Damaged:
            continue
        for fingerprint in held.get("artifacts", {}):
            found.setdefault(fingerprint, set()).update((experiment, setup))
        for seed, arms in held.get("arms", {}).items():
            for arm, parts in arms.items():
                for fingerprint in parts.values() if isinstance(parts, dict) else ():
                    found.setdefault(str(fingerprint), set()).update((f"arm {arm}", f"seed {seed}"))
    return {key: frozenset(tags) for key, tags in found.items()}


def config_of(record: Record) -> dict[str, Any]:
    """The resolved expression of a record as nested tables, each input by its class and fields."""

    def resolved(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"artifact"}:
            inner = record.expression[value["artifact"]]
            return {
                "class": inner["class"],
                "version": inner["version"],
                **{key: resolved(item) for key, item in inner["fields"].items()},
            }
        if isinstance(value, dict):
            return {key: resolved(item) for key, item in value.items()}
        return [resolved(item) for item in value] if isinstance(value, list) else value

    return {
        **resolved({"artifact": record.fingerprint}),
        "fingerprint": record.fingerprint,
        "packages": record.packages,
    }


def metrics_of(path: Path, unusable: list[str]) -> list[dict[str, Any]]:
    """The rows of a metrics.jsonl, merged by step, steps rising; none if nothing was measured. `unusable` gets a
    message for each line that is no row."""
    rows: dict[int, dict[str, Any]] = {}
    found, problems = read_metrics(path)
    unusable += problems
    for row in found:
        rows.setdefault(row["step"], {}).update(row)
    return [rows[step] for step in sorted(rows)]


def experiment_in(argv: list[str]) -> str:
    """The experiment that a command line names, such as humpback/headline; "" where it names none."""
    for before, word in pairwise(argv):
        takes_it = before.startswith("--") and "=" not in before and before not in _FLAGS
        if not takes_it and EXPERIMENT.fullmatch(word):
            return word
    return ""


def verdicts(folder: Path, record: Record) -> dict[str, Table]:
    """What the judge said of each prompt in each order; of judgements alone."""
    from humpback.core.tables import VERDICTS, Verdict, read

    if VERDICTS not in record.payload:
        return {}
    rows = tuple((row.prompt, row.order, row.verdict) for row in read(folder / VERDICTS, Verdict))
    return {"verdicts": Table(("prompt", "order", "verdict"), rows)}


def table_of(path: Path) -> Table:
    """A column is numbers where every cell that is not empty is one.

    Raises:
        Damaged: when it is no CSV with as many cells in each line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            heads, *rows = list(csv.reader(file)) or [[]]
        columns = [_numbers(column) for column in zip(*rows, strict=True)]
        return Table(tuple(heads), tuple(zip(*columns, strict=True)))
    except (OSError, ValueError, csv.Error) as error:
        raise _rewritten(path, error) from error


def _numbers(cells: Iterable[str]) -> list[str | float | None]:
    words = list(cells)
    try:
        return [float(word) if word else None for word in words]
    except ValueError:
        return list(words)


def results_folders(results: Iterable[Path]) -> Iterator[tuple[str, str, Path]]:
    """Experiment, setup and folder of every written result."""
    for root in results:
        for path in sorted(root.rglob("arms.json")):
            setup, *experiment = path.parent.relative_to(root).parts or ("",)
            if experiment:
                yield "/".join(experiment), setup, path.parent


def records(store: Store, unusable: list[str]) -> Iterator[Record]:
    """The records of a store, inputs first, otherwise by name."""
    found: dict[str, Record] = {}
    for path in sorted(store.root.glob(f"[!.]*/*/{RECORD}")):
        try:
            record = read_record(path)
            found[record.name] = record
        except Damaged as error:
            unusable.append(str(error))
    seen: set[str] = set()

    def visit(name: str) -> Iterator[Record]:
        if name in found and name not in seen:
            seen.add(name)
            for one in found[name].inputs:
                yield from visit(one)
            yield found[name]

    for name in found:
        yield from visit(name)
