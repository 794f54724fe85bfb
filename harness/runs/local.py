"""Stages on this machine, so many at a time as it has workers."""

from __future__ import annotations

import multiprocessing.connection as connection
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.runs.stage_process import Message, StageProcess, last
from humpback.spec.models import Pretrained


class LocalWorkers:
    """The processes of this machine's stages."""

    def __init__(self, root: Path, machine: Machine, source: dict[str, Any]) -> None:
        self._root, self._machine, self._source = root, machine, source
        self._running: dict[object, tuple[Artifact, StageProcess, int]] = {}
        self._free = list(range(machine.workers))

    def has_room(self, artifact: Artifact) -> bool:
        """Whether it can be started beside those that run."""
        busy = sum(_slots(one, self._machine) for one, _, _ in self._running.values())
        return not busy or busy + _slots(artifact, self._machine) <= self._machine.workers

    def start(self, artifact: Artifact) -> None:
        """Start its stage; there is room for it."""
        place = self._free.pop(0)
        # Of those that this process may use, where somebody has chosen.
        allowed = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        gpu = allowed[place] if place < len(allowed) and allowed[place] else str(place)
        process = StageProcess(artifact, self._root, self._machine, self._source, gpu)
        self._running[process.pipe] = artifact, process, place

    def hear(self) -> Iterator[tuple[Artifact, Message]]:
        """What those that run have said since; waits until one has said something."""
        for pipe in connection.wait([process.pipe for _, process, _ in self._running.values()]):
            artifact, process, place = self._running[pipe]
            message = process.hear()
            if last(message):
                del self._running[pipe]
                self._free.append(place)
            yield artifact, message

    def close(self) -> None:
        """End all that run."""
        for _, process, _ in self._running.values():
            process.end()
        self._running.clear()


def _slots(artifact: Artifact, machine: Machine) -> int:
    """Workers whose cores a stage takes. Pretraining on a CPU uses all of them, and so goes alone: the 3x128 base took
    332 s beside another's pretraining, and 130 to 210 s without."""
    return machine.workers if isinstance(artifact, Pretrained) and machine.device == "cpu" else 1
