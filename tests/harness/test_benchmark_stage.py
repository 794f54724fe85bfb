"""lm-eval runs offline on a model of ours; what lacks data or permission is named before any model is loaded."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.evals import sandbox as model_code
from humpback.evals.task_files import local_task
from humpback.evals.tasks import LoadedTask, Missing, open_tasks
from humpback.experiments.setups.base import Setup
from humpback.runs.build import build_artifact
from humpback.spec.benchmarks import Benchmarked, LocalTask, MicroFacts, Task
from humpback.spec.data import MicroTexts
from humpback.spec.micro_world import World
from humpback.spec.models import Pretrained
from tests.conftest import MACHINE, SOURCE

FACTS = MicroFacts(World(), n=24)


@pytest.fixture(scope="session")
def model(tiny: Setup) -> Pretrained:
    assert isinstance(tiny.base, Pretrained)
    assert isinstance(tiny.base.texts, MicroTexts)
    return replace(tiny.base, texts=replace(tiny.base.texts, n=300), updates=5)


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "benchmarks.json").read_text(encoding="utf-8"))
    return found


def rows_of(folder: Path, metric: str = "acc") -> dict[str, dict[str, Any]]:
    return {row["task"]: row for row in told(folder)["rows"] if row["metric"] == metric}


def no_file(one: object) -> Path:
    raise AssertionError(f"{one} was asked for")


def run(target: Artifact, store: Store, machine: Machine = MACHINE) -> Path:
    for step in plan(store, [target]).to_do:
        build_artifact(step.artifact, store, machine, SOURCE, lambda done, total, unit: None)
    return store.open(target)


def test_the_micro_benchmark_runs_and_its_record_says_on_what(
    model: Pretrained, made: Callable[[Artifact], Path]
) -> None:
    folder = made(Benchmarked(model, (FACTS,), shots=2))
    row = rows_of(folder)["micro_facts"]
    assert row["n"] == 24
    assert row["shots"] == 2
    assert row["version"] == 1.0
    p = row["value"]
    assert row["standard_error"] == pytest.approx((p * (1 - p) / 23) ** 0.5)
    task = told(folder)["tasks"]["micro_facts"]
    assert (task["n"], task["n_all"], task["shots"]) == (24, 24, 2)
    assert all(len(task[key]) == 64 for key in ("yaml_sha256", "data_sha256", "shots_sha256"))
    assert told(folder)["lm_eval"].startswith("0.4.")
    assert told(folder)["chat_template"] == {"used": False}
    samples = pq.read_table(folder / "samples.parquet").to_pylist()
    assert len(samples) == 24
    assert sum(json.loads(one["metrics"])["acc"] for one in samples) == pytest.approx(24 * p)
    assert samples[0]["prompt"].count("Question: ") == 3, "two shots, then the question"
    assert samples[0]["prompt"].endswith("\nAnswer:")


def test_shots_draw_template_and_limit_change_what_is_asked(
    model: Pretrained, made: Callable[[Artifact], Path]
) -> None:
    plain = made(Benchmarked(model, (FACTS,), shots=0))
    other = made(Benchmarked(model, (replace(FACTS, draw=1),), shots=0, limit=5, chat_template=True))
    one, two = told(plain), told(other)
    assert one["tasks"]["micro_facts"]["data_sha256"] != two["tasks"]["micro_facts"]["data_sha256"]
    assert two["tasks"]["micro_facts"]["n"] == 5
    assert two["tasks"]["micro_facts"]["n_all"] == 24
    assert two["chat_template"]["from"] == "the model's template"
    prompt = pq.read_table(other / "samples.parquet").to_pylist()[0]["prompt"]
    assert prompt.startswith("Question: ")
    assert prompt.endswith("\nAnswer:\n")
    assert prompt.count("Question: ") == 1, "the template stands once around the question"


def yaml_of(folder: Path, name: str = "mine", extra: str = "") -> Path:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    rows = [{"q": "Two and two?", "a": ["four", "five"], "label": 0}, {"q": "Red?" * 300, "a": ["x", "y"], "label": 1}]
    (folder / "data" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    text = f"""
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: data/rows.jsonl}}}}
output_type: multiple_choice
test_split: test
doc_to_text: "{{{{q}}}}"
doc_to_choice: a
doc_to_target: label
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 2.5}}
{extra}"""
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_local_task_is_its_files_and_prompts_cut_are_counted(
    model: Pretrained, made: Callable[[Artifact], Path], shared_store: Store, tmp_path: Path
) -> None:
    made(model)
    task, files = local_task(yaml_of(tmp_path / "a"))
    again, _ = local_task(yaml_of(tmp_path / "b"))
    assert task == again, "where it lies is not part of it"
    assert [file.name for file in task.files] == ["mine.yaml", "data/rows.jsonl"]
    folder = run(Benchmarked(model, (task,)), shared_store, replace(MACHINE, files=files))
    assert rows_of(folder)["mine"]["version"] == 2.5
    assert told(folder)["cut"] == 2, "both choices of the long question"
    (tmp_path / "a" / "data" / "rows.jsonl").write_text("{}", encoding="utf-8")
    with pytest.raises(StoreError, match=r"checksum"):
        open_tasks([task], tmp_path / "a" / "data", lambda one: located_at(one, files))


def located_at(one: Any, files: tuple[tuple[str, str], ...]) -> Path:
    from humpback.inputs.locate import resolve_file

    return resolve_file(one, replace(MACHINE, files=files))


def test_a_local_task_may_not_leave_its_folder(tmp_path: Path) -> None:
    task, files = local_task(yaml_of(tmp_path / "a"))
    moved = LocalTask("mine", (task.files[0], replace(task.files[1], name="../out.jsonl")))
    with pytest.raises(StoreError, match="leads out"):
        open_tasks([moved], fresh(tmp_path / "place"), lambda one: located_at(one, files))


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_missing_data_are_named_before_the_model_is_loaded_and_the_others_run(
    model: Pretrained,
    made: Callable[[Artifact], Path],
    shared_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    made(model)
    path = yaml_of(tmp_path / "a", "lost")
    path.write_text(path.read_text(encoding="utf-8").replace("data/rows.jsonl", "data/gone.jsonl"), encoding="utf-8")
    task, files = local_task(path)
    machine = replace(MACHINE, files=files)
    found = open_tasks([task, FACTS], fresh(tmp_path / "place"), lambda one: located_at(one, files))
    assert [type(one) for one in found] == [Missing, LoadedTask]
    assert "\n" not in str(found[0])
    assert str(found[0]).startswith("lost: its data cannot be had")

    def loaded(*_: Any, **__: Any) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("humpback.evals.lm_eval_model.load_model", loaded)
    with pytest.raises(StoreError, match="lost: its data cannot be had"):
        run(Benchmarked(model, (task, FACTS), shots=1), shared_store, machine)
    monkeypatch.undo()
    assert rows_of(run(Benchmarked(model, (FACTS,), shots=1), shared_store, machine))["micro_facts"]["n"] == 24


CODE = """
import multiprocessing, os, resource
from pathlib import Path
def limits(out):
    out.put([resource.getrlimit(one)[0] for one in (resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)])
def score(doc, results):
    queue = multiprocessing.get_context("fork").Queue()
    child = multiprocessing.get_context("fork").Process(target=limits, args=(queue,))
    child.start()
    cpu, size, core = queue.get(timeout=20)
    child.join()
    return {"acc": float(os.environ.get("HF_ALLOW_CODE_EVAL") == "1"), "cpu": cpu, "size": size, "core": core}
"""
UNSAFE = """
unsafe_code: true
process_results: !function code.score
"""


def test_model_code_runs_only_when_said_by_name_and_then_with_limits(
    model: Pretrained,
    made: Callable[[Artifact], Path],
    shared_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    made(model)
    path = yaml_of(tmp_path / "a", "coding", UNSAFE)
    (tmp_path / "a" / "code.py").write_text(CODE, encoding="utf-8")
    extra = "".join(
        f"\n  - {{metric: {name}, aggregation: mean, higher_is_better: true}}"
        for name in ("acc", "cpu", "size", "core")
    )
    text = path.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("metric_list"))
    path.write_text(text.replace(line, f"metric_list:{extra}"), encoding="utf-8")
    task, files = local_task(path)
    assert "code.py" in {file.name for file in task.files}
    machine = replace(MACHINE, files=files)
    monkeypatch.setenv(model_code.PERMISSION, "1")
    with pytest.raises(StoreError, match=r"coding: .*--run-model-code"):
        run(Benchmarked(model, (task,)), shared_store, machine)
    monkeypatch.delenv(model_code.PERMISSION)
    folder = run(Benchmarked(model, (task,), run_model_code=True), shared_store, machine)
    values = {row["metric"]: row["value"] for row in told(folder)["rows"]}
    assert values == {"acc": 1.0, "cpu": model_code.CPU_SECONDS, "size": model_code.FILE_BYTES, "core": 0.0}
    assert model_code.PERMISSION not in os.environ


LANGUAGES = """
import langdetect
def score(doc, results):
    return {"acc": len({langdetect.detect("Hola hello bonjour") for _ in range(40)})}
"""


def test_a_checkers_language_of_an_answer_is_the_same_every_time(
    model: Pretrained, made: Callable[[Artifact], Path], shared_store: Store, tmp_path: Path
) -> None:
    pytest.importorskip("langdetect")
    made(model)
    path = yaml_of(tmp_path / "a", "languages", "process_results: !function languages.score")
    (tmp_path / "a" / "languages.py").write_text(LANGUAGES, encoding="utf-8")
    task, files = local_task(path)
    folder = run(Benchmarked(model, (task,)), shared_store, replace(MACHINE, files=files))
    assert rows_of(folder)["languages"]["value"] == 1


def test_without_permission_children_have_no_limits_and_the_environment_gives_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(model_code.PERMISSION, "1")
    with model_code.allow_code(False):
        assert model_code.PERMISSION not in os.environ
    assert os.environ[model_code.PERMISSION] == "1"
    with model_code.allow_code(True):
        pass
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_file_limit) != model_code.FILE_BYTES


def _file_limit() -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_FSIZE)[0]


def test_an_unknown_name_is_missing(tmp_path: Path) -> None:
    path = yaml_of(tmp_path / "a")
    task, files = local_task(path)
    (found,) = open_tasks([replace(task, name="other")], fresh(tmp_path / "p"), lambda one: located_at(one, files))
    assert found == Missing("other", "its YAML holds no task of that name")
    assert isinstance(Task("other"), Task)
