"""TOML files that people write, read into values: every mistake by file, field, what was found and what would do."""

from __future__ import annotations

import difflib
import json
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from humpback.core.expression import FieldError, Value

Kind = TypeVar("Kind", bound=Value)


def read_toml(path: Path) -> dict[str, Any]:
    """What the file holds.

    Raises:
        FieldError: when it is no TOML.
        FileNotFoundError: when it is not there.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors of Windows put a mark first
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FieldError(f"{path}: not TOML: {error}") from error


def known_fields(given: Iterable[str], names: Iterable[str], where: str, what: str) -> None:
    """Nothing when every field of `what` is among `names`.

    Raises:
        FieldError: with the closest name, and all of them.
    """
    names = list(names)
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {close[0]}?" if close else ";"
            raise FieldError(f"{where}: no field {name!r}{hint} {what.capitalize()} has {', '.join(names)}")


def value_of(kind: type[Kind], given: Mapping[str, Any], where: str) -> Kind:
    """The value of a table: a table in it becomes the value that its field takes, and a list a tuple.

    Raises:
        FieldError: naming `where` and the field, for one that is unknown, missing, or of another type.
    """
    hints = typing.get_type_hints(kind)
    known_fields(given, [field.name for field in fields(kind)], where, kind.__name__)
    lacking = [one.name for one in fields(kind) if one.default is MISSING and one.name not in given]
    if lacking:
        raise FieldError(f"{where}: no field {lacking[0]!r}, and it is needed: {kind.__name__} takes it")
    held = {name: _held(value, hints[name], f"{where}, {name}") for name, value in given.items()}
    try:
        return kind(**held)
    except FieldError as error:
        raise FieldError(f"{where}: {error}") from error


def to_toml(value: Value, says: Callable[[Value], str] = lambda one: "", path: str = "") -> str:
    """The value as a table that `value_of` reads back: without fields that hold nothing. `says` has a line of comment
    for a value in it."""
    held = {one.name: getattr(value, one.name) for one in fields(value)}
    there = {name: one for name, one in held.items() if one not in (None, "", ())}
    lines = [f"{name} = {_literal(one)}" for name, one in there.items() if not _tables(one)]
    for name, one in there.items():
        for table in _tables(one):
            at = f"{path}{name}"
            head = f"[[{at}]]" if isinstance(one, tuple) and isinstance(one[0], Value) else f"[{at}]"
            said = [f"# {says(table)}"] if isinstance(table, Value) and says(table) else []
            body = to_toml(table, says, f"{at}.") if isinstance(table, Value) else _pairs(table)
            lines += ["", *said, head, body.rstrip()]
    return "\n".join(lines) + "\n"


def _tables(value: Any) -> tuple[Any, ...]:
    """The tables that a field's value is written as; none for what stands in a line."""
    if isinstance(value, Value):
        return (value,)
    if isinstance(value, tuple) and isinstance(value[0], Value):
        return value
    return (value,) if isinstance(value, tuple) and isinstance(value[0], tuple) else ()


def _pairs(value: tuple[tuple[str, Any], ...]) -> str:
    return "\n".join(f"{name} = {_literal(one)}" for name, one in value)


def _literal(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _held(value: Any, hint: Any, where: str) -> Any:
    options = get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    kind = next((one for one in options if isinstance(one, type) and issubclass(one, Value)), None)
    inner = get_args(hint)[0] if get_origin(hint) is tuple else None
    if isinstance(value, dict):
        return value_of(kind, value, where) if kind else tuple(value.items()) if inner else value
    if isinstance(value, list):
        return tuple(_held(one, inner, f"{where} {number}") for number, one in enumerate(value, 1))
    if kind or inner:
        raise FieldError(f"{where} is {value!r}; it takes {'a table' if kind else 'a list'}")
    return value
