"""A payload against what was published of it: the size and checksum of each of its files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

WEIGHTS = ".safetensors"
"""Ending of the files that may be deleted to save room."""
_GONE = "the file is gone"
_ALWAYS = 1 << 63
"""Later than any file was changed."""


@dataclass(frozen=True)
class PayloadFile:
    """One file of a payload."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class State:
    """Whether an artifact is there to be used."""

    status: Literal["done", "weightless", "missing", "damaged"]
    """"weightless": as published but for weights that somebody deleted."""
    reason: str = ""

    @property
    def readable(self) -> bool:
        """Whether its record and whatever is there of its payload are as published."""
        return self.status in ("done", "weightless")


def compare(
    folder: Path,
    payload: Mapping[str, PayloadFile],
    untouched_since: int | None,
    *,
    only: Collection[str] = (),
    weights: bool = True,
) -> State:
    """How the payload in a folder (of it, the files `only`) stands to what was published.

    untouched_since: modification time in nanoseconds up to which a file is taken as it was published; None reads and
    hashes every byte. Without `weights`, those are held to their sizes alone.
    """
    deleted = ""
    for name, expected in payload.items():
        if only and name not in only:
            continue
        sized = name.endswith(WEIGHTS) and not weights
        problem = _mismatch(folder / name, expected, _ALWAYS if sized else untouched_since)
        if problem == _GONE and name.endswith(WEIGHTS):
            deleted = f"{folder / name}: weights that were deleted"
        elif problem:
            return State("damaged", f"{folder / name}: {problem}; {remedy(folder)}")
    return State("weightless", deleted) if deleted else State("done")


def remedy(folder: Path) -> str:
    """What to do where an artifact's folder is damaged."""
    return f"restore it from a copy, or move {folder} away and run again to make it anew"


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mismatch(path: Path, expected: PayloadFile, untouched_since: int | None) -> str:
    try:
        stat = path.stat()
        return _changed(path, stat, expected, untouched_since)
    except FileNotFoundError:
        return _GONE
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _changed(path: Path, stat: os.stat_result, expected: PayloadFile, untouched_since: int | None) -> str:
    if stat.st_size != expected.bytes:
        return f"{stat.st_size} bytes where {expected.bytes} were published"
    if untouched_since is not None and stat.st_mtime_ns <= untouched_since:
        return ""
    found = checksum(path)
    return "" if found == expected.sha256 else f"checksum {found[:16]} where {expected.sha256[:16]} was published"
