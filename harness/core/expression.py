"""Identity: what an expression is, reduced to canonical JSON and hashed.

An experiment is a tree of frozen dataclasses. `Value` is a plain record of literals (a recipe, a judge); `Artifact` is
something a stage makes and the store keeps. A fingerprint covers the class, its hand-bumped VERSION, its fields and the
fingerprints of its inputs. It never covers code, paths, hosts, devices or time, so equal expressions are one artifact
wherever they are written, and what cannot be written as canonical JSON is refused by name.
"""

from __future__ import annotations

import hashlib
import json
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

from humpback.core.errors import HumpbackError
from humpback.core.text import one_line

T = TypeVar("T")
_SLUG_BYTES = 160
"""Longest slug in a folder's name, in bytes; most file systems limit a name to 255."""


Table = Mapping[str, Mapping[str, Any]]
"""Descriptions of artifacts ({"class", "version", "fields"}, inputs by fingerprint) by fingerprint."""


class FieldError(HumpbackError, TypeError):
    """A field holds something that its type, or canonical JSON, does not admit. The message names class and field."""

    exit_code = 2


def field_types(cls: type) -> dict[str, Any]:
    """The type of each field of a dataclass, by its name."""
    return _field_types(cls)  # type: ignore[arg-type]


@cache
def _field_types(cls: type) -> dict[str, Any]:
    return {name: hint for name, hint in typing.get_type_hints(cls).items() if get_origin(hint) is not ClassVar}


def _admitted(value: object, hint: Any) -> tuple[bool, object]:
    """Whether `value` fits the annotation, and the value to keep (an int given for a float becomes that float)."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        # An exact match first, so that `int | float` keeps an int an int.
        for option in sorted(get_args(hint), key=lambda option: type(value) is not option):
            fits, kept = _admitted(value, option)
            if fits:
                return True, kept
        return False, value
    if origin is Literal:
        return value in get_args(hint), value
    if origin is tuple:
        if not isinstance(value, tuple):
            return False, value
        inner = get_args(hint)
        wanted = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
        if len(wanted) != len(value):
            return False, value
        results = [_admitted(item, one) for item, one in zip(value, wanted, strict=True)]
        return all(fits for fits, _ in results), tuple(kept for _, kept in results)
    if hint is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return False, value
        return True, float(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool), value
    return isinstance(value, hint), value


def _wanted(hint: Any) -> str:
    """What an annotation admits, in words."""
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(map(_wanted, get_args(hint)))
    if get_origin(hint) is Literal:
        return " or ".join(map(repr, get_args(hint)))
    if get_origin(hint) is tuple:
        each = [_wanted(one) for one in get_args(hint) if one is not Ellipsis]
        return f"a tuple of {', '.join(each)}"
    return {float: "float, finite", type(None): "nothing"}.get(hint) or str(getattr(hint, "__name__", hint))


@dataclass(frozen=True)
class Value:
    """A frozen record of literals and other values. Types are checked when it is built, so that a learning rate of
    '2e-5' (text) is refused here and not found out after a night of training. Whole numbers are counts, sizes and
    seeds: none is below 0.

    Raises:
        FieldError: naming class, field, what was found and what would be accepted.
    """

    def __post_init__(self) -> None:
        hints = field_types(type(self))
        for field in fields(self):
            value = getattr(self, field.name)
            fits, kept = _admitted(value, hints[field.name])
            if not fits:
                raise FieldError(
                    f"{type(self).__name__}.{field.name} is {value!r} ({type(value).__name__}); it takes "
                    f"{_wanted(hints[field.name])}"
                )
            if type(kept) is int and kept < 0:
                raise FieldError(f"{type(self).__name__}.{field.name} is {kept}; it takes a whole number of 0 or more")
            object.__setattr__(self, field.name, kept)


@dataclass(frozen=True)
class Artifact(Value):
    """A value that a stage makes and the store keeps. Building one runs nothing.

    A class says all that others need to know of it beside its fields; none of it is part of the identity but VERSION.
    """

    VERSION: ClassVar[int] = 1
    """Bumped by hand when the stage's meaning changes, so that older results are stale."""
    stage: ClassVar[str] = ""
    """The function that makes it, as "module:function"; empty for a class that others derive from and nothing makes."""
    says: ClassVar[str] = ""
    """What it is, for people: a format over its fields, in which an input is called by the step that makes it."""
    slug_format: ClassVar[str] = ""
    """The slug, as a format over its fields; the class's name where it is empty."""
    rows_of: ClassVar[tuple[str, ...]] = ()
    """Fields whose rows it has, all together: those of an input, or of a file."""
    counted: ClassVar[str] = ""
    """What its count "in" is of, where a report tells how much was lost on the way; empty where it does not."""
    losses: ClassVar[tuple[str, ...]] = ()
    """The counts that tell of it."""

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits of SHA-256 over the canonical JSON of class, VERSION, fields and inputs."""
        text = json.dumps(describe(self), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def components(self) -> tuple[Artifact, ...]:
        """The artifacts among the fields, in field order, each once, also those held inside plain values."""
        found = {one.fingerprint: one for one in values_in(self) if isinstance(one, Artifact)}
        return tuple(found.values())

    @property
    def inputs(self) -> tuple[Artifact, ...]:
        """The components that have to be made before it."""
        return self.components

    def row_count(self, rows: Callable[[Value], float | None]) -> float | None:
        """How many rows making it leaves, by the `rows` of what it is made of; None where only making it tells."""
        n = getattr(self, "n", None)
        if n is not None:
            return float(n)
        held = [getattr(self, name) for name in self.rows_of]
        counts = [rows(one) for value in held for one in (value if isinstance(value, tuple) else (value,))]
        known = [one for one in counts if one is not None]
        return sum(known) if known and len(known) == len(counts) else None

    @property
    def companions(self) -> tuple[Artifact, ...]:
        """Artifacts whose payload is needed to use this one's (an adapter needs its base model)."""
        return ()

    @property
    def slug(self) -> str:
        """A few words for people, part of the folder's name and of no identity."""
        return self.slug_format.format(**vars(self)) or type(self).__name__.lower()

    @property
    def name(self) -> str:
        """How people and logs refer to it: kind, slug and the head of the fingerprint."""
        slug = self.slug if self.slug.isprintable() else one_line(self.slug)
        short = slug.encode()[:_SLUG_BYTES].decode(errors="ignore")
        return f"{type(self).__name__.lower()}/{short}-{self.fingerprint[:16]}"


def values_in(value: Value | tuple[object, ...]) -> Iterator[Value]:
    """The values in the fields of a value (or among a tuple's items), and in theirs; an artifact is not looked into."""
    inside = value if isinstance(value, tuple) else (getattr(value, field.name) for field in fields(value))
    for one in inside:
        if isinstance(one, Value):
            yield one
        if isinstance(one, tuple) or (isinstance(one, Value) and not isinstance(one, Artifact)):
            yield from values_in(one)


def below(*roots: Artifact) -> dict[str, Artifact]:
    """The roots and everything that they are made from, by fingerprint: each once, inputs before what they make."""
    found: dict[str, Artifact] = {}
    waiting = [(one, False) for one in reversed(roots)]
    while waiting:
        artifact, ready = waiting.pop()
        if ready:
            found[artifact.fingerprint] = artifact
        elif artifact.fingerprint not in found:
            waiting.append((artifact, True))
            waiting += [(one, False) for one in reversed(artifact.inputs)]
    return found


def subclasses(cls: type[T]) -> Iterator[type[T]]:
    """Every class that is derived from it, in the modules imported so far."""
    for one in cls.__subclasses__():
        yield one
        yield from subclasses(one)


def canonical(value: object, where: str) -> Any:
    """`value` as JSON material; an artifact inside becomes a reference to its fingerprint.

    Raises:
        FieldError: for anything that has no canonical form (a function, a set, a NaN), naming `where` it stood.
    """
    if isinstance(value, Artifact):
        return {"artifact": value.fingerprint}
    if isinstance(value, Value):
        return {"class": type(value).__name__, **_fields_of(value)}
    if isinstance(value, tuple):
        return [canonical(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise FieldError(
        f"{where} is {value!r} ({type(value).__name__}), which cannot be written as canonical JSON; "
        "an expression holds numbers, text, booleans, None, tuples, values and artifacts"
    )


def _fields_of(value: Value) -> dict[str, Any]:
    owner = type(value).__name__
    return {f.name: canonical(getattr(value, f.name), f"{owner}.{f.name}") for f in fields(value)}


def describe(artifact: Artifact) -> dict[str, Any]:
    """What is hashed: {"class", "version", "fields"}, inputs by fingerprint."""
    return {"class": type(artifact).__name__, "version": artifact.VERSION, "fields": _fields_of(artifact)}


def expression(*roots: Artifact) -> Table:
    """The whole tree below `roots` as a flat table {fingerprint: description}; shared parts stand once."""
    table: dict[str, dict[str, Any]] = {}
    waiting = list(roots)
    while waiting:
        artifact = waiting.pop()
        if artifact.fingerprint not in table:
            table[artifact.fingerprint] = describe(artifact)
            waiting.extend(artifact.components)
    return table
