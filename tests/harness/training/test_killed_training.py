"""A training that is killed goes on from its last checkpoint, to the bit."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers.trainer_pt_utils import safe_globals

from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.experiments.setups.base import Setup
from humpback.runs.build import build_artifact
from humpback.spec.data import Tagged
from humpback.spec.models import Finetuned, Pretrained
from humpback.spec.prompts import S_A
from humpback.spec.recipe import LinearTo, Lora, Sft, Steps
from humpback.stages import checkpoint
from tests.conftest import MACHINE, SOURCE
from tests.harness.training.killed import Made, assert_same, kept, measured, run_in_child, said, store_with_inputs

UPDATES = 8
RECIPE = Sft(learning_rate=1e-3, schedule=LinearTo(1e-4), duration=Steps(UPDATES), batch=8, longest=256, dropout=0.1)


def finetuned(tiny: Setup, recipe: Sft = RECIPE) -> Finetuned:
    """Three updates an epoch, with dropout."""
    return Finetuned(tiny.base, Tagged(tiny.seed_data, S_A), recipe)


@pytest.fixture(scope="module")
def undisturbed(made: Made, tiny: Setup, shared_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Where the full finetuning was never killed."""
    store = store_with_inputs(finetuned(tiny), tmp_path_factory.mktemp("undisturbed"), made, shared_store)
    assert run_in_child(finetuned(tiny), store) == 0
    assert not store.record(finetuned(tiny)).source.get("notes")
    return store


@pytest.mark.parametrize("kind", ["accumulated", "adapter", "pretraining"])
def test_killed_at_the_end_of_an_epoch_and_in_mid_epoch_then_the_same_bytes(
    kind: str, made: Made, tiny: Setup, shared_store: Store, tmp_path: Path
) -> None:
    node: Artifact = finetuned(tiny)
    if kind == "adapter":
        node = finetuned(tiny, replace(RECIPE, adapter=Lora(rank=4, alpha=8)))
    elif kind == "pretraining":
        assert isinstance(tiny.base, Pretrained)
        node = replace(tiny.base, updates=UPDATES)
    micro_batch = 2 if kind == "accumulated" else 32
    undisturbed, store = (store_with_inputs(node, tmp_path / name, made, shared_store) for name in ("whole", "killed"))
    assert run_in_child(node, undisturbed, micro_batch=micro_batch) == 0
    for update in (3, 5):
        assert run_in_child(node, store, die_at=update, micro_batch=micro_batch) == -signal.SIGKILL
        assert [one.name for one in kept(store, node).iterdir()] == [f"updates-{update}"]
        assert store.state(node).status == "missing"
    assert run_in_child(node, store, micro_batch=micro_batch) == 0
    assert_same(
        store, undisturbed, node, but=("adapter_config.json", "README.md")
    )  # peft names the base's folder there
    assert measured(store, node) == measured(undisturbed, node)
    assert [row["step"] for row in measured(store, node)] == list(range(1, UPDATES + 1))
    assert store.record(node).source["notes"] == ["went on from update 5 of 8"]
    assert [one[0][0] for one in said(store)] == [0, 3, 5]  # progress begins where the training does
    attempts = sorted((store.root / ".attempts" / node.name).glob("*.jsonl"))
    assert [[json.loads(line)["step"] for line in path.read_text().splitlines()][-1] for path in attempts] == [3, 5]


@pytest.fixture(scope="module")
def killed(made: Made, tiny: Setup, shared_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Where the full finetuning was killed after its fourth update."""
    store = store_with_inputs(finetuned(tiny), tmp_path_factory.mktemp("killed"), made, shared_store)
    assert run_in_child(finetuned(tiny), store, die_at=4) == -signal.SIGKILL
    return store


def test_a_checkpoint_holds_no_pickle_of_classes_and_its_time_counts(
    killed: Store, undisturbed: Store, tiny: Setup, tmp_path: Path
) -> None:
    node, store = finetuned(tiny), Store(tmp_path / "store")
    shutil.copytree(killed.root, store.root)
    place = kept(store, node) / "updates-4"
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        with safe_globals():
            torch.load(place / name, weights_only=True)
    files = {path.name for path in place.iterdir()}
    assert {"model.safetensors", "metrics.jsonl", "seal.json"} <= files
    assert not {path for path in files if path.endswith((".bin", ".pkl"))}
    seconds = json.loads((place / "seal.json").read_text())["seconds"]
    assert run_in_child(node, store) == 0
    assert_same(store, undisturbed, node)
    assert store.record(node).seconds > seconds


@pytest.mark.parametrize("damage", ["byte", "torn", "seal", "another's"])
def test_a_checkpoint_that_is_damaged_or_of_another_training_is_told_and_not_used(
    damage: str, killed: Store, undisturbed: Store, tiny: Setup, made: Made, shared_store: Store, tmp_path: Path
) -> None:
    node, store = finetuned(tiny), Store(tmp_path / "store")
    shutil.copytree(killed.root, store.root)
    place = kept(store, node) / "updates-4"
    optimizer = place / "optimizer.pt"
    if damage == "byte":
        held = bytearray(optimizer.read_bytes())
        held[len(held) // 2] ^= 1
        optimizer.write_bytes(held)
    elif damage == "torn":
        os.truncate(optimizer, optimizer.stat().st_size // 2)
    elif damage == "seal":
        (place / "seal.json").write_text((place / "seal.json").read_text()[:-40])
    else:
        other = finetuned(tiny, replace(RECIPE, learning_rate=2e-3))
        assert run_in_child(other, store, die_at=4) == -signal.SIGKILL
        shutil.rmtree(place)
        (kept(store, other) / "updates-4").rename(place)
        shutil.rmtree(kept(store, other).parent)
    assert run_in_child(node, store) == 0
    assert_same(store, undisturbed, node)
    assert measured(store, node) == measured(undisturbed, node)
    (note,) = store.record(node).source["notes"]
    words = {"byte": "checksum", "torn": "bytes where", "seal": "no seal", "another's": "made from something else"}
    assert note.startswith("a checkpoint could not be used: .checkpoints/updates-4")
    assert words[damage] in note
    assert str(tmp_path) not in note


def test_another_micro_batch_goes_on_and_the_record_says_so(killed: Store, tiny: Setup, tmp_path: Path) -> None:
    node, store = finetuned(tiny), Store(tmp_path / "store")
    shutil.copytree(killed.root, store.root)
    assert run_in_child(node, store, micro_batch=4) == 0
    told = "in part made under other conditions: micro_batch 32 before and 4 now"
    assert store.record(node).source["notes"] == [told, "went on from update 4 of 8"]
    assert [row["step"] for row in measured(store, node)] == list(range(1, UPDATES + 1))


def test_a_disk_that_takes_no_checkpoint_does_not_stop_a_training(
    made: Made, tiny: Setup, undisturbed: Store, shared_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "somewhere"))

    monkeypatch.setattr(checkpoint, "publish_checkpoint", full)
    monkeypatch.setattr(checkpoint, "SHORTEST", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 0)
    node = finetuned(tiny)
    store = store_with_inputs(node, tmp_path / "store", made, shared_store)
    build_artifact(node, store, MACHINE, SOURCE, lambda *_: None)
    assert_same(store, undisturbed, node)
    assert store.record(node).source["notes"][0] == "no checkpoint after update 1: No space left on device"
