"""One model trained by several processes, over gloo: the weights that one process gives; and killed, it goes on."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.placement import Placement
from humpback.core.plan import plan
from humpback.core.store import CHECKPOINTS, Store
from humpback.core.work import Work, new_log
from humpback.runs import launch
from humpback.runs.build import build_artifact
from humpback.runs.executor import Progress, execute
from humpback.runs.launch import TORCHRUN, Heard, Launcher, ProcessDied, run_launched
from humpback.runs.stage_process import _work
from humpback.spec.data import MicroSeed
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned
from humpback.spec.recipe import LinearTo, Lora, Sft, Steps
from humpback.stages.trainer import TooManyAtOnce
from tests.conftest import SOURCE
from tests.harness.training.material import Workshop, same, weights

RECIPE = Sft(learning_rate=1e-3, schedule=LinearTo(1e-4), duration=Steps(5), batch=7, longest=256, dropout=0.0)
"""Of 24 examples in batches of seven: no process has as many as the other, and the last update of an epoch is short."""
KILLED = """
import os, signal, time
from pathlib import Path
if "RANK" in os.environ:
    from humpback.stages import checkpoint
    checkpoint.SHORTEST, checkpoint.SHARE = 0.0, 0
    flag = Path({flag!r})
    def on_step_begin(self, args, state, control, **rest):
        if os.environ["RANK"] == "1" and state.global_step == 3 and not flag.exists():
            while os.listdir(self._work.checkpoints) != ["updates-3"]:
                time.sleep(0.01)
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    checkpoint.Checkpoints.on_step_begin = on_step_begin
"""
"""What a process of a training runs first: it keeps a checkpoint of every update, and the second one dies once."""


@dataclass
class Trial:
    """A finetuning whose inputs are there, on a machine."""

    node: Finetuned
    machine: Machine
    inputs: Store

    def store(self, root: Path) -> Store:
        """One with the inputs alone."""
        shutil.copytree(self.inputs.root, root, copy_function=os.link)
        return Store(root)

    def made(self, root: Path, placement: Placement) -> Store:
        store = self.store(root)
        build_artifact(self.node, store, self.machine, SOURCE, lambda *_: None, placement)
        return store


def trial(root: Path, recipe: Sft = RECIPE) -> Trial:
    shop = Workshop(root)
    base, data = shop.base("llama", tie_word_embeddings=True), MicroSeed(World(), n=24)
    store, machine = Store(root / "inputs"), replace(shop.machine, workers=2)
    store.prepare()
    inputs: list[Artifact] = [base, data]
    for one in inputs:
        build_artifact(one, store, machine, SOURCE, lambda *_: None)
    return Trial(Finetuned(base, data, recipe), machine, store)


def assert_near_weights(one: Path, other: Path) -> None:
    """Of two folders of finetuned models."""
    found, right = weights(one), weights(other)
    assert found.keys() == right.keys()
    assert all(torch.allclose(found[name], right[name], atol=1e-4) for name in right)


def assert_near(trial: Trial, one: Store, other: Store) -> None:
    assert_near_weights(one.folder(trial.node), other.folder(trial.node))
    counts, expected = (store.record(trial.node).counts for store in (one, other))
    assert counts == expected


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    assert not [one for one in psutil.Process().children(recursive=True) if "humpback.runs.rank" in one.cmdline()]


def test_a_run_gives_a_training_its_processes_and_the_record_says_so(tmp_path: Path) -> None:
    """DDP, as the machine file asks for two processes and each can hold the model."""
    one = trial(tmp_path)
    alone = one.made(tmp_path / "alone", Placement())
    assert "placement" not in alone.record(one.node).machine
    store, seen = one.store(tmp_path / "two"), []
    progress = Progress(advanced=lambda artifact, done, total, unit: seen.append((done, total, unit)))
    result = execute(plan(store, [one.node]), store, replace(one.machine, processes=2), progress)
    assert not result.failures
    assert_near(one, store, alone)
    record = store.record(one.node)
    assert record.machine["placement"]["parallel"] == "ddp"
    assert record.machine["placement"]["units"] == record.machine["processes"] == 2
    assert record.fingerprint == alone.record(one.node).fingerprint
    assert (0, 5, "updates") in seen


@pytest.mark.parametrize("adapter", [None, Lora(rank=4, alpha=8.0)], ids=["whole", "adapter"])
def test_a_model_that_is_shared_out_learns_what_one_process_would(adapter: Lora | None, tmp_path: Path) -> None:
    one = trial(tmp_path, replace(RECIPE, adapter=adapter))
    alone = one.made(tmp_path / "alone", Placement())
    shared = one.made(
        tmp_path / "two", Placement(2, "fsdp2", micro_batch=2, gradient_checkpointing=True, packed=adapter is None)
    )
    assert_near(one, shared, alone)
    names = {path.name for path in shared.folder(one.node).iterdir()}
    assert names == {path.name for path in alone.folder(one.node).iterdir()}


@pytest.mark.parametrize("parallel", ["ddp", "fsdp2"])
def test_one_process_killed_ends_the_stage_and_the_next_maker_goes_on(
    parallel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "sitecustomize.py").write_text(KILLED.format(flag=str(tmp_path / "killed")))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'first'}:{os.environ.get('PYTHONPATH', '')}")
    one = trial(tmp_path)
    alone, store = one.made(tmp_path / "alone", Placement()), one.store(tmp_path / "two")
    with pytest.raises(ProcessDied, match=f"process 2 of 2 was killed by signal {signal.SIGKILL:d}"):
        build_artifact(one.node, store, one.machine, SOURCE, lambda *_: None, Placement(2, parallel))
    assert store.state(one.node).status == "missing"
    kept = store.root / ".partial" / one.node.fingerprint / CHECKPOINTS
    assert [path.name for path in kept.iterdir()] == ["updates-3"]
    build_artifact(one.node, store, one.machine, SOURCE, lambda *_: None, Placement(2, parallel))
    assert store.record(one.node).source["notes"] == ["went on from update 3 of 5"]
    assert_near(one, store, alone)
    assert list((store.root / ".partial").iterdir()) == []


def test_memory_that_does_not_hold_a_micro_batch_begins_again_with_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def ran(artifact: Artifact, store: Store, work: Work, launcher: Launcher) -> Heard:
        asked.append(work.placement.micro_batch)
        if work.placement.micro_batch > 2:
            error = TooManyAtOnce("update 4: memory does not hold 8 at once (made up)", work.placement.micro_batch)
            return Heard(failures={1: (error, "trace")})
        return Heard({"counts": {"kept": 1}, "notes": ["a note"], "packages": {}, "started": 0.0})

    monkeypatch.setattr(launch, "_run", ran)
    work = Work(Path, tmp_path, Machine(), new_log(tmp_path, lambda *_: None), placement=Placement(2, "ddp", 8))
    assert run_launched(MicroSeed(World(), n=2), Store(tmp_path), work, TORCHRUN) == {"kept": 1}
    assert asked == [8, 4, 2]
    assert "begun again from the last checkpoint with 2 at once" in work.log.notes[1]
    assert work.log.notes[-1] == "a note"


def test_what_another_launcher_left_in_the_environment_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trial(tmp_path)
    alone, store = one.made(tmp_path / "alone", Placement()), one.store(tmp_path / "left")
    left = {"ACCELERATE_MIXED_PRECISION": "bf16", "LOCAL_RANK": "0", "PMI_SIZE": "2", "WORLD_SIZE": "2"}
    for name, value in left.items():
        monkeypatch.setenv(name, value)
    context = multiprocessing.get_context("spawn")  # a server that is forked from may have been started before
    ours, theirs = context.Pipe(duplex=False)
    words = (one.node, store.root, one.machine, SOURCE, "", Placement(), theirs)
    stage = context.Process(target=_work, args=words)
    stage.start()
    stage.join()
    assert same(weights(store.folder(one.node)), weights(alone.folder(one.node)))
    ours.close()
