"""Typed paths: a field of a setup by the names that lead to it, such as "sft.learning_rate", and what stands there set
to something else.

Where a field takes one of several kinds of value, a path may also go into a kind that does not stand there:
"selection.at_least" is the threshold of AtLeast, "sft.adapter.rank" the rank of a Lora, whichever rule and adapter the
setup has. What else the setup says of the same artifact follows, so that prompts are still those that the reference
answers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import MISSING, dataclass, fields, replace
from functools import partial
from typing import Any, TypeVar, get_args

from humpback.core.expression import Artifact, FieldError, Value, field_types
from humpback.spec.micro_world import World

RANDOM = ("seed", "draw")
"""Fields that the seeds of a run draw."""
SAID = ("name", "humpback", "alpagasus", "papers_sizes", "seed_rows", "pretrainings")
"""Fields of a setup that say something about it and decide nothing by themselves."""
MADE = ("shipped",)
"""Fields of an artifact that say where it lies ready; what is set is made anew."""
NOTED = (*MADE, "too_few")
"""Fields that no setting decides wherever they stand."""
Root = TypeVar("Root", bound=Value)


@dataclass(frozen=True)
class Place:
    """Where a path leads."""

    path: str
    """The field that is set."""
    takes: Any
    """The type of what the path is set to."""
    held: Callable[[Any], Any]
    """From what the path is set to, to what the field then holds."""


@dataclass(frozen=True)
class Change:
    """A field that was set to something else than the setup has."""

    path: str
    to: Any
    """What it holds now."""
    before: Any
    """What the setup has."""
    along: tuple[str, ...] = ()
    """What goes with it, in words."""
    said: str = ""
    """The setting that said so, which may have meant several fields."""

    @property
    def departs(self) -> bool:
        """Whether it is another value."""
        return bool(self.to != self.before)


def place(root: Value, path: str, *, fixed: Collection[str] = SAID) -> Place:
    """Where the path leads from `root`, whose fields `fixed` are none of it.

    Raises:
        FieldError: for a field that is not there, with the nearest and those that are; for one that is drawn.
    """
    *above, last = names = path.split(".")
    if last in RANDOM:
        raise FieldError(
            f"{path}: {last} says which draw it is, which no setting chooses: the seeds of a run do (--seeds)"
        )
    value: Any = root
    owner: Any = root
    for number, name in enumerate(names):
        there = _names(value) if number else [one for one in _names(value) if one not in fixed]
        if name not in there or name in NOTED:
            break
        if number == len(above):
            return Place(path, field_types(type(value))[name], lambda to: to)
        owner, value = value, getattr(value, name)
    # The rest of the names is no field of what stands there: of another kind, which could stand there, perhaps.
    way, rest = names[:number], names[number:]
    if way and len(rest) == 1 and rest[0] not in (*RANDOM, *NOTED):
        kinds = _kinds(field_types(type(owner))[way[-1]])
        named = [(kind, _names(kind)[0]) for kind in kinds if _snake(kind) == rest[0] and _names(kind)]
        fit = [kind for kind in kinds if rest[0] in _names(kind)]  # of a kind and its special case the first is meant
        found = named or [(kind, rest[0]) for kind in fit if not set(kind.__mro__[1:]) & set(fit)]
        if len(found) == 1:
            kind, field = found[0]
            return Place(".".join(way), field_types(kind)[field], partial(_of_kind, kind, field, value))
        if found:
            ways = " or ".join(".".join((*way, _snake(kind))) for kind, _ in found)
            raise FieldError(f"{'.'.join(way)} is {type(value).__name__}, which has no {rest[0]}; did you mean {ways}?")
    raise FieldError(_unknown(root, names, number, value, fixed))


def put(root: Root, path: str, to: Any, *, fixed: Collection[str] = SAID) -> Root:
    """The root with the field that the path leads to set, and with what follows from it: where the record that holds
    an artifact names the same one again, that is changed too, a world wherever it stands; and all pretrainings of a
    base are.

    Raises:
        FieldError: for a path that leads nowhere; for a value that its field does not take.
    """
    at = place(root, path, fixed=fixed)
    names, value = at.path.split("."), at.held(to)
    changed: Root = _with_field(root, names, value)
    if names[0] == "base" and value_at(root, "pretrainings"):
        pretrainings = value_at(root, "pretrainings") if len(names) > 1 else ()
        changed = _with(changed, pretrainings=tuple(_with_field(one, names[1:], value) for one in pretrainings))
    pairs: list[tuple[Value, Value]] = []
    first = len(names)
    for end in range(1, len(names) + 1):
        old, new = _at(root, names[:end]), _at(changed, names[:end])
        if isinstance(old, Artifact) and isinstance(new, Artifact) and old != new:
            pairs, first = [*pairs, (old, new)], min(first, end - 1)
        if isinstance(old, World) and isinstance(new, World) and old != new:
            changed = _replaced(changed, [(old, new)])
    if not pairs:
        return changed
    holder = _replaced(_at(changed, names[:first]), pairs)
    followed: Root = _with_field(changed, names[:first], holder) if first else holder
    return followed


def value_at(root: Value, path: str) -> Any:
    """What stands where the path leads; None where it leads into a kind that does not stand there."""
    value: Any = root
    for name in path.split("."):
        value = getattr(value, name, None)
    return value


def paths(root: Value, *, fixed: Collection[str] = SAID, below: str = "") -> Iterator[str]:
    """Every path from the root, in field order."""
    for name in _names(root):
        if name in (*RANDOM, *NOTED) or (not below and name in fixed):
            continue
        path, value = f"{below}{name}", getattr(root, name)
        yield path
        if isinstance(value, Value):
            yield from paths(value, below=f"{path}.")


def _names(value: Any) -> list[str]:
    return [field.name for field in fields(value)] if hasattr(value, "__dataclass_fields__") else []


def _kinds(hint: Any) -> list[type[Value]]:
    """The records among what a field takes; an artifact is none."""
    options = get_args(hint) or (hint,)
    return [
        one for one in options if isinstance(one, type) and issubclass(one, Value) and not issubclass(one, Artifact)
    ]


def _snake(kind: type[Value]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def _of_kind(kind: type[Value], field: str, value: Any, to: Any) -> Value:
    return kind(**{**kept(kind, value), field: to})


def kept(kind: type[Value], value: Any) -> dict[str, Any]:
    """The records that a kind needs and that stand in the value which it takes the place of, such as a prompt."""
    needed = [one.name for one in fields(kind) if one.default is MISSING]
    held = {name: getattr(value, name, None) for name in needed}
    return {name: one for name, one in held.items() if isinstance(one, Value)}


def _at(value: Any, names: list[str]) -> Any:
    for name in names:
        value = getattr(value, name)
    return value


def _with_field(value: Any, names: list[str], to: Any) -> Any:
    name, *rest = names
    return _with(value, **{name: _with_field(getattr(value, name), rest, to) if rest else to})


def _with(value: Any, **changes: Any) -> Any:
    made = {name: "" for name in MADE if getattr(value, name, "")}
    return replace(value, **made, **changes)


def _replaced(value: Any, pairs: list[tuple[Value, Value]]) -> Any:
    """The value with the new of each pair wherever the old one stands in it."""
    for old, new in pairs:
        if type(value) is type(old) and value == old:
            return new
    if isinstance(value, tuple):
        items = tuple(_replaced(one, pairs) for one in value)
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if not isinstance(value, Value):
        return value
    held = {name: (one, _replaced(one, pairs)) for name in _names(value) for one in (getattr(value, name),)}
    changes = {name: new for name, (old, new) in held.items() if new is not old}
    return _with(value, **changes) if changes else value


def _unknown(root: Value, names: list[str], number: int, value: Any, fixed: Collection[str]) -> str:
    path, way = ".".join(names), ".".join(names[:number])
    known = list(paths(root, fixed=fixed))
    near = difflib.get_close_matches(path, known, n=3, cutoff=0.6)
    near = near or [one for one in known if one.split(".")[-1] == names[-1]][:3]
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    if way and not isinstance(value, Value):
        return f"{way} is {'none' if value is None else repr(value)}, which has no fields{hint.removesuffix(';')}"
    there = [one.removeprefix(f"{way}.") for one in known if one.rpartition(".")[0] == way]
    owner = f"{way} ({type(value).__name__})" if way else "the setup"
    return f"{owner} has no {names[number]!r}{hint} {way or 'it'} has {', '.join(there) or 'no fields'}"
