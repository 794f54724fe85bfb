"""How the numbers of an experiment came about: time, sizes, money, machines and commits, from the records.

Everything is read off the records of finished artifacts, each counted once however many arms share it, so the answer
is the same whoever asks and whenever, and holds no path and no host's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.store import Record, Store
from humpback.spec.models import Finetuned

_MACHINE = ("device", "precision", "threads", "system", "python")
"""What is told of a machine: what bears on time and on floating-point sums."""


def made(
    store: Store,
    *,
    name: str,
    question: str,
    falsified: str,
    shows: str,
    setup: str,
    seeds: Sequence[int],
    command: str,
    targets: Iterable[Artifact],
) -> dict[str, Any]:
    """What made.json holds: the experiment in words, and over all finished artifacts below `targets`, each once:

    - "finished": when the last was, in ISO 8601 (UTC); None when none is
    - "artifacts": how many are finished and how many are not
    - "seconds", and "by_class": artifacts and seconds for each class, the longest first
    - "training_sets": for each finetuned model its examples, updates and seconds
    - "asked": tokens and money (in the currency of the machine's prices) where a server was asked; else None
    - "machines", "commits": each different one
    """
    records, unfinished = _records(store, targets)
    by_class: dict[str, dict[str, Any]] = {}
    for _, record in records:
        of_class = by_class.setdefault(record.kind, {"artifacts": 0, "seconds": 0.0})
        of_class["artifacts"] += 1
        of_class["seconds"] = round(of_class["seconds"] + record.seconds, 3)
    return {
        "experiment": name,
        "question": question,
        "falsified": falsified,
        "shows": shows,
        "setup": setup,
        "seeds": list(seeds),
        "command": command,
        "finished": max((record.finished for _, record in records), default=None),
        "artifacts": {"finished": len(records), "unfinished": unfinished},
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
        "machines": _once(_machine(record) for _, record in records),
        "commits": _once(_commit(record.source) for _, record in records),
    }


def _records(store: Store, targets: Iterable[Artifact]) -> tuple[list[tuple[Artifact, Record]], int]:
    """The finished artifacts below `targets` with their records, and how many are not finished."""
    found: list[tuple[Artifact, Record]] = []
    seen: set[str] = set()
    unfinished = 0
    waiting = list(targets)[::-1]
    while waiting:
        one = waiting.pop()
        if one.fingerprint in seen:
            continue
        seen.add(one.fingerprint)
        waiting.extend(one.inputs[::-1])
        if store.state(one, weights=False).readable:
            found.append((one, store.record(one)))
        else:
            unfinished += 1
    return found, unfinished


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
    told = {key: record.machine.get(key) for key in _MACHINE}
    return {**told, "torch": record.packages.get("torch")}


def _commit(source: dict[str, Any]) -> str:
    commit = (source.get("commit") or "unknown")[:12]
    return f"{commit} with uncommitted changes" if source.get("diff") else commit


def _once(values: Iterable[Any]) -> list[Any]:
    """Each value once, in the order of first appearance."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
