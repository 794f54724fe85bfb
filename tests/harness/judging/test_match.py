"""Joining two sets of answers on the prompt: nothing lost without its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from humpback.cli.sides import find_side, join_sides
from humpback.core.expression import FieldError
from humpback.core.machine import Machine
from humpback.core.store import RECORD, Damaged, read_record
from humpback.core.tables import EXAMPLES, REJECTED, Example, Rejected, read
from humpback.judging.self_judging import normal_name, same_model
from humpback.runs.build_one import build_here
from humpback.spec.models import ServedModel

Rows = list[dict[str, Any]]


def join(folder: Path, a: Rows, b: Rows) -> list[tuple[list[Example], dict[str, int], list[str]]]:
    """For each side: rows, counts, and the reasons of what was left out."""
    sides = []
    for name, rows in (("a", a), ("b", b)):
        (folder / f"{name}.json").write_text(json.dumps(rows))
        sides.append(find_side(str(folder / f"{name}.json")))
    machine = Machine(store=str(folder / "store"), files=(*sides[0].places, *sides[1].places), tracking="off")
    found = []
    for one in join_sides(*sides):
        where = build_here(one, machine, Console(stderr=True))
        rows = list(read(where / EXAMPLES, Example))
        found.append(
            (
                rows,
                read_record(where / RECORD).counts,
                [f"{r.id}: {r.reason}" for r in read(where / REJECTED, Rejected)],
            )
        )
    return found


def answer(instruction: str, output: str = "o", **more: str) -> dict[str, Any]:
    return {"instruction": instruction, "output": output, "generator": "g", **more}


def test_exact_then_normalised_and_the_rest_is_named(tmp_path: Path) -> None:
    a = [answer("One?", "a1", dataset="koala"), answer("Two!", "a2"), answer("Only here", "a3"), answer("one?", "a4")]
    b = [answer("two", "b2"), answer("one?", "b4"), answer("Only there", "b3"), answer("One?", "b1", dataset="other")]
    (ours, counts, left), (theirs, their_counts, their_left) = join(tmp_path, a, b)
    pairs = [(x.id, x.instruction, x.output, y.output) for x, y in zip(ours, theirs, strict=True)]
    assert pairs == [("a/0", "One?", "a1", "b1"), ("a/1", "Two!", "a2", "b2"), ("a/3", "one?", "a4", "b4")]
    assert [row.id for row in ours] == [row.id for row in theirs]
    assert (theirs[0].source, theirs[1].known["joined"], theirs[1].known["answer"]) == ("koala", "normalised", "b/0")
    assert (their_counts["exact"], their_counts["normalised"], their_counts["without"]) == (2, 1, 1)
    assert [reason.split(" of ")[0] for reason in left] == ["a/2: no such prompt"]
    assert [reason.split(" of ")[0] for reason in their_left] == ["b/2: no such prompt"]
    assert counts["in"] == counts["kept"] + counts["rejected"] == 4


def test_duplicates_are_joined_in_order_and_the_surplus_is_named(tmp_path: Path) -> None:
    a = [answer("Same", "a1"), answer("Same", "a2"), answer("Same", "a3")]
    b = [answer("Same", "b1"), answer("Same", "")]
    (ours, _, left), (theirs, counts, _) = join(tmp_path, a, b)
    assert [(x.output, y.output) for x, y in zip(ours, theirs, strict=True)] == [("a1", "b1"), ("a2", "")]
    assert [reason.split(" of ")[0] for reason in left] == ["a/2: another answer to a prompt"]
    assert counts["empty"] == 1


def test_an_artifacts_folder_is_a_side_and_one_without_answers_is_refused(tmp_path: Path) -> None:
    (ours, _, _), _ = join(tmp_path, [answer("x", "a")], [answer("x", "b")])
    folder = next((tmp_path / "store" / "matched").iterdir())
    again = find_side(str(folder))
    machine = Machine(store=str(tmp_path / "store"), files=again.places, tracking="off")
    (row,) = read(build_here(again.examples, machine, Console(stderr=True)) / EXAMPLES, Example)
    assert (row.instruction, row.output) == (ours[0].instruction, row.output)
    assert folder.name in row.id
    (folder / EXAMPLES).unlink()
    with pytest.raises(Damaged, match=r"examples.parquet: the file is gone"):
        find_side(str(folder))
    with pytest.raises(FieldError, match=r"no examples.parquet in it"):
        find_side(str(build_here(ServedModel("maker/chat"), machine, Console(stderr=True))))
    with pytest.raises(FieldError, match="no file"):
        find_side(str(tmp_path / "nothing.json"))


@pytest.mark.parametrize(
    ("judge", "generator", "same"),
    [
        ("gpt-4", "gpt4", True),
        ("openai/gpt-4-0613", "gpt4", True),
        ("gpt-4-1106-preview", "gpt-4", True),
        ("gpt-4", "gpt-4o", False),
        ("gpt-4", "gpt35", False),
        ("meta-llama/Llama-3-70b-chat-hf", "llama-3-70b-chat-hf", True),
        ("gpt-4", "", False),
    ],
)
def test_a_model_is_known_under_its_several_names(judge: str, generator: str, same: bool) -> None:
    assert (same_model(judge, [generator]) == generator) is same
    assert not same or normal_name(judge) == normal_name(generator)
