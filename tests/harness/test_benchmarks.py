"""The vocabulary of benchmarks, the papers' sets, and the micro benchmark's questions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from humpback.core.expression import FieldError
from humpback.evals import tasks as benchmark_tasks
from humpback.evals.task_files import yaml_sha256
from humpback.evals.tasks import UNSAFE, Missing, open_tasks, single_tasks
from humpback.micro.benchmark import questions
from humpback.micro.instructions import paraphrases, parse, requests
from humpback.spec.benchmarks import SETS, Benchmarked, Task
from humpback.spec.micro_world import VALUES, World, facts
from humpback.spec.models import HubModel
from tests.harness.test_benchmark_stage import fresh, no_file

MODEL = HubModel("a/b", "0" * 40)


def test_the_papers_sets_are_as_in_the_papers() -> None:
    asked = {name: [(task, one.shots) for one in several for task in one.tasks] for name, several in SETS.items()}
    assert asked["humpback"] == [
        *((task, 0) for task in ("social_iqa", "piqa", "arc_easy", "arc_challenge", "openbookqa", "mmlu")),
        ("mmlu", 5),
    ]
    assert asked["alpagasus"] == [("mmlu", 5), ("bbh", 3), ("drop", 3), ("humaneval", 0)]
    assert asked["humpback-bias"][0] == ("crows_pairs_english", 0)
    assert len(asked["humpback-bias"]) == 10


def test_lm_eval_knows_every_named_task() -> None:
    """Resolved, not downloaded: every single task below a name has a YAML with a data set and a metric."""
    index = benchmark_tasks.shipped_tasks().task_index
    counted = {}
    for task in {task for several in SETS.values() for one in several for task in one.tasks}:
        entries = list(single_tasks(index, task))
        assert entries, task
        assert all(entry.cfg["dataset_path"] and entry.cfg["metric_list"] for entry in entries)
        assert all(len(yaml_sha256(entry.yaml_path)) == 64 for entry in entries)
        counted[task] = len(entries)
    assert (counted["mmlu"], counted["bbh"], counted["drop"]) == (57, 27, 1)
    assert len({yaml_sha256(entry.yaml_path) for entry in single_tasks(index, "mmlu")}) == 57


def test_what_cannot_be_had_is_said_in_a_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets
    import huggingface_hub.constants as hub

    for owner in (hub, datasets.config):
        monkeypatch.setattr(owner, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "empty")
    monkeypatch.setenv("HF_ALLOW_CODE_EVAL", "1")
    asked = [Task(name) for name in ("piqa", "humaneval", "mmlu", "no_such_task")]
    piqa, humaneval, mmlu, unknown = open_tasks(asked, fresh(tmp_path / "place"), no_file)
    assert humaneval == Missing("humaneval", UNSAFE), "a permission in the environment counts for nothing"
    assert isinstance(unknown, Missing)
    assert unknown.reason.startswith("lm-eval has no task of that name")
    assert "the hub is out of reach" in str(piqa)
    assert "baber/piqa is not in the hub's cache here" in str(piqa)
    for one in (piqa, mmlu):
        assert isinstance(one, Missing)
        assert "cannot be had" in one.reason
        assert "\n" not in str(one)
    assert os.environ["HF_ALLOW_CODE_EVAL"] == "1"


def test_micro_questions_are_held_out_true_once_and_fixed() -> None:
    world = World()
    asked = questions(world, 96, 0)
    assert asked == questions(world, 96, 0)
    assert asked != questions(world, 96, 1)
    assert {one.question for one in asked}.isdisjoint(one.question for one in questions(world, 16, 0, held_out=False))
    seen = set()
    for one in asked:
        request = parse(world, one.question)
        assert request is not None
        seen.add(request)
        about = request.kind.partition("_")[2]
        truth = facts(world)[request.creature][about]
        right = [truth in choice.rstrip(".").split() for choice in one.choices]
        assert right.index(True) == one.answer
        assert sum(right) == 1
        assert len(set(one.choices)) == 4
        assert all(any(value in choice for value in VALUES[about]) for choice in one.choices)
    assert len(seen) == 96
    kinds = ("ask_food", "short_size")
    assert all(
        len({r for r in requests(world, kind) if r in seen}) == len(requests(world, kind)) // 4 for kind in kinds
    )
    assert all(one.question in paraphrases(parse(world, one.question) or next(iter(seen))) for one in asked)
    with pytest.raises(ValueError, match="1 to 96"):
        questions(world, 97, 0)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"tasks": ()}, "empty"),
        ({"tasks": (Task("piqa"), Task("piqa"))}, "each once"),
        ({"tasks": (Task("piqa"),), "shots": -1}, "shots is -1"),
        ({"tasks": (Task("piqa"),), "limit": 0}, "limit is 0"),
        ({"tasks": (Task("piqa"),), "limit": 0.5}, "limit is 0.5"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, object], told: str) -> None:
    with pytest.raises(FieldError, match=told):
        Benchmarked(MODEL, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("task", "absent", "says"),
    [
        ("ifeval", "langdetect", "the package langdetect is not installed: pip install 'humpback-harness[benchmarks]'"),
        (
            "minerva_math_algebra",
            "math_verify",
            "a package of lm-eval's extra math is not installed: pip install 'humpback-harness[benchmarks]'",
        ),
    ],
)
def test_a_package_that_is_missing_is_called_a_package(
    task: str, absent: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Python says it, and as a task of lm-eval says it. Tried too: immutabledict, sympy, antlr4, IFEval in the
    leaderboard's spelling; rouge and wonderwords, of extras that are not ours."""
    for name in [name for name in sys.modules if name.startswith(("lm_eval.tasks.ifeval", f"{absent}."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, absent, None)
    assert open_tasks([Task(task)], fresh(tmp_path / "place"), no_file) == [Missing(task, says)]


def test_nltks_data_are_missed_before_a_model_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nltk
    from huggingface_hub import constants as hub

    for name in [name for name in sys.modules if name.startswith("lm_eval.tasks.ifeval")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    monkeypatch.setattr(nltk, "download", lambda name, quiet: False)
    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", True)
    (one,) = open_tasks([Task("ifeval")], fresh(tmp_path / "place"), no_file)
    assert isinstance(one, Missing)
    assert one.reason.startswith("NLTK's data punkt_tab are not here")
