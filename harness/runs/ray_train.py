"""The processes of one stage on the nodes of a Ray cluster, started by Ray Train: however many nodes they take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import ray
from ray.train import LoggingConfig, RunConfig, ScalingConfig
from ray.train.constants import ENABLE_SHARE_CUDA_VISIBLE_DEVICES_ENV
from ray.train.torch import TorchConfig, TorchTrainer
from ray.train.v2.api.exceptions import TrainingFailedError, WorkerGroupError

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.placement import Placement
from humpback.core.store import CHECKPOINTS, Store
from humpback.core.text import one_line
from humpback.engines.processes import LONGEST, backend
from humpback.runs.launch import Death, Job
from humpback.runs.rank import device_of, do_work
from humpback.runs.stage_process import Message, last, make_and_tell

_WAITS = str(7 * 86_400)
"""Seconds for room on the nodes, as any stage waits for it."""
_TOLD = "it has told the stage why it ended"
"""How a process ends that was not killed: so that Ray Train ends the others."""


@dataclass(frozen=True)
class OnNodes:
    """A launcher (`humpback.runs.launch.Launcher`) of processes on whatever nodes have room for them, as many on each
    as it holds."""

    resources: dict[str, float]
    """What each process takes, as Ray counts it."""
    environment: dict[str, str]
    """Variables that each finds."""
    host: str = field(default_factory=ray.util.get_node_ip_address)

    def launch(self, job: Job) -> list[Death]:
        """Start them, and wait until all have ended. What killed one comes first."""
        copies = job.placement.copies > 1
        # Copies see their own GPUs alone, and those that train one model each other's, by which they then speak.
        os.environ[ENABLE_SHARE_CUDA_VISIBLE_DEVICES_ENV] = str(int(not copies))
        os.environ["RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S"] = _WAITS
        trainer = TorchTrainer(
            _work,
            train_loop_config={"job": job, "environment": self.environment},
            torch_config=TorchConfig(backend=backend(device_of(job)), timeout_s=int(LONGEST.total_seconds())),
            scaling_config=ScalingConfig(
                num_workers=job.placement.processes,
                use_gpu="GPU" in self.resources,
                resources_per_worker=self.resources,
                placement_strategy="PACK",
            ),
            run_config=RunConfig(
                name="run",
                storage_path=str(job.out / CHECKPOINTS / "ray-train"),
                logging_config=LoggingConfig(log_level="ERROR"),
            ),
        )
        try:
            trainer.fit()
        except WorkerGroupError as error:
            died = [
                Death(rank, f"ended: {one_line(str(one), 300)}", _TOLD not in str(one))
                for rank, one in error.worker_failures.items()
            ]
            return sorted(died, key=lambda one: not one.killed)
        except TrainingFailedError as error:
            return [Death(0, f"ended: {one_line(str(error), 300)}", killed=True)]
        return []


def run_on_nodes(
    artifact: Artifact,
    root: Path,
    machine: Machine,
    source: dict[str, Any],
    placement: Placement,
    launcher: OnNodes,
) -> Iterator[Message]:
    """Make the artifact in its processes, which does not use this one's node but to hear them; what it tells."""
    told = SimpleQueue[Message]()
    words = (artifact, Store(root), machine, source, placement, launcher, told.put)
    Thread(target=make_and_tell, args=words, daemon=True).start()
    while True:
        message = told.get()
        yield message
        if last(message):
            return


def _work(words: dict[str, Any]) -> None:
    """The body of each process."""
    os.environ.update(words["environment"])
    if not do_work(words["job"], ray.train.get_context().get_world_rank()):
        raise RuntimeError(_TOLD)
