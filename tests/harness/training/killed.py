"""Makers in processes of their own that are killed at a moment named, and what they leave."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Collection
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from humpback.core.batch_log import BatchLog
from humpback.core.expression import Artifact
from humpback.core.store import CHECKPOINTS, METRICS, Store
from tests.conftest import MACHINE, SOURCE

Made = Callable[[Artifact], Path]


def store_with_inputs(node: Artifact, root: Path, made: Made, shared: Store) -> Store:
    """A store below the root with what the node is made from, and nothing else."""
    store = Store(root)
    store.prepare()
    for one in node.inputs:
        for needed in (one, *one.companions):
            if not store.folder(needed).exists():
                made(needed)
                shutil.copytree(shared.folder(needed), store.folder(needed), copy_function=os.link)
    return store


def run_in_child(node: Artifact, store: Store, *, die_at: int = 0, micro_batch: int = 32) -> int | None:
    """The exit code of a process that makes the node with a checkpoint after every update, and in generation rounds of
    four tokens and batches of four rows. It is killed at the end of that update, or after that batch."""
    context = multiprocessing.get_context("forkserver")
    assert isinstance(context, ForkServerContext)
    context.set_forkserver_preload(["humpback.runs.preload"])
    child = context.Process(target=_make, args=(node, store.root, die_at, micro_batch))
    child.start()
    child.join()
    return child.exitcode


def _make(node: Artifact, root: Path, die_at: int, micro_batch: int) -> None:
    from humpback.engines import rounds
    from humpback.runs.build import build_artifact
    from humpback.runs.quiet import quiet
    from humpback.stages import checkpoint

    quiet(1)
    checkpoint.SHORTEST, checkpoint.SHARE, rounds.ROUND = 0.0, 0, 4
    add, batches, told = BatchLog.add, 0, root / f"said-{os.getpid()}.jsonl"

    def add_and_die(log: BatchLog, batch: Any) -> None:
        nonlocal batches
        add(log, batch)
        batches += 1
        if batches == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def report(done: int, total: int, unit: str) -> None:
        with told.open("a") as out:
            out.write(json.dumps([done, total, unit]) + "\n")
        if unit == "updates" and done == die_at + 1 and die_at:
            os.kill(os.getpid(), signal.SIGKILL)  # the checkpoint of the update before is there

    BatchLog.add = add_and_die  # type: ignore[method-assign]
    machine = replace(MACHINE, micro_batch=micro_batch, generation_batch=4)
    build_artifact(node, Store(root), machine, SOURCE, report)


def said(store: Store) -> list[list[list[Any]]]:
    """What each of the makers told of its progress, in the order in which they began."""
    files = sorted(store.root.glob("said-*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    return [[json.loads(line) for line in path.read_text().splitlines()] for path in files]


def measured(store: Store, node: Artifact) -> list[dict[str, Any]]:
    """The metrics of a finished artifact, but for the time that they took."""
    lines = (store.folder(node) / METRICS).read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def kept(store: Store, node: Artifact) -> Path:
    return store.root / ".partial" / node.fingerprint / CHECKPOINTS


def assert_same(store: Store, other: Store, node: Artifact, *, but: Collection[str] = ()) -> None:
    """Both have it finished with the same bytes (those of the files `but` left aside), and nothing else is left."""
    assert store.state(node, hash_everything=True).status == "done"
    mine, theirs = (
        {name: file for name, file in one.record(node).payload.items() if name not in but} for one in (store, other)
    )
    assert mine == theirs
    assert any(name.endswith((".safetensors", ".parquet")) for name in mine)
    assert store.record(node).counts == other.record(node).counts
    assert not (store.folder(node) / CHECKPOINTS).exists()
    assert list((store.root / ".partial").iterdir()) == []
