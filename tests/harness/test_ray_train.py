"""Stages of several processes on a Ray cluster: over two nodes, killed on the way, stopped."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from humpback.core.expression import Artifact
from humpback.core.placement import Placement
from humpback.core.plan import plan
from humpback.core.store import CHECKPOINTS, Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.costs.hours import Run
from humpback.experiments.setups.base import Setup
from humpback.runs.build import build_artifact
from humpback.runs.executor import Progress, execute
from humpback.spec.data import Tagged
from humpback.spec.models import Finetuned
from humpback.spec.recipe import Steps
from tests.conftest import MACHINE, SOURCE
from tests.harness.test_ray import cluster as cluster
from tests.harness.test_ray import on, ray_cluster, ray_workers, tasks, until
from tests.harness.test_ray_runs import driver
from tests.harness.training.killed import Made, store_with_inputs
from tests.harness.training.test_processes import assert_near_weights


def processes() -> list[psutil.Process]:
    """The processes of a stage that Ray Train has started."""
    found = []
    for one in psutil.process_iter():
        try:
            if "RayTrainWorker" in " ".join(one.cmdline()):
                found.append(one)
        except psutil.Error:
            continue
    return found


def test_a_finetuning_over_two_nodes_with_a_process_killed_on_the_way(
    cluster: Any, tiny: Setup, made: Made, shared_store: Store, tmp_path: Path
) -> None:
    """Two others do it again (from a checkpoint, where there is one: after a minute), to the weights of one."""
    node = Finetuned(tiny.base, Tagged(tiny.seed_data, "Be brief."), replace(tiny.sft, duration=Steps(60), dropout=0.0))
    alone, there = (store_with_inputs(node, tmp_path / name, made, shared_store) for name in ("alone", "there"))
    build_artifact(node, alone, MACHINE, SOURCE, lambda *_: None)
    killed: list[int] = []
    lost: list[str] = []

    def advanced(artifact: Artifact, done: int, total: int, unit: str) -> None:
        if not killed and done:
            worker = processes()[-1]
            killed.append(worker.pid)
            worker.kill()

    machine = replace(on(cluster, there.root), workers=2, processes=2)
    progress = Progress(advanced=advanced, lost=lambda artifact, how: lost.append(how))
    result = execute(plan(there, [node]), there, machine, progress)
    assert not result.failures, [error.trace for error in result.failures.values()]  # type: ignore[attr-defined]
    assert killed
    assert len(lost) == 1
    assert "process " in lost[0]
    assert_near_weights(there.folder(node), alone.folder(node))
    assert there.record(node).machine["placement"]["parallel"] == "ddp"
    assert not (there.folder(node) / CHECKPOINTS).exists()
    until(lambda: not processes(), 60)


def test_the_processes_of_a_stage_are_on_several_nodes_and_each_writes_its_share(
    cluster: Any, tiny: Setup, made: Made, shared_store: Store, tmp_path: Path
) -> None:
    from humpback.spec.outcomes import Responses

    node = Responses(tiny.base, tiny.prompts, tiny.answering)
    alone, there = (store_with_inputs(node, tmp_path / name, made, shared_store) for name in ("alone", "there"))
    build_artifact(node, alone, MACHINE, SOURCE, lambda *_: None)
    machine = replace(on(cluster, there.root), workers=2, processes=2)
    result = execute(plan(there, [node]), there, machine, Progress())
    assert not result.failures, result.failures
    assert list(read(there.folder(node) / EXAMPLES, Example)) == list(read(alone.folder(node) / EXAMPLES, Example))
    assert there.record(node).machine["placement"]["copies"] == 2  # each node has one CPU


def test_a_run_that_is_killed_leaves_no_process(
    cluster: Any, tiny: Setup, made: Made, shared_store: Store, tmp_path: Path
) -> None:
    node = Finetuned(tiny.base, tiny.seed_data, replace(tiny.sft, duration=Steps(20_000)))
    store = store_with_inputs(node, tmp_path / "store", made, shared_store)
    machine = replace(on(cluster, store.root), workers=2, processes=2)
    process = driver(tmp_path / "run", machine, [node])
    log = store.root / ".partial" / node.fingerprint / "metrics.jsonl"
    until(lambda: process.poll() is not None or log.exists())
    assert process.poll() is None, process.stderr and process.stderr.read()
    assert len(processes()) == 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    until(lambda: not tasks() and not processes(), 90)
    with FileLock(store.root / ".locks" / f"{node.fingerprint}.lock", timeout=60):
        pass


def test_processes_that_no_nodes_hold_together_are_refused(tiny: Setup, tmp_path: Path) -> None:
    nodes = [ray_cluster.Node(name * 8, name, 8, 8, 64e9) for name in "ab"]
    model = Finetuned(tiny.base, tiny.seed_data, tiny.sft)
    machine = replace(MACHINE, device="cuda", workers=64)
    place = ray_workers._place(model, Run(state=80e9, gpus=16), machine, nodes, Placement(16, "fsdp2"))
    assert (place.cpus, place.gpus, place.memory) == (1, 1, 80e9 / 4 / 16)
    assert str(place).startswith("16 times 1 CPUs, 1 GPUs and ")
    assert place.fit(nodes)
    assert not place.fit(nodes[:1])
    assert place.resources(nodes) == {"CPU": 1.0, "GPU": 1.0, "memory": 80e9 / 4 / 16}
    copies = ray_workers._place(model, Run(state=80e9, gpus=2), machine, nodes, Placement(8, copies=4))
    assert (copies.gpus, copies.fit(nodes), copies.fit(nodes[:1])) == (2, True, True)
    more = ray_workers._place(model, Run(state=80e9, gpus=2), machine, nodes, Placement(20, copies=10))
    assert not more.fit(nodes)
    steps, store = plan(Store(tmp_path), [model]), Store(tmp_path)
    places = {step.artifact.fingerprint: more for step in steps.steps}
    (finding,) = ray_workers._without_a_place(plan(store, [model]), places, nodes)
    assert "takes 10 times 1 CPUs, 2 GPUs and 0" in finding.text
    assert "which the nodes do not have: a (aaaaaaaa): 8 CPUs, 8 GPUs" in finding.text
