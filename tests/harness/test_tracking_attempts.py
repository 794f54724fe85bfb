"""Attempts that died or failed: what they had measured is mirrored, once."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from humpback.core import attempts
from humpback.core.expression import Artifact
from humpback.core.store import METRICS, Store
from humpback.experiments.setups.base import Setup
from humpback.runs.build import build_artifact
from humpback.tracking.reading import metrics_of
from tests.conftest import MACHINE, SOURCE
from tests.harness.offline_runs import held, mirror_all
from tests.harness.offline_runs import no_key as no_key
from tests.harness.offline_runs import small as small


def measure_and_die(root: Path, node: Artifact, how: str) -> None:
    """In a child: a stage that measures twice, starts a third line, and dies or fails."""
    import humpback.runs.build

    def stage(node: Artifact, work: Any) -> dict[str, int]:
        work.log.metrics(1, loss=2.5)
        work.log.metrics(2, loss=1.5)
        with work.log.path.open("a") as out:
            out.write('{"step": 3, "lo')
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise ValueError("no luck")

    humpback.runs.build.stage_for = lambda artifact: stage  # type: ignore[assignment]
    build_artifact(node, Store(root), MACHINE, SOURCE, lambda *_: None)


def died(root: Path, node: Artifact, how: str) -> int | None:
    child = multiprocessing.get_context("fork").Process(target=measure_and_die, args=(root, node, how))
    child.start()
    child.join()
    return child.exitcode


@pytest.mark.parametrize(("how", "state"), [("killed", "crashed"), ("raised", "failed")])
@pytest.mark.parametrize("again", [False, True])
def test_a_stage_that_died_loses_nothing_that_it_had_measured(
    tmp_path: Path, tiny: Setup, how: str, state: str, again: bool
) -> None:
    """Whether or not the artifact was made after all."""
    pytest.importorskip("wandb")
    store, node = Store(tmp_path), tiny.seed_data
    store.prepare()
    assert died(tmp_path, node, how) == (-signal.SIGKILL if how == "killed" else 1)
    assert died(tmp_path, node, how) != 0
    if again:
        build_artifact(node, store, MACHINE, SOURCE, lambda *_: None)
    assert mirror_all(store) == (3 if again else 2)
    found = held(store)
    for number in (1, 2):
        _, job, name, tags, rows, _, exits = found[f"{node.fingerprint[:16]}-{number}"]
        assert [row["loss"] for row in rows] == [2.5, 1.5]
        assert (job, tags, exits) == ("microseed", [state], [1])
        assert name.endswith(f"attempt {number}")
    assert mirror_all(store) == 0
    assert sorted(path.name for path in (store.root / ".attempts").rglob("*.json*")) == [
        "1.json",
        "1.jsonl",
        "2.json",
        "2.jsonl",
    ]


def test_an_attempt_that_is_still_alive_is_left_alone(tmp_path: Path, tiny: Setup) -> None:
    store, node = Store(tmp_path), tiny.seed_data
    store.prepare()
    died(tmp_path, node, "killed")
    with store.lock(node):
        assert list(attempts.ended_attempts(store, [])) == []
    assert len(list(attempts.ended_attempts(store, []))) == 1


def test_a_stage_that_ends_well_leaves_no_attempt(tmp_path: Path, tiny: Setup) -> None:
    store = Store(tmp_path)
    store.prepare()
    build_artifact(tiny.seed_data, store, MACHINE, SOURCE, lambda *_: None)
    assert [path for path in (tmp_path / ".attempts").rglob("*") if path.is_file()] == []


def test_a_broken_line_inside_a_log_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    unusable: list[str] = []
    (tmp_path / METRICS).write_text('{"step": 1, "a": 2}\nnonsense\n[]\n{"a": 1}\n{"step": 2}\n{"step": 3')
    assert metrics_of(tmp_path / METRICS, unusable) == [{"step": 1, "a": 2}, {"step": 2}]
    assert [one.split(":")[0].split(", ")[1] for one in unusable] == ["line 2", "line 3", "line 4"]
    assert all(str(tmp_path) in one and one.endswith("delete that line") for one in unusable)
    (tmp_path / "folder").mkdir()
    assert metrics_of(tmp_path / "folder", unusable) == []
    assert "folder: cannot be read" in unusable[-1]
