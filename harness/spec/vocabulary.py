"""Every class of the vocabulary by its name, as records hold it."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from humpback.core.expression import Artifact, Table, Value, subclasses

V = TypeVar("V", bound=Value)


def values() -> dict[str, type[Value]]:
    """The classes of values and artifacts in `humpback.spec`, and of whatever else was imported, by name. Of two with
    one name it is the artifact's."""
    return {**_named(Value), **artifacts()}


def artifacts() -> dict[str, type[Artifact]]:
    """Those of artifacts."""
    return _named(Artifact)


def rebuilder(table: Table) -> Callable[[Any], Any]:
    """The function from what `canonical` made of a value back to the value, with the artifacts of the table.

    The function raises KeyError for a class or an artifact that is not known, and TypeError for fields that the class
    does not have.
    """
    known, built = values(), dict[str, Value]()

    def value(held: Any) -> Any:
        if isinstance(held, list):
            return tuple(map(value, held))
        if not isinstance(held, dict):
            return held
        if "artifact" in held:
            fingerprint = held["artifact"]
            if fingerprint not in built:
                described = table[fingerprint]
                built[fingerprint] = _built(known[described["class"]], described["fields"])
            return built[fingerprint]
        return _built(known[held["class"]], held)

    def _built(kind: type[Value], held: dict[str, Any]) -> Value:
        return kind(**{key: value(one) for key, one in held.items() if key != "class"})

    return value


def modules() -> list[ModuleType]:
    """Every module of `humpback.spec`."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)], "humpback.spec.")
    return [import_module(module.name) for module in found]


def _named(base: type[V]) -> dict[str, type[V]]:
    modules()
    return {cls.__name__: cls for cls in subclasses(base)}
