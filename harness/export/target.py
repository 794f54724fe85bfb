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
from pathlib import Path

from humpback.core.store import StoreError

CARD = "README.md"
MARK = "<!-- humpback export -->"
"""Stands in every card. A folder with it may be replaced; any other may hold somebody's work."""
EXPORTED = (".json", ".jsonl", ".parquet", ".safetensors", ".jinja", ".model", ".txt")
"""Endings of the files that an export writes, beside its card."""


@contextmanager
def written(out: Path, *, folder: bool, overwrite: bool) -> Iterator[Path]:
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
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EEXIST):
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
