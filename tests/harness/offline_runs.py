"""Offline runs of W&B as they lie in a store, read back; and a small store to be mirrored."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from humpback import tracking
from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.experiments.humpback.algorithm import arm, seed_model
from humpback.experiments.setups.base import Setup

Made = Callable[[Artifact], Path]


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "MODE", "DISABLED", "BASE_URL", "PROJECT", "ENTITY"):
        # Set first, so that what a command sets is taken away too.
        monkeypatch.setenv(f"WANDB_{name}", "")
        monkeypatch.delenv(f"WANDB_{name}")


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


def history(path: Path) -> list[dict[str, Any]]:
    """The logged rows of a run file, as they were logged."""
    return [
        {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in one.history.item}
        for one in records(path)
        if one.WhichOneof("record_type") == "history"
    ]


def held(store: Store) -> dict[str, Any]:
    """Of each run of the mirror: its row, its history and its files; without W&B's own times and random addresses."""
    found = {}
    for id, path in runs(store).items():
        (run,) = [one.run for one in records(path) if one.WhichOneof("record_type") == "run"]
        rows = [
            {key: value for key, value in row.items() if key[0] != "_" and not key.endswith("artifact_path")}
            for row in history(path)
        ]
        files = {str(one.relative_to(path.parent)) for one in path.parent.rglob("*") if one.is_file()}
        exits = [one.exit.exit_code for one in records(path) if one.WhichOneof("record_type") == "exit"]
        found[id] = (run.run_group, run.job_type, run.display_name, list(run.tags), rows, files, exits)
    return found


def mirror_all(store: Store, *results: Path) -> int:
    """What `humpback mirror` does; the number of runs written."""
    every = tracking.all_runs(store, results, [])
    return sum(anew for _, anew in tracking.mirror_runs(store, every, online=False))


@pytest.fixture
def small(made: Made, tiny: Setup, shared_store: Store, tmp_path: Path) -> Store:
    """A store of its own with a judged seed model, and results of an experiment that uses it."""
    store = Store(tmp_path / "artifacts")
    store.prepare()
    judged = arm(tiny, "M0", seed_model(tiny)).judged
    made(judged)
    for node in (judged, judged.answers, seed_model(tiny), tiny.seed_data):
        shutil.copytree(shared_store.folder(node), store.folder(node), copy_function=os.link)
    folder = store.root / "results" / "tiny" / "humpback" / "headline"
    folder.mkdir(parents=True)
    parts = {"model": seed_model(tiny).fingerprint, "judged": judged.fingerprint}
    written = {"command": "humpback run", "arms": {"0": {"M0": parts}}, "artifacts": {judged.fingerprint: {}}}
    (folder / "arms.json").write_text(json.dumps(written))
    (folder / "comparisons.csv").write_text("first,difference,verdict\nM1,2.5,holds\nM2,,not measured\n")
    from matplotlib.figure import Figure

    Figure(figsize=(1, 1)).savefig(folder / "figure.png")
    return store
