"""Stages on this machine, so many at a time as it has workers."""

from __future__ import annotations

import multiprocessing.connection as connection
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.placement import ALONE, Placement
from humpback.costs.placing import units_taken
from humpback.runs.stage_process import Message, StageProcess, last


class LocalWorkers:
    """The processes of this machine's stages."""

    def __init__(self, root: Path, machine: Machine, source: dict[str, Any], placed: Mapping[str, Placement]) -> None:
        """placed: by fingerprint, the placements of stages that take more than one process on one worker."""
        self._root, self._machine, self._source, self._placed = root, machine, source, placed
        self._running: dict[object, tuple[Artifact, StageProcess, list[int]]] = {}
        self._free = list(range(machine.workers))

    def has_room(self, artifact: Artifact) -> bool:
        """Whether it can be started beside those that run."""
        busy = sum(self._slots(one) for one, _, _ in self._running.values())
        return not busy or busy + self._slots(artifact) <= self._machine.workers

    def start(self, artifact: Artifact) -> None:
        """Start its stage; there is room for it."""
        placement = self._placement(artifact)
        places = [self._free.pop(0) for _ in range(placement.units)]
        # Of those that this process may use, where somebody has chosen.
        allowed = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        gpus = [allowed[place] if place < len(allowed) and allowed[place] else str(place) for place in places]
        process = StageProcess(artifact, self._root, self._machine, self._source, ",".join(gpus), placement)
        self._running[process.pipe] = artifact, process, places

    def hear(self) -> Iterator[tuple[Artifact, Message]]:
        """What those that run have said since; waits until one has said something."""
        for pipe in connection.wait([process.pipe for _, process, _ in self._running.values()]):
            artifact, process, places = self._running[pipe]
            message = process.hear()
            if last(message):
                del self._running[pipe]
                self._free += places
            yield artifact, message

    def close(self) -> None:
        """End all that run."""
        for _, process, _ in self._running.values():
            process.end()
        self._running.clear()

    def _placement(self, artifact: Artifact) -> Placement:
        return self._placed.get(artifact.fingerprint, ALONE)

    def _slots(self, artifact: Artifact) -> int:
        return units_taken(artifact, self._machine, self._placement(artifact))
