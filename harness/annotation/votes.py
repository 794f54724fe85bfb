"""Votes of people, as they are read: one row for each vote that stands, turned to the systems by name.

The file is an SQLite database that `ballot.py` writes. A vote that was taken back stays in it, marked as superseded,
and is not read here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from humpback.readers.unusable import UnusableFile

Choice = Literal["first", "second", "neither"]
APPLICATION = 0x48425631
"""SQLite's application id of a file of votes."""
VERSION = 1
"""Of the tables."""
_HEAD = 72
"""Bytes of an SQLite header up to the end of its application id."""


@dataclass(frozen=True)
class Vote:
    """One vote that stands."""

    item: str
    """A hash of the two systems' names, the prompt and both answers."""
    prompt: str
    """Id of the prompt, as the first system's file has it."""
    instruction: str
    """Text of the prompt."""
    source: str
    """The prompt's set or category."""
    first: str
    """Name of a system; the known better answer's on a screening item."""
    second: str
    """Name of the other; the known worse answer's on a screening item."""
    choice: Choice
    """Which is better, of the systems as named, whatever the order on the screen."""
    shown_first: Literal["first", "second"]
    """Which system's answer stood first on the screen."""
    annotator: str
    comment: str
    seconds: float
    """From the item's first display to this annotator until the vote. Counts breaks too."""
    screening: bool
    at: str
    """UTC, ISO 8601."""


def is_votes(path: Path) -> bool:
    """Whether the file is one of votes, by its header."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3\x00") and head[68:72] == APPLICATION.to_bytes(4, "big")


def read_votes(path: Path) -> Iterator[Vote]:
    """The votes that stand, in the order in which they were given. Screening items are among them, marked.

    Can be called while people are voting: what is read is the state at the call's first row.

    Raises:
        FileNotFoundError: when there is no such file.
        UnusableFile: when it is no file of votes, of another version, or damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file of votes")
    if not is_votes(path):
        raise UnusableFile(f"{path}: this is no file of votes; humpback annotate writes them")
    try:
        with closing(_connected(path)) as database:
            database.row_factory = sqlite3.Row
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                raise UnusableFile(f"{path}: votes of version {version}; this program reads version {VERSION}")
            for row in database.execute(_QUERY):
                yield Vote(**{**row, "screening": bool(row["screening"])})
    except sqlite3.DatabaseError as error:
        raise UnusableFile(f"{path}: the votes cannot be read ({error})") from error


_QUERY = """
SELECT i.item, i.prompt, i.instruction, i.source, i.first, i.second, v.choice, s.shown_first, a.name AS annotator,
       v.comment, v.seconds, i.screening, v.at
FROM votes v JOIN items i USING (item) JOIN showings s USING (token) JOIN annotators a ON a.annotator = v.annotator
WHERE v.superseded_at IS NULL ORDER BY v.id
"""


def _connected(path: Path) -> sqlite3.Connection:
    address = path.resolve().as_uri()
    database = sqlite3.connect(f"{address}?mode=ro", uri=True)
    try:
        database.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        database.close()
        # A folder that cannot be written to has no room for the shared memory of SQLite's log. Without a log beside it
        # the file is whole as it is; with one, leaving it out would lose votes.
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        database = sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True)
    return database
