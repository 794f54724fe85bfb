"""The judge of Arena-Hard v2 as docs/judging.md writes it down, but for its instructions."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from humpback.judging.annotators import Annotator, verdict_of_preference

DOCS = Path(__file__).parents[3] / "docs" / "judging.md"


@pytest.fixture
def judge(tmp_path: Path) -> Annotator:
    text = DOCS.read_text(encoding="utf-8")
    (settings,) = re.findall(r"(?:^    arena-hard-2:\n)(?:^    .*\n)+", text, re.MULTILINE)
    (prompt,) = re.findall(r"^    <\|im_start\|>system\n    \.\.\.\n(?:(?:    .*)?\n)+", text, re.MULTILINE)
    (tmp_path / "configs.yaml").write_text(dedent(settings), encoding="utf-8")
    (tmp_path / "arena-hard.txt").write_text(dedent(prompt), encoding="utf-8")
    return Annotator(str(tmp_path / "configs.yaml"))


@pytest.mark.parametrize(
    ("mark", "verdict"),
    [("A>>B", "first"), ("A>B", "first"), ("A=B", "tie"), ("B>A", "second"), ("B>>A", "second"), ("A<B", "unparsed")],
)
def test_its_five_degrees_are_read(judge: Annotator, mark: str, verdict: str) -> None:
    said = f"My own answer is [1, 2]. Assistant A does well. My final verdict is: [[{mark}]]"
    assert verdict_of_preference(judge.preference(said)) == verdict


@pytest.mark.parametrize(("first", "last", "verdict"), [("A>B", "A>B", "first"), ("A>>B", "B>A", "second")])
def test_of_several_verdicts_the_last_counts(judge: Annotator, first: str, last: str, verdict: str) -> None:
    said = f"At first sight [[{first}]].\n\nBut B is right, so my final verdict is [[{last}]].\n"
    assert verdict_of_preference(judge.preference(said)) == verdict


def test_the_answers_stand_where_its_prompt_has_them(judge: Annotator) -> None:
    system, user = judge.request(("Why?", "one", "two")).body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"].startswith("<|User Prompt|>\nWhy?")
    assert "<|The Start of Assistant A's Answer|>\none\n<|The End of Assistant A's Answer|>" in user["content"]
    assert user["content"].endswith("two\n<|The End of Assistant B's Answer|>")
    assert judge.limit == 16_000
