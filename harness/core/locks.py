"""Whether a disk takes the locks that keep two processes from making one artifact, and that die with their holder."""

from __future__ import annotations

import fcntl
from typing import IO


def hold_lockable(file: IO[bytes]) -> None:
    """Nothing where a file of the disk can be locked; it is open, and nobody else has it.

    Raises:
        OSError: where the disk knows no locks, or has none left. A mere file in the place of a lock would outlast a
            process that was killed.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise OSError(error.errno, f"its disk takes no locks (flock): {error.strerror}") from error
