"""Stages on a Ray cluster of two nodes, both on this machine."""

from __future__ import annotations

import io
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock
from rich.console import Console

from humpback.core.expression import Artifact, FieldError
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.costs.hours import Run
from humpback.experiments.setups.base import Setup
from humpback.runs import environment
from humpback.runs.executor import Progress, execute
from humpback.runs.needs import needs
from humpback.runs.progress import show_progress
from humpback.spec.data import MicroSeed, Tagged
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned, Pretrained
from humpback.spec.outcomes import Responses
from tests.conftest import MACHINE

ray = pytest.importorskip("ray")
ray_cluster = pytest.importorskip("humpback.runs.ray_cluster")
ray_workers = pytest.importorskip("humpback.runs.ray_workers")

ROOT = Path(__file__).parent.parent.parent
DATA = [Tagged(MicroSeed(World(), 12, draw), "Be brief.") for draw in range(4)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two nodes with a CPU each. There is one cluster at a time: tests look for what it has left running, and a small
    machine does not bring two up."""
    from ray.cluster_utils import Cluster

    with FileLock(tmp_path_factory.getbasetemp().parent / "ray.lock"):
        started = Cluster()
        try:
            started.add_node(num_cpus=1, include_dashboard=False, wait=False)
            started.add_node(num_cpus=1, wait=False)
            until(lambda: len(started.global_state._live_node_ids()) == 2)
            yield started
        finally:
            ray.shutdown()
            started.shutdown()


def on(cluster: Any, store: Path) -> Machine:
    return replace(MACHINE, executor="ray", ray_address=cluster.address, store=str(store))


def until(there: Callable[[], object], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def tasks() -> list[psutil.Process]:
    """Workers of Ray with a stage in them."""
    found = []
    for one in psutil.process_iter():
        try:
            if one.cmdline()[:1] and "ray::" in one.cmdline()[0] and "/" in one.cmdline()[0]:
                found.append(one)
        except psutil.Error:
            continue
    return found


def test_a_cluster_makes_the_bytes_that_are_made_here_with_a_worker_killed_on_the_way(
    cluster: Any, tiny: Setup, tmp_path: Path
) -> None:
    assert isinstance(tiny.base, Pretrained)
    base = replace(tiny.base, updates=40)
    model = Finetuned(base, Tagged(tiny.seed_data, "Be brief."), tiny.sft)
    wanted = [Responses(model, tiny.prompts, tiny.answering), *DATA[:2]]
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    # As many threads as on a node with one CPU, for the order of sums.
    assert not execute(plan(here, wanted), here, replace(MACHINE, workers=1), Progress()).failures
    killed: list[int] = []
    lost: list[tuple[Artifact, str]] = []

    def advanced(artifact: Artifact, done: int, total: int, unit: str) -> None:
        if artifact == base and not killed:
            (worker,) = [one for one in tasks() if base.name in one.cmdline()[0]]
            killed.append(worker.pid)
            worker.kill()

    before = signal.getsignal(signal.SIGTERM)
    progress = Progress(advanced=advanced, lost=lambda artifact, how: lost.append((artifact, how)))
    result = execute(plan(there, wanted), there, on(cluster, there.root), progress)
    assert not result.failures, result.failures
    assert killed
    assert [artifact for artifact, _ in lost] == [base]
    assert "WorkerCrashedError, on " in lost[0][1]
    assert signal.getsignal(signal.SIGTERM) is before
    assert not ray.is_initialized()
    for step in plan(here, wanted).steps:
        assert there.state(step.artifact, hash_everything=True).status == "done"
        assert there.record(step.artifact).payload == here.record(step.artifact).payload
        assert there.record(step.artifact).machine["ray_address"] is None


def test_the_doctor_has_a_row_for_the_cluster(cluster: Any, tmp_path: Path) -> None:
    (row,) = environment._ray(on(cluster, tmp_path))
    assert row.status == "ok"
    assert f"at {cluster.address} 2 nodes with 2 CPUs, 0 GPUs and " in row.text
    assert list(tmp_path.iterdir()) == []
    lost = replace(MACHINE, executor="ray", ray_address="127.0.0.1:9")
    (row,) = environment._ray(lost)
    assert row.status == "lacks"
    assert "no Ray cluster answers at 127.0.0.1:9 (" in row.text
    assert row.remedy.startswith("start one (ray start --head")
    assert "not used" in next(environment._ray(MACHINE)).text


def test_a_cluster_that_does_not_answer_is_named_before_the_first_stage(tmp_path: Path) -> None:
    machine = replace(MACHINE, executor="ray", ray_address="127.0.0.1:9")
    store, started = Store(tmp_path / "store"), []
    with pytest.raises(StoreError, match=r"no Ray cluster answers at 127\.0\.0\.1:9 .*refused.*; start one"):
        execute(plan(store, DATA), store, machine, Progress(started=started.append))
    assert not started
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("127.0.0.1:9", r"no Ray cluster answers at 127\.0\.0\.1:9 .*refused.* or RAY_ADDRESS$"),
        ("http://127.0.0.1:8265", r"^RAY_ADDRESS is 'http://127\.0\.0\.1:8265'; it takes HOST:PORT"),
        ("ray://head:10001", r"^RAY_ADDRESS is 'ray://head:10001'; it takes HOST:PORT"),
    ],
)
def test_the_variable_that_ray_obeys_is_named(
    given: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", given)
    store, start = Store(tmp_path / "store"), time.monotonic()
    with pytest.raises(StoreError, match=says):
        execute(plan(store, DATA), store, replace(MACHINE, executor="ray"), Progress())
    assert time.monotonic() - start < 20


def test_without_the_package_a_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("humpback.runs.needs.find_spec", lambda name: None)
    machine, store = replace(MACHINE, executor="ray"), Store(tmp_path / "store")
    (finding,) = needs(plan(store, DATA), store, machine)
    assert finding.stops
    assert str(finding).endswith("pip install 'humpback-harness[ray]'")


def test_why_stages_could_not_share_a_folder(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert ray_cluster._of_store(mark, "head") == f"does not see {tmp_path} of head (it has another)"
    assert ray_cluster._of_store(tmp_path / "no" / "mark", "head") == f"does not see {tmp_path}/no of head"
    mark.touch()
    assert ray_cluster._of_store(mark, "head") == f"is not kept out of {tmp_path} by a lock that head holds there"
    with FileLock(mark):
        assert ray_cluster._of_store(mark, "head") == ""


def test_what_stages_take_of_a_node(tiny: Setup, tmp_path: Path) -> None:
    small, large = ray_cluster.Node("a" * 8, "small", 2, 0, 4e9), ray_cluster.Node("b" * 8, "large", 8, 1, 64e9)
    model = Finetuned(tiny.base, DATA[0], tiny.sft)
    answers = Responses(model, tiny.prompts, tiny.answering)

    def place(artifact: Artifact, machine: Machine, run: Run, *nodes: Any) -> Any:
        return ray_workers._place(artifact, run, machine, nodes)

    cpus = replace(MACHINE, workers=16, threads=2)
    run = Run(memory=6e9, state=5e9)
    assert place(tiny.base, cpus, run, small, large) == ray_workers.Place(8, 0, 6e9, 5e9)
    assert place(model, cpus, run, small, large) == ray_workers.Place(2, 0, 6e9, 5e9)
    gpus = replace(cpus, device="cuda")
    assert place(model, gpus, run, small, large) == ray_workers.Place(2, 1, 5e9 / 4, 0.0)
    assert place(answers, gpus, run, small, large) == ray_workers.Place(2, 1, 5e9, 0.0)
    assert place(DATA[0], gpus, Run(), small, large) == ray_workers.Place(2, 0, 0.0, 0.0)
    steps, store = [model, DATA[1]], Store(tmp_path)
    places = {
        one.fingerprint: place(one, gpus, run, small) for one in (step.artifact for step in plan(store, steps).steps)
    }
    (finding,) = ray_workers._without_a_place(plan(store, steps), places, [small])
    assert finding.stops
    assert "takes 2 CPUs, 1 GPUs and 0" in finding.text
    assert "small (aaaaaaaa): 2 CPUs, 0 GPUs and 4" in finding.text
    assert list(ray_workers._without_a_place(plan(store, steps), places, [large])) == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"ray_address": "10.0.0.7:6379"}, "executor is 'local'"),
        ({"executor": "ray", "ray_address": "ray://10.0.0.7:10001"}, "run on a node"),
        ({"executor": "ray", "ray_address": "head"}, "HOST:PORT"),
        ({"executor": "slurm"}, "executor"),
    ],
)
def test_addresses_that_are_none(fields: dict[str, str], says: str) -> None:
    with pytest.raises(FieldError, match=says):
        Machine(**fields)  # type: ignore[arg-type]
    assert Machine(executor="ray", ray_address="head.cluster:6379").ray_address


def test_a_lost_stage_is_said(tiny: Setup) -> None:
    told = io.StringIO()
    with show_progress(Console(file=told, width=200), [DATA[0]]) as progress:
        progress.started(DATA[0])
        progress.lost(DATA[0], "its node was lost, on large (bbbbbbbb)")
        progress.started(DATA[0])
    assert "lost       tagged/" in told.getvalue()
    assert "(its node was lost, on large (bbbbbbbb)); it is started again" in told.getvalue()
