"""Checkpoints of a training: how often, what is in one, and how a training goes on from it.

One holds what transformers' Trainer needs to go on (weights, optimizer, schedule, random numbers), and the metrics
so far. On a CPU the weights at the end are, to the bit, those of a training that was never killed.
"""

from __future__ import annotations

import json
import shutil
import time
from array import array
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from safetensors import SafetensorError
from transformers import TrainerCallback

from humpback.core.checkpoints import (
    UnusableCheckpoint,
    conditions,
    open_checkpoint,
    other_conditions,
    publish_checkpoint,
)
from humpback.core.store import METRICS
from humpback.core.work import Work
from humpback.engines import processes
from humpback.stages.sharding import STATE

SHORTEST = 60.0
"""Seconds between two checkpoints at least."""
SHARE = 200
"""How many times as long as the last checkpoint took passes before the next: half a percent of the time at most."""
_BYTES_A_WEIGHT, _BYTES_A_SECOND = 12, 1e9
"""Of weights in float32 with AdamW's two moments, and to the disk: what the first checkpoint is thought to take."""
_NAME = "updates-"


class Pausable(Protocol):
    """A Trainer that can say where it is, beyond what its own checkpoints hold, and be there again."""

    model: Any
    args: Any
    state: Any

    def between_logs(self) -> dict[str, Any]:
        """Loss since the last log and the like, as JSON."""
        ...

    def go_on(self, **held: Any) -> None:
        """Be where `between_logs` was asked."""
        ...


class Checkpoints(TrainerCallback):
    """The checkpoints of one training."""

    trainer: Pausable

    def __init__(self, work: Work, sequences: Iterable[tuple[list[int], list[int]]], *training: object) -> None:
        """sequences: tokens and labels. training: whatever else decides how training goes."""
        self._work = work
        self._made_from = _checksum(work.made_from, sequences, training) if work.made_from else ""
        self._conditions: list[dict[str, Any]] = [conditions(work.machine, work.placement)]
        self._held: dict[str, Any] | None = None
        self._last, self._took = 0.0, 0.0

    def find(self) -> tuple[str | None, int]:
        """The newest checkpoint to go on from, and its updates; None and 0 where there is none that can be used. The
        metrics up to it are the stage's again. The first of several processes looks."""
        place, updates = processes.from_first(self._find() if processes.rank() == 0 else (None, 0))
        self._held = processes.from_first(self._held)
        return place, updates

    def _find(self) -> tuple[str | None, int]:
        known = sorted(self._work.checkpoints.glob(f"{_NAME}*"), key=_updates) if self._made_from else []
        for place in reversed(known):
            try:
                self._held = self._open(place)
            except UnusableCheckpoint as error:
                self._work.log.note(f"a checkpoint could not be used: {error}")
                shutil.rmtree(place, ignore_errors=True)
                continue
            shutil.copyfile(place / METRICS, self._work.log.path)
            self._work.log.went_before(self._held["seconds"])
            self._go_on_under(self._held["conditions"])
            return str(place), _updates(place)
        return None, 0

    def _open(self, place: Path) -> dict[str, Any]:
        held = open_checkpoint(place, self._made_from)
        if (place / STATE).exists() != (self._work.placement.parallel == "fsdp2"):
            raise UnusableCheckpoint(f"{place}: a model that is shared out keeps another kind")
        return held

    def _go_on_under(self, before: list[dict[str, Any]]) -> None:
        (now,) = self._conditions
        for one in before:
            if other := other_conditions(one, now):
                self._work.log.note(f"in part made under other conditions: {other}")
        self._conditions = [*(one for one in before if one != now), now]

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        weights = sum(one.numel() for one in self.trainer.model.parameters() if one.requires_grad)
        self._last, self._took = time.monotonic(), weights * _BYTES_A_WEIGHT / _BYTES_A_SECOND
        self._work.log.progress(state.global_step, state.max_steps, "updates")
        if self._held is not None:
            self.trainer.go_on(**self._held["trainer"])
            self._work.log.note(f"went on from update {state.global_step:,} of {state.max_steps:,}")

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        wait = max(SHORTEST, SHARE * self._took)
        due = self._made_from and state.global_step < state.max_steps and time.monotonic() - self._last >= wait
        if processes.from_first(due):
            control.should_save = True

    def save(self, write: Callable[[], None]) -> None:
        """Keep what `write` leaves in the Trainer's folder. A disk that takes no checkpoint is no reason to stop."""
        began, updates = time.monotonic(), self.trainer.state.global_step
        folder, held = Path(self.trainer.args.output_dir) / f"checkpoint-{updates}", self.trainer.between_logs()
        problem = next(filter(None, processes.from_all(_problem(write))), "")
        if processes.rank() == 0:
            problem = problem or _problem(partial(self._publish, folder, updates, held))
            if problem:
                shutil.rmtree(folder, ignore_errors=True)
                self._work.log.note(f"no checkpoint after update {updates:,}: {problem}")
        self._last = time.monotonic()
        self._took = self._last - began

    def _publish(self, folder: Path, updates: int, trainer: dict[str, Any]) -> None:
        (folder / "training_args.bin").unlink(missing_ok=True)  # a pickle of what the next maker knows by itself
        shutil.copyfile(self._work.log.path, folder / METRICS)
        self._work.checkpoints.mkdir(exist_ok=True)
        held = {
            "made_from": self._made_from,
            "conditions": self._conditions,
            "seconds": self._work.log.seconds,
            "trainer": trainer,
        }
        place = self._work.checkpoints / f"{_NAME}{updates}"
        publish_checkpoint(folder, place, held)
        for other in self._work.checkpoints.glob(f"{_NAME}*"):
            if other != place:
                shutil.rmtree(other, ignore_errors=True)


def _problem(act: Callable[[], None]) -> str:
    """What the disk, or who writes to it, says against it; "" where it is done."""
    try:
        act()
    except (OSError, RuntimeError, SafetensorError) as error:
        return str(getattr(error, "strerror", None) or error) or type(error).__name__
    return ""


def _updates(place: Path) -> int:
    number = place.name.removeprefix(_NAME)
    return int(number) if number.isdecimal() else 0


def _checksum(made_from: str, sequences: Iterable[tuple[list[int], list[int]]], training: tuple[object, ...]) -> str:
    digest = sha256(json.dumps([made_from, repr(training)]).encode())
    for ids, labels in sequences:
        digest.update(array("q", [len(ids), *ids, *labels]).tobytes())
    return digest.hexdigest()
