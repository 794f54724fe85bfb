"""Attempts that ended before their artifact was published: what they had measured is kept.

    <store>/.attempts/finetuned/on-50-3f2a91c0.../
        running.json    what is being made, while it is being made
        1.jsonl         metrics of the first attempt that died after it had measured something
        1.json          what it was to make, how it ended, when it began

A maker that is killed can tell nobody. Its folder in `.partial/` stays until the next maker of the same artifact, or
the mirror, finds it under the artifact's lock: whoever holds that lock knows that no maker is alive.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from humpback.core.store import METRICS, Record, Store

FOLDER = ".attempts"
_RUNNING = "running.json"


@dataclass(frozen=True)
class Attempt:
    """One attempt at an artifact."""

    record: Record
    """What would have been published, without counts."""
    number: int = 0
    """Place among the attempts of its artifact that ended, from 1; 0 while it goes on."""
    ended: Literal["failed", "crashed", ""] = ""
    """Whether the stage raised, or the maker was killed."""
    error: str = ""
    """What was raised."""


def begin(store: Store, record: Record) -> None:
    """Say what is about to be made. Call it under the lock."""
    folder = store.root / FOLDER / record.name
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / _RUNNING, Attempt(record))


def clear(store: Store, name: str) -> None:
    """The artifact of that name was published. Call it under the lock."""
    folder = store.root / FOLDER / name
    (folder / _RUNNING).unlink(missing_ok=True)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def keep(store: Store, name: str, fingerprint: str, *, error: str | None = None) -> Path | None:
    """Put aside what an ended attempt had measured, if anything, and return the file. Call it under the lock.

    error: what the stage raised; None for a maker that was killed. Called again after a death halfway through, it goes
    on where it was.
    """
    folder = store.root / FOLDER / name
    running = folder / _RUNNING
    if not running.exists():
        return None
    number = 1 + len(list(folder.glob("[0-9]*.json")))
    metrics, kept = store.root / ".partial" / fingerprint / METRICS, folder / f"{number}.jsonl"
    if metrics.exists() and metrics.stat().st_size:
        os.replace(metrics, kept)
    if not kept.exists():
        clear(store, name)
        return None
    attempt = _read(running, [])
    if attempt is None:
        running.unlink(missing_ok=True)
        return None
    _write(folder / f"{number}.json", Attempt(attempt.record, number, "failed" if error else "crashed", error or ""))
    running.unlink()
    return kept


def ended_attempts(store: Store, unusable: list[str]) -> Iterator[tuple[Attempt, Path]]:
    """Every attempt that ended without an artifact, and its metrics, oldest first for an artifact. `unusable` gets a
    message for each description that cannot be read.

    Makers that died and were not followed by another are found here; those still alive are left alone.
    """
    for path in sorted((store.root / FOLDER).glob(f"*/*/{_RUNNING}")):
        attempt = _read(path, unusable)
        if attempt is None:
            continue
        try:
            with FileLock(store.root / ".locks" / f"{attempt.record.fingerprint}.lock", timeout=0):
                keep(store, attempt.record.name, attempt.record.fingerprint)
        except Timeout:
            continue
    described = (store.root / FOLDER).glob("*/*/[0-9]*.json")
    for path in sorted(described, key=lambda one: (str(one.parent), int(one.stem))):
        attempt = _read(path, unusable)
        if attempt is not None:
            yield attempt, path.with_suffix(".jsonl")


def _write(path: Path, attempt: Attempt) -> None:
    """In one step, so that a reader never meets half of it."""
    unfinished = path.with_suffix(".writing")
    held = attempt.record.to_json()
    if attempt.ended:
        held |= {"ended": attempt.ended, "error": attempt.error, "attempt": attempt.number}
    unfinished.write_text(json.dumps(held, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(unfinished, path)


def _read(path: Path, unusable: list[str]) -> Attempt | None:
    """None where the attempt has ended well since the folder was listed, or its description is none."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        record = Record.from_json(held)
        return Attempt(record, held.get("attempt", 0), held.get("ended", ""), held.get("error", ""))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        told = error if isinstance(error, (OSError, ValueError)) else "no description of an attempt"
        unusable.append(f"{path}: cannot be read ({told}); move it away")
        return None
