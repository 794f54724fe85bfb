"""The layouts that other programs read, and the rows of each.

The three JSON layouts carry what is trained on; Parquet carries our whole schema. Columns are the same in every row of
a file, because readers of JSON Lines take the first rows for all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.tables import Example, write
from humpback.export.private import clean, clean_id

_BREAKS = re.compile("[\u0085\u2028\u2029]")


@dataclass(frozen=True)
class Has:
    """What the rows of a set have, so that all of them come out alike."""

    systems: bool
    """A system sentence, at least one of them."""
    outputs: bool
    """An output, at least one of them. An empty one among others is data; a set without any is prompts."""


def alpaca(example: Example, has: Has) -> dict[str, Any]:
    """{instruction, input, output}, and {system} in every row where any row of the set has one. An `input` that was
    joined below the instruction is taken apart again."""
    instruction, lower = example.instruction, ""
    joined = example.known.get("input") if '"input"' in example.origin else None
    if isinstance(joined, str) and joined and instruction.endswith("\n\n" + joined):
        instruction, lower = instruction[: -len(joined) - 2], joined
    row = {"instruction": instruction, "input": lower, "output": example.output}
    return {**row, "system": example.system} if has.systems else row


def messages(example: Example, has: Has) -> dict[str, Any]:
    """{messages: [{role, content}]} with roles system (where there is one), user and assistant; a prompt ends with its
    user message."""
    return {"messages": _turns(example, has, ("role", "content"), ("system", "user", "assistant"))}


def sharegpt(example: Example, has: Has) -> dict[str, Any]:
    """{id, conversations: [{from, value}]} with speakers system (where there is one), human and gpt; a prompt ends with
    what the human says."""
    turns = _turns(example, has, ("from", "value"), ("system", "human", "gpt"))
    return {"id": clean_id(example.id), "conversations": turns}


def _turns(example: Example, has: Has, keys: tuple[str, str], speakers: tuple[str, str, str]) -> list[dict[str, str]]:
    turns = list(zip(speakers, (example.system, example.instruction, example.output), strict=True))
    turns = turns[0 if example.system else 1 : 3 if has.outputs else 2]
    return [dict(zip(keys, pair, strict=True)) for pair in turns]


Layout = Callable[[Example, Has], dict[str, Any]]
"""The row of an example."""
LAYOUTS: dict[str, Layout | None] = {"alpaca": alpaca, "messages": messages, "sharegpt": sharegpt, "parquet": None}
"""By the names that people give on the command line; None is our whole schema."""


def columns(layout: Layout, has: Has) -> list[dict[str, Any]]:
    """The columns of a layout as the front matter of a dataset card names them."""

    def column(name: str, value: str | list[dict[str, str]]) -> dict[str, Any]:
        if isinstance(value, str):
            return {"name": name, "dtype": "string"}
        return {"name": name, "list": [column(*item) for item in value[0].items()]}

    return [column(*item) for item in layout(Example("", "?", "!"), has).items()]


def write_rows(layout: Layout | None, rows: Iterable[Example], path: Path, *, array: bool, has: Has) -> int:
    """Write the rows to a file, streamed; returns how many. `array` writes one JSON array in place of JSON Lines."""
    if layout is None:
        return write(path, Example, map(clean, rows))
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for count, row in enumerate(rows, 1):
            text = json.dumps(layout(row, has), ensure_ascii=False)
            # Python's splitlines, which some readers use, would end a line here.
            line = _BREAKS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
            file.write((("[\n" if count == 1 else ",\n") if array else "") + line + ("" if array else "\n"))
        file.write("\n]\n" if array else "")
    return count
