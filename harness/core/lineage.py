"""What an artifact is made of, read from a table of expressions alone, such as a record or arms.json has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from humpback.core.expression import Table


def inputs_in(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The path of fields to each artifact in a described value, and its fingerprint."""
    if isinstance(value, Mapping) and "artifact" in value:
        yield path, value["artifact"]
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from inputs_in(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from inputs_in(inner, path)


def inputs_first(root: str, table: Table) -> list[str]:
    """The fingerprints of `root` and all below it, each after its inputs, in the order of fields."""
    found: dict[str, None] = {}

    def visit(fingerprint: str) -> None:
        if fingerprint not in found:
            for _, below in inputs_in(table[fingerprint]["fields"]):
                visit(below)
            found[fingerprint] = None

    visit(root)
    return list(found)
