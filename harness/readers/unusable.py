"""Files of which nothing can be used: one error, one form of its message."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from humpback.core.errors import HumpbackError

ACCEPTED = "JSON, JSON Lines, Parquet or CSV, as it is or compressed with gzip, zstd, bzip2 or xz"


class UnusableFile(HumpbackError, ValueError):
    """A file of which nothing can be used. The message names it, what was found and what would do."""


def unusable(path: Path, found: str) -> UnusableFile:
    """The error for a file of records."""
    return UnusableFile(f"{path}: {found}. Accepted are {ACCEPTED}")


def none_usable(
    name: str, reasons: Counter[str], others: Counter[str] | None = None, what: str = "records"
) -> UnusableFile:
    """The error for a file that was read and of which nothing is left, with the commonest of the reasons. `others`
    counts by their kind the records that were not looked at."""
    n = reasons.total() + (others or Counter()).total()
    if not n:
        return UnusableFile(f"{name}: it has no {what}")
    told = reasons or Counter({f"{kind} records": times for kind, times in (others or {}).items()})
    reason, times = told.most_common(1)[0]
    return UnusableFile(
        f"{name}: none of its {n:,} {what} can be used; the commonest reason ({times:,} times): {reason}"
    )
