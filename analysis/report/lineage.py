"""Where a number comes from: judgement, answers, model, examples, down to data and seeds, as a tree to read.

Drawn from the expressions in arms.json, so it is exactly what was fingerprinted. A part that several arms share is
drawn where it first appears, and referred to after that. Seeds have trees of the same shape, so the first seed's is
drawn, with the fields in which the others differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from humpback.core.differences import differences
from humpback.core.expression import Table
from humpback.core.lineage import inputs_in

LONGEST = 220
"""Characters of a node's fields that are shown."""
_LAST = ("against", "prompts", "base", "texts")
"""Fields that stand below the others, which lead from judgement to data."""
_WORDS = 60
"""Characters of one text field."""


@dataclass(frozen=True)
class Node:
    """One artifact in the tree."""

    role: str
    """The field of its parent that holds it, such as "by.model"; empty at the root."""
    kind: str
    fingerprint: str
    """The first eight digits."""
    fields: str
    """Its literal fields."""
    again: bool = False
    """Drawn before: nothing is drawn below."""
    below: tuple[Node, ...] = ()


@dataclass(frozen=True)
class LineageTrees:
    """Of the first seed in full, and of the others by fingerprint."""

    seed: str
    roots: Mapping[str, tuple[Node, ...]]
    """By arm or measure, the artifacts that its number is read from."""
    artifacts: int
    """Different ones in the first seed's trees."""
    others: Mapping[str, Mapping[str, str]]
    """By seed, and arm or measure: the first digits of what its number is read from."""
    differ: tuple[str, ...]
    """Fields in which the second seed differs from the first, such as "draw: 1, not 0"."""


def lineage_trees(resolved: Mapping[str, Any]) -> LineageTrees | None:
    """The lineage of an arms.json; None where it has no expressions."""
    table: Table = resolved.get("artifacts") or {}
    heads = _heads(resolved)
    if not table or not heads:
        return None
    first, *rest = heads
    drawn: set[str] = set()
    roots = {
        name: tuple(_node("", one, table, drawn) for one in reads if one in table)
        for name, reads in heads[first].items()
    }
    others = {seed: {name: ", ".join(one[:8] for one in reads) for name, reads in heads[seed].items()} for seed in rest}
    differ = _differ(heads[first], heads[rest[0]], table) if rest else ()
    return LineageTrees(first, roots, len(drawn), others, differ)


def _heads(resolved: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """By seed and name, the fingerprints of what a number is read from."""
    heads: dict[str, dict[str, list[str]]] = {}
    for seed, by_name in (resolved.get("arms") or {}).items():
        heads.setdefault(seed, {}).update({name: [arm["judged"]] for name, arm in by_name.items()})
    for seed, by_name in (resolved.get("measures") or {}).items():
        heads.setdefault(seed, {}).update({name: list(measure["reads"]) for name, measure in by_name.items()})
    there = {seed: by_name for seed, by_name in heads.items() if by_name}
    return dict(sorted(there.items(), key=lambda one: (len(one[0]), one[0])))


def _node(role: str, fingerprint: str, table: Table, drawn: set[str]) -> Node:
    described = table[fingerprint]
    fields = described["fields"]
    if fingerprint in drawn:
        return Node(role, described["class"], fingerprint[:8], "", again=True)
    drawn.add(fingerprint)
    plain_first = sorted(fields.items(), key=lambda one: isinstance(one[1], dict))
    told = ", ".join(f"{name} {text}" for name, value in plain_first if (text := _literal(value)))
    inputs = sorted(inputs_in(fields), key=lambda one: one[0] in _LAST)
    below = tuple(_node(path, one, table, drawn) for path, one in inputs if one in table)
    return Node(role, described["class"], fingerprint[:8], _cut(told, LONGEST), below=below)


def _literal(value: Any) -> str:
    """A field in a few words; empty for an artifact, and for what is not set."""
    if isinstance(value, dict):
        if "artifact" in value:
            return ""
        inner = ", ".join(
            f"{name} {text}" for name, one in value.items() if name != "class" and (text := _literal(one))
        )
        return f"{value.get('class', '')}({inner})"
    if isinstance(value, list):
        return f"[{', '.join(filter(None, map(_literal, value)))}]" if value else ""
    if isinstance(value, str):
        return repr(_cut(value, _WORDS)) if value else ""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _differ(first: Mapping[str, list[str]], second: Mapping[str, list[str]], table: Table) -> tuple[str, ...]:
    plain = {fingerprint: dict(one) for fingerprint, one in table.items()}
    found: dict[str, None] = {}
    for name, reads in first.items():
        for here, there in zip(second.get(name, []), reads, strict=False):
            for one in differences(here, there, tables=(plain, plain), most=40):
                field = one.path.rsplit(".", 1)[-1]
                found[f"{field}: {one.here}, not {one.there}"] = None
    return tuple(found)
