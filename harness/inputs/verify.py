"""What a public file must be: the table's checksum, size and rows, or the checksum with which it first came.

Where nobody published a checksum, the first file that passes the other checks is trusted and its checksum written into
`<data>/checksums.json`, one entry a name. From then on it is as good as the table's.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from humpback.core.payload import checksum
from humpback.core.store import StoreError
from humpback.spec.public_file import PublicFile

CHECKSUMS = "checksums.json"
_PARSED = 64 << 20
"""Bytes up to which a JSON array is parsed to count it."""


@dataclass(frozen=True)
class Examined:
    """What a file turned out to be."""

    sha256: str
    bytes: int
    rows: int | None
    wrong: str
    """Why it is not what was published; empty when it is, as far as is known."""


def examine(path: Path, row: PublicFile, data: Path) -> Examined:
    """Read every byte of a file that is meant to be this one.

    Raises:
        StoreError: when `checksums.json` cannot be read.
    """
    sha256, size, expected = checksum(path), path.stat().st_size, expected_of(row, data)
    if expected is not None and sha256 != expected:
        first = f" as it first came; to trust the new one, remove {row.name} from {data / CHECKSUMS}"
        return Examined(sha256, size, None, f"checksum {sha256}, not {expected}{'' if row.sha256 else first}")
    if row.bytes is not None and size != row.bytes:
        return Examined(sha256, size, None, f"{size} bytes, not {row.bytes}")
    try:
        rows = rows_in(path, row.filename)
    except (ValueError, RecursionError, OSError, EOFError, zlib.error, csv.Error) as error:
        return Examined(sha256, size, None, f"not readable as {row.filename} ({error})")
    wrong = f"{rows} rows, not {row.rows}" if None not in (rows, row.rows) and rows != row.rows else ""
    return Examined(sha256, size, rows, wrong)


def expected_of(row: PublicFile, data: Path) -> str | None:
    """The checksum that this file must have, None when it has not come yet.

    Raises:
        StoreError: when `checksums.json` cannot be read.
    """
    if row.sha256 is not None:
        return row.sha256
    entry = _entries(data).get(row.name, {})
    return str(entry["sha256"]) if entry.get("revision") == row.revision else None


def remember(row: PublicFile, data: Path, found: Examined, commit: str) -> None:
    """Write down the checksum of a file that came for the first time.

    Raises:
        StoreError: when `checksums.json` cannot be read.
    """
    if row.sha256 is not None or expected_of(row, data) is not None:
        return
    entry = {"sha256": found.sha256, "bytes": found.bytes, "revision": row.revision, "address": row.address}
    if commit:
        entry["commit"] = commit
    with FileLock(data / ".locks" / f"{CHECKSUMS}.lock"):
        entries = _entries(data) | {row.name: entry}
        new = data / f"{CHECKSUMS}.new"
        with new.open("w", encoding="utf-8") as out:
            json.dump(entries, out, indent=1, sort_keys=True, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        os.replace(new, data / CHECKSUMS)


def rows_in(path: Path, filename: str) -> int | None:
    """How many records a file holds; None for a text, and for a JSON array too large to parse for that.

    Raises:
        ValueError, RecursionError, OSError, EOFError, zlib.error, csv.Error: when it is not what its name says.
    """
    if filename.endswith((".jsonl", ".jsonl.gz")):
        with gzip.open(path) if filename.endswith(".gz") else path.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    if filename.endswith(".csv"):
        with path.open(encoding="utf-8", newline="") as text:
            return max(0, sum(1 for _ in csv.reader(text)) - 1)
    if filename.endswith(".json") and path.stat().st_size <= _PARSED:
        content = json.loads(path.read_bytes())
        return len(content) if isinstance(content, list) else None
    return None


def _entries(data: Path) -> dict[str, dict[str, Any]]:
    path = data / CHECKSUMS
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(entries, dict) and all("sha256" in entry for entry in entries.values()):
            return entries
        raise ValueError("no checksums in it")
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError) as error:
        raise StoreError(f"{path}: not a file of checksums ({error}); restore it, or move it away") from error
