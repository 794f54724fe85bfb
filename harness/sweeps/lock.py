"""The lock that writers of a study's journal hold, made to be died with."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock


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
