"""The W&B mirror: one offline run an artifact, whole, with no trace of the machine, and nothing where it is off."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.humpback.algorithm import seed_model
from experiments.setups import Setup
from harness import tracking
from harness.fingerprint import Artifact
from harness.store import METRICS, Store

Made = Callable[[Artifact], Path]


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)


def runs(store: Store) -> dict[str, Path]:
    """Offline run files by run id."""
    return {path.stem.removeprefix("run-"): path for path in (store.root / "wandb").glob("offline-run-*/run-*.wandb")}


def records(path: Path) -> list[Any]:
    """The records of an offline run file: protobuf messages in a LevelDB log (32 KiB blocks, 7 bytes of head)."""
    from wandb.proto import wandb_internal_pb2

    data, at, held, found = path.read_bytes(), 7, b"", []
    while at + 7 <= len(data):
        if 32_768 - at % 32_768 < 7:
            at += 32_768 - at % 32_768
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        held += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last piece
            record = wandb_internal_pb2.Record()
            record.ParseFromString(held)
            found.append(record)
            held = b""
    return found


def test_a_run_holds_the_expression_the_history_and_the_counts(
    made: Made, tiny: Setup, shared_store: Store, tmp_path: Path
) -> None:
    pytest.importorskip("wandb")
    node = seed_model(tiny)
    folder = made(node)
    assert tracking.unmirrored(shared_store, [node]) == [node]
    tracking.mirror(shared_store, [node], "humpback/headline", lambda *_: None)
    assert tracking.unmirrored(shared_store, [node]) == []
    path = runs(shared_store)[node.fingerprint[:16]]
    held = records(path)
    (run,) = [one.run for one in held if one.WhichOneof("record_type") == "run"]
    assert (run.project, run.run_group, run.job_type) == ("humpback-harness", "humpback/headline", "finetuned")
    config = {entry.key: json.loads(entry.value_json) for entry in run.config.update}
    assert config["recipe"]["learning_rate"] == tiny.sft.learning_rate
    assert config["examples"]["examples"]["class"] == "MicroSeed"
    assert config["fingerprint"] == node.fingerprint
    logged = [one.history for one in held if one.WhichOneof("record_type") == "history"]
    losses = [
        json.loads(item.value_json)
        for history in logged
        for item in history.item
        if (item.key or item.nested_key[0]) == "loss"
    ]
    measured = [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]
    assert losses == pytest.approx([row["loss"] for row in measured if "loss" in row])
    assert len(losses) == 12
    names = {
        item.key or item.nested_key[0]
        for one in held
        if one.WhichOneof("record_type") == "summary"
        for item in one.summary.update
    }
    assert "count/in" in names


def test_a_run_says_nothing_of_the_machine(made: Made, tiny: Setup, shared_store: Store) -> None:
    pytest.importorskip("wandb")
    made(tiny.seed_data)
    tracking.mirror(shared_store, [tiny.seed_data], "humpback/headline", lambda *_: None)
    path = runs(shared_store)[tiny.seed_data.fingerprint[:16]]
    data = path.read_bytes()
    for secret in (socket.gethostname(), os.getcwd(), str(shared_store.root)):
        assert secret.encode() not in data, secret


def test_metrics_are_merged_by_step(made: Made, tiny: Setup, shared_store: Store) -> None:
    made(seed_model(tiny))
    rows = tracking.metrics_of(shared_store, seed_model(tiny))
    assert [row["step"] for row in rows] == sorted({row["step"] for row in rows})
    assert {"loss", "learning_rate"} <= rows[0].keys()


def test_without_the_package_a_run_warns_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, made: Made, tiny: Setup, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    from harness.display import _mirrored

    made(tiny.seed_data)
    monkeypatch.setattr(tracking, "available", lambda: False)
    monkeypatch.setattr(tracking, "unmirrored", lambda store, artifacts: artifacts)
    _mirrored(Console(), Store(tmp_path), [tiny.seed_data], "humpback/headline")
    assert "wandb is not installed" in capsys.readouterr().out
    assert not (tmp_path / "wandb").exists()
