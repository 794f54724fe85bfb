"""What the mirror holds: the runs that follow from a store and from written results, as plain values.

One run an artifact, one an attempt that died, one an experiment's results on a setup. All of it comes from records,
`metrics.jsonl` and the results' own files, so the same store gives the same runs whenever it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from humpback.core import attempts
from humpback.core.attempts import Attempt
from humpback.core.payload import checksum
from humpback.core.store import METRICS, Damaged, Record, Store
from humpback.tracking.reading import (
    EXPERIMENT,
    Table,
    Uses,
    config_of,
    experiment_in,
    metrics_of,
    read_arms,
    records,
    results_folders,
    table_of,
    uses,
    verdicts,
)

_LONGEST_TAG = 64
_LONGEST_NAME = 128
"""Characters that Weights & Biases takes; of a longer name of an offline run its server would take nothing."""
_END = 20
"""Characters of a longer name's end, which tells it from others."""


@dataclass(frozen=True)
class Run:
    """One run of the mirror, whole."""

    id: str
    name: str
    group: str
    """The experiment that it was made for."""
    stage: str
    """Job type."""
    tags: tuple[str, ...]
    config: dict[str, Any]
    history: tuple[dict[str, Any], ...]
    """Rows of metrics.jsonl merged by step, steps rising."""
    summary: dict[str, Any]
    ended: Literal["finished", "failed", "crashed"]
    started: float = 0.0
    """Seconds since 1970; 0 where it is not known."""
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: tuple[Path, ...] = ()
    makes: str = ""
    """Name of the artifact that came of it; empty for an attempt and for results."""
    inputs: tuple[str, ...] = ()
    """Names of the artifacts that it used."""
    payload: dict[str, Any] = field(default_factory=dict)
    """Its files' sizes and checksums. The files themselves stay where they are."""

    def __post_init__(self) -> None:
        for name in ("name", "group"):
            object.__setattr__(self, name, short(getattr(self, name)))

    @property
    def digest(self) -> str:
        """Over everything that the run holds, figures by their bytes."""
        held = {**asdict(self), "figures": [(path.name, checksum(path)) for path in self.figures]}
        return sha256(json.dumps(held, sort_keys=True, default=str).encode()).hexdigest()


def all_runs(store: Store, results: Iterable[Path], unusable: list[str]) -> Iterator[Run]:
    """Every run of a store and of results folders (each DIR/SETUP/EXPERIMENT/), inputs before what needs them.

    unusable: where the messages go of artifacts that are damaged, which have no run, and of lines that are no metrics.
    """
    folders = list(results)
    known = uses(folders)
    for record in records(store, unusable):
        state = record.state(store.root / record.name)
        if state.readable:
            yield run_of(store, record, known, unusable)
        else:
            unusable.append(state.reason)
    for attempt, metrics in attempts.ended_attempts(store, unusable):
        yield attempt_run(attempt, metrics, known, unusable)
    for experiment, setup, folder in results_folders(folders):
        try:
            yield results_run(experiment, setup, folder)
        except Damaged as error:
            unusable.append(str(error))


def run_of(store: Store, record: Record, known: Uses, unusable: list[str], group: str = "") -> Run:
    """The run of a finished artifact. `group` stands where its command names no experiment."""
    folder = store.root / record.name
    return Run(
        id=record.fingerprint[:16],
        **_common(record, known, group),
        history=tuple(metrics_of(folder / METRICS, unusable)),
        summary={
            **{f"count/{key}": value for key, value in record.counts.items()},
            "duration_seconds": record.seconds,
        },
        ended="finished",
        tables=verdicts(folder, record),
        makes=record.name,
        payload={name: asdict(file) for name, file in record.payload.items()},
    )


def attempt_run(attempt: Attempt, metrics: Path, known: Uses, unusable: list[str]) -> Run:
    """The run of an attempt that ended without an artifact, with all that it had measured."""
    common = _common(attempt.record, known, "")
    rows = metrics_of(metrics, unusable)
    return Run(
        **{
            **common,
            "name": f"{common['name']}, attempt {attempt.number}",
            "tags": (*common["tags"], attempt.ended),
        },
        id=f"{attempt.record.fingerprint[:16]}-{attempt.number}",
        history=tuple(rows),
        summary={
            "error": attempt.error,
            "duration_seconds": max((row.get("seconds", 0.0) for row in rows), default=0.0),
        },
        ended=attempt.ended or "crashed",
    )


def results_run(experiment: str, setup: str, folder: Path) -> Run:
    """The run of an experiment's results: its tables (rows, comparisons with their verdicts) and figures.

    Raises:
        Damaged: when a file of them cannot be read, naming it.
    """
    held = read_arms(folder)
    return Run(
        id=sha256(f"results/{setup}/{experiment}".encode()).hexdigest()[:16],
        name=f"{experiment} on {setup}",
        group=experiment,
        stage="results",
        tags=_tags({experiment, setup}),
        config={key: value for key, value in held.items() if key != "artifacts"},
        history=(),
        summary={},
        ended="finished",
        tables={path.stem: table_of(path) for path in sorted(folder.glob("*.csv"))},
        figures=tuple(sorted(folder.glob("*.png"))),
    )


def _common(record: Record, known: Uses, group: str) -> dict[str, Any]:
    kind, slug = record.name.split("/", 1)
    fingerprint, argv = record.fingerprint, record.source["argv"]
    tags = known.get(fingerprint, frozenset())
    experiments = sorted(tag for tag in tags if EXPERIMENT.fullmatch(tag))
    return {
        "name": slug[: -len(fingerprint[:16])] + fingerprint[:8],
        "group": experiment_in(argv) or group or next(iter(experiments), "") or " ".join(argv[1:2]) or "by hand",
        "stage": kind,
        "tags": _tags(tags),
        "config": config_of(record),
        "started": datetime.fromisoformat(record.finished).timestamp() - record.seconds,
        "inputs": record.inputs,
    }


def short(name: str) -> str:
    """The name, cut in its middle to what W&B takes."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - _END - 3]}...{name[-_END:]}"


def _tags(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({word[:_LONGEST_TAG] for word in words}))
