"""How an artifact came about, read back from its record: the steps in words, and what came from outside.

The record's expression table is all that is needed, so an artifact can be exported on a computer that has nothing else;
counts of the steps before it are read from their own records where those lie in the same store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from humpback.core.lineage import inputs_first, inputs_in
from humpback.core.store import RECORD, Record, read_record
from humpback.export.licences import LicenceOf, Origin, Reach
from humpback.spec.vocabulary import artifacts

_REACH: dict[str, Reach] = {
    "by": Reach.USED,
    "model": Reach.USED,
    "same_size_as": Reach.COMPARED,
    "without": Reach.COMPARED,
}
"""By field, what an artifact there is to the one that names it; in any other field its text goes into it."""
_NAMES = ("name", "repository", "label")
"""Fields that name a source, a file, a model of the hub or one in a folder."""


@dataclass(frozen=True)
class Step:
    """One artifact on the way, inputs before what is made of them."""

    number: int
    kind: str
    words: str
    inputs: tuple[int, ...]
    """Numbers of the steps that it was made from, or by."""
    counts: dict[str, int] | None
    """None where its record does not lie in this store."""

    def __str__(self) -> str:
        of = f" (from {', '.join(map(str, self.inputs))})" if self.inputs else ""
        told = ", ".join(f"{key.replace('_', ' ')} {value:,}" for key, value in (self.counts or {}).items())
        return f"{self.number}. **{self.kind}**{of}: {self.words}" + (f". {told[0].upper()}{told[1:]}" if told else "")


@dataclass(frozen=True)
class Lineage:
    """The steps up to an artifact, the last being itself, and what came from outside."""

    steps: tuple[Step, ...]
    origins: tuple[Origin, ...]
    languages: tuple[str, ...]


def lineage(record: Record, folder: Path, licence_of: LicenceOf) -> Lineage:
    """The lineage of the artifact in `folder`, whose record is given.

    Raises:
        Damaged: when the record of a step before it, in the same store, is not as it was written.
    """
    table = record.expression
    order = inputs_first(record.fingerprint, table)
    numbers = {fingerprint: number for number, fingerprint in enumerate(order, 1)}
    reach: dict[str, Reach] = {record.fingerprint: Reach.CONTAINED}
    for fingerprint in reversed(order):
        for path, below in inputs_in(table[fingerprint]["fields"]):
            over = max(reach[fingerprint], _REACH.get(path.split(".")[0], Reach.CONTAINED))
            reach[below] = min(over, reach.get(below, Reach.COMPARED))
    counts = {record.fingerprint: record.counts}
    _counts(record, folder.resolve().parent.parent, counts)
    steps, languages = [], set()
    origins: dict[tuple[str, str], Origin] = {}
    for fingerprint, number in numbers.items():
        kind, fields = table[fingerprint]["class"], table[fingerprint]["fields"]
        inputs = dict.fromkeys(numbers[below] for _, below in inputs_in(fields))
        steps.append(Step(number, kind, _in_words(kind, fields, numbers), tuple(inputs), counts.get(fingerprint)))
        for origin in _origins(kind, fields, reach[fingerprint], licence_of):
            known = origins.setdefault((origin.name, origin.detail), origin)
            if origin.reach < known.reach:
                origins[origin.name, origin.detail] = origin
        spoken = "en" if kind.startswith("Micro") else fields.get("language")
        if reach[fingerprint] == Reach.CONTAINED and isinstance(spoken, str) and 2 <= len(spoken) <= 3:
            languages.add(spoken)
    return Lineage(tuple(steps), tuple(origins.values()), tuple(sorted(languages)))


def literal(value: Any) -> str:
    """A field's value as people read it."""
    if isinstance(value, dict) and "artifact" in value:
        return f"artifact {value['artifact'][:8]}"
    if isinstance(value, dict):
        if "name" in value:  # a file or a source
            return str(value["name"])
        inner = ", ".join(f"{key}={literal(item)}" for key, item in value.items() if key != "class")
        return f"{value.get('class', '')}({inner})"
    if isinstance(value, list):
        return ", ".join(f"({literal(item)})" if isinstance(item, list) else literal(item) for item in value)
    return "all" if value is None else str(value)


def _counts(record: Record, store: Path, found: dict[str, dict[str, int]]) -> None:
    for name in record.inputs:
        path = store / name / RECORD
        if path.is_file():
            below = read_record(path)
            if below.fingerprint not in found:
                found[below.fingerprint] = below.counts
                _counts(below, store, found)


def _in_words(kind: str, fields: dict[str, Any], numbers: dict[str, int]) -> str:
    shown: dict[str, Any] = {}
    for name, value in fields.items():
        below = [f"step {numbers[one]}" for _, one in inputs_in(value)]
        if isinstance(value, (str, int, float)):
            shown[name] = value
        else:
            shown[name] = " and ".join(below) or (value.get("class") if name == "by" else literal(value))
    try:
        return artifacts()[kind].says.format(**shown)
    except (KeyError, ValueError):  # a class that is no more, or whose fields have changed since
        return ", ".join(f"{name} {value}" for name, value in shown.items() if not list(inputs_in(fields[name])))


def _origins(kind: str, fields: dict[str, Any], reach: Reach, licence_of: LicenceOf) -> Iterator[Origin]:
    if kind.startswith("Micro"):
        yield Origin("the micro world", "made by rule, nothing from outside", "Apache-2.0", reach)
    for value in _records({"class": kind, **fields}):
        name = next((value[key] for key in _NAMES if key in value), None)
        revision, checksum = value.get("revision"), value.get("sha256")
        what: Literal["data", "model"] = "model" if str(value.get("class")).endswith("Model") else "data"
        if isinstance(name, str) and isinstance(revision, str):
            yield Origin(name, f"revision {revision[:16]}", licence_of(name), reach, what)
        elif isinstance(name, str) and isinstance(checksum, str):
            yield Origin(name, f"somebody's own, SHA-256 {checksum[:16]}", licence_of(checksum), reach, what)


def _records(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "artifact" not in value:
            yield value
            for item in value.values():
                yield from _records(item)
    elif isinstance(value, list):
        for item in value:
            yield from _records(item)
