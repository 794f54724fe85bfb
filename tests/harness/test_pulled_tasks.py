"""IFEval and HumanEval from pulled files: answers known to pass and to fail, nothing asked of the hub."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lm_eval  # type: ignore[import-untyped]
import pytest

from humpback.core.store import StoreError
from humpback.evals.checks import human_eval
from humpback.evals.pulled_tasks import nltk_data_below
from humpback.evals.sandbox import run_program
from humpback.evals.tasks import UNSAFE, LoadedTask, Missing, open_tasks
from humpback.spec.benchmarks import PULLED
from humpback.spec.files import File, Source

pytestmark = pytest.mark.usefixtures("no_hub")
_IFEVAL = (
    ("punctuation:no_comma", {}, "No comma here", "One, two"),
    (
        "length_constraints:number_sentences",
        {"relation": "at least", "num_sentences": 3},
        "It rains. It snows! Why?",
        "It rains. It snows!",
    ),
    ("detectable_format:json_format", {}, '{"a": 1}', "a: 1"),
    ("keywords:existence", {"keywords": ["heron"]}, "A heron.", "A stork."),
    ("change_case:english_lowercase", {}, "all of it is in small letters", "Not All of it"),
)
_ADD = {
    "task_id": "HumanEval/0",
    "prompt": "def add(a, b):\n",
    "canonical_solution": "    return a + b\n",
    "test": "def check(candidate):\n    assert candidate(2, 3) == 5\n",
    "entry_point": "add",
}


_SOCIAL = [
    {"input": "Ada left. Why did Ada do this? ", "target_scores": {"to stay": 0, "to go home": 1, "to sleep": 0}},
    {"input": "Bo won. How would Bo feel? ", "target_scores": {"proud": 1, "sad": 0}},
]


@pytest.fixture
def files(tmp_path: Path) -> Callable[[File | Source], Path]:
    """Small files in the places of the pulled ones."""
    folder = tmp_path / "pulled"
    folder.mkdir()
    rows = [
        {"key": n, "prompt": "p", "instruction_id_list": [name], "kwargs": [kwargs]}
        for n, (name, kwargs, _, _) in enumerate(_IFEVAL)
    ]
    (folder / "social-iqa.json").write_text(json.dumps({"name": "social_iqa", "examples": _SOCIAL}), encoding="utf-8")
    for name, content in (("ifeval", rows), ("human-eval", [_ADD])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
    with zipfile.ZipFile(folder / "nltk-punkt.zip", "w") as archive:
        for name in ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt"):
            archive.writestr(f"punkt_tab/english/{name}", "")

    def find(one: File | Source) -> Path:
        return next(folder.glob(f"{one.name}.*"))

    return find


def opened(name: str, tmp_path: Path, files: Callable[[File | Source], Path], **how: bool) -> Any:
    (tmp_path / "place").mkdir()
    (task,) = open_tasks([PULLED[name]], tmp_path / "place", files, **how)
    return task


def test_ifeval_knows_answers_that_pass_and_answers_that_fail(
    tmp_path: Path, files: Callable[[File | Source], Path]
) -> None:
    task = opened("ifeval", tmp_path, files)
    assert isinstance(task, LoadedTask), task
    leaf = task.leaves["ifeval"]
    docs = list(leaf.eval_docs)
    assert len(docs) == len(_IFEVAL)
    with nltk_data_below(tmp_path / "place"):
        for doc, (name, _, good, bad) in zip(docs, _IFEVAL, strict=True):
            passed, failed = leaf.process_results(doc, [good]), leaf.process_results(doc, [bad])
            assert (passed["prompt_level_strict_acc"], failed["prompt_level_strict_acc"]) == (True, False), name
            assert passed["inst_level_strict_acc"] == [True], name
        loose = leaf.process_results(docs[2], ['Here it is:\n{"a": 1}'])
    assert (loose["prompt_level_strict_acc"], loose["prompt_level_loose_acc"]) == (False, True), "less its first line"
    assert len(task.yaml["ifeval"]) == 64


def test_the_hash_of_ifeval_does_not_depend_on_where_lm_eval_is_installed(
    tmp_path: Path, files: Callable[[File | Source], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    here = opened("ifeval", tmp_path / "here", files)
    shutil.copytree(Path(lm_eval.__file__).parent / "tasks" / "ifeval", tmp_path / "lm_eval" / "tasks" / "ifeval")
    monkeypatch.setattr(lm_eval, "__file__", str(tmp_path / "lm_eval" / "__init__.py"))
    (tmp_path / "there").mkdir()
    assert opened("ifeval", tmp_path / "there", files).yaml == here.yaml
    with (tmp_path / "lm_eval" / "tasks" / "ifeval" / "utils.py").open("a", encoding="utf-8") as utils:
        utils.write("# as another version has it\n")
    (tmp_path / "changed").mkdir()
    assert opened("ifeval", tmp_path / "changed", files).yaml != here.yaml


def test_social_iqa_asks_as_lm_eval_does_and_knows_the_right_answer(
    tmp_path: Path, files: Callable[[File | Source], Path]
) -> None:
    task = opened("social_iqa", tmp_path, files)
    assert isinstance(task, LoadedTask), task
    leaf = task.leaves["social_iqa"]
    first, second = leaf.eval_docs
    assert leaf.doc_to_text(first) == "Q: Ada left. Why did Ada do this?\nA:"
    assert (leaf.doc_to_choice(first), leaf.doc_to_target(first)) == (["to stay", "to go home", "to sleep"], 1)
    assert (leaf.doc_to_choice(second), leaf.doc_to_target(second)) == (["proud", "sad"], 0)
    likely = [(-9.0, False), (-1.0, False), (-9.0, False)]
    assert leaf.process_results(first, likely)["acc"] == 1.0
    assert leaf.process_results(second, likely[:2])["acc"] == 0.0


def test_a_question_without_one_right_answer_is_named(tmp_path: Path, files: Callable[[File | Source], Path]) -> None:
    path = files(PULLED["social_iqa"].data[0])
    doubtful = {"input": "Why? ", "target_scores": {"a": 1, "b": 1}}
    path.write_text(json.dumps({"examples": [*_SOCIAL, doubtful]}), encoding="utf-8")
    found = opened("social_iqa", tmp_path, files)
    assert isinstance(found, Missing)
    assert "examples[2] has the scores [1, 1]; one answer is to have 1, others 0" in found.reason


def test_human_eval_runs_the_tests_only_with_permission(tmp_path: Path, files: Callable[[File | Source], Path]) -> None:
    assert opened("humaneval", tmp_path, files) == Missing("humaneval", UNSAFE)
    (tmp_path / "again").mkdir()
    (task,) = open_tasks([PULLED["humaneval"]], tmp_path / "again", files, run_model_code=True)
    assert isinstance(task, LoadedTask), task
    (doc,) = task.leaves["humaneval"].eval_docs
    assert task.leaves["humaneval"].doc_to_text(doc) == _ADD["prompt"]
    score = task.leaves["humaneval"].process_results
    assert score(doc, [_ADD["canonical_solution"]]) == {"pass@1": 1.0}
    assert score(doc, ["    return a - b\n"]) == {"pass@1": 0.0}
    assert human_eval(doc, ["    import sys; sys.exit(0)\n"]) == {"pass@1": 0.0}, "an early end is no pass"


def test_a_test_that_was_not_pulled_is_named_with_its_command(tmp_path: Path) -> None:
    def absent(one: File | Source) -> Path:
        raise StoreError(f"{one.name} is not in data: humpback data pull {one.name}")

    found = opened("ifeval", tmp_path, absent)
    assert found == Missing("ifeval", "ifeval is not in data: humpback data pull ifeval")


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("raise ValueError('wrong')", "ValueError: wrong"),
        ("import os; os._exit(0)", "it ended early, with exit code 0"),
        ("x = bytearray(8 << 30)", "MemoryError"),
        ("import time; time.sleep(60)", "not done within 3 s"),
        ("open('big', 'wb').write(bytes(32 << 20))", "OSError: [Errno 27] File too large"),
    ],
)
def test_a_program_is_held_to_its_limits(program: str, problem: str) -> None:
    ran = run_program(program, 3.0 if "sleep" in program else 60.0)
    assert (ran.passed, ran.problem) == (False, problem)


def test_a_program_sees_neither_the_environment_nor_files_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    program = "import os\nassert 'SECRET_OF_OURS' not in os.environ\nassert os.listdir('.') == []\nopen('mine', 'w')"
    assert run_program(program).passed
