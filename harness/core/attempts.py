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
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from humpback.core.store import METRICS, Store

FOLDER = ".attempts"
_RUNNING = "running.json"


def begin(store: Store, record: dict[str, Any]) -> None:
    """Say what is about to be made. `record` is what would be published, without counts. Call it under the lock."""
    folder = store.root / FOLDER / record["name"]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / _RUNNING, record)


def succeeded(store: Store, name: str) -> None:
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
        succeeded(store, name)
        return None
    record = _read(running, [])
    if record is None:
        running.unlink(missing_ok=True)
        return None
    ended = {"ended": "failed", "error": error} if error else {"ended": "crashed", "error": ""}
    _write(folder / f"{number}.json", {**record, **ended, "attempt": number})
    running.unlink()
    return kept


def ended(store: Store, unusable: list[str]) -> Iterator[tuple[dict[str, Any], Path]]:
    """Every attempt that ended without an artifact: its description and its metrics, oldest first for an artifact.
    `unusable` gets a message for each description that cannot be read.

    Makers that died and were not followed by another are found here; those still alive are left alone.
    """
    for path in sorted((store.root / FOLDER).glob(f"*/*/{_RUNNING}")):
        record = _read(path, unusable)
        if record is None:
            continue
        try:
            with FileLock(store.root / ".locks" / f"{record['fingerprint']}.lock", timeout=0):
                keep(store, record["name"], record["fingerprint"])
        except Timeout:
            continue
    described = (store.root / FOLDER).glob("*/*/[0-9]*.json")
    for path in sorted(described, key=lambda one: (str(one.parent), int(one.stem))):
        record = _read(path, unusable)
        if record is not None:
            yield record, path.with_suffix(".jsonl")


def _write(path: Path, record: dict[str, Any]) -> None:
    """In one step, so that a reader never meets half of it."""
    unfinished = path.with_suffix(".writing")
    unfinished.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(unfinished, path)


def _read(path: Path, unusable: list[str]) -> dict[str, Any] | None:
    """None where the attempt has ended well since the folder was listed, or its description is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not {"name", "fingerprint"} <= record.keys():
            raise ValueError("no description of an attempt")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        unusable.append(f"{path}: cannot be read ({error}); move it away")
        return None
    return record
