"""The one rule by which prompts are joined, and that judging, annotating and comparing all go by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from humpback.annotation.items import System, join
from humpback.core.same_prompt import fold, partners, prompt_keys
from humpback.core.tables import Example
from tests.analysis.judgements.material import annotations, read

ONE = [
    ("What is tea?", "what is tea"),
    ("What is tea?", "What is tea? "),
    ("Don't panic.", "Don’t panic."),
    ("List:\n- a\n- b", "List: a b"),
    ("Was heißt Übung?", "was heißt übung"),
    ("什么是茶？", "什么是茶"),
]
"""Copies of one prompt, as published sets have them."""
TWO = [
    ("What is 2 + 3?", "What is 2 = 3?"),
    ("Is 3 < 2?", "Is 3 > 2?"),
    ("What is tea?", "What is a tea?"),
    ("Price in $", "Price in €"),
    ("?", "!"),
]
"""Other prompts: a symbol is part of the question, and a text of punctuation alone is itself."""


@pytest.mark.parametrize(
    ("one", "other", "same"), [*((*pair, True) for pair in ONE), *((*pair, False) for pair in TWO)]
)
def test_case_punctuation_and_spacing_make_no_other_prompt(one: str, other: str, same: bool, tmp_path: Path) -> None:
    assert (fold(one) == fold(other)) is same
    texts = {"a": one, "b": other}
    assert len(join(*(System(name, (Example("0", text, name),), ()) for name, text in texts.items())).items) == same
    judged = read(*(annotations(tmp_path / name / "a.json", [2], instruction=text) for name, text in texts.items()))
    assert len({item.prompt for each in judged for item in each.items}) == (1 if same else 2)
    assert (
        any("1 prompts joined with other files but for case" in note for each in judged for note in each.notes) is same
    )


def test_equal_texts_come_first_and_a_prompt_has_one_partner() -> None:
    first = ["Who?", "who?", "Same", "Same", "Why?"]
    found = partners(prompt_keys(first), prompt_keys(["who?", "Same", "WHO", "same."]))
    assert (found.exact, found.folded) == ({1: 0, 2: 1}, {0: 2, 3: 3})
    assert found.all == {0: 2, 1: 0, 2: 1, 3: 3}


def test_prompts_that_differ_in_case_stay_apart_where_both_files_have_both(tmp_path: Path) -> None:
    rows = (Example("0", "Who?"), Example("1", "who?"))
    joined = join(System("a", rows, ()), System("b", rows[::-1], ()))
    assert [item.instruction for item in joined.items] == ["Who?", "who?"]
    assert joined.unmatched == ()
