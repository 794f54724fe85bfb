"""Values as text: what somebody writes behind "=" read as the type of the field that it is for, and written again.

    2e-4   none   true   [60, 120]   Epochs(3)   Lora(rank=8)   CosineTo   smollm2-135m

A record is written as its class with its fields, in their order or by name; a model as `read_model` reads it.
"""

from __future__ import annotations

import ast
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, get_args, get_origin

from humpback.core.expression import Artifact, FieldError, Value, field_types
from humpback.spec.paths import kept
from humpback.spec.template import Model

ReadModel = Callable[[str], Model]
"""From a model's name to the model; it raises FieldError where there is none."""
_OPEN, _CLOSED = "([{", ")]}"


def split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets and no quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if letter == "," and not depth and not quote:
            parts.append("")
            continue
        if quote or letter in "'\"":
            quote = "" if letter == quote else quote or letter
        depth += (letter in _OPEN) - (letter in _CLOSED)
        parts[-1] += letter
    return [part.strip() for part in parts]


def read(text: str, hint: Any, standing: Any, read_model: ReadModel) -> Any:
    """The text as what a field of this type takes; `standing` is what it holds now.

    Raises:
        FieldError: saying what was found, and what the field takes.
    """
    text = text.strip()
    options, asked = _options(hint), ""
    for option in sorted(options, key=_rank):
        try:
            return _read(text, option, standing, read_model)
        except FieldError as error:
            asked = asked or str(error)
        except (KeyError, ValueError, SyntaxError):
            continue
    raise FieldError(asked or f"{text!r} is none of what it takes: {takes(hint)}")


def convert(found: Any, hint: Any, standing: Any, read_model: ReadModel) -> Any:
    """What a TOML file holds as what a field of this type takes. A text in quotes is no number. Raises as `read`."""
    if isinstance(found, list):
        inner = [get_args(one) for one in _options(hint) if get_origin(one) is tuple]
        if inner:
            kinds = [inner[0][0]] * len(found) if inner[0][-1] is Ellipsis else list(inner[0])
            return tuple(convert(one, kind, None, read_model) for one, kind in zip(found, kinds, strict=False))
    elif isinstance(found, str):
        texts = [one for one in _options(hint) if one not in (int, float, bool)]
        if texts:
            return read(found, typing.Union[tuple(texts)], standing, read_model)  # noqa: UP007 - of a list
    elif type(found) in _options(hint) or (type(found) is int and float in _options(hint)):
        return found
    raise FieldError(f"{found!r} is none of what it takes: {takes(hint)}")


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


_FIRST = (type(None), bool, int, float)
"""Tried before all others, in this order; any text is tried last."""


_MEANT: Mapping[Any, Mapping[str, Any]] = {type(None): {"none": None}, bool: {"true": True, "false": False}}
"""Words that mean something."""


def _rank(option: Any) -> int:
    return _FIRST.index(option) if option in _FIRST else len(_FIRST) + (option is str)


def _read(text: str, option: Any, standing: Any, read_model: ReadModel) -> Any:
    """Raises ValueError, SyntaxError where the text is none of it, FieldError where it means to be."""
    if option is float and not math.isfinite(float(text)):
        raise ValueError(text)
    if option is int or option is float:
        return option(text)
    if option in (type(None), bool) or get_origin(option) is Literal:
        words: Mapping[str, Any] = {str(one): one for one in get_args(option)}
        if option in _MEANT:
            words, text = _MEANT[option], text.lower()
        return words[_bare(text)]
    if get_origin(option) is tuple:
        return _read_tuple(text, get_args(option), read_model)
    if option is str:
        return _bare(text)
    if issubclass(option, Model):
        return read_model(_bare(text))
    return _read_record(text, option, standing, read_model)


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _read_tuple(text: str, inner: tuple[Any, ...], read_model: ReadModel) -> tuple[Any, ...]:
    if text[:1] in ("[", "(") and text[-1:] == {"[": "]", "(": ")"}[text[0]]:
        text = text[1:-1]
    elif "," not in text:
        raise ValueError(text)
    parts = [part for part in split(text) if part]
    kinds = [inner[0]] * len(parts) if inner[-1] is Ellipsis else list(inner)
    if len(kinds) != len(parts):
        raise ValueError(text)
    return tuple(read(part, kind, None, read_model) for part, kind in zip(parts, kinds, strict=True))


def _read_record(text: str, kind: type[Value], standing: Any, read_model: ReadModel) -> Value:
    """Its name, and its fields in brackets where it has any to say."""
    tree = ast.parse(text, mode="eval").body
    name = tree.func if isinstance(tree, ast.Call) else tree
    if issubclass(kind, Artifact) or not isinstance(name, ast.Name) or name.id != kind.__name__:
        raise ValueError(text)
    hints, names, given = field_types(kind), [one.name for one in fields(kind)], dict[str, Any]()
    if isinstance(tree, ast.Call):
        parts = [*zip(names, tree.args, strict=False), *((one.arg or "", one.value) for one in tree.keywords)]
        for field, node in parts:
            if field not in hints:
                raise FieldError(f"{kind.__name__} has no field {field!r}; it is written {_written(kind)}")
            if field in given:
                raise FieldError(f"{text} has {field} twice; it is written {_written(kind)}")
            given[field] = read(
                ast.get_source_segment(text, node) or "", hints[field], getattr(standing, field, None), read_model
            )
        if len(tree.args) > len(names):
            raise FieldError(f"{text} has too many fields; it is written {_written(kind)}")
    given = {**kept(kind, standing), **given}
    lacking = [one.name for one in fields(kind) if one.default is MISSING and one.name not in given]
    if lacking:
        raise FieldError(f"{text} needs {', '.join(lacking)}; it is written {_written(kind)}")
    return kind(**given)


def _written(kind: type[Value]) -> str:
    parts = [one.name if one.default is MISSING else f"{one.name}={_inside(one.default)}" for one in fields(kind)]
    return f"{kind.__name__}({', '.join(parts)})"


def writable(hint: Any) -> bool:
    """Whether any text can be read as it."""
    return any(_takes(one) for one in _options(hint))


def takes(hint: Any) -> str:
    """What a field of this type takes, in words."""
    words = [word for one in sorted(_options(hint), key=_rank) if (word := _takes(one))]
    return " or ".join(dict.fromkeys(words)) or "nothing that a text can name; fields inside it can be set"


_WORDS = {type(None): "none", bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _takes(option: Any) -> str:
    if option in _WORDS:
        return _WORDS[option]
    if get_origin(option) is Literal:
        return " or ".join(map(str, get_args(option)))
    if get_origin(option) is tuple:
        inner = _takes(get_args(option)[0])
        return f"several in brackets, each {inner}" if inner and len(_options(get_args(option)[0])) == 1 else ""
    if not isinstance(option, type) or not issubclass(option, Value):
        return ""
    if issubclass(option, Model):
        return "a model (a folder, a .gguf file, OWNER/NAME of the hub, or the name of a setup's base)"
    return "" if issubclass(option, Artifact) else _written(option)


def shown(value: Any) -> str:
    """The value as it would be written; an artifact by its name for people."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_inside, value))}]"
    if isinstance(value, Artifact):
        return value.slug
    if isinstance(value, Value):
        held = {one.name: (getattr(value, one.name), one.default) for one in fields(value)}
        parts = [f"{name}={_inside(one)}" for name, (one, default) in held.items() if one != default]
        return f"{type(value).__name__}({', '.join(parts)})"
    return str(value)


def _inside(value: Any) -> str:
    return repr(value) if isinstance(value, str) else shown(value)
