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
from humpback.core.store import METRICS

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

    def progress(self, done: int, total: int, unit: str) -> None:
        """So many of so many units are done. Of no units, what is being waited for stands in their place."""
        self.report(done, total, unit)

    def metrics(self, step: int, **values: float | int | str | None) -> None:
        """Append one line, flushed, so that a killed run keeps what it measured."""
        row = {"step": step, "seconds": round(time.monotonic() - self.started, 3), **values}
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


def new_log(folder: Path, report: Callable[[int, int, str], None]) -> Log:
    """A log that writes into the artifact's folder."""
    return Log(folder / METRICS, report)
