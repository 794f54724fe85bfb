"""Doing what the plan says: make one artifact under its lock, and describe how it was made.

`make` is what every executor runs in a worker. It is safe to be killed at any moment: until the last rename the
artifact is not there, and a lock dies with its holder.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from humpback.core import attempts
from humpback.core.checkout import git
from humpback.core.expression import Artifact, expression
from humpback.core.machine import Machine
from humpback.core.placement import ALONE, Placement
from humpback.core.store import Record, Store, StoreError
from humpback.core.text import printable
from humpback.core.work import TooFew, Work, new_log
from humpback.runs.launch import TORCHRUN, Launcher, run_launched
from humpback.stages import stage_for

_NO_PATHS = {"store": None, "data": None, "files": None, "ray_address": None}
"""Where things lay is nobody's business but this computer's."""
PACKAGES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "alpaca-eval", "numpy", "pandas", "pyarrow")
"""Whose versions bear on results."""


@dataclass(frozen=True)
class Outcome:
    """How the making of an artifact ended."""

    status: Literal["made", "found", "stopped"]
    """Made here; found done, by another process; or stopped because an input is an empty set, or too small a one."""
    seconds: float = 0.0
    reason: str = ""
    notes: tuple[str, ...] = ()
    """What somebody who watches should know of how it was made."""


def build_artifact(
    artifact: Artifact,
    store: Store,
    machine: Machine,
    source: dict[str, Any],
    report: Callable[[int, int, str], None],
    placement: Placement = ALONE,
    launcher: Launcher = TORCHRUN,
) -> Outcome:
    """Make one artifact whose inputs are finished, and publish it.

    Raises:
        StoreError: when the disk is full or the store cannot be written; the message names it.
        Exception: whatever the stage raises; nothing is published then, and checkpoints stay.
    """
    empty = next((one for one in artifact.inputs if store.record(one).counts.get("kept") == 0), None)
    if empty is not None:
        counts = store.record(empty).counts
        told = ", ".join(f"{key} {value:,}" for key, value in counts.items())
        return Outcome("stopped", reason=f"{empty.name} is an empty set ({told})")
    try:
        with store.lock(artifact):
            if store.state(artifact).status == "done":
                return Outcome("found")
            attempts.keep(store, artifact.name, artifact.fingerprint)
            folder = store.workspace(artifact)
            started, now = time.monotonic(), datetime.now(UTC)
            log = new_log(folder, report)
            try:
                attempts.begin(store, record_of(artifact, machine, source, {}, now, 0.0, placement))
                made_from = _made_from(artifact, store)
                work = Work(store.open, folder, machine, log, made_from=made_from, placement=placement)
                if placement.processes > 1:
                    counts = run_launched(artifact, store, work, launcher)
                else:
                    counts = stage_for(artifact)(artifact, work)
                seconds, total = time.monotonic() - started, log.seconds
                made_by = {**source, "notes": log.notes} if log.notes else source
                began = datetime.now(UTC) - timedelta(seconds=total)
                record = record_of(artifact, machine, made_by, counts, began, total, placement)
                store.publish(artifact, folder, replace(record, packages=record.packages | work.packages))
            except Exception as error:
                attempts.keep(store, artifact.name, artifact.fingerprint, error=type(error).__name__)
                store.abandon(folder)
                raise
            attempts.clear(store, artifact.name)
    except Exception as error:
        if isinstance(error, TooFew):
            return Outcome("stopped", reason=str(error))
        reason = _no_room(error)
        if not reason:
            raise
        raise StoreError(
            f"{getattr(error, 'filename', None) or store.root}: {reason}; {artifact.name} was not published. "
            f"Make room or choose another folder with --store, and run again: what is finished stays"
        ) from error
    return Outcome("made", seconds, notes=tuple(log.notes))


def _made_from(artifact: Artifact, store: Store) -> str:
    """Checksum over its fingerprint and the payloads of what it is made from."""
    inputs = {needed.name: store.record(needed).payload for one in artifact.inputs for needed in (one, *one.companions)}
    named = {name: {file: held.sha256 for file, held in payload.items()} for name, payload in inputs.items()}
    return sha256(json.dumps([artifact.fingerprint, named], sort_keys=True).encode()).hexdigest()


def _no_room(error: BaseException | None) -> str:
    """The system's words if the error, or one behind it, is a disk that takes no more; "" otherwise. Libraries that
    write by themselves (safetensors) pass the system's words on without its number."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            return error.strerror or str(error)
        if os.strerror(errno.ENOSPC) in str(error):
            return os.strerror(errno.ENOSPC)
        error = error.__cause__ or error.__context__
    return ""


def record_of(
    artifact: Artifact,
    machine: Machine,
    source: dict[str, Any],
    counts: dict[str, int],
    started: datetime,
    seconds: float,
    placement: Placement = ALONE,
) -> Record:
    """The record of a finished artifact, but for its checksums."""
    return Record(
        name=artifact.name,
        kind=type(artifact).__name__,
        version=artifact.VERSION,
        fingerprint=artifact.fingerprint,
        expression=expression(artifact),
        inputs=tuple(one.name for one in artifact.inputs),
        counts=counts,
        finished=(started + timedelta(seconds=seconds)).isoformat(timespec="seconds"),
        seconds=round(seconds, 3),
        machine={
            **asdict(machine),
            **_NO_PATHS,
            # Of its command, which holds paths, the name alone; whether it wrote, `packages` says.
            "server": machine.server and {"engine": machine.server.engine, "arguments": machine.server.arguments},
            "python": platform.python_version(),
            "system": platform.system(),
            **({} if placement == ALONE else {"placement": asdict(placement)}),
        },
        packages=_versions(),
        source=source,
    )


@cache
def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def source_checkout() -> Path | None:
    """The checkout that this code lies in; None where it is installed, perhaps below somebody's own repository."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / ".git").exists() else None


def source_state() -> dict[str, Any]:
    """Which code is about to run: the commit, the checksum of uncommitted changes and the files they touch, argv."""
    root = source_checkout()

    def told(*words: str) -> str:
        return (git(root, *words) or "") if root else ""

    commit, diff = told("rev-parse", "HEAD").strip(), told("diff", "HEAD")
    return {
        "commit": commit or None,
        "diff": sha256(diff.encode()).hexdigest()[:16] if diff else None,
        "changed": told("diff", "HEAD", "--name-only").split() if diff else [],
        "argv": [printable(word) for word in (Path(sys.argv[0]).name, *sys.argv[1:])],
    }
