"""Stages as tasks of a Ray cluster, each on a node that has the CPUs, GPUs and memory it takes.

A task runs its stage as it runs here, in a process of its own (`humpback.runs.stage_process`), and streams what that
says; those of a stage of several are started by Ray Train (`humpback.runs.ray_train`). All stages that can run are sent
out at once: which run, and where, is Ray's to say. A stage whose worker or node is lost is sent out again; its lock in
the store fell with its process, and it goes on from its checkpoints.
"""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, RayError, RayTaskError

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.placement import ALONE, Placement
from humpback.core.plan import Plan
from humpback.core.store import Store
from humpback.costs.hours import Run
from humpback.costs.plan_cost import PAPERS, cost
from humpback.costs.show import in_bytes
from humpback.runs.build import source_state
from humpback.runs.needs import Finding, computes, refuse
from humpback.runs.placements import placements
from humpback.runs.ray_cluster import Node, connected, elsewhere, look_around
from humpback.runs.stage_process import Message, StageProcess, last
from humpback.spec.models import Finetuned, Pretrained

_TRIES = 3
"""How often a stage is sent out before its workers' deaths are taken for its own doing."""
_WAITS = 1.0
"""Seconds after which a wait for messages looks up, so that Ctrl-C is heard."""
_PASSED_ON = ("HF_", "VLLM_")
"""How variables of this process begin that stages find on their nodes, too."""


@dataclass(frozen=True)
class Place:
    """What each process of a stage takes of a node."""

    cpus: int
    gpus: int
    memory: float
    """Bytes of main memory, by the model of costs; of a stage on a GPU its weights, which pass through it."""
    least: float
    """Of them, those that no setting saves."""
    placement: Placement = ALONE

    def fits(self, node: Node) -> bool:
        """Whether a process could run there with nothing beside it."""
        return self.cpus <= node.cpus and self.gpus <= node.gpus and self.least <= node.memory

    def fit(self, nodes: Sequence[Node]) -> bool:
        """Whether all processes could run there with nothing beside them."""
        of_all = ((self.cpus, "cpus"), (self.gpus, "gpus"), (self.least, "memory"))
        room = (
            min(int(getattr(node, name) // each) for each, name in of_all if each) for node in nodes if self.fits(node)
        )
        return sum(room) >= self.placement.processes

    def resources(self, nodes: Sequence[Node]) -> dict[str, float]:
        """What each process asks Ray for; no more memory than the largest node that it fits has, as the model of costs
        may be above what is used."""
        most = max(node.memory for node in nodes if self.fits(node))
        asked = {"CPU": self.cpus, "GPU": self.gpus, "memory": int(min(self.memory, most))}
        return {name: float(n) for name, n in asked.items() if n}

    def __str__(self) -> str:
        each = f"{self.cpus} CPUs, {self.gpus} GPUs and {in_bytes(self.least)}"
        return each if self.placement.processes == 1 else f"{self.placement.processes} times {each}"


@contextlib.contextmanager
def ray_workers(plan: Plan, store: Store, machine: Machine) -> Iterator[RayWorkers]:
    """The machine's cluster, for the stages of that plan.

    Raises:
        StoreError: when it does not answer, or its nodes lack what stages cannot do without.
    """
    with connected(machine) as nodes:
        findings, seen = look_around(nodes, machine)
        places = _places(plan, store, machine, nodes, seen)
        refuse([*findings, *_without_a_place(plan, places, nodes)])
        workers = RayWorkers(store.root.absolute(), machine, nodes, places)
        try:
            yield workers
        finally:
            workers.close()


def _places(plan: Plan, store: Store, machine: Machine, nodes: Sequence[Node], seen: float | None) -> dict[str, Place]:
    """By fingerprint, what each stage of the plan takes; `seen`: bytes of a GPU."""
    cuda = machine.device == "cuda"
    costs = cost(plan, store, machine, (machine.accelerator or PAPERS) if cuda else "CPU", memory=seen)
    placed = placements(plan, store, machine, seen if cuda else max(node.memory for node in nodes))
    return {
        artifact.fingerprint: _place(artifact, one.run, machine, nodes, placed.get(artifact.fingerprint, ALONE))
        for artifact, one in costs.steps
    }


def _place(
    artifact: Artifact, run: Run, machine: Machine, nodes: Sequence[Node], placement: Placement = ALONE
) -> Place:
    shared = placement.processes if placement.parallel == "fsdp2" else 1
    if machine.device == "cuda":
        weights = run.state / 4 if isinstance(artifact, (Pretrained, Finetuned)) else run.state
        gpus = placement.units // placement.processes if computes(artifact) else 0
        return Place(machine.threads, gpus, weights / shared, 0.0, placement)
    cores = machine.threads * (_workers(machine, nodes) if isinstance(artifact, Pretrained) else 1)
    return Place(cores, 0, run.memory / shared, run.state / shared, placement)


def _workers(machine: Machine, nodes: Sequence[Node]) -> int:
    """Workers of one node whose cores a pretraining takes together, at most all."""
    return max(1, min(machine.workers, int(max(node.cpus for node in nodes)) // machine.threads))


def _without_a_place(plan: Plan, places: Mapping[str, Place], nodes: Sequence[Node]) -> Iterator[Finding]:
    """Where the nodes could never run a stage: the first of those."""
    stages = [one.artifact for one in plan.to_do]
    if unplaced := [one for one in stages if not places[one.fingerprint].fit(nodes)]:
        has = "; ".join(f"{node}: {Place(int(node.cpus), int(node.gpus), 0.0, node.memory)}" for node in nodes[:6])
        more = f" (and {len(unplaced) - 1} more stages)" if unplaced[1:] else ""
        alone = places[unplaced[0].fingerprint].placement.processes == 1
        which = "no node has" if alone else "the nodes do not have"
        text = f"{unplaced[0].name} takes {places[unplaced[0].fingerprint]}{more}, which {which}: {has}"
        yield Finding("nodes", "lacks", text, "add nodes that have, or ask for less in the machine file", stops=True)


class RayWorkers:
    """The tasks of a run's stages."""

    def __init__(self, root: Path, machine: Machine, nodes: Sequence[Node], places: Mapping[str, Place]) -> None:
        self._root, self._source, self._nodes, self._places = root, source_state(), nodes, places
        self._machine = replace(elsewhere(machine), workers=max(machine.processes, _workers(machine, nodes)))
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(_PASSED_ON) or name == machine.endpoint.key_variable
        }
        self._running: dict[Any, tuple[Artifact, int]] = {}
        self._where: dict[str, str] = {}

    def has_room(self, artifact: Artifact) -> bool:
        """What waits for room waits in the cluster."""
        return True

    def start(self, artifact: Artifact, tries: int = 1) -> None:
        """Send its stage out."""
        place = self._places[artifact.fingerprint]
        asked = place.resources(self._nodes)
        takes = {"num_cpus": place.cpus, "num_gpus": place.gpus, "memory": asked.get("memory")}
        if place.placement.processes > 1:  # which take theirs
            takes = {"num_cpus": 0}
        options = {"name": artifact.name, "max_retries": 0, "num_returns": "streaming", **takes}
        words = (artifact, self._root, self._machine, self._source, self._environment, place.placement, asked)
        task = ray.remote(_on_node).options(**options).remote(*words)
        self._running[task] = artifact, tries

    def hear(self) -> Iterator[tuple[Artifact, Message]]:
        """What those that run have said since; waits a moment for one that says something."""
        waited, ready = list(self._running), []
        if ray.wait(waited, num_returns=1, timeout=_WAITS, fetch_local=False)[0]:
            ready = ray.wait(waited, num_returns=len(waited), timeout=0, fetch_local=False)[0]
        for one in ready:
            artifact, tries = self._running[one]
            message = _next(one)
            if message[0] == "started":
                self._where[artifact.fingerprint] = message[1]
            if last(message):
                del self._running[one]
            if message[0] == "died":
                where = self._where.pop(artifact.fingerprint, "a node")
                message = "died", f"{message[1]}, on {where}" + (f"; {tries} times" if tries > 1 else "")
                if tries < _TRIES:
                    self.start(artifact, tries + 1)
                    message = "lost", message[1]
            yield artifact, message

    def close(self) -> None:
        """End all that run, and what waits."""
        for one in self._running:
            with contextlib.suppress(RayError):
                ray.cancel(one, force=True)
        self._running.clear()


def _next(task: Any) -> Message:
    """What a task has said; it has something to say."""
    try:
        message: Message = ray.get(next(task))
        return message
    except StopIteration:
        return "died", "it ended without a word"
    except RayTaskError as error:
        return "failure", (str(error).strip().splitlines()[-1], str(error))
    except NodeDiedError:
        return "died", "its node was lost"
    except OutOfMemoryError:
        return "died", "Ray ended it: its node was out of memory"
    except RayError as error:
        return "died", type(error).__name__


def _on_node(
    artifact: Artifact,
    root: Path,
    machine: Machine,
    source: dict[str, Any],
    environment: dict[str, str],
    placement: Placement,
    resources: dict[str, float],
) -> Iterator[Message]:
    """The body of a task. The processes of a stage of several take their resources wherever there is room."""
    os.environ.update(environment)
    if not (root / ".locks").is_dir():  # the node came after the others were looked at
        yield "store", f"node {_here()} does not see the store {root}; give a folder that all nodes share, with --store"
        return
    if placement.processes > 1:
        from humpback.runs.ray_train import OnNodes, run_on_nodes  # which loads torch

        told = run_on_nodes(artifact, root, machine, source, placement, OnNodes(resources, environment))
    else:
        told = _in_a_process(artifact, root, machine, source, placement)
    for message in told:
        yield ("started", _here()) if message[0] == "started" else message


def _in_a_process(
    artifact: Artifact, root: Path, machine: Machine, source: dict[str, Any], placement: Placement
) -> Iterator[Message]:
    process = StageProcess(artifact, root, machine, source, os.environ.get("CUDA_VISIBLE_DEVICES", ""), placement)
    try:
        while True:
            message = process.hear()
            yield message
            if last(message):
                return
    except BaseException:
        process.end()
        raise


def _here() -> str:
    return f"{platform.node()} ({ray.get_runtime_context().get_node_id()[:8]})"
