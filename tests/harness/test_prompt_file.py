"""A rubric in somebody's file: named by its checksum, held to its placeholders, and asked word for word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import Artifact, FieldError
from humpback.core.machine import Machine
from humpback.core.store import Store, StoreError
from humpback.experiments.humpback.algorithm import candidates
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.papers import LLAMA_7B
from humpback.experiments.setups.substitutions import with_rating
from humpback.inputs.file_index import FileIndex
from humpback.inputs.prompt_file import load_prompt, named_prompt
from humpback.runs.load import load_expression
from humpback.spec.curation import ModelRater
from humpback.spec.prompts import HUMPBACK_RATING, PromptFile
from tests.commands import succeed

TEXT = 'Rate from 1 to 5 and end with "Score: <rating>".\n\n{generated_instruction}\n<the answer>\n'
MARKS = {"instruction": "{generated_instruction}", "output": "<the answer>"}


def written(folder: Path, raw: bytes = TEXT.encode()) -> dict[str, str]:
    (folder / "rubric.txt").write_bytes(raw)
    return {"file": "rubric.txt", "sha256": sha256(raw).hexdigest()}


def named(folder: Path, table: dict[str, Any]) -> tuple[PromptFile, Machine]:
    index = FileIndex()
    prompt = named_prompt("my.toml: rating", table, folder, index, folder, PromptFile)
    return prompt, Machine(files=index.places)


def test_the_file_is_asked_word_for_word_with_its_own_placeholders(tmp_path: Path) -> None:
    prompt, machine = named(tmp_path, {**written(tmp_path), **MARKS})
    asked = load_prompt(prompt, machine).fill(instruction="What is {output}?", output="{instruction} <the answer>")
    assert asked == TEXT.rstrip("\n").replace("<the answer>", "{instruction} <the answer>").replace(
        "{generated_instruction}", "What is {output}?"
    )
    assert load_prompt(HUMPBACK_RATING, machine).text == HUMPBACK_RATING.text


def test_a_mark_at_the_head_and_windows_line_ends_change_no_word(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    prompt, machine = named(tmp_path, {**written(tmp_path, raw), **MARKS})
    plain, other = named(tmp_path, {**written(tmp_path), **MARKS})
    assert prompt.sha256 != plain.sha256
    written(tmp_path, raw)
    text = load_prompt(prompt, machine).text
    written(tmp_path)
    assert text == load_prompt(plain, other).text


@pytest.mark.parametrize(
    ("changed", "raw", "says"),
    [
        ({"sha256": None}, TEXT, r"my.toml: rating: sha256 is missing; .* are " + sha256(TEXT.encode()).hexdigest()),
        ({"sha256": "abc"}, TEXT, "sha256 is 'abc'; it takes 64 hexadecimal digits"),
        ({"sha256": "0" * 64}, TEXT, f"has the SHA-256 {sha256(TEXT.encode()).hexdigest()}, and 0000"),
        ({"file": None}, TEXT, "file is missing"),
        ({"file": "none.txt"}, TEXT, "there is no file .*none.txt"),
        ({"output": None}, TEXT, r"no \{output\} in it, .* there is <rating>, \{generated_instruction\}, <the answer>"),
        ({"instruction": "{asked}"}, TEXT, r"no \{asked\} in it, where the instruction would go"),
        ({"output": "{generated_instruction}"}, TEXT, "one is in the other"),
        ({"output": " "}, TEXT, "output is empty"),
        ({"output": 3}, TEXT, "output is 3; it takes a text in quotes"),
        ({"n": "3"}, TEXT, "no field 'n'; Prompt has file, sha256, instruction, output"),
        ({}, TEXT + "{output}", r"has \{output\} too, which would be filled"),
        ({}, "no marks", "there is no placeholder"),
        ({}, TEXT.encode("utf-16"), "no UTF-8 .byte 0xff at 0."),
        ({}, TEXT.replace("Rate", "B\u00e9").encode("latin-1"), "no UTF-8 .byte 0xe9 at 1."),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changed: dict[str, Any], raw: str | bytes, says: str) -> None:
    table = {**written(tmp_path, raw if isinstance(raw, bytes) else raw.encode()), **MARKS, **changed}
    with pytest.raises(FieldError, match=says):
        named(tmp_path, {key: value for key, value in table.items() if value is not None})


def test_a_file_that_was_changed_or_is_gone_stops_the_stage(tmp_path: Path) -> None:
    prompt, machine = named(tmp_path, {**written(tmp_path), **MARKS})
    written(tmp_path, b"other")
    with pytest.raises(StoreError, match="changed since"):
        load_prompt(prompt, machine)
    with pytest.raises(StoreError, match=r"rubric.txt .* is not on this machine"):
        load_prompt(prompt, Machine())


def test_every_rating_of_a_setup_is_by_the_file_and_nothing_else_changes(tmp_path: Path) -> None:
    prompt, _ = named(tmp_path, {**written(tmp_path), **MARKS})
    changed = with_rating(LLAMA_7B, prompt)
    assert changed.scoring == replace(LLAMA_7B.scoring, prompt=prompt)
    assert isinstance(changed.strong, ModelRater)
    assert changed.strong.scoring.prompt == candidates(changed).rating == prompt
    assert replace(changed, scoring=LLAMA_7B.scoring, strong=LLAMA_7B.strong) == LLAMA_7B
    assert changed.filtering == LLAMA_7B.filtering


def test_an_artifact_made_with_it_is_read_back_from_its_record(
    tiny: Setup, tmp_path: Path, made: Callable[[Artifact], Path], shared_store: Store
) -> None:
    """The model is asked in the file's words; the record holds its name and checksum and none of its text."""
    from humpback.core.plan import plan
    from humpback.runs.build import build_artifact
    from tests.conftest import MACHINE, SOURCE

    prompt, machine = named(tmp_path, {**written(tmp_path), **MARKS})
    node = candidates(with_rating(tiny, prompt))
    made(node.by)
    made(node.segments)
    for step in plan(shared_store, [node]).to_do:
        build_artifact(step.artifact, shared_store, replace(MACHINE, files=machine.files), SOURCE, lambda *_: None)
    folder = shared_store.open(node)
    assert load_expression(folder) == node
    assert "<the answer>" in (folder / "record.json").read_text()
    assert "end with" not in (folder / "record.json").read_text()


def test_a_command_takes_it_for_any_setup(tmp_path: Path) -> None:
    table = {**written(tmp_path), **MARKS}
    toml = tmp_path / "rating.toml"
    toml.write_text("".join(f'{key} = "{value}"\n' for key, value in table.items()))
    words = ("plan", "humpback/headline", "--setup", "llama-7b", "--rating", str(toml), "--store", str(tmp_path / "s"))
    assert "backtranslated" in succeed(*words).output
    toml.write_text(toml.read_text().replace("<the answer>", "<answer>"))
    with pytest.raises(FieldError, match="no <answer> in it"):
        succeed(*words)
