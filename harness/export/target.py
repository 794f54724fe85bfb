"""Where an export goes: whole or not at all, and never over what somebody else put there.

Everything is written under a name beside the target and renamed when it is complete, so that a killed export leaves
`.NAME.PID.partial` and nothing half-written under the name that was asked for.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from humpback.core.store import RECORD, Record, StoreError, verified_record

CARD = "README.md"
MARK = "<!-- humpback export -->"
"""Stands in every card. A folder with it may be replaced; any other may hold somebody's work."""
EXPORTED = (".json", ".jsonl", ".parquet", ".safetensors", ".jinja", ".model", ".txt")
"""Endings of the files that an export writes, beside its card."""
_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EEXIST)


@dataclass(frozen=True)
class Exported:
    """What was written, and what has to be said about it."""

    path: Path
    rows: int
    """Examples; 0 for a model."""
    notices: tuple[str, ...]
    """Licences that bind, and what a reader may get wrong: to be said aloud."""


def checked_record(folder: Path, out: Path, *needed: str) -> Record:
    """The record of the artifact in `folder`, whose files are as they were published, every byte read.

    Raises:
        StoreError: when it is no finished artifact, has not the files `needed`, or `out` lies in it.
        Damaged: when a file is not what the record says.
    """
    if not (folder / RECORD).exists():
        raise StoreError(f"{folder}: no {RECORD} in it, so it is no finished artifact")
    record = verified_record(folder)
    for name in needed:
        if name not in record.payload:
            there = ", ".join(record.payload) or "nothing"
            raise StoreError(f"{folder}: a {record.kind} has no {name}; it has {there}")
    if out.resolve().is_relative_to(folder.resolve()):
        raise StoreError(f"{out}: lies in the artifact that is exported; give a name outside of it")
    return record


@contextmanager
def whole_or_nothing(out: Path, *, folder: bool, overwrite: bool) -> Iterator[Path]:
    """A path beside `out` to write to (an empty folder, or a file still to be made), moved to `out` at the end.

    Raises:
        StoreError: when something stands at `out` that may not be replaced, or the disk does not take it.
    """
    out = out.resolve()
    _check(out, folder, overwrite)
    partial, aside = (out.parent / f".{out.name}.{os.getpid()}.{word}" for word in ("partial", "replaced"))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _remove(partial)
        if folder:
            partial.mkdir()
        yield partial
        if folder and out.exists():
            out.rename(aside)
            try:
                partial.rename(out)
            except OSError:
                aside.rename(out)
                raise
            _remove(aside)
        else:
            partial.replace(out)
    except OSError as error:
        if error.errno in _REFUSALS:
            raise StoreError(f"{out}: cannot be written: {error.strerror}; nothing was exported") from error
        raise
    finally:
        _remove(partial)


def _check(out: Path, folder: bool, overwrite: bool) -> None:
    if not out.exists():
        return
    if out.is_dir() != folder:
        there, wanted = ("a folder", "a file") if out.is_dir() else ("a file", "a folder")
        raise StoreError(f"{out}: {there} stands there, where {wanted} would be written; give another name")
    if not (any(out.iterdir()) if folder else out.stat().st_size):
        return
    if not overwrite:
        raise StoreError(f"{out}: is there already; give another name, or say that it is to be overwritten")
    if not folder:
        return
    card = out / CARD
    if not card.is_file() or MARK not in card.read_text(encoding="utf-8", errors="replace"):
        raise StoreError(f"{out}: no earlier export (its {CARD} does not say so), so it is not replaced; move it away")
    for path in sorted(out.rglob("*")):
        if path.is_file() and path != card and path.suffix not in EXPORTED:
            raise StoreError(f"{path}: no export wrote this, so the folder is not replaced; move the file away")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
