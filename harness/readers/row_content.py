"""What a row of instruction data says, and the reading of its fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from humpback.readers.json_values import json_kind


class RefusedRow(ValueError):
    """A row that cannot be used; the message names the field, what was found and what would do."""


Turns = tuple[tuple[str, str], ...]
"""(role, text) of a conversation, "user" and "assistant" in turn."""


@dataclass(frozen=True)
class RowContent:
    """An instruction, and perhaps an output."""

    instruction: str
    output: str | None
    """None where the row has no place for one; empty where it has one that is empty."""
    system: str = ""
    input: str = ""
    """Alpaca's `input` or Dolly's `context`, which already stands below the instruction."""
    earlier: Turns = ()
    """What was said before the instruction."""
    later: int = 0
    """Turns of the chat after the first pair, which are dropped."""
    others: int = 0
    """Other answers or instances of the row, which are dropped."""
    withheld: str = ""
    """Why its publisher does not train on it; empty where nothing says so."""
    aside: tuple[str, ...] = ()
    """Fields that were not read, such as "messages[].reasoning_content"."""


def field_text(row: dict[str, Any], name: str, *, empty: bool = False, where: str = "") -> str:
    """The text in a field.

    Raises:
        RefusedRow: when there is none, or it is blank and may not be `empty`.
    """
    value = row.get(name)
    if not isinstance(value, str):
        raise RefusedRow(f"field {where}{name} is {json_kind(value) if name in row else 'missing'}; it takes text")
    if not empty and not value.strip():
        raise RefusedRow(f"field {where}{name} is {'blank' if value else 'empty'}; it takes text")
    return value


def optional(row: dict[str, Any], name: str, where: str = "") -> str:
    """The text in a field; empty where it is absent."""
    return "" if row.get(name) is None else field_text(row, name, empty=True, where=where)


def is_empty(value: Any) -> bool:
    """Whether a field says nothing: null, blank, an empty list or object, or the word for one."""
    if isinstance(value, str):
        return value.strip().lower() in ("", "[]", "{}", "null", "none", "nan", "<noinput>")
    return value is None or value == [] or value == {}


def first_of(row: dict[str, Any], names: Sequence[str]) -> str:
    """The first of the fields that is there, and the first of all where none is, for the error to name."""
    return next((name for name in names if row.get(name) is not None), names[0])


def spelling(name: str) -> str:
    """A field's name as the lists of names have it: in lower case, with "_" for "-"."""
    return name.lower().replace("-", "_")


def with_earlier_turns(earlier: Turns, instruction: str) -> str:
    """An instruction with what was said before above it, as "User: ..." and "Assistant: ..." paragraphs."""
    return "\n\n".join([*(f"{role.capitalize()}: {text}" for role, text in earlier), instruction])
