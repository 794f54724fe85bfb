"""`humpback mt-bench`: two turns answered and rated, as FastChat's single-answer grading asks and reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humpback.analysis.judgements.single_scores import scores
from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact
from humpback.core.tables import EXAMPLES, GRADES, Example, Grade, read
from humpback.judging.single_grades import rating_of, read_turns
from humpback.spec.data import MicroTexts
from humpback.spec.models import Pretrained
from tests.commands import invoke, succeed
from tests.harness.model_server import Body, ModelServer, serving

QUESTIONS = [
    {"question_id": 81, "category": "writing", "turns": ["Write {answer}.", "Again."]},
    {"question_id": 111, "category": "math", "turns": ["One and one?", "And two?"]},
    {"question_id": 141, "category": "stem", "turns": ["Why?", "How?"]},
]
SINGLE, MULTI = "Rate.\n{question}\n{answer}", "{question_1}|{answer_1}|{question_2}|{answer_2}"
PROMPTS = [
    {"name": "pair-v2", "type": "pairwise", "system_prompt": "", "prompt_template": "{answer_a}"},
    *(
        {"name": name, "type": "single", "system_prompt": system, "prompt_template": template}
        for name, system, template in (
            ("single-v1", "S", SINGLE),
            ("single-math-v1", "M", f"{SINGLE}\nref {{ref_answer_1}}"),
            ("single-v1-multi-turn", "S2", MULTI),
            ("single-math-v1-multi-turn", "M2", f"{{ref_answer_1}}, {{ref_answer_2}}|{MULTI}"),
        )
    ),
]


def answered(model: str, ids: list[int], *turns: str) -> list[dict[str, Any]]:
    return [{"question_id": id, "model_id": model, "choices": [{"index": 0, "turns": list(turns)}]} for id in ids]


@pytest.fixture
def words(tmp_path: Path) -> list[object]:
    """The options that name the files."""
    references = answered("gpt-4", [111], "2", "4")
    found: list[object] = []
    for name, rows in (("questions", QUESTIONS), ("prompts", PROMPTS), ("references", references)):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        found += [f"--{name}", path]
    return found


def by_system(body: Body) -> dict[str, Any]:
    """A rating that follows from the prompt's kind."""
    system = body["messages"][0]["content"]
    rating = {"S": "Rating: [[8]]", "M": "[3]", "S2": "so [[6.5]], not [[1]]", "M2": "no idea"}[system]
    return {"content": f"Some words. {rating}"}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(by_system)) as one:
        yield one


def test_a_file_of_answers_is_asked_about_as_fastchat_asks(
    server: ModelServer, words: list[object], tmp_path: Path
) -> None:
    path = tmp_path / "ours.jsonl"
    path.write_text(
        "".join(json.dumps(row) + "\n" for row in answered("ours", [81, 111, 141], "first {question}", "second"))
    )
    command = ("mt-bench", path, "--judge-model", "gpt-4", "--base-url", server.address, "--store", tmp_path / "store")
    done = succeed(*command, *words, "--json")
    assert "6 answers to rate by gpt-4" in done.stderr
    asked = {(one["messages"][0]["content"], one["messages"][1]["content"]) for one in server.asked}
    assert asked == {
        ("S", "Rate.\nWrite {answer}.\nfirst {question}"),
        ("S", "Rate.\nWhy?\nfirst {question}"),
        ("M", "Rate.\nOne and one?\nfirst {question}\nref 2"),
        ("S2", "Write {answer}.|first {question}|Again.|second"),
        ("S2", "Why?|first {question}|How?|second"),
        ("M2", "2, 4|One and one?|first {question}|And two?|second"),
    }
    assert {(one["temperature"], one["max_tokens"]) for one in server.asked} == {(0, 2_048)}
    found = json.loads(done.stdout)
    assert {one["of"]: (one["score"], one["questions"], one["unparsed"]) for one in found["scores"]} == {
        "overall": (pytest.approx((7.25 + 3 + 7.25) / 3), 3, 1),
        "turn 1": (pytest.approx(19 / 3), 3, 0),
        "turn 2": (6.5, 2, 1),
        "writing": (7.25, 1, 0),
        "math": (3, 1, 1),
        "stem": (7.25, 1, 0),
    }
    assert found["counts"]["unparsed"] == 1
    assert len(list(read(Path(found["artifact"]) / GRADES, Grade))) == 6
    again = succeed(*command, *words)
    assert len(server.asked) == 6
    assert "MT-Bench, single answers, rated from 1 to 10 by gpt-4" in again.stdout


def test_a_model_here_answers_both_turns_the_second_below_the_first(
    server: ModelServer, words: list[object], made: Callable[[Artifact], Path], tmp_path: Path
) -> None:
    from tests.conftest import tiny_setup

    base = tiny_setup().base
    assert isinstance(base, Pretrained)
    assert isinstance(base.texts, MicroTexts)
    model = made(replace(base, texts=replace(base.texts, n=300), updates=5))
    options = ("--judge-model", "gpt-4", "--base-url", server.address, "--max-new-tokens", 4, "--temperature", 0)
    found = json.loads(succeed("mt-bench", model, *options, *words, "--json").stdout)
    assert found["scores"][0]["questions"] == 3
    rows = [
        row
        for folder in (model.parent.parent / "responses").iterdir()
        for row in read(folder / EXAMPLES, Example)
        if row.id == "81"
    ]
    first, second = sorted(rows, key=lambda row: len(row.instruction))
    assert first.instruction == "Write {answer}."
    assert second.instruction == f"User: Write {{answer}}.\n\nAssistant: {first.output}\n\nAgain."
    shown = [one["messages"][1]["content"] for one in server.asked if one["messages"][0]["content"] == "S2"]
    assert f"Write {{answer}}.|{first.output}|Again.|{second.output}" in shown


@pytest.mark.parametrize(
    ("reply", "rating"),
    [
        ("Rating: [[7]]", 7.0),
        ("[[7.5]] and then [[2]]", 7.5),
        ("[5] or [[6]]", 6.0),
        ("Rating: [4]", 4.0),
        ("[[0]]", None),
        ("[[11]]", None),
        ("[[rating]] 7", None),
        ("7", None),
    ],
)
def test_ratings_are_read_by_fastchats_patterns_and_held_to_the_scale(reply: str, rating: float | None) -> None:
    assert rating_of(reply) == rating


def test_line_separators_within_an_answer_end_no_line(tmp_path: Path) -> None:
    path = tmp_path / "ours.jsonl"
    rows = answered("ours", [81, 82], "one\u2028two\x85three", "four")
    path.write_text("\ufeff" + "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert read_turns(path) == {str(id): (("one\u2028two\x85three", "four"), "ours") for id in (81, 82)}


def test_intervals_are_over_questions() -> None:
    ratings = {"1": (2, 4), "2": (6, 8), "3": (9, 9)}
    grades = [Grade(id, "math", turn, pair[turn - 1], "", "") for id, pair in ratings.items() for turn in (1, 2)]
    overall = scores(grades)[0]
    assert overall.mean.mean == pytest.approx(19 / 3)
    # Student's with two degrees of freedom over 3, 7, 9.
    half = 4.302653 * 3.055050 / 3**0.5
    assert overall.mean.low == pytest.approx(19 / 3 - half, abs=1e-4)


def test_what_is_amiss_is_named(server: ModelServer, words: list[object], tmp_path: Path) -> None:
    path = tmp_path / "ours.jsonl"
    options = ("--judge-model", "gpt-4", "--base-url", server.address, "--store", tmp_path / "store", *words)
    for rows, says in (
        ([{"question_id": 81, "answers": []}], "field choices is 'None'; it takes objects with turns"),
        (answered("ours", [7], "x", "y"), "answers to none of the questions of questions.jsonl, turn 1"),
        (answered("gpt-4-0613", [81], "x", "y"), "gpt-4 would judge its own answers"),
    ):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        error = invoke("mt-bench", path, *options).exception
        assert isinstance(error, HumpbackError)
        assert says in str(error)
    assert server.asked == []
    no_reference = tmp_path / "none.jsonl"
    no_reference.write_text(json.dumps(answered("gpt-4", [1], "x")[0]) + "\n")
    path.write_text(json.dumps(answered("ours", [111], "x", "y")[0]) + "\n")
    error = invoke("mt-bench", path, *options, "--references", no_reference).exception
    assert "question 111: math is rated beside a reference answer, and there is none" in str(error)
    silent = ModelServer(lambda body: {"content": "I cannot say."})
    path.write_text(json.dumps(answered("ours", [81], "x", "y")[0]) + "\n")
    with serving(silent) as other:
        done = invoke("mt-bench", path, *options, "--base-url", other.address)
    assert "2 questions have no answer and no part in the scores" in done.stderr
    error = done.exception
    assert isinstance(error, HumpbackError)
    assert "[[7]]" in str(error)
