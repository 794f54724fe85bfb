"""`humpback judge` and what lies behind a name: other servers, other models, other requests, judges of one's own.

Neighbours that were tried: another port, the same by its other name, another model and another system fingerprint
behind the same name, a finished judgement and one that was stopped; fields by option, by machine file, by both; a
configuration beside its prompt, by its folder, with the prompt within, without one, with two judges, no YAML.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.core.store import StoreError
from tests.harness.judging.test_asking import longer
from tests.harness.model_server import Body, ModelServer, serving
from tests.test_cli_judge import failed, files, run

__all__ = ["files"]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(longer)) as one:
        yield one


@pytest.fixture
def words(server: ModelServer, files: tuple[Path, Path], tmp_path: Path) -> list[object]:
    return [*files, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", tmp_path / "store"]


def test_another_server_under_the_same_name_does_not_get_the_old_verdicts_in_silence(
    server: ModelServer, words: list[object]
) -> None:
    assert run(*words).exit_code == 0
    same = [*words[:5], server.address.replace("127.0.0.1", "LOCALHOST") + "/", *words[6:]]
    assert "judged before" in run(*same).stderr
    assert ", with http" not in run(*same).stderr
    with serving(ModelServer(longer, model="another-model")) as other:
        elsewhere = [*words[:5], other.address, *words[6:]]
        found = run(*elsewhere)
        assert f", with {server.address}): nothing is asked; --ask-anew judges again" in found.stderr
        found = run(*elsewhere, "--samples", 2)
        assert "0 calls to ask of gpt-4" in found.stderr
        assert (
            f"6 of the earlier answers are by 'judge-model-0613' at {server.address}, not at {other.address}"
        ) in found.stderr
        assert other.asked == []
        found = run(*elsewhere, "--ask-anew")
        assert (found.exit_code, len(other.asked)) == (0, 6)
        assert "6 verdicts are by 'another-model'" in found.stderr
        assert run(*elsewhere).exit_code == 0
        assert len(other.asked) == 6


def test_a_run_that_asks_anew_and_is_stopped_goes_on_without_paying_twice(
    server: ModelServer, words: list[object]
) -> None:
    assert run(*words).exit_code == 0
    server.model = "newer-model"
    assert "max_calls is 2" in str(failed(run(*words, "--ask-anew", "--max-calls", 2, "--concurrency", 1)))
    found = run(*words)
    assert found.exit_code == 0
    assert len(server.asked) == 12
    assert "6 verdicts are by 'newer-model'" in found.stderr


def test_verdicts_by_two_models_or_configurations_are_told(server: ModelServer, words: list[object]) -> None:
    server.fingerprint = "fp_1"
    assert isinstance(failed(run(*words, "--max-calls", 2, "--concurrency", 1)), StoreError)
    server.model, server.fingerprint = "newer-model", "fp_2"
    said = run(*words).stderr
    assert "2 verdicts are by 'judge-model-0613'" in said
    assert "the verdicts of this table are by 2 models; --ask-anew" in said
    assert "(system_fingerprint: 'fp_2' 4, 'fp_1' 2)" in said


def test_fields_by_option_and_by_machine_file_are_sent_and_make_another_judgement(
    server: ModelServer, words: list[object], tmp_path: Path
) -> None:
    found = run(
        *words, "--reply-tokens", 900, "--send", "reasoning_effort=low", "--send", "n=1", "--drop", "temperature"
    )
    assert found.exit_code == 0, found.output
    sent = server.asked[0]
    assert (sent["max_tokens"], sent["reasoning_effort"], sent["n"], "temperature" in sent) == (900, "low", 1, False)
    assert "at most 18 calls" in found.stderr
    machine = tmp_path / "machine.toml"
    machine.write_text('[endpoint]\nsend = {max_completion_tokens = 500}\ndrop = ["top_p"]\n')
    assert run(*words, "--machine", machine).exit_code == 0
    sent = server.asked[-1]
    assert (sent["max_completion_tokens"], "max_tokens" in sent, "top_p" in sent) == (500, False, False)
    assert len(server.asked) == 12
    error = failed(run(*words, "--machine", machine, "--send", "top_p=1"))
    assert "top_p is to be sent and to be left out" in str(error)
    assert "--send 'x': it takes NAME=VALUE" in str(failed(run(*words, "--send", "x")))


PROMPT = "<|im_start|>user\n{instruction}\n(a) {output_1}\n(b) {output_2}\nWhich?\n<|im_end|>"


def own_judge(folder: Path, **changes: Any) -> Path:
    """A configuration of one's own, with its prompt beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prompt.txt").write_text(PROMPT)
    settings = {
        "prompt_template": "prompt.txt",
        "fn_completions": "openai_completions",
        "completions_kwargs": {"model_name": "my-model", "max_completion_tokens": 700, "reasoning_effort": "low"},
        "fn_completion_parser": "regex_parser",
        "completion_parser_kwargs": {"outputs_to_match": {1: "^a", 2: "^b"}},
        "batch_size": 1,
    }
    path = folder / "configs.yaml"
    path.write_text(json.dumps({"mine": {**settings, **changes}}).replace('{"1"', "{1").replace('"2": "^b"', '2: "^b"'))
    return path


@pytest.mark.parametrize("form", ["file", "folder", "inside"])
def test_a_judge_of_ones_own_is_a_file(
    server: ModelServer, files: tuple[Path, Path], tmp_path: Path, form: str
) -> None:
    path = own_judge(tmp_path / "judges" / "mine", **({"prompt_template": PROMPT} if form == "inside" else {}))
    server.reply = lambda body: {"content": "b"}
    words = [*files, "--judge", path.parent if form == "folder" else path, "--base-url", server.address]
    found = run(*words, "--store", tmp_path / "store", "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["counts"]["unparsed"] == 0
    body: Body = server.asked[0]
    assert (body["model"], body["max_completion_tokens"], body["reasoning_effort"]) == ("my-model", 700, "low")
    assert "max_tokens" not in body
    assert any(one["messages"][0]["content"].startswith("Q0\n(a) a\n(b) b") for one in server.asked)
    moved = own_judge(tmp_path / "elsewhere", **({"prompt_template": PROMPT} if form == "inside" else {}))
    assert "judged before" in run(*files, "--judge", moved, "--store", tmp_path / "store").stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "No such file"),
        ("a: [", "no YAML"),
        ("[]", "no annotator in it"),
        ("a: {}", "no annotator in it"),
        ("a: {prompt_template: x.txt}", "its prompt_template 'x.txt' is in none of"),
        ("a: {prompt_template: '{output_1} {output_2}'}", "its prompt has no {instruction}"),
        ("a: &x {prompt_template: '{instruction} {output_1} {output_2}'}\nb: *x", "a pool of 2"),
        ("a: {prompt_template: '{instruction} {output_1} {output_2}'}", "names no model"),
        (
            "a: {prompt_template: '{instruction} {output_1} {output_2}', completions_kwargs: {model_name: m}, "
            "fn_completion_parser: nonsense}",
            "has no parser 'nonsense'; there are regex_parser, lmsys_parser",
        ),
        (
            "a: {prompt_template: '{instruction} {output_1} {output_2}', completion_kwargs: {}}",
            "did you mean completions",
        ),
        ("a: {prompt_template: 'x', completions_kwargs: [m]}", "completions_kwargs is ['m']; it takes a table"),
        (
            "a: {prompt_template: '{instruction} {output_1} {output_2}', completions_kwargs: {model_name: m}, "
            "completion_parser_kwargs: {outputs_to_match: {1: 'a', 2: 'b['}}}",
            "outputs_to_match of 2 is 'b[', which is no regular expression",
        ),
        (
            "a: {prompt_template: '{instruction} {output_1} {output_2}', completions_kwargs: {model_name: m}, "
            "completion_parser_kwargs: {outputs: {1: 'a', 2: 'b'}}}",
            "its completion_parser_kwargs do not fit regex_parser",
        ),
        (
            "a: {prompt_template: '{instruction} {output_1} {output_2}', completions_kwargs: {model_name: m}, "
            "completion_parser_kwargs: {outputs_to_match: [a, b]}}",
            "outputs_to_match is ['a', 'b']; it takes a table",
        ),
        (
            "a: {prompt_template: '{instruction} {output_1} {output_2}', completions_kwargs: {model_name: m}, "
            "completion_parser_kwargs: {outputs_to_match: {1: 'a?', 2: 'b'}}}",
            "outputs_to_match of 1 is 'a?', which an empty reply matches too",
        ),
        (
            "a: {prompt_template: '{instruction} {output_1} {output_2}', completions_kwargs: {model_name: m}, "
            "fn_completion_parser: pipeline_meta_parser, "
            "completion_parser_kwargs: {parsers_to_kwargs: {json_parser: {annotation_key: x}, rank_parser: {}}}}",
            "has no parser 'rank_parser'",
        ),
        (
            "a: {prompt_template: '<|im_start|>user\n{instruction} {output_1} {output_2}', "
            "completions_kwargs: {model_name: m}, completion_parser_kwargs: {outputs_to_match: {1: 'a', 2: 'b'}}}",
            "message 1 of its prompt is",
        ),
    ],
)
def test_a_file_that_is_no_judge_is_named(
    files: tuple[Path, Path], tmp_path: Path, text: str | None, says: str
) -> None:
    path = tmp_path / "configs.yaml"
    if text is not None:
        path.write_text(text)
    error = failed(run(*files, "--judge", path, "--store", tmp_path / "store"))
    assert isinstance(error, FieldError)
    assert says in str(error)
    assert str(path) in str(error)
