"""docs/assumptions.md is what the code says, and all that it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.cli.assumptions import WORD, assumptions_of, page
from humpback.core.text import one_line
from humpback.experiments.setups.papers import LLAMA_7B
from tests.commands import succeed

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/assumptions.md"


def test_the_page_is_what_the_command_prints() -> None:
    said = succeed("assumptions").output
    assert said == PAGE.read_text(encoding="utf-8"), "humpback assumptions > docs/assumptions.md writes it anew"


def test_every_string_of_the_vocabulary_and_the_setups_that_says_the_word_is_told() -> None:
    """Found here by a search of the text, and there by what is reached from the setups."""
    told = re.sub(r"\\", "", page())
    paths = [*(ROOT / "harness/spec").rglob("*.py"), *(ROOT / "experiments").rglob("*.py")]
    strings = [
        text for path in paths for text in re.findall(r'"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL)
    ]
    marked = [one_line(text) for text in strings if WORD in text.lower()]
    assert len(marked) > 20
    for text in marked:
        sentences = [one for one in re.split(r"(?<=[.!?])\s+(?=[A-Z`])", text) if WORD in one.lower()]
        assert all(one in told for one in sentences), text


@pytest.mark.parametrize(
    "unsaid",
    [
        "does not give its prompt",  # of the backward model
        "how many replies it took",  # 4.5 against 5
        "n of the n-grams",
        "sets of n-grams from which on they do",
        "capital letters among a header's letters",
        "does not name its method",  # deduplication
        "How its 3,200 were chosen",
        "does not name its optimizer",
        "names none",  # warm-up
        "gives no length",
        "nothing is packed",
        "name no seeds",
        "final models took as many",
        "Where Humpback puts its tag",
        "formats are not published",
        "without normalising by length",  # CrowS-Pairs among them
        "which 250 is not known",
    ],
)
def test_what_the_paper_leaves_unsaid_is_there(unsaid: str) -> None:
    assert unsaid in PAGE.read_text(encoding="utf-8")


def test_another_value_is_told_of_another_setup() -> None:
    changed = replace(LLAMA_7B, sft=replace(LLAMA_7B.sft, longest=999))
    before, after = assumptions_of(LLAMA_7B), assumptions_of(changed)
    assert {one.value for one in after} - {one.value for one in before} == {"999"}
