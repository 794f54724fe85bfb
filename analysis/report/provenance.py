"""How the numbers of an experiment came about: time, sizes, money, machines and commits. Gathered from the records for
made.json, and read from there in words.

Each finished artifact is counted once however many arms share it, so the answer is the same whoever asks and whenever,
and holds no path and no host's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from humpback.analysis.layout.text_table import DASH
from humpback.core.expression import Artifact, below
from humpback.core.store import Record, Store
from humpback.spec.models import Finetuned

_MACHINE = ("device", "precision", "threads", "system", "python")
"""What is told of a machine: what bears on time and on floating-point sums."""


def provenance(store: Store, targets: Iterable[Artifact]) -> dict[str, Any]:
    """Over all finished artifacts below `targets`, each once:

    - "finished": when the last was, in ISO 8601 (UTC); None when none is
    - "artifacts": how many are finished and how many are not
    - "seconds", and "by_class": artifacts and seconds for each class, the longest first
    - "training_sets": for each finetuned model its examples, updates and seconds
    - "asked": tokens and money (in the currency of the machine's prices) where a server was asked; else None
    - "machines", "commits": each different one
    """
    everything = below(*targets).values()
    records = [(one, store.record(one)) for one in everything if store.state(one, weights=False).readable]
    by_class: dict[str, dict[str, Any]] = {}
    for _, record in records:
        of_class = by_class.setdefault(record.kind, {"artifacts": 0, "seconds": 0.0})
        of_class["artifacts"] += 1
        of_class["seconds"] = round(of_class["seconds"] + record.seconds, 3)
    return {
        "finished": max((record.finished for _, record in records), default=None),
        "artifacts": {"finished": len(records), "unfinished": len(everything) - len(records)},
        "seconds": round(sum(record.seconds for _, record in records), 3),
        "by_class": dict(sorted(by_class.items(), key=lambda one: (-one[1]["seconds"], one[0]))),
        "training_sets": [
            {
                "model": artifact.slug,
                "fingerprint": artifact.fingerprint[:8],
                "examples": record.counts["kept"],
                "updates": record.counts.get("updates"),
                "seconds": record.seconds,
            }
            for artifact, record in records
            if isinstance(artifact, Finetuned)
        ],
        "asked": _asked([record.counts for _, record in records]),
        "machines": _each_once(_machine(record) for _, record in records),
        "commits": _each_once(_commit(record.source) for _, record in records),
    }


def _asked(counts: Iterable[dict[str, int]]) -> dict[str, Any] | None:
    asked = [one for one in counts if "cost_millionths" in one]
    if not asked:
        return None
    return {
        "prompt_tokens": sum(one["prompt_tokens"] for one in asked),
        "completion_tokens": sum(one["completion_tokens"] for one in asked),
        "cost": sum(one["cost_millionths"] for one in asked) / 1_000_000,
    }


def _machine(record: Record) -> dict[str, Any]:
    engine = (record.machine.get("server") or {}).get("engine")
    server = {"server": f"{engine} {record.packages[engine]}"} if engine in record.packages else {}
    return {**{key: record.machine.get(key) for key in _MACHINE}, "torch": record.packages.get("torch"), **server}


def _commit(source: dict[str, Any]) -> str:
    commit = (source.get("commit") or "unknown")[:12]
    return f"{commit} with uncommitted changes" if source.get("diff") else commit


def _each_once(values: Iterable[Any]) -> list[Any]:
    """In the order of first appearance."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def provenance_lines(made: dict[str, Any]) -> list[tuple[str, str]]:
    """What made.json holds, as (what, words); nothing for results without it."""
    if not made:
        return []
    by_class = sorted((made.get("by_class") or {}).items(), key=lambda one: -one[1]["seconds"])
    stages = "; ".join(f"{name} {duration(one['seconds'])} ({one['artifacts']})" for name, one in by_class[:6])
    count = made.get("artifacts") or {}
    shared = "those shared with other experiments included"
    lines = [
        ("set", _set(made)),
        ("seeds", ", ".join(map(str, made.get("seeds") or []))),
        ("time", f"{duration(made.get('seconds'))} over {count.get('finished', 0):,} stages, {shared}: {stages}"),
        ("not finished", f"{count['unfinished']:,} stages" if count.get("unfinished") else ""),
        ("training data", _sizes(made.get("training_sets") or [])),
        ("money", _money(made.get("asked"))),
        ("machine", "; ".join(map(_machine_in_words, made.get("machines") or []))),
        ("code", "; ".join(made.get("commits") or [])),
        ("finished", day(made.get("finished"))),
    ]
    return [(what, words or DASH) for what, words in lines if words or what not in ("set", "not finished")]


def _set(made: dict[str, Any]) -> str:
    own = made.get("instead_of") or {}
    told = [f"{path} = {value} (the setup has {own.get(path)})" for path, value in (made.get("set") or {}).items()]
    return "; ".join([*told, *([_NOT_BESIDE] if told else [])])


_NOT_BESIDE = "the papers' numbers, which are of their own settings, stand beside nothing here"


def _sizes(sets: Sequence[dict[str, Any]]) -> str:
    if not sets:
        return "no model was trained"
    least, most = min(one["examples"] for one in sets), max(one["examples"] for one in sets)
    models = f"{len(sets)} models" if len(sets) > 1 else "1 model"
    return f"{models} of {least:,} to {most:,} examples" if least != most else f"{models} of {least:,}"


def _money(asked: dict[str, Any] | None) -> str:
    if not asked:
        return "none: no server was asked"
    tokens = f"{asked['prompt_tokens']:,} prompt and {asked['completion_tokens']:,} completion tokens"
    return f"{asked['cost']:,.2f} for {tokens}, at the prices of the machine file"


def _machine_in_words(one: dict[str, Any]) -> str:
    parts = (one.get("device"), one.get("precision"), one.get("system"))
    versions = [f"{name} {one[key]}" for name, key in (("Python", "python"), ("torch", "torch")) if one.get(key)]
    written = [f"written by {one['server']}"] if one.get("server") else []
    return ", ".join([*(str(part) for part in parts if part), *versions, *written])


def day(stamp: str | None) -> str:
    """Such as "21 November 2026"; empty without a date."""
    try:
        when = datetime.fromisoformat(stamp or "")
    except ValueError:
        return ""
    return f"{when.day} {when:%B %Y}"


def duration(seconds: float | None) -> str:
    """In the unit that a person would use."""
    if seconds is None:
        return DASH
    for unit, size in (("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
