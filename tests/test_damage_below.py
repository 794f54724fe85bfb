"""What lies below a finished judgement: nothing of it is damaged in silence, and weights may be deleted.

Neighbours tried: records emptied, cut, edited, not UTF-8, folders, unreadable; payloads emptied, cut, edited at one
size, gone, folders; weights gone; folders of models, ratings and answers gone; base and seed model.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from humpback.analysis.experiment.gather import gather
from humpback.cli.display import run_and_report
from humpback.cli.show import artifact_lines, plan_lines
from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.metrics import read_metrics
from humpback.core.plan import plan
from humpback.core.store import METRICS, RECORD, Damaged, Store
from humpback.experiments.catalogue import Declared, experiment
from humpback.experiments.humpback.algorithm import seed_model
from humpback.experiments.setups.base import Setup
from humpback.spec.curation import Rated
from humpback.spec.outcomes import Responses


@pytest.fixture(scope="module")
def finished(tiny: Setup, made: Callable[[Artifact], Path]) -> Declared:
    """The headline on the tiny setup, every stage done in the shared store."""
    declared = experiment("humpback/headline").on(tiny, [0])
    for target in declared.targets:
        made(target)
    return declared


@pytest.fixture
def store(finished: Declared, shared_store: Store, tmp_path: Path) -> Store:
    """A copy of it to spoil."""
    shutil.copytree(shared_store.root, tmp_path / "store", copy_function=os.link)
    return Store(tmp_path / "store")


def below(declared: Declared, kind: type) -> Artifact:
    """An artifact of the class below the arms."""
    waiting = [arm.judged for arm in declared.arms[0].values()]
    every: list[Artifact] = []
    while waiting:
        one: Artifact = waiting.pop()  # type: ignore[assignment]
        every.append(one)
        waiting.extend(one.inputs)  # type: ignore[arg-type]
    return next(one for one in every if isinstance(one, kind))


def replaced(path: Path, data: bytes) -> None:
    """Other bytes under the same name, and not in the store that the links share."""
    path.unlink()
    path.write_bytes(data)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def edited(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    replaced(path, bytes(data))


SPOILS: dict[str, Callable[[Path], None]] = {
    "emptied": lambda path: replaced(path, b""),
    "cut": lambda path: replaced(path, path.read_bytes()[:-9]),
    "edited": edited,
    "no text": lambda path: replaced(path, b"\xff" + path.read_bytes()[1:]),
    "a folder": a_folder,
}


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("file", [RECORD, "examples.parquet"])
@pytest.mark.parametrize("kind", [Rated, Responses])
def test_damage_below_a_finished_judgement_stops_a_run_with_the_file(
    finished: Declared, store: Store, kind: type, file: str, spoil: str
) -> None:
    one = below(finished, kind)
    path = store.folder(one) / file
    SPOILS[spoil](path)
    steps = plan(store, finished.targets)
    assert [step.artifact for step in steps.damaged] == [one]
    (line,) = [step.state.reason for step in steps.damaged]
    assert str(path) in line
    assert "restore it from a copy, or move" in line
    assert "\n" not in line
    with pytest.raises(Damaged):
        store.open(one)


def test_a_payload_that_is_gone_is_damage_and_a_run_prints_no_table(
    finished: Declared, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.folder(below(finished, Rated)) / "examples.parquet").unlink()
    machine = Machine(workers=2, threads=1, tracking="off", store=str(store.root))
    with pytest.raises(Exception, match=r"examples\.parquet: the file is gone"):
        run_and_report([(finished, "humpback run")], machine, tmp_path / "results", False)
    assert not (tmp_path / "results").exists()


def test_weights_may_be_deleted_and_are_made_again_when_something_needs_them(
    tiny: Setup, finished: Declared, store: Store
) -> None:
    before = gather(store, finished.arms, (), {}).rows
    for path in store.root.glob("*/*/*.safetensors"):
        path.unlink()
    assert not plan(store, finished.targets).to_do
    assert gather(store, finished.arms, (), {}).rows == before
    model = seed_model(tiny)
    assert store.state(model).status == "weightless"
    assert any("weights that were deleted" in line for line in artifact_lines(store.folder(model), 1))
    answers = next(one for one in (arm.judged for arm in finished.arms[0].values()) if one.answers.model == model)
    shutil.rmtree(store.folder(answers))
    shutil.rmtree(store.folder(answers.answers))
    steps = plan(store, finished.targets)
    assert {step.artifact for step in steps.to_do} == {answers, answers.answers, model, tiny.base}
    told = plan_lines(steps)
    assert any("weights that were deleted, and something is to be made with them" in line for line in told)
    order = [step.artifact for step in steps.to_do]
    assert order.index(tiny.base) < order.index(model) < order.index(answers.answers) < order.index(answers)


def test_a_model_s_folder_may_be_deleted_and_its_results_stand(tiny: Setup, finished: Declared, store: Store) -> None:
    before = gather(store, finished.arms, (), {})
    shutil.rmtree(store.folder(seed_model(tiny)))
    assert not plan(store, finished.targets).to_do
    after = gather(store, finished.arms, (), {})
    assert [row.win_rate for row in after.rows] == [row.win_rate for row in before.rows]
    gone = [row for row in after.rows if row.examples != row.examples]
    assert {row.arm for row in gone} == {"M0"}


def test_sets_that_were_deleted_are_told_where_their_counts_were(finished: Declared, store: Store) -> None:
    (line,) = [one for one in gather(store, finished.arms, (), {}).losses if "candidates rated" in one]
    assert "no longer in the store" not in line
    shutil.rmtree(store.folder(below(finished, Rated)))
    (line,) = [one for one in gather(store, finished.arms, (), {}).losses if "candidates rated" in one]
    assert line.endswith("1 of the sets no longer in the store and not counted")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_record_that_may_not_be_read_is_named(finished: Declared, store: Store) -> None:
    path = store.folder(below(finished, Rated)) / RECORD
    data = path.read_bytes()
    replaced(path, data)
    path.chmod(0)
    (step,) = plan(store, finished.targets).damaged
    assert f"{path}: cannot be read (Permission denied); make it readable, or" in step.state.reason


def test_one_bad_line_of_a_log_costs_that_line(tiny: Setup, finished: Declared, store: Store) -> None:
    path = store.folder(seed_model(tiny)) / METRICS
    lines = path.read_text().splitlines(keepends=True)
    replaced(path, "".join([lines[0], "nonsense\n", *lines[1:]]).encode())
    rows, problems = read_metrics(path)
    assert len(rows) == len(lines)
    assert problems == [f"{path}, line 2: no row of numbers with its step ('nonsense'); delete that line"]
    assert any(problems[0] in line for line in artifact_lines(path.parent, 1))
    assert not plan(store, finished.targets).to_do
