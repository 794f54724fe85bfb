"""Where artifacts lie: one folder each, published whole or not at all.

    <store>/finetuned/on-50-draw0-3f2a91c0.../   slug for people, fingerprint for identity
        record.json     what made it, its inputs, counts, checksums, versions, duration; written last
        metrics.jsonl   what was measured on the way (a log, not payload)
        ...             the payload

A stage writes into `<store>/.partial/`; the folder is renamed into place once the record is in it and everything is
on disk. An artifact is done when its record exists and the payload matches the record's checksums. A file whose
modification is no later than the record's is taken as it was published; any other is read and hashed again.

Weights may be deleted to save room: the record and all else of that artifact stay readable, and the weights are made
again when something needs them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from humpback.core.expression import Artifact

RECORD = "record.json"
METRICS = "metrics.jsonl"
WEIGHTS = ".safetensors"
"""Ending of the files that may be deleted to save room."""
_GONE = "the file is gone"
_ALWAYS = 1 << 63
"""Later than any file was changed."""


class StoreError(RuntimeError):
    """The store cannot be used as it is. Each argument is a message of one line that names the file and what to do."""


class Damaged(StoreError):
    """A record or payload is not what was published."""


@dataclass(frozen=True)
class State:
    """Whether an artifact is there to be used."""

    word: Literal["done", "weightless", "missing", "damaged"]
    """"weightless": as published but for weights that somebody deleted."""
    reason: str = ""

    @property
    def readable(self) -> bool:
        """Whether its record and whatever is there of its payload are as published."""
        return self.word in ("done", "weightless")


class Store:
    """The artifacts below one folder. Safe to share between processes: a lock a node, renames to publish."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, tuple[int, dict[str, Any]]] = {}

    def prepare(self) -> None:
        """Make sure that the store can be written, before any work is done for it.

        Raises:
            StoreError: naming the folder and the system's reason.
        """
        try:
            for name in (".partial", ".locks"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            probe = self.root / ".partial" / f"probe-{os.getpid()}"
            probe.write_bytes(b"written")
            probe.unlink()
        except OSError as error:
            raise StoreError(
                f"the store {self.root} cannot be written: {error}; give a folder that can be, with --store"
            ) from error

    def folder(self, artifact: Artifact) -> Path:
        """Where the artifact lies or will lie."""
        return self.root / artifact.name

    def record(self, artifact: Artifact) -> dict[str, Any]:
        """The record of a finished artifact.

        Raises:
            FileNotFoundError: when there is none.
            Damaged: when it is no record, cannot be read, or is another artifact's.
        """
        path = self.folder(artifact) / RECORD
        try:
            stamp = path.stat().st_mtime_ns
        except PermissionError as error:
            raise Damaged(_unreadable(path, error)) from error
        known = self._known.get(artifact.fingerprint)
        if known and known[0] == stamp:
            return known[1]
        record = read_record(path)
        if record["fingerprint"] != artifact.fingerprint:
            raise Damaged(f"{path}: holds the record of {record['fingerprint'][:16]}; {_remedy(path.parent)}")
        self._known[artifact.fingerprint] = (stamp, record)
        return record

    def state(self, artifact: Artifact, *, hash_everything: bool = False, weights: bool = True) -> State:
        """How the artifact stands, and why. `hash_everything` reads every byte of the payload again; without
        `weights`, those are held to their sizes alone."""
        folder = self.folder(artifact)
        try:
            record = self.record(artifact)
        except (FileNotFoundError, NotADirectoryError):
            return State("missing", "folder without record.json: never finished" if folder.exists() else "never made")
        except Damaged as error:
            return State("damaged", str(error))
        return payload_state(folder, record, hash_everything=hash_everything, weights=weights)

    def open(self, artifact: Artifact) -> Path:
        """The folder of a finished artifact, every checksum verified.

        Raises:
            Damaged: when it is not as published, or not there.
        """
        state = self.state(artifact, hash_everything=True)
        if state.word != "done":
            raise Damaged(f"{self.folder(artifact)}: {state.reason}" if state.word == "missing" else state.reason)
        return self.folder(artifact)

    @contextmanager
    def lock(self, artifact: Artifact) -> Iterator[None]:
        """Held while an artifact is made. The system drops it when the holder dies."""
        with FileLock(self.root / ".locks" / f"{artifact.fingerprint}.lock"):
            yield

    def workspace(self, artifact: Artifact) -> Path:
        """An empty folder to make the artifact in. Call it under the lock: what a dead maker left is removed."""
        path = self.root / ".partial" / artifact.fingerprint
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def publish(self, artifact: Artifact, workspace: Path, record: dict[str, Any]) -> Path:
        """Checksum the payload, write the record, move the folder into place. Call it under the lock.

        An unfinished folder already in that place is kept aside in `<store>/.aside/`.
        """
        payload = {
            str(path.relative_to(workspace)): {"bytes": path.stat().st_size, "sha256": checksum(path)}
            for path in sorted(workspace.rglob("*"))
            if path.is_file() and path.name not in (RECORD, METRICS)
        }
        for path in workspace.rglob("*"):
            if path.is_file():
                _to_disk(path)
        target = workspace / RECORD
        whole = {**record, "payload": payload}
        with target.open("w", encoding="utf-8") as out:
            json.dump({**whole, "sha256": _seal(whole)}, out, indent=1, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        final = self.folder(artifact)
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            aside = self.root / ".aside" / f"{final.name}-{target.stat().st_mtime_ns}"
            aside.parent.mkdir(exist_ok=True)
            final.rename(aside)
        workspace.rename(final)
        _to_disk(final.parent)
        return final

    def records(self, kind: str) -> Iterator[dict[str, Any]]:
        """The readable records of one class (lower-case name), for finding siblings."""
        folder = self.root / kind
        for path in sorted(folder.glob(f"*/{RECORD}")) if folder.exists() else ():
            try:
                yield read_record(path)
            except Damaged:
                continue  # a sibling is only a hint; `state` reports the damage where the artifact is wanted


def payload_state(
    folder: Path,
    record: dict[str, Any],
    *,
    only: Collection[str] | None = None,
    hash_everything: bool = False,
    weights: bool = True,
) -> State:
    """How the payload of a finished artifact (of it, the files `only`) stands to its record."""
    untouched_since = None if hash_everything else (folder / RECORD).stat().st_mtime_ns
    deleted = ""
    for name, expected in record["payload"].items():
        if only is not None and name not in only:
            continue
        sized = name.endswith(WEIGHTS) and not weights
        problem = _mismatch(folder / name, expected, _ALWAYS if sized else untouched_since)
        if problem == _GONE and name.endswith(WEIGHTS):
            deleted = f"{folder / name}: weights that were deleted"
        elif problem:
            return State("damaged", f"{folder / name}: {problem}; {_remedy(folder)}")
    return State("weightless", deleted) if deleted else State("done")


def published(folder: Path, *only: str) -> dict[str, Any]:
    """The record of the finished artifact in `folder`, every byte of its payload verified (of it, the files `only`).
    Weights may have been deleted.

    Raises:
        FileNotFoundError: when there is no record.
        Damaged: when something is not as it was published.
    """
    record = read_record(folder / RECORD)
    state = payload_state(folder, record, only=only or None, hash_everything=True)
    if not state.readable:
        raise Damaged(state.reason)
    return record


def read_record(path: Path) -> dict[str, Any]:
    """A record from its file.

    Raises:
        FileNotFoundError: when there is none.
        Damaged: naming the file, what is wrong and what to do.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (IsADirectoryError, PermissionError) as error:
        raise Damaged(_unreadable(path, error)) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise Damaged(f"{path}: not a record ({error}); {_remedy(path.parent)}") from error
    if not isinstance(record, dict) or record.pop("sha256", None) != _seal(record):
        raise Damaged(f"{path}: the record is not as it was written; {_remedy(path.parent)}")
    return record


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal(record: dict[str, Any]) -> str:
    """SHA-256 over a record's contents, so that a changed count is seen as well as a changed file."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _mismatch(path: Path, expected: dict[str, Any], untouched_since: int | None) -> str:
    try:
        stat = path.stat()
        return _changed(path, stat, expected, untouched_since)
    except FileNotFoundError:
        return _GONE
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _changed(path: Path, stat: os.stat_result, expected: dict[str, Any], untouched_since: int | None) -> str:
    if stat.st_size != expected["bytes"]:
        return f"{stat.st_size} bytes where {expected['bytes']} were published"
    if untouched_since is not None and stat.st_mtime_ns <= untouched_since:
        return ""
    found = checksum(path)
    return "" if found == expected["sha256"] else f"checksum {found[:16]} where {expected['sha256'][:16]} was published"


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return f"{path}: a folder where the record belongs; {_remedy(path.parent)}"
    return f"{path}: cannot be read ({error.strerror}); make it readable, or {_remedy(path.parent)}"


def _remedy(folder: Path) -> str:
    return f"restore it from a copy, or move {folder} away and run again to make it anew"


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
