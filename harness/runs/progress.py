"""Stages as they are watched: bars in a terminal, and lines in the log of a job that has none. Both go to stderr."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import mean

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from humpback.core.expression import Artifact
from humpback.core.schedule import Share, elapsed
from humpback.runs.build import Outcome
from humpback.runs.executor import Progress

_EVERY = 60.0
"""Seconds between the lines of a stage that takes long."""
_TRUSTED = 60.0
"""Seconds of expected work that count as done in their time: a first stage of a second says little of hours."""


@contextmanager
def show_progress(
    console: Console,
    stages: Sequence[Artifact],
    workers: int = 1,
    expected: Callable[[], Mapping[str, Share]] = dict,
) -> Iterator[Progress]:
    """What an executor tells of these stages, shown on the console (which is stderr's).

    expected: by fingerprint, what stages are thought to take; of their hours only the proportions are relied on.
    """
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _bars(console, len(stages)) as progress:
            yield progress
        return
    log = _Log(console, workers, expected(), {one.fingerprint: one for one in stages})
    over = threading.Event()

    def now_and_then() -> None:
        while not over.wait(_EVERY):
            log.look()

    threading.Thread(target=now_and_then, daemon=True).start()
    try:
        yield Progress(log.started, log.advanced, log.ended, log.failed, lost=log.lost)
    finally:
        over.set()


def short_name(artifact: Artifact) -> str:
    """Kind and slug of an artifact, cut to fit beside numbers."""
    return artifact.name.rsplit("-", 1)[0][:56]


@contextmanager
def _bars(console: Console, stages: int) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        overall = bars.add_task("stages", total=stages, rate="")
        tasks: dict[str, tuple[TaskID, _Stage]] = {}

        def started(artifact: Artifact) -> None:
            stage = _Stage(artifact, time.monotonic())
            tasks[artifact.fingerprint] = (bars.add_task(short_name(artifact), total=None, rate=""), stage)

        def advanced(artifact: Artifact, done: int, total: int, unit: str) -> None:
            task, stage = tasks[artifact.fingerprint]
            stage.advanced(done, total, unit)
            left = f", {_spell(stage.left)} left" if stage.rate else ""
            speed = f"{stage.rate:,.1f} {unit}/s{left}" if total else unit
            bars.update(task, completed=done, total=total or None, rate=speed)

        def gone(artifact: Artifact) -> None:
            bars.advance(overall)
            if artifact.fingerprint in tasks:
                bars.remove_task(tasks.pop(artifact.fingerprint)[0])

        def ended(artifact: Artifact, outcome: Outcome) -> None:
            gone(artifact)
            bars.console.print(f"  {_told(artifact, outcome)}")

        def lost(artifact: Artifact, how: str) -> None:
            if artifact.fingerprint in tasks:
                bars.remove_task(tasks.pop(artifact.fingerprint)[0])
            bars.console.print(f"  {_lost(artifact, how)}")

        yield Progress(started, advanced, ended, lambda artifact, error: gone(artifact), lost=lost)


@dataclass
class _Stage:
    """One that runs."""

    artifact: Artifact
    since: float
    done: int = 0
    total: int = 0
    unit: str = ""
    first: int | None = None
    """What was done when it was first heard of: what an earlier maker had come to, where that was killed."""

    def advanced(self, done: int, total: int, unit: str) -> None:
        if self.first is None and total:
            self.first = done
        self.done, self.total, self.unit = done, total, unit

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since

    @property
    def rate(self) -> float:
        """Units a second, those of earlier makers left out."""
        return (self.done - (self.first or 0)) / max(self.seconds, 1e-9)

    @property
    def left(self) -> float:
        """Seconds to its end, where it has a rate."""
        return (self.total - self.done) / self.rate


@dataclass
class _Log:
    """Lines for a file that somebody looks into now and then."""

    console: Console
    workers: int
    expected: Mapping[str, Share]
    waiting: dict[str, Artifact]
    """What has not ended, by fingerprint."""
    running: dict[str, _Stage] = field(default_factory=dict)
    took: dict[type, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds of those that were made here, by class."""
    spent: float = 0.0
    """Seconds of those among them that something was expected of, and the hours that were:"""
    thought: float = 0.0

    def __post_init__(self) -> None:
        self.stages = len(self.waiting)

    def started(self, artifact: Artifact) -> None:
        self.running[artifact.fingerprint] = _Stage(artifact, time.monotonic())

    def advanced(self, artifact: Artifact, done: int, total: int, unit: str) -> None:
        self.running[artifact.fingerprint].advanced(done, total, unit)

    def ended(self, artifact: Artifact, outcome: Outcome) -> None:
        if outcome.status == "made":
            self.took[type(artifact)].append(outcome.seconds)
            if expected := self._hours(artifact.fingerprint):
                self.spent, self.thought = self.spent + outcome.seconds, self.thought + expected
        self._over(artifact, _told(artifact, outcome))

    def failed(self, artifact: Artifact, error: Exception) -> None:
        self._over(artifact, f"failed     {short_name(artifact)}")

    def lost(self, artifact: Artifact, how: str) -> None:
        self.running.pop(artifact.fingerprint, None)
        self._print(_lost(artifact, how))

    def look(self) -> None:
        """A line for each stage that has been running for long."""
        for stage in list(self.running.values()):
            if stage.seconds >= _EVERY:
                far = f"{stage.done:,} of {stage.total:,} {stage.unit}" if stage.total else stage.unit or "under way"
                self._print(f"{stage.seconds:8.1f} s {short_name(stage.artifact)}: {far}{self._left()}")

    def _over(self, artifact: Artifact, told: str) -> None:
        self.running.pop(artifact.fingerprint, None)
        self.waiting.pop(artifact.fingerprint, None)
        self._print(told + self._left())

    def _print(self, told: str) -> None:
        ended = self.stages - len(self.waiting)
        self.console.print(f"{ended:{len(str(self.stages))}} of {self.stages} {told}")

    def _hours(self, key: str) -> float:
        return self.expected[key].hours if key in self.expected else 0.0

    def _left(self) -> str:
        """By how far those that run have come, what was expected of the others against what was expected of those
        that ended, and else what others of their class took; each waits for its inputs and for room."""
        scale = (self.spent + _TRUSTED) / (self.thought + _TRUSTED / 3_600)
        shares, unknown = {}, False
        waiting = dict(self.waiting)
        for key, artifact in waiting.items():
            stage = self.running.get(key)
            spent = stage.seconds if stage else 0.0
            if stage and stage.rate:
                seconds = stage.left
            elif expected := self._hours(key):
                seconds = max(0.0, scale * expected - spent)
            elif took := self.took.get(type(artifact)):
                seconds = max(0.0, mean(took) - spent)
            else:
                unknown = True
                continue
            shares[key] = replace(self.expected.get(key, Share()), hours=seconds / 3_600)
        seconds = 3_600 * elapsed(waiting.values(), shares, self.workers)
        return f"; {'at least' if unknown else 'about'} {_spell(seconds)} left" if seconds >= 1 else ""


def _told(artifact: Artifact, outcome: Outcome) -> str:
    match outcome.status:
        case "made":
            notes = "".join(f"; {one}" for one in outcome.notes)
            return f"{outcome.seconds:8.1f} s {short_name(artifact)}{notes}"
        case "found":
            return f"found      {short_name(artifact)}"
        case "stopped":
            return f"stopped    {short_name(artifact)}: {outcome.reason}"


def _lost(artifact: Artifact, how: str) -> str:
    return f"lost       {short_name(artifact)} ({how}); it is started again"


def _spell(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:.1f} h"
