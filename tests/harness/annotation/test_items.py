"""Joining answers on their prompt: every row is an item or named, and screening files are read strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from humpback.annotation.items import System, join, load_systems, sample_items, screening_items
from humpback.core.expression import FieldError
from humpback.core.tables import EXAMPLES, Example, write
from humpback.readers.unusable import UnusableFile
from tests.shared_data import SHARED, needs_shared


def system(name: str, *rows: tuple[str, str]) -> System:
    return System(name, tuple(Example(f"{name}/{id}", text, f"{name} on {id}") for id, text in rows), ())


def outputs(path: Path, generator: str | None, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    named = {"generator": generator} if generator else {}
    path.write_text(json.dumps([{"instruction": q, "output": a, **named} for q, a in rows]))
    return path


def test_rows_join_on_their_text_and_every_other_is_named() -> None:
    first = system("a", ("0", "One?"), ("1", "Two? "), ("2", "Three?"), ("3", ""))
    second = system("b", ("9", "Two?"), ("8", "One?"), ("7", "Four?"), ("6", "One? more"))
    joined = join(first, second)
    assert [(item.prompt, item.first_output, item.second_output) for item in joined.items] == [
        ("a/0", "a on 0", "b on 8"),
        ("a/1", "a on 1", "b on 9"),
    ]
    assert {(one.system, one.id): one.reason for one in joined.unmatched} == {
        ("a", "a/3"): "the prompt is empty",
        ("a", "a/2"): "b does not answer this prompt",
        ("b", "b/7"): "a does not answer this prompt",
        ("b", "b/6"): "a does not answer this prompt",
    }


def test_prompts_of_one_text_join_by_id_or_are_named() -> None:
    first = system("a", ("0", "Same?"), ("1", "Same?"), ("2", "Other?"))
    second = system("b", ("1", "Same?"), ("5", "Same?"), ("6", "Other?"))
    joined = join(first, second)
    assert [(item.first_output, item.second_output) for item in joined.items] == [
        ("a on 1", "b on 1"),
        ("a on 2", "b on 6"),
    ]
    assert {(one.id, one.reason) for one in joined.unmatched} == {
        ("a/0", "duplicate prompt: b has it 2 times, none with this id"),
        ("b/5", "duplicate prompt: a has it 2 times, none with this id"),
    }
    twice = System("a", (*first.answers, Example("elsewhere/0", "Same?", "again")), ())
    assert ("elsewhere/0", "duplicate prompt: a/0 has the same text and id") in {
        (one.id, one.reason) for one in join(twice, second).unmatched
    }


def test_equal_row_numbers_do_not_join_different_prompts() -> None:
    joined = join(system("a", ("0", "One?")), system("a", ("0", "Two?")))
    assert joined.items == ()
    assert len(joined.unmatched) == 2


def test_an_item_is_what_was_shown() -> None:
    (item,) = join(system("a", ("0", "One?")), system("b", ("0", "One?"))).items
    (same,) = join(system("a", ("0", "One?")), system("b", ("0", "One?"))).items
    (other,) = join(system("a", ("0", "One?")), system("c", ("0", "One?"))).items
    assert item == same
    assert item.id != other.id


def test_a_sample_is_of_prompts_that_every_opponent_answered() -> None:
    rows = [(str(i), f"Prompt {i}?") for i in range(30)]
    one = join(system("a", *rows), system("b", *rows[5:]))
    other = join(system("a", *rows), system("c", *rows[:25]))
    chosen = sample_items([one, other], n=8, seed=0)
    by_opponent = {name: [item.prompt for item in chosen if item.second == name] for name in ("b", "c")}
    assert by_opponent["b"] == by_opponent["c"]
    assert len(by_opponent["b"]) == 8
    assert sample_items([one, other], n=8, seed=0) == chosen
    assert sample_items([one, other], n=8, seed=1) != chosen
    assert len(sample_items([one, other], n=None, seed=0)) == 50
    for n in (0, 21):
        with pytest.raises(FieldError, match="20 prompts"):
            sample_items([one, other], n=n, seed=0)


def test_systems_are_named_by_generator_file_or_folder(tmp_path: Path) -> None:
    rows = [("One?", "yes"), ("Two?", "no")]
    named = outputs(tmp_path / "x/model_outputs.json", "some-model", rows)
    plain, other = (outputs(tmp_path / f"{name}/model_outputs.json", None, rows) for name in ("y", "z"))
    folder = tmp_path / "responses-m2-abc"
    folder.mkdir()
    write(folder / EXAMPLES, Example, [Example("0", "One?", "from the store")])
    found = load_systems([named, plain, other, folder])
    assert [one.name for one in found] == ["some-model", "y/model_outputs", "z/model_outputs", "responses-m2-abc"]
    with pytest.raises(FieldError, match="given twice"):
        load_systems([named, plain, named])
    again = outputs(tmp_path / "more/x/model_outputs.json", "some-model", rows)
    with pytest.raises(FieldError, match="called 'x/some-model'"):
        load_systems([named, again])
    with pytest.raises(UnusableFile, match="no examples"):
        load_systems([tmp_path])
    with pytest.raises(FileNotFoundError):
        load_systems([tmp_path / "none.json"])


def test_rows_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"instruction": "One?", "output": "yes"}\n{"instruction": "Two?", "output": 5}\n'
        '{"instruction": "Three?", "output": "half \\ud800 of a pair"}\nnonsense\n'
    )
    (one,) = load_systems([path])
    assert len(one.answers) == 1
    assert [text.split(":")[0] for text in one.aside] == [f"a.jsonl, line {i}" for i in (2, 3, 4)]


def test_screening_items_are_read_and_bad_ones_named(tmp_path: Path) -> None:
    good = {"prompt": "One?", "better": "yes", "worse": "no"}
    path = tmp_path / "known.json"
    path.write_text(json.dumps([good, {**good, "prompt": "Two?"}]))
    found = screening_items(path)
    assert [(item.instruction, item.first_output, item.second_output, item.screening) for item in found] == [
        ("One?", "yes", "no", True),
        ("Two?", "yes", "no", True),
    ]
    for bad, said in (
        ({**good, "worse": ""}, "field worse"),
        ({"prompt": "One?", "better": "yes"}, "field worse is None"),
        ({**good, "prompt": 5}, "field prompt is 5"),
        ({**good, "worse": "yes "}, "same text"),
        (good, "the same item as"),
        ("text", "an object"),
    ):
        path.write_text(json.dumps([good, bad]))
        with pytest.raises(UnusableFile, match=f"element 1.*{said}"):
            screening_items(path)


@needs_shared
def test_published_outputs_join_whole() -> None:
    folder = SHARED / "alpaca_eval"
    names = (
        "humpback-llama-65b/model_outputs.json",
        "guanaco-7b/model_outputs.json",
        "reference_text_davinci_003.json",
    )
    systems = load_systems([folder / name for name in names])
    assert [one.name for one in systems] == ["humpback-llama-65b", "guanaco-7b", "text_davinci_003"]
    for other in systems[1:]:
        joined = join(systems[0], other)
        assert (len(joined.items), joined.unmatched) == (805, ())
    assert {item.source for item in joined.items} == {"selfinstruct", "oasst", "koala", "helpful_base", "vicuna"}
