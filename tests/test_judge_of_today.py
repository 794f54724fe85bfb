"""A judge and rater of today behind a server: it thinks first, refuses max_tokens and temperatures, answers in parts.

From files to what `view` shows, by commands alone: init, judge --check, run, view.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from humpback.core.tables import EXAMPLES, VERDICTS, Example, Verdict, read
from tests.analysis.judgements.material import annotation, written
from tests.commands import humpback, succeed, viewing
from tests.harness.judging.test_asking import longer
from tests.harness.model_server import Body, ModelServer, Told, serving
from tests.shared_data import SHARED

MODEL = "thinker-2"


def refuse(body: Body) -> Told | None:
    """As OpenAI's o-series says it, one field at a time."""
    for name, instead in (("max_tokens", "Use 'max_completion_tokens' instead."), ("temperature", "Only the default.")):
        if name in body and body[name] != 1:
            message = f"Unsupported parameter: '{name}' is not supported with this model. {instead}"
            return Told(400, json.dumps({"error": {"message": message, "param": name}}))
    return None


def reply(body: Body) -> dict[str, Any]:
    """Scores by the length of what is rated and prefers the longer answer, after a thought, in two parts."""
    (asked,) = (one["content"] for one in body["messages"] if one["role"] == "user")
    if "[Instruction]" in asked or "score" in asked.lower():
        text = f"{(2, 3.5, 4.5, 5)[len(asked) % 4]}\nIt is what it is."
    else:
        text = longer(body)["content"]
    half = len(text) // 2
    parts = [{"type": "text", "text": text[:half]}, {"type": "text", "text": text[half:]}]
    return {"reasoning_content": "Which of the two is it? 1\n2\n5", "content": parts}


def some_pairs() -> list[dict[str, str]]:
    """Alpaca's first rows, where they are beside the repository; else made up."""
    real = SHARED / "alpaca" / "alpaca_data.json"
    if real.is_file():
        rows: list[dict[str, str]] = json.loads(real.read_text(encoding="utf-8"))[:60]
        return rows
    return [{"instruction": f"Say {i}", "output": "well " * (i % 5) + f"{i}, of course."} for i in range(60)]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(reply, refuse=refuse, model=MODEL)) as one:
        yield one


def test_from_files_to_a_page_without_a_line_of_python(server: ModelServer, tmp_path: Path) -> None:
    own, store = tmp_path / "own", tmp_path / "store"
    own.mkdir()
    (own / "pairs.json").write_text(json.dumps(some_pairs()))
    (own / "eval.jsonl").write_text("".join(json.dumps({"prompt": f"What is {i}?"}) + "\n" for i in range(6)))
    known = written(tmp_path / "known.json", [annotation(i, 1 + i % 2) for i in range(24)])
    said = succeed(
        *("init", own, "--store", store, "--base-url", server.address, "--judge", "alpaca_eval_gpt4"),
        *("--judge-model", MODEL, "--rater", f"served:{MODEL}"),
    ).output
    files = ("--files", own / "my.toml", "--machine", own / "machine.toml")
    assert f"humpback run alpagasus/headline --setup files --files {own}/my.toml --machine {own}/machine.toml" in said
    measured = succeed(
        *("judge", known, "--judge", "alpaca_eval_gpt4", "--model", MODEL, "--base-url", server.address),
        *("--check", 20, "--store", store, "--json"),
    )
    found = json.loads(measured.stdout)
    assert (found["pairs"], found["unparsed"]["value"] if "unparsed" in found else 0) == (20, 0)
    done = humpback("run", "alpagasus/headline", "--setup", "files", *map(str, files), "--set", "sft.duration.n=1")
    assert done.returncode == 0, done.stderr
    assert "filtered" in done.stdout
    (rated,) = (path for path in (store / "rated").iterdir())
    scores = {row.score for row in read(rated / EXAMPLES, Example)}
    assert scores == {2, 3.5, 4.5, 5}
    grid = ("--grid", "selection.at_least=3,4,5")
    done = humpback("run", "alpagasus/headline", "--setup", "files", *map(str, files), *grid)
    assert done.returncode == 0, done.stderr
    assert all(f"filtered, selection.at_least = {value}" in done.stdout for value in (3, 4, 5)), done.stdout
    assert len(list((store / "rated").iterdir())) == 1, "rated once for all"
    verdicts = [row for path in (store / "judged").iterdir() for row in read(path / VERDICTS, Verdict)]
    assert verdicts
    assert not [row for row in verdicts if row.verdict == "unparsed"]
    taken = [body for body in server.asked if refuse(body) is None]
    assert all("max_completion_tokens" in body and "max_tokens" not in body for body in taken)
    with viewing("--store", store) as (address, _, browser):
        page = browser.open(address, timeout=60).read().decode()
        assert "alpagasus/headline" in page
