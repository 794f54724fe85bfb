"""BBH and MMLU from a pulled archive: small stand-ins for it with a file for each of lm-eval's tasks."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lm_eval  # type: ignore[import-untyped]
import pytest
from lm_eval.api.instance import Instance  # type: ignore[import-untyped]

from humpback.core.expression import Artifact
from humpback.core.payload import checksum
from humpback.evals.task_files import yaml_sha256
from humpback.evals.tasks import LoadedTask, Missing, open_tasks
from humpback.spec.benchmarks import PULLED
from humpback.spec.data import MicroTexts
from humpback.spec.models import Pretrained
from humpback.spec.sources import SOURCES
from tests.commands import invoke

pytestmark = pytest.mark.usefixtures("no_hub")
_OF_LM_EVAL = Path(lm_eval.__file__).parent / "tasks"
_BBH = sorted(path.stem for path in (_OF_LM_EVAL / "bbh/cot_fewshot").glob("[a-z]*.yaml"))
_MMLU = sorted(path.stem.removeprefix("mmlu_") for path in (_OF_LM_EVAL / "mmlu/default").glob("[a-z]*.yaml"))
_ODD = ("1990-01-01", "1990-01-02", "None", "nan", "007", "C")
"""A row in which each field could be taken for something else than text."""
_SHOWN = [[f"Shown {n}?", "w", "x", "y", "z", "ABCDA"[n]] for n in range(5)]


def csv_of(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def bbh_of(*rows: tuple[Any, Any]) -> str:
    return json.dumps({"canary": "x", "examples": [{"input": asked, "target": right} for asked, right in rows]})


def stand_in(name: str) -> dict[str, str]:
    """Path in the archive -> text, with a question or two of each task."""
    if name == "bbh":
        files = {f"{task}.json": bbh_of((f"{task}?", "True")) for task in _BBH}
        files |= {"snarks.json": bbh_of((_ODD[0], "True"))}
        return files | {"navigate.json": bbh_of(("Turn.", "No"), ("Turn left.", "True"), ("Turn right.", "Yes"))}
    files = {f"dev/{task}_dev.csv": csv_of(_SHOWN) for task in _MMLU}
    files |= {f"test/{task}_test.csv": csv_of([[f"{task}?", "a", "b", "c", "d", "B"]]) for task in _MMLU}
    files |= {"test/virology_test.csv": csv_of([list(_ODD)])}
    return files | {"test/anatomy_test.csv": csv_of([[' "So",\nor so? ', "1", "2", "3", "4", "D"], _SHOWN[0]])}


def written(path: Path, files: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def opened(name: str, folder: Path, files: dict[str, str]) -> Any:
    folder.mkdir()
    archive = written(folder / "archives" / f"{name}.zip", files)
    (folder / "place").mkdir()
    (task,) = open_tasks([PULLED[name]], folder / "place", lambda one: archive)
    return task


def scores(leaf: Any, docs: list[Any], replies: list[str]) -> list[float]:
    """Through the task's own filter, as a model's replies are."""
    asked = [Instance("generate_until", doc, ("",), n) for n, doc in enumerate(docs)]
    for one, reply in zip(asked, replies, strict=True):
        one.resps = [reply]
    for filter_ in leaf._filters:
        filter_.apply(asked)
    return [leaf.process_results(one.doc, [one.filtered_resps["get-answer"]])["exact_match"] for one in asked]


def test_bbh_asks_with_a_chain_of_thought_and_takes_the_answer_out_of_the_reply(tmp_path: Path) -> None:
    task = opened("bbh", tmp_path / "a", stand_in("bbh"))
    assert isinstance(task, LoadedTask), task
    assert set(task.leaves) == {f"bbh_cot_fewshot_{name}" for name in _BBH}
    assert len(task.leaves) == 27
    leaf = task.leaves["bbh_cot_fewshot_navigate"]
    docs = list(leaf.eval_docs)
    (odd,) = task.leaves["bbh_cot_fewshot_snarks"].eval_docs
    assert odd == {"input": "1990-01-01", "target": "True"}, "text stays text"
    prompt = leaf.fewshot_context(docs[0], leaf.config.num_fewshot)
    assert prompt.count("Let's think step by step.") == 4, "three shots, then the question"
    assert prompt.endswith("\n\nQ: Turn.\nA: Let's think step by step.\n")
    replies = ["East, then west. So the answer is No.", "So the answer is False.", "Yes"]
    assert scores(leaf, docs, replies) == [1.0, 0.0, 0.0], "the last names no answer"
    assert scores(leaf, docs[:1], ["So the answer is No"]) == [0.0], "the last character is taken for a period"
    assert "Q" in leaf.config.generation_kwargs["until"]


def test_mmlu_asks_as_lm_eval_does_with_the_five_of_its_subject(tmp_path: Path) -> None:
    task = opened("mmlu", tmp_path / "a", stand_in("mmlu"))
    assert isinstance(task, LoadedTask), task
    assert set(task.leaves) == {f"mmlu_{name}" for name in _MMLU}
    assert len(task.leaves) == 57
    leaf = task.leaves["mmlu_virology"]
    (odd,), (quoted, _) = leaf.eval_docs, task.leaves["mmlu_anatomy"].eval_docs
    assert odd == {"question": _ODD[0], "choices": list(_ODD[1:5]), "answer": 2}, "text stays text"
    assert leaf.doc_to_text(quoted) == '"So",\nor so?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:'
    assert leaf.doc_to_target(quoted) == 3
    prompt = leaf.fewshot_context(odd, 5)
    assert [prompt.count(one) for one in ("Shown", "Answer: A", "about virology")] == [5, 2, 1]
    assert prompt.endswith("A. 1990-01-02\nB. None\nC. nan\nD. 007\nAnswer:")
    likely = [(-9.0, False), (-9.0, False), (-1.0, False), (-9.0, False)]
    assert [leaf.process_results(doc, likely)["acc"] for doc in (odd, quoted)] == [1.0, 0.0]


@pytest.mark.parametrize("name", ["bbh", "mmlu"])
def test_a_group_is_hashed_the_same_wherever_it_is_laid_out(name: str, tmp_path: Path) -> None:
    one, other = (opened(name, tmp_path / where, stand_in(name)) for where in ("a", "b"))
    assert one.yaml == other.yaml
    assert set(one.yaml) == {name, *one.leaves}
    assert len(set(one.yaml.values())) == len(one.yaml)
    (shared,) = (tmp_path / "a/place/0").glob("_*_template_yaml")
    shared.write_text(shared.read_text(encoding="utf-8") + "# other\n", encoding="utf-8")
    path = next(path for path in shared.parent.glob("*.yaml") if not path.name.startswith("_"))
    assert yaml_sha256(path) not in one.yaml.values(), "what all its tasks include is in the hash"


@pytest.mark.parametrize(
    ("name", "changed", "says"),
    [
        ("bbh", {"navigate.json": None}, "bbh.zip: no navigate.json in it, which lm-eval's navigate asks"),
        ("mmlu", {"dev/anatomy_dev.csv": None}, "no dev/anatomy_dev.csv in it, which lm-eval's mmlu_anatomy asks"),
        (
            "bbh",
            {"navigate.json": bbh_of(("Turn.", "Yes"), ("Turn.", 7))},
            "bbh.zip, navigate.json: examples[1].target is 7; it takes text",
        ),
        ("bbh", {"navigate.json": "[1]"}, "bbh.zip, navigate.json: no list `examples` of objects in it"),
        ("bbh", {"navigate.json": "{"}, "bbh.zip, navigate.json: no JSON"),
        (
            "mmlu",
            {"test/anatomy_test.csv": csv_of([["q", "a", "b", "c", "d", "A"], ["q", "a", "b", "c", "A"]])},
            "mmlu.zip, test/anatomy_test.csv: row 2 has 5 columns; it takes 6: question, four choices, answer",
        ),
        (
            "mmlu",
            {"test/anatomy_test.csv": csv_of([["q", "a", "b", "c", "d", "AB"]])},
            "mmlu.zip, test/anatomy_test.csv: row 1 has the answer 'AB'; it takes A, B, C or D",
        ),
        ("mmlu", {"test/anatomy_test.csv": 'q,a,b,c,d,"A'}, "mmlu.zip, test/anatomy_test.csv: no CSV"),
    ],
)
def test_what_is_no_question_is_named_with_file_and_row(
    name: str, changed: dict[str, str | None], says: str, tmp_path: Path
) -> None:
    files = {path: text for path, text in {**stand_in(name), **changed}.items() if text is not None}
    found = opened(name, tmp_path / "a", files)
    assert isinstance(found, Missing)
    assert says in found.reason
    assert "\n" not in str(found)


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    (tmp_path / "bbh.zip").write_bytes(b"PK no more")
    (tmp_path / "place").mkdir()
    (found,) = open_tasks([PULLED["bbh"]], tmp_path / "place", lambda one: tmp_path / "bbh.zip")
    assert isinstance(found, Missing)
    assert "bbh.zip: no zip archive" in found.reason


def test_groups_their_parts_and_their_weights_are_in_the_table(
    tiny: Any, made: Callable[[Artifact], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("bbh", "mmlu"):
        path = written(tmp_path / "data" / name / f"{name}.zip", stand_in(name))
        row = replace(SOURCES[name], bytes=path.stat().st_size, sha256=checksum(path))
        monkeypatch.setitem(SOURCES, name, row)

    def reply(_: object, requests: list[Any], **__: object) -> list[str]:
        return ["So the answer is True." for _ in requests]

    monkeypatch.setattr("humpback.evals.lm_eval_model.CountingLM.generate_until", reply)
    assert isinstance(tiny.base, Pretrained)
    assert isinstance(tiny.base.texts, MicroTexts)
    model = made(replace(tiny.base, texts=replace(tiny.base.texts, n=300), updates=5))
    words = (model, "--tasks", "bbh,mmlu", "--data", tmp_path / "data")
    told = json.loads(invoke("benchmark", *words, "--json").stdout)
    bbh, mmlu = ({row["task"]: row for row in one["rows"]} for one in told["runs"])
    assert len(bbh) == 1 + 27
    assert (bbh["bbh"]["n"], bbh["bbh"]["version"]) == (29, "3.0")
    assert bbh["bbh"]["value"] == pytest.approx(27 / 29), "weighted by size"
    assert (bbh["bbh_cot_fewshot_navigate"]["value"], bbh["bbh_cot_fewshot_navigate"]["shots"]) == (1 / 3, 3)
    assert len(mmlu) == 1 + 4 + 57
    assert (mmlu["mmlu"]["n"], mmlu["mmlu"]["shots"], mmlu["mmlu_anatomy"]["n"]) == (58, 0, 2)
    right = sum(mmlu[f"mmlu_{name}"]["value"] * mmlu[f"mmlu_{name}"]["n"] for name in _MMLU)
    assert mmlu["mmlu"]["value"] == pytest.approx(right / 58)
    parts = [mmlu[f"mmlu_{name}"] for name in ("stem", "other", "social_sciences", "humanities")]
    assert sum(row["n"] for row in parts) == 58
    assert sum(row["n"] * row["value"] for row in parts) == pytest.approx(right)

    table = invoke("benchmark", model, "--tasks", "mmlu", "--data", tmp_path / "data", "--shots", "5", "--limit", "1")
    lines = {line.split()[0]: line.split()[1:] for line in table.stdout.splitlines()}
    assert (lines["mmlu"][0], lines["mmlu"][3:]) == ("acc", ["57", "(limited)", "5", "2"])
    assert lines["mmlu_virology"][3:] == ["1", "(limited)", "5", "1.0"]


def test_without_its_archive_a_group_says_what_brings_it(tmp_path: Path) -> None:
    from humpback.core.machine import Machine
    from humpback.inputs.locate import resolve_file

    machine = Machine(data=str(tmp_path / "data"))
    found = open_tasks([PULLED["bbh"]], tmp_path, lambda one: resolve_file(one, machine))
    assert "humpback data pull bbh" in str(found[0])
