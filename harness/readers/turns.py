"""What a row of instruction data says, and the reading of its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from humpback.readers.values import kind


class Refused(ValueError):
    """A row that cannot be used; the message names the field, what was found and what would do."""


@dataclass(frozen=True)
class Turn:
    """An instruction, and perhaps an output."""

    instruction: str
    output: str | None
    """None where the row has no place for one; empty where it has one that is empty."""
    system: str = ""
    input: str = ""
    """Alpaca's `input` or Dolly's `context`, which already stands below the instruction."""
    earlier: tuple[tuple[str, str], ...] = ()
    """(role, text) of what was said before, "user" and "assistant" in turn."""
    later: int = 0
    """Turns of the chat after the first pair, which are dropped."""
    others: int = 0
    """Other answers or instances of the row, which are dropped."""
    withheld: str = ""
    """Why its publisher does not train on it; empty where nothing says so."""
    aside: tuple[str, ...] = ()
    """Fields inside of the turns that were not read, such as "messages[].reasoning_content"."""


def text_of(row: dict[str, Any], name: str, *, empty: bool = False, where: str = "") -> str:
    """The text in a field.

    Raises:
        Refused: when there is none, or it is blank and may not be `empty`.
    """
    value = row.get(name)
    if not isinstance(value, str):
        raise Refused(f"field {where}{name} is {kind(value) if name in row else 'missing'}; it takes text")
    if not empty and not value.strip():
        raise Refused(f"field {where}{name} is {'blank' if value else 'empty'}; it takes text")
    return value


def optional(row: dict[str, Any], name: str, where: str = "") -> str:
    """The text in a field; empty where it is absent."""
    return "" if row.get(name) is None else text_of(row, name, empty=True, where=where)


def is_empty(value: Any) -> bool:
    """Whether a field says nothing: null, blank, an empty list or object, or the word for one."""
    if isinstance(value, str):
        return value.strip().lower() in ("", "[]", "{}", "null", "none")
    return value is None or value == [] or value == {}


def first_of(row: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of the fields that is there, and the first of all where none is, for the error to name."""
    return next((name for name in names if row.get(name) is not None), names[0])


def below(earlier: tuple[tuple[str, str], ...], instruction: str) -> str:
    """An instruction with what was said before above it, as "User: ..." and "Assistant: ..." paragraphs."""
    return "\n\n".join([*(f"{role.capitalize()}: {text}" for role, text in earlier), instruction])
