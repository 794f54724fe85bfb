"""The layouts that other programs read, and the rows of each.

The three JSON layouts carry what is trained on; Parquet carries our whole schema. Columns are the same in every row of
a file, because readers of JSON Lines take the first rows for all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.expression import FieldError
from humpback.core.tables import Example, write
from humpback.export.private import clean, clean_id

Feature = dict[str, Any]
"""A column as the front matter of a dataset card names it."""


@dataclass(frozen=True)
class Has:
    """What the rows of a set have, so that all of them come out alike."""

    systems: bool
    """A system sentence, at least one of them."""
    outputs: bool
    """An output, at least one of them. An empty one among others is data; a set without any is prompts."""


@dataclass(frozen=True)
class Alpaca:
    """{instruction, input, output}, and {system} in every row where any row of the set has one."""

    def row(self, one: Example, has: Has) -> dict[str, Any]:
        """The row of an example; an `input` that was joined below the instruction is taken apart again."""
        instruction, given = alpaca_parts(one)
        row = {"instruction": instruction, "input": given, "output": one.output}
        return {**row, "system": one.system} if has.systems else row

    def features(self, has: Has) -> list[Feature]:
        """The columns."""
        return _strings("instruction", "input", "output", *(["system"] if has.systems else []))


@dataclass(frozen=True)
class Messages:
    """{messages: [{role, content}]} with roles system (where there is one), user and assistant."""

    def row(self, one: Example, has: Has) -> dict[str, Any]:
        """The row of an example; that of a prompt ends with its user message."""
        return {"messages": _turns(one, has, ("role", "content"), ("system", "user", "assistant"))}

    def features(self, has: Has) -> list[Feature]:
        """The columns."""
        return [{"name": "messages", "list": _strings("role", "content")}]


@dataclass(frozen=True)
class ShareGpt:
    """{id, conversations: [{from, value}]} with speakers system (where there is one), human and gpt."""

    def row(self, one: Example, has: Has) -> dict[str, Any]:
        """The row of an example; that of a prompt ends with what the human says."""
        return {
            "id": clean_id(one.id),
            "conversations": _turns(one, has, ("from", "value"), ("system", "human", "gpt")),
        }

    def features(self, has: Has) -> list[Feature]:
        """The columns."""
        return [*_strings("id"), {"name": "conversations", "list": _strings("from", "value")}]


@dataclass(frozen=True)
class Parquet:
    """Our whole schema: id, instruction, output, system, source, score, origin."""


Layout = Alpaca | Messages | ShareGpt | Parquet
LAYOUTS: dict[str, Layout] = {"alpaca": Alpaca(), "messages": Messages(), "sharegpt": ShareGpt(), "parquet": Parquet()}
"""By the names that people give on the command line."""


def layout_named(name: str) -> Layout:
    """The layout of a name.

    Raises:
        FieldError: with the names that there are.
    """
    if name not in LAYOUTS:
        raise FieldError(f"no layout {name!r}; there are {', '.join(LAYOUTS)}")
    return LAYOUTS[name]


def suffix_of(layout: Layout) -> str:
    """Ending of the data file in an exported folder."""
    return ".parquet" if isinstance(layout, Parquet) else ".jsonl"


def write_rows(layout: Layout, rows: Iterable[Example], path: Path, *, array: bool, has: Has) -> int:
    """Write the rows to a file, streamed; returns how many. `array` writes one JSON array in place of JSON Lines."""
    if isinstance(layout, Parquet):
        return write(path, Example, (clean(one) for one in rows))
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[\n" if array else "")
        for line in _lines(layout, rows, has):
            file.write((",\n" if array and count else "") + line + ("" if array else "\n"))
            count += 1
        file.write("\n]\n" if array else "")
    return count


def alpaca_parts(one: Example) -> tuple[str, str]:
    """Instruction and input. They are apart only where `origin` has an input and the instruction still ends with it."""
    given = one.known.get("input") if '"input"' in one.origin else None
    if isinstance(given, str) and given and one.instruction.endswith("\n\n" + given):
        return one.instruction[: -len(given) - 2], given
    return one.instruction, ""


_BREAKS = re.compile("[\u0085\u2028\u2029]")


def _lines(layout: Alpaca | Messages | ShareGpt, rows: Iterable[Example], has: Has) -> Iterator[str]:
    for one in rows:
        text = json.dumps(layout.row(one, has), ensure_ascii=False)
        # Python's splitlines, which some readers use, would end a line here.
        yield _BREAKS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _turns(one: Example, has: Has, keys: tuple[str, str], speakers: tuple[str, str, str]) -> list[dict[str, str]]:
    said = list(zip(speakers, (one.system, one.instruction, one.output), strict=True))
    said = said[0 if one.system else 1 : 3 if has.outputs else 2]
    return [dict(zip(keys, pair, strict=True)) for pair in said]


def _strings(*names: str) -> list[Feature]:
    return [{"name": name, "dtype": "string"} for name in names]
