"""What a stage is given: its inputs, a folder for its payload, the machine, and a log."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact
from humpback.core.placement import ALONE, Placement
from humpback.core.store import CHECKPOINTS, METRICS

if TYPE_CHECKING:
    from humpback.core.machine import Machine

Counts = dict[str, int]
"""What went in and what came of it. Where rows are filtered, `in` = `kept` + `rejected`."""


class TooFew(HumpbackError):
    """A set has fewer rows than are to be drawn from it. What depends on it is left without a number, with the message
    as the reason; everything else goes on."""


@dataclass
class Log:
    """What a stage says on the way: progress for people, metrics for `metrics.jsonl`."""

    path: Path
    report: Callable[[int, int, str], None]
    started: float = field(default_factory=time.monotonic)
    notes: list[str] = field(default_factory=list)
    """What a reader of the record should know of how the artifact was made."""

    @property
    def seconds(self) -> float:
        """Since the work began, that of earlier makers which this one goes on from included."""
        return time.monotonic() - self.started

    def went_before(self, seconds: float) -> None:
        """An earlier maker had taken so many seconds to where this one goes on."""
        self.started = min(self.started, time.monotonic() - seconds)

    def note(self, told: str) -> None:
        """Say it in the record, and to whoever watches when the artifact is finished. Names of files lose the folder
        that the artifact is made in."""
        told = told.replace(f"{self.path.parent}/", "")
        if told not in self.notes:
            self.notes.append(told)

    def progress(self, done: int, total: int, unit: str) -> None:
        """So many of so many units are done. Of no units, what is being waited for stands in their place."""
        self.report(done, total, unit)

    def metrics(self, step: int, **values: float | int | str | None) -> None:
        """Append one line, flushed, so that a killed run keeps what it measured."""
        row = {"step": step, "seconds": round(self.seconds, 3), **values}
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")


@dataclass(frozen=True)
class Work:
    """What a stage is given beside the artifact that it makes."""

    open: Callable[[Artifact], Path]
    """The folder of a finished input, its checksums verified."""
    out: Path
    """An empty folder for the payload."""
    machine: Machine
    log: Log
    packages: dict[str, str] = field(default_factory=dict)
    """Versions of what works on it beside this environment's packages, such as an inference server."""
    made_from: str = ""
    """Checksum over the artifact's fingerprint and the bytes of its inputs; without it, nothing is kept for a maker
    that would have to go on."""
    placement: Placement = ALONE

    @property
    def checkpoints(self) -> Path:
        """What the next maker of the same artifact goes on from (`humpback.core.checkpoints`). No payload."""
        return self.out / CHECKPOINTS


def new_log(folder: Path, report: Callable[[int, int, str], None]) -> Log:
    """A log that writes into the artifact's folder."""
    return Log(folder / METRICS, report)
