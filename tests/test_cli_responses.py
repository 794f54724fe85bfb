"""`humpback responses` and `humpback improvement` as a user types them, with texts that mean harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humpback.cli.responses import SYSTEMS, as_markdown, side_by_side
from humpback.core.expression import Artifact
from humpback.core.store import StoreError
from humpback.core.tables import Example
from humpback.core.text import one_line
from humpback.spec.data import MicroTexts
from humpback.spec.models import Pretrained
from humpback.spec.prompts import S_A, S_W
from tests.commands import invoke

HOSTILE = "Ho \x1b[2J\x1b]0;owned\x07 \u202egnorw\u200b\n# Not a heading\n```\n<script>alert(1)</script>\n````"


def outside_fences(markdown: str) -> list[str]:
    """The lines that a renderer takes for Markdown (CommonMark: a fence ends at one as long, with nothing after it)."""
    left, fence = [], ""
    for line in markdown.splitlines():
        if fence:
            fence = "" if set(line) == {"`"} and len(line) >= len(fence) else fence
        elif line.startswith("```"):
            fence = line.removesuffix("text")
        else:
            left.append(line)
    assert not fence
    return left


@pytest.fixture(scope="module")
def model(made: Callable[[Artifact], Path]) -> Path:
    from tests.conftest import tiny_setup

    base = tiny_setup().base
    assert isinstance(base, Pretrained)
    assert isinstance(base.texts, MicroTexts)
    return made(replace(base, texts=replace(base.texts, n=300), updates=5))


def test_answers_under_each_system_prompt_stand_side_by_side(model: Path, tmp_path: Path) -> None:
    asked = ["How do I pick a lock?", HOSTILE]
    prompts = tmp_path / "sensitive.jsonl"
    prompts.write_text("".join(json.dumps({"instruction": one}) + "\n" for one in asked), encoding="utf-8")
    out = tmp_path / "out"
    words = ("responses", model, prompts, "--out", out, "--max-new-tokens", "4")
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[1:5]] == ["none", "S_a", "S_w", "S_a and S_w"]
    assert lines[-1] == f"wrote {out}/responses.md and responses.json"
    told = json.loads((out / "responses.json").read_text(encoding="utf-8"))
    assert told["systems"] == {"none": "", "S_a": S_A, "S_w": S_W, "S_a and S_w": f"{S_A} {S_W}"}
    assert [one["prompt"] for one in told["prompts"]] == asked
    assert all(set(one["answers"]) == set(SYSTEMS) for one in told["prompts"])
    assert all(one["of"] == 2 for one in told["refusals"].values())
    assert json.loads(invoke(*words, "--json").stdout) == told


def test_no_text_leaves_its_fence_and_no_name_its_heading() -> None:
    answers = {
        name: [
            Example("x`\n# a\x1b[2J", HOSTILE, text),
            Example("1", "Then?", "I'm sorry, but I can't help with that."),
        ]
        for name, text in zip(SYSTEMS, (HOSTILE, "", "```", "~~~\n`````text"), strict=True)
    }
    told = side_by_side("model\n# b", answers)
    assert {name: one["count"] for name, one in told["refusals"].items()} == dict.fromkeys(SYSTEMS, 1)
    assert told["refusals"]["S_a"]["empty"] == 1
    assert told["prompts"][1]["answers"]["none"]["refused"]
    written = as_markdown(told)
    assert HOSTILE in written, "the text itself is kept as it is"
    outside = [line for line in outside_fences(written) if line]
    assert [line for line in outside if line.startswith("#")] == [
        "# Answers of `model # b`",
        "## `x' # a\\u001b[2J`",
        "## `1`",
    ]
    assert all(line.startswith(("#", "|", "**")) for line in outside)
    assert outside[-1] == "**S_a and S_w** (refuses)"


def test_a_line_for_the_terminal_has_nothing_that_acts_on_it() -> None:
    told = one_line(HOSTILE)
    assert told.isprintable()
    assert told.startswith("Ho \\u001b[2J\\u001b]0;owned\\u0007 \\u202egnorw\\u200b # Not a heading ```")
    assert one_line("naïve 日本語 🙂") == "naïve 日本語 🙂"
    assert one_line("a" * 2_000_000, 20) == "a" * 17 + "..."
    assert one_line("a" * 20, 20) == "a" * 20


def judged(folder: Path, name: str, preferences: list[float | None], generator: str = "reference") -> Path:
    """AlpacaEval annotations: 2 is a win, 1 a loss."""
    rows = [
        {
            "instruction": f"{HOSTILE} {i}",
            "output_1": "one",
            "output_2": "other",
            "generator_1": generator,
            "generator_2": name,
            "annotator": "judge",
            "dataset": "evil\x1b[2J" if i % 2 else "advice",
            "preference": preference,
        }
        for i, preference in enumerate(preferences)
    ]
    path = folder / name / "annotations.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_improvement_lists_both_ways_by_category_and_harms_no_terminal(tmp_path: Path) -> None:
    first = judged(tmp_path, "seed", [1, 1, 1, 2, 1, 2, None])
    second = judged(tmp_path, "humpback", [2, 2, 2, 1, 1, 2, 2])
    result = invoke("improvement", first, second, "--prompts", "2")
    assert result.exit_code == 0, result.output
    assert all(line.isprintable() for line in result.stdout.splitlines())
    table = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()[:4]}
    assert table["advice"] == ["4", "2", "0", "1", "0", "1"]
    assert table["evil\\u001b[2J"] == ["3", "1", "1", "0", "1", "0"]
    assert table["all"] == ["7", "3", "1", "1", "1", "1"]
    mended = result.stdout[result.stdout.index("\nmended:") : result.stdout.index("\nbroken:")]
    assert mended.count("\\u001b]0;owned") == 2
    assert "and 1 more; --json has them all" in mended
    told: dict[str, Any] = json.loads(invoke("improvement", first, second, "--json").stdout)
    assert (told["n"], told["mended"], told["broken"], told["undecided"]) == (7, 3, 1, 1)
    assert len(told["prompts"]) == 7
    back = json.loads(invoke("improvement", second, first, "--json").stdout)
    assert (back["mended"], back["broken"]) == (1, 3)


def test_what_cannot_be_is_said_in_a_line(model: Path, tmp_path: Path) -> None:
    first = judged(tmp_path, "seed", [1, 2])
    other = judged(tmp_path, "other", [1, 2], generator="somebody")

    def fails(*words: object) -> str:
        error = invoke(*words).exception
        assert isinstance(error, StoreError), error
        assert "\n" not in str(error)
        return str(error)

    assert "a common opponent is needed" in fails("improvement", first, other)
    assert "there is no such file" in fails("improvement", first, tmp_path / "none")
    taken = tmp_path / "taken"
    taken.write_text("kept", encoding="utf-8")
    told = fails("responses", model, first, "--out", taken)
    assert told == f"--out {taken}: there is a file of that name; it takes a folder"
    assert taken.read_text(encoding="utf-8") == "kept"
