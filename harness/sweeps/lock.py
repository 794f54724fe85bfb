"""The lock that writers of a study's journal hold, made to be died with; and whether the journal can be read at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from filelock import FileLock

from humpback.core.store import StoreError


def hold_readable(path: Path) -> None:
    """Nothing where each line of a study's journal is one of Optuna's records. A last line that was cut off is left to
    `JournalLock`.

    Raises:
        StoreError: naming the file, the line, what is wrong and what to do.
    """
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        if reason := _unlike_a_record(line):
            raise StoreError(
                f"{path}: line {number} is no record of a sweep ({reason}); delete the line, which loses what it "
                "says of one trial, or move the file away to begin the sweep anew"
            )


def _unlike_a_record(line: bytes) -> str:
    if line.startswith((b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")):
        return "a mark that a merge left"
    if b"\x00" in line:
        return "it holds NUL bytes"
    try:
        found = json.loads(line)
    except UnicodeDecodeError:
        return "it is no UTF-8"
    except ValueError:
        return (
            "two records in one line"
            if line.count(b'"op_code"') > 1
            else "it is no whole JSON"
            if line
            else "it is empty"
        )
    if not isinstance(found, dict) or not {"op_code", "worker_id"} <= found.keys():
        return "it has no op_code and worker_id"
    return ""


class JournalLock:
    """Optuna's journal lock, dropped by the system when its holder dies. A line that a dead writer, or a full disk,
    left unfinished is cut off before the next is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path.with_suffix(".lock"))

    def acquire(self) -> bool:
        """Wait for the lock."""
        self._lock.acquire()
        with self._path.open("r+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":
                    file.seek(0)
                    file.truncate(file.read().rfind(b"\n") + 1)
        return True

    def release(self) -> None:
        """Give it back."""
        self._lock.release()
