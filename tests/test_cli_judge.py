"""`humpback judge`: what it says, what it asks before it spends, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from humpback.cli.show import artifact_lines
from humpback.core.expression import FieldError
from humpback.core.store import StoreError
from humpback.core.tables import CALLS, VERDICTS, JudgeCall, Verdict, read
from humpback.micro.sets import evaluation_prompts, reference_answer
from humpback.spec.micro_world import World
from tests.commands import invoke
from tests.harness.judging.test_asking import longer
from tests.harness.model_server import ModelServer, Told, serving
from tests.shared_data import SHARED, needs_shared


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(longer)) as one:
        yield one


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Three prompts in both, one in each alone."""
    for name, last in (("a", "Only here"), ("b", "Only there")):
        rows = [{"instruction": f"Q{i}", "output": name * (i + 1), "generator": f"model-{name}"} for i in range(3)]
        rows.append({"instruction": last, "output": "x", "generator": f"model-{name}"})
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    return tmp_path / "a.json", tmp_path / "b.json"


run = partial(invoke, "judge")


def failed(result: Result) -> BaseException:
    assert result.exception is not None
    return result.exception


def test_it_says_what_it_will_ask_then_judges_and_leaves_an_artifact(
    server: ModelServer, files: tuple[Path, Path], tmp_path: Path
) -> None:
    words = (*files, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store")
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    assert "3 of 4 answers joined (3 on the very text, 0 but for case" in result.stderr
    assert "left out a/3: no such prompt of" in result.stderr
    assert "left out b/3: no such prompt of" in result.stderr
    assert "3 prompts in both orders; 6 calls to ask of gpt-4" in result.stderr
    assert "no price is given" in result.stderr
    assert "6 verdicts are by 'judge-model-0613', as the server says; asked for was 'gpt-4'" in result.stderr
    found = json.loads(result.stdout)
    assert (found["counts"]["calls"], found["counts"]["kept"], found["cost"]) == (6, 3, 0.0)
    folder = Path(found["artifact"])
    assert len(list(read(folder / VERDICTS, Verdict))) == len(list(read(folder / CALLS, JudgeCall))) == 6
    assert any("judge-model-0613" in line for line in artifact_lines(folder, 1))
    again = run(*words)
    assert again.exit_code == 0
    assert len(server.asked) == 6
    assert "calls to ask" not in again.stderr


def test_a_judge_that_follows_the_order_is_said_to(server: ModelServer, tmp_path: Path) -> None:
    for name in ("a", "b"):
        rows = [{"instruction": f"Q{i}", "output": f"{name} {i}", "generator": f"model-{name}"} for i in range(20)]
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    sides = (tmp_path / "a.json", tmp_path / "b.json")
    words = (*sides, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store")
    told = "the judge follows the order: exchanging it exchanged the winner on 20 of 20 prompts"
    assert told in run(*words).stdout
    assert json.loads(run(*words, "--json").stdout)["follows_order"] == told


def test_money_is_asked_about_before_the_first_call(
    server: ModelServer, files: tuple[Path, Path], tmp_path: Path
) -> None:
    words = [*files, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store"]
    words += ["--price-in", 30, "--price-out", 60]
    no = failed(run(*words, said="n\n"))
    assert isinstance(no, StoreError)
    assert "nothing spent" in str(no)
    assert server.asked == []
    yes = run(*words, "--yes", "--json")
    assert json.loads(yes.stdout)["cost"] == pytest.approx(6 * (100 * 30 + 10 * 60) / 1e6)
    assert "at most about 0." in yes.stderr


def test_a_model_does_not_judge_itself_unless_told_so_by_its_name(
    server: ModelServer, files: tuple[Path, Path], tmp_path: Path
) -> None:
    words = [*files, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store"]
    words += ["--model", "org/Model-B"]
    for allowed in ([], ["--may-judge-itself", "other"]):
        error = failed(run(*words, *allowed))
        assert isinstance(error, FieldError)
        assert "org/Model-B would judge its own answers (their generator is 'model-b')" in str(error)
    assert server.asked == []
    assert run(*words, "--may-judge-itself", "model-b").exit_code == 0
    assert server.asked[0]["model"] == "org/Model-B"


def test_a_server_that_calls_itself_by_a_generators_name_is_pointed_out(
    server: ModelServer, files: tuple[Path, Path], tmp_path: Path
) -> None:
    server.model = "model-a"
    words = [*files, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store"]
    assert "'model-a' is also the generator of answers that it judged" in run(*words).stderr


def test_the_key_is_in_nothing_that_is_left_behind(
    server: ModelServer, files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123")
    words = [*files, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store"]
    result = run(*words)
    assert server.headers[0]["authorization"] == "Bearer sk-very-secret-0123"
    assert "sk-very-secret" not in result.output + result.stderr
    left = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert any(path.suffix == ".jsonl" for path in left)
    assert all(b"sk-very-secret" not in path.read_bytes() for path in left)


def test_the_micro_judge_needs_no_server(tmp_path: Path) -> None:
    world = World()
    asked = [instruction for instruction, _ in evaluation_prompts(world, 10, 0)]
    for name, draw in (("a", 1), ("b", 2)):
        rows: list[dict[str, Any]] = [
            {"instruction": one, "output": reference_answer(world, one, draw), "generator": name} for one in asked
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    result = run(tmp_path / "a.json", tmp_path / "b.json", "--judge", "micro", "--store", tmp_path / "store", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    rows_of = list(read(Path(found["artifact"]) / VERDICTS, Verdict))
    assert len(rows_of) == 20
    assert {row.verdict for row in rows_of} <= {"first", "second", "tie"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"--judge": "alpaca_eval_gtp4"}, "did you mean alpaca_eval_gpt4"),
        ({"--judge": "micro", "--model": "x"}, "the judge micro is no model"),
        ({"--base-url": "localhost"}, "http"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is(
    files: tuple[Path, Path], tmp_path: Path, change: dict[str, str], says: str
) -> None:
    options = {"--judge": "alpaca_eval_gpt4", "--store": str(tmp_path / "store"), **change}
    error = failed(run(*files, *(word for pair in options.items() for word in pair)))
    assert isinstance(error, FieldError)
    assert says in str(error)


def test_sides_without_a_prompt_in_common_are_an_error(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps([{"instruction": name, "output": "x", "generator": "g"}]))
    words = [tmp_path / "a.json", tmp_path / "b.json", "--judge", "micro", "--store", tmp_path / "store"]
    error = failed(run(*words))
    assert isinstance(error, StoreError)
    assert "no prompt in common" in str(error)


def test_rows_that_are_no_answers_are_named(server: ModelServer, files: tuple[Path, Path], tmp_path: Path) -> None:
    rows = [
        *json.loads(files[0].read_text()),
        {"instruction": "", "output": "x"},
        {"instruction": "\x1b[2J", "output": ""},
    ]
    files[0].write_text(json.dumps(rows))
    words = [*files, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store"]
    said = run(*words).stderr
    assert "; 1 unreadable" in said
    assert "    unreadable " in said
    assert "\x1b" not in said


def test_a_server_that_refuses_every_call_leaves_no_judgement(
    server: ModelServer, files: tuple[Path, Path], tmp_path: Path
) -> None:
    words = [*files, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store"]
    server.told = [Told(400, '{"error": {"message": "no max_tokens here"}}')] * 6
    error = failed(run(*words))
    assert isinstance(error, StoreError)
    assert "every call is refused; it answered 400: no max_tokens here" in str(error)
    assert run(*words).exit_code == 0


@needs_shared
def test_alpaca_evals_own_files_join_whole(server: ModelServer, tmp_path: Path) -> None:
    sides = [SHARED / "alpaca_eval" / name / "model_outputs.json" for name in ("guanaco-7b", "humpback-llama-65b")]
    words = [*sides, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store"]
    error = failed(run(*words, "--max-calls", 3))
    assert "of 1,610 calls" in str(error)
    assert len(server.asked) == 3
