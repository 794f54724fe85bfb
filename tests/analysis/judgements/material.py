"""Judgement files, written small."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from humpback.analysis.judgements.formats.items import Judgement
from humpback.analysis.judgements.formats.reading import read_judgements
from humpback.spec.votes import Choice, Side, Vote


def annotation(i: int, preference: Any, **more: Any) -> dict[str, Any]:
    """A row of AlpacaEval annotations."""
    return {
        "instruction": f"prompt {i}",
        "output_1": "reference answer",
        "generator_1": "reference",
        "dataset": "own",
        "output_2": f"answer {i}",
        "generator_2": "model",
        "annotator": "judge",
        "preference": preference,
        **more,
    }


def written(path: Path, rows: Any) -> Path:
    """Rows as JSON, folders made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows))
    return path


def annotations(path: Path, preferences: Iterable[Any], **more: Any) -> Path:
    """A file of annotations with these preferences."""
    return written(path, [annotation(i, preference, **more) for i, preference in enumerate(preferences)])


def read(*paths: Path) -> list[Judgement]:
    """The judgements of files."""
    return read_judgements(paths)


def single(*paths: Path) -> Judgement:
    """The one judgement of the files."""
    (one,) = read(*paths)
    return one


def counts(one: Judgement) -> tuple[int, int, int]:
    """Win, tie, lose."""
    results: Sequence[str | None] = [item.result for item in one.items]
    return results.count("win"), results.count("tie"), results.count("lose")


def vote(prompt: str, choice: Choice, annotator: str, shown_first: Side = "first") -> Vote:
    """A person's vote between two systems' answers."""
    shown = ("own", "ours", "theirs", f"ours on {prompt}", f"theirs on {prompt}")
    return Vote(f"item-{prompt}", prompt, prompt, *shown, choice, shown_first, annotator, "", 5.0, False, "")
