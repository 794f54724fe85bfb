"""A stage in which a model is asked, in several processes with a share of the prompts each: what one process makes."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import Artifact
from humpback.core.placement import ALONE, Placement
from humpback.core.plan import plan
from humpback.core.store import CHECKPOINTS, Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.experiments.setups.base import Setup
from humpback.runs.build import build_artifact
from humpback.runs.executor import Progress, execute
from humpback.runs.launch import ProcessDied
from humpback.spec.outcomes import Judged, LocalJudge, Responses
from tests.conftest import MACHINE, SOURCE
from tests.harness.engines.serving.conftest import mark as mark
from tests.harness.engines.serving.material import stand_in
from tests.harness.engines.test_killed_generation import KINDS, node_of
from tests.harness.training.killed import Made, assert_same, store_with_inputs

SMALL = replace(MACHINE, generation_batch=4)
TWO = Placement(2, copies=2)
KILLED = """
import os, signal
from pathlib import Path
if os.environ.get("RANK") == "1":
    from humpback.core.batch_log import BatchLog
    add, flag = BatchLog.add, Path({flag!r})
    def add_and_die(self, batch):
        add(self, batch)
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    BatchLog.add = add_and_die
"""
"""What a process runs first: the second one dies once, after its first batch."""


def judged(tiny: Setup, model: Artifact) -> Judged:
    answers = node_of("answers", tiny)
    assert isinstance(answers, Responses)
    return Judged(answers, tiny.reference, LocalJudge(model))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [*KINDS[1:], "verdicts"])
def test_two_processes_make_what_one_does(
    kind: str, made: Made, tiny: Setup, shared_store: Store, tmp_path: Path
) -> None:
    node = judged(tiny, tiny.base) if kind == "verdicts" else node_of(kind, tiny)
    one, two = (store_with_inputs(node, tmp_path / name, made, shared_store) for name in ("one", "two"))
    told: list[tuple[int, int]] = []
    build_artifact(node, one, SMALL, SOURCE, lambda *_: None)
    result = execute(
        plan(two, [node]),
        two,
        replace(SMALL, workers=2, processes=2),
        Progress(advanced=lambda artifact, done, total, unit: told.append((done, total))),
    )
    assert not result.failures, result.failures
    if kind == "expected scores":  # in other batches, which adds up in another order
        mine, theirs = (list(read(store.folder(node) / EXAMPLES, Example)) for store in (two, one))
        assert [replace(row, score=None) for row in mine] == [replace(row, score=None) for row in theirs]
        assert [row.score for row in mine] == pytest.approx([row.score for row in theirs], abs=1e-5)
        assert two.record(node).counts == one.record(node).counts
    else:
        assert_same(two, one, node)
    placement = two.record(node).machine["placement"]
    assert (placement["units"], placement["copies"], placement["parallel"]) == (2, 2, "")
    assert told
    assert all(done <= total for done, total in told)


def test_one_killed_ends_the_stage_and_each_goes_on_with_its_own_share(
    made: Made, tiny: Setup, shared_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "sitecustomize.py").write_text(KILLED.format(flag=str(tmp_path / "killed")))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'first'}:{os.environ.get('PYTHONPATH', '')}")
    node = node_of("answers", tiny)
    one, two = (store_with_inputs(node, tmp_path / name, made, shared_store) for name in ("one", "two"))
    build_artifact(node, one, SMALL, SOURCE, lambda *_: None)
    with pytest.raises(ProcessDied, match=f"process 2 of 2 was killed by signal {signal.SIGKILL:d}"):
        build_artifact(node, two, SMALL, SOURCE, lambda *_: None, TWO)
    kept = two.root / ".partial" / node.fingerprint / CHECKPOINTS
    (log,) = kept.glob(f"process-1/{CHECKPOINTS}/*.jsonl")
    assert len(log.read_bytes().splitlines()) == 2
    build_artifact(node, two, SMALL, SOURCE, lambda *_: None, TWO)
    assert_same(two, one, node)


def test_each_process_asks_a_server_of_its_own(
    made: Made, tiny: Setup, shared_store: Store, tmp_path: Path, mark: str
) -> None:
    node = node_of("answers", tiny)
    one, two = (store_with_inputs(node, tmp_path / name, made, shared_store) for name in ("one", "two"))
    for store, placement, words in ((one, ALONE, ()), (two, TWO, ("--starts", tmp_path / "starts"))):
        machine = replace(SMALL, server=stand_in(mark, *words), store=str(store.root))
        build_artifact(node, store, machine, SOURCE, lambda *_: None, placement)
    assert_same(two, one, node)
    assert len((tmp_path / "starts").read_text().splitlines()) == 2
