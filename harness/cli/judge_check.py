"""`humpback judge PAIRS --check N`: the pairs that a judge is measured on, as two sides of one judgement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from typer import echo

from humpback.cli.app import build, print_json, writing
from humpback.cli.sides import Side, find_side
from humpback.core.machine import Machine
from humpback.core.payload import checksum
from humpback.core.tables import EXAMPLES, VERDICTS, Example, read
from humpback.spec.files import File, PromptSet

if TYPE_CHECKING:
    from humpback.analysis.judgements.known_pairs import KnownPairs

_NAMED = 5
"""Rows that cannot be used and are named; all are counted."""


def known_pairs(name: str, n: int, machine: Machine) -> KnownPairs:
    """At most n pairs of a file of verdicts with the answers, or else made of a set of instructions with answers.

    Raises:
        NoJudgements: when no pair can be had of it.
    """
    from humpback.analysis.judgements.known_pairs import make_pairs, read_known

    path = Path(name)
    known = read_known(path) if path.exists() else None
    if known is None:
        side = find_side(name)
        machine = replace(machine, files=(*machine.files, *side.places))
        known = make_pairs(read(build(side.examples, machine) / EXAMPLES, Example), name)
    for row in known.unreadable[:_NAMED]:
        echo(f"not used: {row.file}, {row.place}: {row.reason}", err=True)
    if (more := len(known.unreadable) - _NAMED) > 0:
        echo(f"not used: {more:,} more rows", err=True)
    there = len(known.pairs)
    echo(f"{there:,} pairs with a known better answer" + ("" if there <= n else f", {n:,} of them drawn"), err=True)
    return replace(known, pairs=known.pairs[:n])


def write_sides(known: KnownPairs, name: str, machine: Machine) -> tuple[Side, Side]:
    """The two answers of each pair as files of answers in the store, under the pairs' ids."""
    folder = Path(machine.store) / ".checks"
    stem = (Path(name).name.split(".")[0] or "pairs")[:40]
    sides = []
    with writing(folder, "--store"):
        for place, side in enumerate("ab"):
            lines = []
            for pair in known.pairs:
                row = {"id": pair.id, "instruction": pair.instruction, "output": (pair.a, pair.b)[place]}
                who = {"generator": pair.systems[place]} if pair.systems[place] else {}
                lines.append(json.dumps({**row, **who}) + "\n")
            # Both have one stem, which ids begin with: a pair is joined on its id.
            part = folder / f"{stem}.{side}.jsonl"
            part.write_text("".join(lines), encoding="utf-8")
            sha256 = checksum(part)
            path = part.replace(folder / f"{stem}.{side}-{sha256[:12]}.jsonl")
            sides.append(
                Side(PromptSet((File(f"{stem}.{side}.jsonl", sha256),)), ((sha256, str(path.resolve())),), None)
            )
    return sides[0], sides[1]


def print_check(known: KnownPairs, judge: str, folder: Path, *, as_json: bool) -> None:
    """What the judgement of these pairs says of the judge."""
    from humpback.analysis.judgements import judge_check
    from humpback.analysis.judgements.formats.artifact import judged_prompts

    items = [replace(one, prompt=one.prompt.rsplit("/", 1)[-1]) for one in judged_prompts(folder / VERDICTS).items]
    found = judge_check.check_judge(known.pairs, items, known)
    left_out: Sequence[str] = known.left_out
    if as_json:
        print_json({"artifact": str(folder), **judge_check.as_json(found, judge, left_out)})
    else:
        echo(judge_check.as_text(found, judge, left_out))
        echo(str(folder))
