"""Every class of the vocabulary by its name, as records hold it."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from humpback.core.expression import Artifact, Value, subclasses

V = TypeVar("V", bound=Value)


def values() -> dict[str, type[Value]]:
    """The classes of values and artifacts in `humpback.spec`, and of whatever else was imported, by name. Of two with
    one name it is the artifact's."""
    return {**_named(Value), **artifacts()}


def artifacts() -> dict[str, type[Artifact]]:
    """Those of artifacts."""
    return _named(Artifact)


def modules() -> list[ModuleType]:
    """Every module of `humpback.spec`."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)], "humpback.spec.")
    return [import_module(module.name) for module in found]


def _named(base: type[V]) -> dict[str, type[V]]:
    modules()
    return {cls.__name__: cls for cls in subclasses(base)}
