"""Runs on a Ray cluster that meet, are stopped, or find a node that lacks the store."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.experiments.setups.base import Setup
from humpback.runs.executor import Progress, execute
from humpback.spec.models import Pretrained
from tests.harness.test_ray import DATA, on, tasks, until
from tests.harness.test_ray import cluster as cluster

ROOT = Path(__file__).parent.parent.parent
RUN = """
import pickle, sys
from pathlib import Path
from humpback.core import interrupt
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.runs.executor import Progress, execute
if __name__ == "__main__":
    machine, nodes = pickle.loads(Path(sys.argv[1]).read_bytes())
    store = Store(Path(machine.store))
    interrupt.watch()
    try:
        result = execute(plan(store, nodes), store, machine, Progress())
        assert not result.failures, result.failures
    finally:
        interrupt.end_if_stopped()
"""


def driver(folder: Path, machine: Machine, nodes: list[Artifact]) -> subprocess.Popen[str]:
    """A run in a process of its own."""
    folder.mkdir()
    (folder / "run.pickle").write_bytes(pickle.dumps((machine, nodes)))
    (folder / "run.py").write_text(RUN)
    words = [sys.executable, folder / "run.py", folder / "run.pickle"]
    return subprocess.Popen(words, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True)


def test_two_runs_on_a_cluster_make_each_artifact_once(cluster: Any, tmp_path: Path) -> None:
    machine = on(cluster, tmp_path / "store")
    both = [driver(tmp_path / name, machine, list(DATA)) for name in ("a", "b")]
    for one in both:
        _, said = one.communicate(timeout=500)
        assert one.returncode == 0, said
    assert not plan(Store(tmp_path / "store"), list(DATA)).to_do
    assert not (tmp_path / "store" / ".aside").exists(), "an artifact was made twice"
    assert list((tmp_path / "store" / ".partial").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_or_killed_leaves_nothing_running(
    number: signal.Signals, cluster: Any, tiny: Setup, tmp_path: Path
) -> None:
    assert isinstance(tiny.base, Pretrained)
    base = replace(tiny.base, updates=20_000)
    store = Store(tmp_path / "store")
    process = driver(tmp_path / "run", on(cluster, store.root), [base])
    until(lambda: process.poll() is not None or any(store.root.glob(f".partial/{base.fingerprint}/metrics.jsonl")))
    assert process.poll() is None, process.stderr and process.stderr.read()
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -9)
    until(lambda: not tasks(), 60)
    with FileLock(store.root / ".locks" / f"{base.fingerprint}.lock", timeout=60):
        pass  # its holder, the stage's own process, is gone


def test_what_a_node_does_not_have_is_named_before_the_first_stage(cluster: Any, tmp_path: Path) -> None:
    """A third node, from which the store's folder is hidden."""
    (tmp_path / "hidden").mkdir()
    own = [sys.executable, "-P", "-m", "ray.scripts.scripts", "start", f"--address={cluster.address}"]
    own += ["--num-cpus=1", "--object-store-memory=100000000", "--min-worker-port=0", "--max-worker-port=0", "--block"]
    script = 'mount -t tmpfs none "$0" && exec "$@"'
    words = ["unshare", "--mount", "sh", "-c", script, str(tmp_path / "hidden"), *own]
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("takes the right to mount")
    node = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until(lambda: len(cluster.global_state._live_node_ids()) == 3, 120)
        store, started = Store(tmp_path / "hidden" / "store"), []
        with pytest.raises(StoreError) as refused:
            execute(plan(store, DATA), store, on(cluster, store.root), Progress(started=started.append))
    finally:
        node.terminate()
        node.wait(60)
        until(lambda: len(cluster.global_state._live_node_ids()) == 2, 60)
    (told,) = refused.value.args
    assert f"does not see {tmp_path / 'hidden'} of " in told
    assert told.startswith("node ")
    assert "give a folder that all nodes share" in told
    assert not started
    assert list((tmp_path / "hidden").iterdir()) == []
