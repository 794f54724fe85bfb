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
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from humpback.core.checkpoints import to_disk
from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact, Table
from humpback.core.locks import hold_lockable
from humpback.core.payload import PayloadFile, State, checksum, compare, remedy

RECORD = "record.json"
METRICS = "metrics.jsonl"
CHECKPOINTS = ".checkpoints"


class StoreError(HumpbackError, RuntimeError):
    """The store, or a file, cannot be used as it is. The message names it."""


class Damaged(StoreError):
    """A record or payload is not what was published."""


@dataclass(frozen=True)
class Record:
    """How a finished artifact came about."""

    name: str
    """Its folder below the store."""
    kind: str
    """Its class; `class` in the file."""
    version: int
    fingerprint: str
    expression: Table
    """The whole tree below it: descriptions by fingerprint."""
    inputs: tuple[str, ...]
    """Their names."""
    counts: dict[str, int]
    """What went in and what came of it."""
    finished: str
    """ISO date and time with zone."""
    seconds: float
    machine: dict[str, Any]
    """The fields of `Machine` but for where things lie, and the versions of Python and system."""
    packages: dict[str, str]
    """Versions of the packages that bear on results; among them the inference server's, where one wrote."""
    source: dict[str, Any]
    """commit, checksum of uncommitted changes ("diff"), the files "changed", argv; "notes" where there is something to
    say of how it was made."""
    payload: dict[str, PayloadFile] = field(default_factory=dict)
    """Every file by its name in the folder."""

    @property
    def fields(self) -> dict[str, Any]:
        """The artifact's own, as its description holds them."""
        fields: dict[str, Any] = self.expression[self.fingerprint]["fields"]
        return fields

    def state(
        self, folder: Path, *, only: Collection[str] = (), hash_everything: bool = False, weights: bool = True
    ) -> State:
        """How its payload in that folder (of it, the files `only`) stands to it. `hash_everything` reads every byte
        again; without `weights`, those are held to their sizes alone."""
        untouched_since = None if hash_everything else (folder / RECORD).stat().st_mtime_ns
        return compare(folder, self.payload, untouched_since, only=only, weights=weights)

    def to_json(self) -> dict[str, Any]:
        """As the file holds it, but for the seal."""
        return {"class" if name == "kind" else name: value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> Record:
        """Of what a file holds; what else stands in it is left alone.

        Raises:
            KeyError: for a field that is missing.
        """
        payload = {name: PayloadFile(one["bytes"], one["sha256"]) for name, one in held.get("payload", {}).items()}
        other = {"kind": held["class"], "inputs": tuple(held["inputs"]), "payload": payload}
        return cls(**{one.name: other[one.name] if one.name in other else held[one.name] for one in fields(cls)})


class Store:
    """The artifacts below one folder. Safe to share between processes: a lock a node, renames to publish."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, tuple[int, Record]] = {}

    def prepare(self) -> None:
        """Make sure that the store can be written and locked, before any work is done for it.

        Raises:
            StoreError: naming the folder and the system's reason.
        """
        try:
            for name in (".partial", ".locks"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            probe = self.root / ".partial" / f"probe-{os.getpid()}"
            with probe.open("wb") as file:
                file.write(b"written")
                hold_lockable(file)
            probe.unlink()
        except OSError as error:
            raise self.unwritable(error) from error

    def unwritable(self, error: OSError) -> StoreError:
        """What is raised where its folder takes no files."""
        why = error.strerror or str(error)  # without the file that was tried, which is another each time
        return StoreError(f"the store {self.root} cannot be written: {why}; give a folder that can be, with --store")

    def folder(self, artifact: Artifact) -> Path:
        """Where the artifact lies or will lie."""
        return self.root / artifact.name

    def record(self, artifact: Artifact) -> Record:
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
        if record.fingerprint != artifact.fingerprint:
            raise Damaged(f"{path}: holds the record of {record.fingerprint[:16]}; {remedy(path.parent)}")
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
        return record.state(folder, hash_everything=hash_everything, weights=weights)

    def open(self, artifact: Artifact) -> Path:
        """The folder of a finished artifact, every checksum verified.

        Raises:
            Damaged: when it is not as published, or not there.
        """
        state = self.state(artifact, hash_everything=True)
        if state.status != "done":
            raise Damaged(f"{self.folder(artifact)}: {state.reason}" if state.status == "missing" else state.reason)
        return self.folder(artifact)

    @contextmanager
    def lock(self, artifact: Artifact) -> Iterator[None]:
        """Held while an artifact is made. The system drops it when the holder dies."""
        with FileLock(self.root / ".locks" / f"{artifact.fingerprint}.lock"):
            yield

    def workspace(self, artifact: Artifact) -> Path:
        """A folder to make the artifact in, empty but for its checkpoints. Call it under the lock: all else that a dead
        maker left is removed."""
        path = self.root / ".partial" / artifact.fingerprint
        self.abandon(path)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def abandon(self, workspace: Path) -> None:
        """Remove what was made there, but for checkpoints. Call it under the lock."""
        for path in workspace.iterdir() if workspace.exists() else ():
            if path.is_dir() and path.name != CHECKPOINTS:
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != CHECKPOINTS:
                path.unlink(missing_ok=True)
        if not any(path.is_file() for path in workspace.rglob("*")):
            shutil.rmtree(workspace, ignore_errors=True)

    def publish(self, artifact: Artifact, workspace: Path, record: Record) -> Path:
        """Checksum the payload, write the record, drop the checkpoints, move the folder into place. Call it under the
        lock.

        An unfinished folder already in that place is kept aside in `<store>/.aside/`.
        """
        checkpoints = workspace / CHECKPOINTS
        made = [path for path in sorted(workspace.rglob("*")) if path.is_file() and checkpoints not in path.parents]
        payload = {
            str(path.relative_to(workspace)): PayloadFile(path.stat().st_size, checksum(path))
            for path in made
            if path.name not in (RECORD, METRICS)
        }
        for path in made:
            to_disk(path)
        target = workspace / RECORD
        write_record(target, replace(record, payload=payload))
        shutil.rmtree(checkpoints, ignore_errors=True)
        final = self.folder(artifact)
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            aside = self.root / ".aside" / f"{final.name}-{target.stat().st_mtime_ns}"
            aside.parent.mkdir(exist_ok=True)
            final.rename(aside)
        workspace.rename(final)
        to_disk(final.parent)
        return final

    def records(self, kind: str) -> Iterator[Record]:
        """The readable records of one class (lower-case name), for finding siblings."""
        folder = self.root / kind
        for path in sorted(folder.glob(f"*/{RECORD}")) if folder.exists() else ():
            try:
                yield read_record(path)
            except Damaged:
                continue  # a sibling is only a hint; `state` reports the damage where the artifact is wanted


def verified_record(folder: Path, *only: str) -> Record:
    """The record of the finished artifact in `folder`, every byte of its payload verified (of it, the files `only`).
    Weights may have been deleted.

    Raises:
        FileNotFoundError: when there is no record.
        Damaged: when something is not as it was published.
    """
    record = read_record(folder / RECORD)
    state = record.state(folder, only=only, hash_everything=True)
    if not state.readable:
        raise Damaged(state.reason)
    return record


def read_record(path: Path) -> Record:
    """A record from its file.

    Raises:
        FileNotFoundError: when there is none.
        Damaged: naming the file, what is wrong and what to do.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (IsADirectoryError, PermissionError) as error:
        raise Damaged(_unreadable(path, error)) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise Damaged(f"{path}: not a record ({error}); {remedy(path.parent)}") from error
    if not isinstance(held, dict) or held.pop("sha256", None) != _seal(held):
        raise Damaged(f"{path}: the record is not as it was written; {remedy(path.parent)}")
    try:
        return Record.from_json(held)
    except (KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{path}: a record of another version, without {error}; {remedy(path.parent)}") from error


def write_record(path: Path, record: Record) -> None:
    """Write it to disk, sealed."""
    held = record.to_json()
    with path.open("w", encoding="utf-8") as out:
        json.dump({**held, "sha256": _seal(held)}, out, indent=1, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())


def _seal(record: dict[str, Any]) -> str:
    """SHA-256 over a record's contents, so that a changed count is seen as well as a changed file."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return f"{path}: a folder where the record belongs; {remedy(path.parent)}"
    return f"{path}: cannot be read ({error.strerror}); make it readable, or {remedy(path.parent)}"
