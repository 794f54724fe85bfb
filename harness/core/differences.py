"""Where two expressions differ: the smallest set of edits that turns one into the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from humpback.core.expression import Table


@dataclass(frozen=True)
class Difference:
    """One place where two expressions differ: the path of fields, and what stands there on either side."""

    path: str
    here: str
    there: str

    def __str__(self) -> str:
        return f"{self.path}: {self.here}, not {self.there}"


def differences(
    here: str,
    there: str,
    *,
    tables: tuple[Table, Table],
    most: int | None = None,
) -> list[Difference]:
    """Where the expressions rooted at fingerprints `here` and `there` differ, field by field; the first `most` of it.

    The walk descends while both sides have the same class, and stops at the first field that differs in kind, so the
    paths returned are the smallest set of edits that turns one expression into the other.
    """
    if here == there:
        return []
    return list(islice(_walk("", {"artifact": here}, {"artifact": there}, tables), most))


def _walk(path: str, here: Any, there: Any, tables: tuple[Table, Table]) -> Iterator[Difference]:
    if here == there:
        return
    if isinstance(here, dict) and isinstance(there, dict):
        if "artifact" in here and "artifact" in there:
            one, two = tables[0][here["artifact"]], tables[1][there["artifact"]]
            if one["class"] == two["class"]:
                if one["version"] != two["version"]:
                    yield Difference(_join(path, "VERSION"), str(one["version"]), str(two["version"]))
                yield from _walk_fields(path, one["fields"], two["fields"], tables)
                return
        elif here.get("class") == there.get("class") and "artifact" not in here and "artifact" not in there:
            yield from _walk_fields(path, here, there, tables)
            return
    if isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for i, (one, two) in enumerate(zip(here, there, strict=True)):
            yield from _walk(f"{path}[{i}]", one, two, tables)
        return
    yield Difference(path or "class", _shown(here, tables[0]), _shown(there, tables[1]))


def _walk_fields(
    path: str, here: dict[str, Any], there: dict[str, Any], tables: tuple[Table, Table]
) -> Iterator[Difference]:
    for name in {**here, **there}:
        if name not in there or name not in here:
            side = here if name in here else there
            text = _shown(side[name], tables[0 if name in here else 1])
            yield Difference(
                _join(path, name), text if name in here else "no such field", text if name in there else "no such field"
            )
        else:
            yield from _walk(_join(path, name), here[name], there[name], tables)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: Any, table: Table) -> str:
    if isinstance(value, dict) and "artifact" in value:
        known = table.get(value["artifact"])
        return f"{known['class'] if known else 'artifact'} {value['artifact'][:8]}"
    if isinstance(value, dict):
        inner = ", ".join(f"{k}={_shown(v, table)}" for k, v in value.items() if k != "class")
        return f"{value.get('class', '')}({inner})"
    return json.dumps(value, ensure_ascii=False)
