"""Killed at any moment, run again, and nothing differs: not a byte of any payload, not a cell of the table."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from humpback.analysis.experiment.gather import Results, gather
from humpback.analysis.report.page import build_report
from humpback.analysis.tables.csv_files import as_csv
from humpback.cli.write_results import write
from humpback.core.expression import Artifact
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups.base import AtLeast
from humpback.runs.build import build_artifact
from humpback.runs.executor import Progress, execute
from humpback.spec.curation import Sample
from humpback.spec.data import Tagged
from humpback.spec.outcomes import Judged
from humpback.stages import stage_for
from tests.conftest import MACHINE, SOURCE, tiny_setup

ONE = experiment("humpback/headline")
ROOT = Path(__file__).parent.parent


def everything() -> list[Artifact]:
    """Every artifact of the tiny headline, inputs first."""
    return [step.artifact for step in plan(Store(Path("/nowhere")), ONE.on(tiny_setup(), [0]).targets).steps]


STAGES = {type(node).__name__: node for node in reversed(everything())}
"""One artifact of each class."""


def run_all(store: Store) -> None:
    result = execute(plan(store, ONE.on(tiny_setup(), [0]).targets), store, MACHINE, Progress())
    assert not result.failures, result.failures
    assert not [one for one in result.outcomes.values() if one.status == "stopped"]


def payloads(store: Store) -> dict[str, dict[str, str]]:
    """Checksums of every payload file, read from disk and not from the record."""
    found = {}
    for node in everything():
        assert store.state(node, hash_everything=True).status == "done", node.name
        found[node.name] = {name: entry.sha256 for name, entry in store.record(node).payload.items()}
    return found


def table(store: Store) -> str:
    declared = ONE.on(tiny_setup(), [0])
    found: Results = gather(store, declared.arms, declared.claims, {})
    return "".join(as_csv(found).values())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("undisturbed"))
    run_all(store)
    return store


def test_a_finished_run_has_nothing_left_to_do(undisturbed: Store) -> None:
    assert plan(undisturbed, ONE.on(tiny_setup(), [0]).targets).to_do == ()


def test_what_was_made_is_reported_without_what_it_takes_to_make_or_draw_it(undisturbed: Store, tmp_path: Path) -> None:
    """A run with nothing to do takes a second and a half, of which these packages would take more than one."""
    code = """
import sys
from pathlib import Path
from humpback.cli import display, write_results
from humpback.core.store import Store
from humpback.experiments.catalogue import experiment
from tests.conftest import tiny_setup
declared = experiment("humpback/headline").on(tiny_setup(), [0])
store = Store(Path(sys.argv[1]))
found = display.report_on(declared, store, {})
write_results.write(Path(sys.argv[2]), declared, "humpback run", found, store)
print(*(name for name in ("torch", "transformers", "pandas", "matplotlib") if name in sys.modules))
"""
    words = [sys.executable, "-c", code, str(undisturbed.root), str(tmp_path)]
    first, again = (
        subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split() for _ in range(2)
    )
    assert (first, again) == (["matplotlib"], [])


@pytest.mark.parametrize("name", ["humpback/headline", "humpback/data_statistics", "humpback/improvement_over_seed"])
def test_what_a_run_leaves_on_disk_is_whole_and_names_no_place(name: str, undisturbed: Store, tmp_path: Path) -> None:
    """Tables, rows, figures and how it was made, of judged arms and of measured numbers, read back by the report."""
    declared = experiment(name).on(tiny_setup(), [0])
    found = gather(undisturbed, declared.arms, declared.claims, {}, measures=declared.measures)
    folder = tmp_path / "tiny" / name
    told = write(folder, declared, f"humpback run {name}", found, undisturbed)
    there = {path.name for path in folder.iterdir()}
    wanted = {"arms.json", "comparisons.csv", "made.json", "table.md", "table.tex"}
    wanted |= {"rows.csv", "samples.json", "figure.svg"} if declared.arms[0] else set()
    wanted |= {"measures.csv", "measures.svg"} if declared.measures[0] else set()
    assert wanted <= there
    assert all(name in told for name in wanted)
    for path in folder.iterdir():
        if path.suffix in (".md", ".json", ".csv", ".tex", ".svg"):
            assert str(undisturbed.root) not in path.read_text(encoding="utf-8"), path.name
    assert build_report("tiny", tmp_path / "tiny", []).ran == 1


def make_and_die(node: Artifact, root: Path, moment: str) -> None:
    """In a child: make the artifact, and be killed at the moment named."""
    from humpback.runs.quiet import quiet

    quiet(1)
    store = Store(root)

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    match moment:
        case "before the record":
            store.publish = die  # type: ignore[method-assign, assignment]
        case "after the record":
            Path.rename = die  # type: ignore[method-assign, assignment]
        case "in the stage":
            module = sys.modules[stage_for(node).__module__]
            writer = getattr(module, "Writer", None)
            if writer is not None:
                module.Writer = lambda path, kind: die()  # type: ignore[attr-defined]
            else:
                os.fsync = die  # type: ignore[assignment]
    build_artifact(node, store, MACHINE, SOURCE, lambda *_: None)


@pytest.mark.parametrize("moment", ["in the stage", "before the record", "after the record"])
@pytest.mark.parametrize("kind", sorted(STAGES))
def test_each_stage_killed_leaves_nothing_and_then_makes_the_same_bytes(
    undisturbed: Store, tmp_path: Path, kind: str, moment: str
) -> None:
    node = STAGES[kind]
    store = Store(tmp_path)
    store.prepare()
    for one in node.inputs:
        for needed in (one, *one.companions):
            target = store.folder(needed)
            if not target.exists():
                shutil.copytree(undisturbed.folder(needed), target, copy_function=os.link)
    context = multiprocessing.get_context("forkserver")
    assert isinstance(context, ForkServerContext)
    context.set_forkserver_preload(["humpback.runs.preload"])
    child = context.Process(target=make_and_die, args=(node, tmp_path, moment))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL, "the child was not killed where it should have been"
    assert store.state(node).status == "missing"
    assert not store.folder(node).exists()
    again = context.Process(target=make_and_die, args=(node, tmp_path, "never"))
    again.start()
    again.join()
    assert again.exitcode == 0
    assert store.state(node, hash_everything=True).status == "done"
    assert store.record(node).payload == undisturbed.record(node).payload


RUN = "from tests.test_kill import *; import sys; run_all(Store(Path(sys.argv[1])))"


def start(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(root)],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def finished(root: Path) -> int:
    return len(list(root.glob("*/*/record.json")))


def test_twenty_kills_in_a_row_then_the_same_bytes_and_the_same_table(undisturbed: Store, tmp_path: Path) -> None:
    """SIGKILL to the parent (odd times) or to the whole group, at random moments spread over the run."""
    rng = random.Random(20)
    progress = []
    for kill in range(20):
        process = start(tmp_path)
        wanted = finished(tmp_path) + rng.choice([0, 1, 1])
        deadline = time.monotonic() + 120
        while finished(tmp_path) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 0.3))
        assert process.poll() is None, "the run ended before it could be killed"
        (os.kill if kill % 2 else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        progress.append(finished(tmp_path))
    assert progress == sorted(progress)
    assert progress[0] < len(everything()), "the first kill came too late to mean anything"
    store = Store(tmp_path)
    run_all(store)
    assert payloads(store) == payloads(undisturbed)
    assert table(store) == table(undisturbed)


def test_two_processes_share_the_work_and_make_each_artifact_once(undisturbed: Store, tmp_path: Path) -> None:
    both = [start(tmp_path), start(tmp_path)]
    assert [process.wait() for process in both] == [0, 0]
    store = Store(tmp_path)
    assert payloads(store) == payloads(undisturbed)
    assert not (tmp_path / ".aside").exists(), "an artifact was made twice"
    assert list((tmp_path / ".partial").iterdir()) == []


def test_a_failing_stage_stops_its_dependents_and_no_others(tmp_path: Path) -> None:
    """An empty curated set stops M1 and M2 with a reason; M0 and uncurated's absence are told apart."""
    setup = replace(tiny_setup(), selection=AtLeast(5.5))
    declared = ONE.on(setup, [0])
    store = Store(tmp_path)
    result = execute(plan(store, declared.targets), store, MACHINE, Progress())
    assert not result.failures
    reasons = {key: one.reason for key, one in result.outcomes.items() if one.reason}
    found = gather(store, declared.arms, declared.claims, reasons)
    rows = {row.arm: row for row in found.rows if row.seed == "all" and row.against == "reference"}
    assert rows["M0"].n == setup.prompts.n
    for name in ("M1", "M2", "oracle"):
        assert "is an empty set (in " in rows[name].reason
        assert "kept 0" in rows[name].reason
    verdicts = {(f.first, f.second): f.verdict for f in found.findings}
    assert verdicts[("M1", "M0")] == "not measured"


def test_a_stage_that_raises_is_a_failure_with_its_trace(tmp_path: Path) -> None:
    setup = tiny_setup()
    few, many = replace(setup.seed_data, n=6), replace(setup.seed_data, n=12)
    unlike, other = Judged(few, against=many, by=setup.judge), Tagged(many, "Be brief.")
    store = Store(tmp_path)
    result = execute(plan(store, [unlike, other]), store, MACHINE, Progress())
    (error,) = result.failures.values()
    assert "has no answer to prompt" in str(error) or "answers 6 prompts" in str(error)
    assert "judge.py" in error.trace  # type: ignore[attr-defined]
    assert store.state(other).status == "done"
    assert store.state(unlike).status == "missing"


def test_a_set_with_too_few_rows_leaves_what_depends_on_it_without_a_number_and_is_no_failure(tmp_path: Path) -> None:
    setup = tiny_setup()
    few = Sample(setup.seed_data, n=1_000)
    store = Store(tmp_path)
    result = execute(plan(store, [Tagged(few, "Be brief.")]), store, MACHINE, Progress())
    assert not result.failures
    assert {one.status for one in result.outcomes.values()} == {"made", "stopped"}
    reasons = {one.reason for one in result.outcomes.values() if one.status == "stopped"}
    assert reasons == {f"1,000 rows wanted of the {setup.seed_data.n} of {setup.seed_data.name}"}
    assert list((tmp_path / ".partial").iterdir()) == []
