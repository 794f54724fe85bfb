"""`humpback benchmark` as a user types it: the table, what each task lacks, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from humpback.core.expression import Artifact, FieldError
from humpback.core.store import Store, StoreError
from humpback.spec.data import MicroTexts
from humpback.spec.models import Pretrained
from tests.commands import invoke
from tests.harness.test_benchmark_stage import yaml_of


@pytest.fixture(scope="module")
def model(made: Callable[[Artifact], Path]) -> Path:
    from tests.conftest import tiny_setup

    base = tiny_setup().base
    assert isinstance(base, Pretrained)
    assert isinstance(base.texts, MicroTexts)
    return made(replace(base, texts=replace(base.texts, n=300), updates=5))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on a machine that neither reaches the hub nor has fetched anything."""
    import datasets
    import huggingface_hub.constants as hub

    for owner in (hub, datasets.config):
        monkeypatch.setattr(owner, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "empty")


run = partial(invoke, "benchmark")


def cells(result: Result, task: str) -> list[list[str]]:
    return [line.split() for line in result.stdout.splitlines() if line.startswith(task)]


def test_the_micro_benchmark_prints_value_error_n_shots_version_and_what_is_beside(model: Path, tmp_path: Path) -> None:
    beside = tmp_path / "paper.csv"
    beside.write_text("label,task,value,shots\npaper,micro_facts,0.91,2\nother,micro_facts,0.5,0\n", encoding="utf-8")
    words = (model, "--tasks", "micro", "--shots", "2", "--limit", "6")
    result = run(*words, "--beside", beside)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].split() == [
        "task", "metric", "value", "+-", "n", "shots", "version", "paper", "other",
    ]  # fmt: skip
    acc, norm = cells(result, "micro_facts")
    assert (acc[1], norm[1]) == ("acc", "acc_norm")
    assert acc[4:] == ["6", "(limited)", "2", "1.0", "0.91", "–"], "a value for other shots is not beside"
    told = json.loads(run(*words, "--json").stdout)
    (one,) = told["runs"]
    row = next(row for row in one["rows"] if row["metric"] == "acc")
    assert f"{row['value']:.4f}" == acc[2]
    assert f"{row['standard_error']:.4f}" == acc[3]
    assert (told["not_run"], told["beside"]) == ([], [])
    assert Path(one["artifact"]).parent == model.parent.parent / "benchmarked", "it lies in the model's store"


def test_two_models_are_compared_in_pairs_of_items(
    model: Path, made: Callable[[Artifact], Path], tmp_path: Path
) -> None:
    from tests.conftest import tiny_setup

    base = tiny_setup().base
    assert isinstance(base, Pretrained)
    assert isinstance(base.texts, MicroTexts)
    other = made(replace(base, texts=replace(base.texts, n=300), updates=6))
    words = (model, other, "--tasks", "micro", "--limit", "24")
    told = json.loads(run(*words, "--json").stdout)
    (pair,) = told["compared"]["pairs"]
    assert (pair["first"], pair["second"]) == (str(model), str(other))
    first, second = (
        {row["metric"]: row["value"] for row in one["rows"] if row["task"] == "micro_facts"} for one in told["runs"]
    )
    for row in pair["differences"]:
        assert row["n"] == 24
        assert row["difference"] == pytest.approx(first[row["metric"]] - second[row["metric"]])
        assert row["only_first"] - row["only_second"] == pytest.approx(24 * row["difference"])
    text = run(*words).stdout
    assert text.split()[:3] == ["model", "task", "metric"]
    assert f"{model} (first) - {other} (second), over the samples that both have" in text
    folders = [one["artifact"] for one in told["runs"]]
    again = json.loads(invoke("compare", *folders, "--json").stdout)
    assert [row["difference"] for row in again["pairs"][0]["differences"]] == [
        row["difference"] for row in pair["differences"]
    ]
    twice = run(model, model, "--tasks", "micro").exception
    assert isinstance(twice, FieldError)
    assert "named twice" in str(twice)


def test_each_task_says_what_it_lacks_before_a_model_is_loaded_and_the_others_run(
    model: Path, offline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: Any, **__: Any) -> None:
        raise AssertionError("the model was loaded")

    names = "humaneval,piqa,arc_eazy"
    with monkeypatch.context() as patched:
        patched.setattr("humpback.evals.lm_eval_model.load_model", loaded)
        alone = run(model, "--tasks", names, "--shots", "3")
    assert alone.exit_code == 1
    lines = alone.stderr.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("not run: humaneval, 3 shots: ")
    assert "--run-model-code" in lines[0]
    assert "baber/piqa" in lines[1]
    assert "HF_HOME" in lines[1]
    assert "near it: arc_easy" in lines[2]
    assert cells(alone, "piqa") == [["piqa", "not", "run", "–", "–", "–", "3", "–"]]

    both = run(model, "--tasks", f"{names},micro", "--limit", "4", "--json")
    assert both.exit_code == 1
    told = json.loads(both.stdout)
    assert [one["task"] for one in told["not_run"]] == names.split(",")
    assert [row["n"] for row in told["runs"][0]["rows"]] == [4, 4]


def test_a_local_yaml_runs_and_one_without_its_data_does_not(model: Path, tmp_path: Path) -> None:
    good, bad = yaml_of(tmp_path / "a", "mine"), yaml_of(tmp_path / "b", "lost")
    bad.write_text(bad.read_text(encoding="utf-8").replace("rows.jsonl", "gone.jsonl"), encoding="utf-8")
    result = run(model, "--tasks", f"{bad}, {good}")
    assert result.exit_code == 1
    assert result.stderr.startswith("not run: lost: its data cannot be had (")
    (row,) = cells(result, "mine")
    assert (row[1], row[4], row[-1]) == ("acc", "2", "2.5")
    assert "2 requests were longer than the model's context, and their beginning was cut off" in result.stdout


def test_the_permission_to_run_code_is_no_part_of_another_tasks_identity(model: Path) -> None:
    words = (model, "--tasks", "micro", "--limit", "4", "--json")
    plain, permitted = (json.loads(run(*words, *more).stdout) for more in ((), ("--run-model-code",)))
    assert plain["runs"][0]["artifact"] == permitted["runs"][0]["artifact"]


def test_what_cannot_be_is_said_in_a_line(model: Path, shared_store: Store, tmp_path: Path) -> None:
    def fails(*words: object) -> BaseException | None:
        return run(*words).exception

    assert isinstance(fails(model, "--tasks", " , "), FieldError)
    assert "there is no file no.yaml" in str(fails(model, "--tasks", "no.yaml"))
    plain = tmp_path / "plain.yaml"
    plain.write_text("dataset_path: json\n", encoding="utf-8")
    assert "names no task" in str(fails(model, "--tasks", plain))
    beside = tmp_path / "beside.csv"
    beside.write_text("label,task,value\npaper,piqa,0.5\npaper,piqa,high\n", encoding="utf-8")
    wrong = fails(model, "--tasks", "micro", "--beside", beside)
    assert isinstance(wrong, FieldError)
    assert "beside.csv, line 3" in str(wrong)
    beside.write_bytes(b"label\xff")
    assert "no CSV in UTF-8" in str(fails(model, "--tasks", "micro", "--beside", beside))
    elsewhere = fails(model, "--tasks", "micro", "--store", tmp_path)
    assert isinstance(elsewhere, StoreError)
    assert "leave --store out" in str(elsewhere)
    texts = next(shared_store.root.glob("microtexts/*"))
    assert "a model is asked for" in str(fails(texts, "--tasks", "micro"))
