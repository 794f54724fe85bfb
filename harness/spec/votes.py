"""Votes of people: what a file of them holds, how it is read, and who passed the screening.

The file is an SQLite database that `humpback annotate` writes. A vote that was taken back stays in it, marked as
superseded, and is not read here. Screening items have a known answer; who agrees with too few of them does not count
(Humpback's human evaluation).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from humpback.core.store import StoreError

Choice = Literal["first", "second", "neither"]
Side = Literal["first", "second"]
APPLICATION, VERSION = 0x48425631, 1
"""SQLite's application id of a file of votes, and the version of its tables."""
PASS_MARK = 0.85
"""Wanted is more than this agreement on the screening items."""
_HEADER = 72
"""Bytes of an SQLite header up to the end of its application id."""
_OTHER: dict[Side, Side] = {"first": "second", "second": "first"}


@dataclass(frozen=True)
class Vote:
    """One vote that stands."""

    item: str
    """Hash of the two systems' names, the prompt and both answers."""
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
    first_output: str
    """The first system's answer, as it was shown."""
    second_output: str
    """The second system's answer, as it was shown."""
    choice: Choice
    """Which is better, of the systems as named, whatever the order on the screen."""
    shown_first: Side
    """Which system's answer stood first on the screen."""
    annotator: str
    """Name of the person."""
    comment: str
    """What the annotator wrote beside the vote; mostly empty."""
    seconds: float
    """From the item's first display to this annotator until the vote. Counts breaks too."""
    screening: bool
    """Whether the better answer was known beforehand."""
    at: str
    """UTC, ISO 8601."""

    @property
    def turned(self) -> Vote:
        """The same vote with the systems named the other way round."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            first_output=self.second_output,
            second_output=self.first_output,
            choice="neither" if self.choice == "neither" else _OTHER[self.choice],
            shown_first=_OTHER[self.shown_first],
        )


def is_votes(path: Path) -> bool:
    """Whether the file is one of votes, by its header."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError:
        return False
    return header.startswith(b"SQLite format 3\x00") and header[68:72] == APPLICATION.to_bytes(4, "big")


def read_votes(path: Path) -> Iterator[Vote]:
    """The votes that stand, in the order in which they were given. Screening items are among them, marked.

    Can be called while people are voting: what is read is the state at the call's first row.

    Raises:
        FileNotFoundError: when there is no such file.
        StoreError: when it is no file of votes, of another version, or damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file of votes")
    if not is_votes(path):
        raise StoreError(f"{path}: this is no file of votes; humpback annotate writes them")
    try:
        with closing(_connected(path)) as database:
            database.row_factory = sqlite3.Row
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                raise StoreError(f"{path}: votes of version {version}; this program reads version {VERSION}")
            for row in database.execute(_QUERY):
                yield Vote(**{**row, "screening": bool(row["screening"])})
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: the votes cannot be read ({error})") from error


_QUERY = """
SELECT i.item, i.prompt, i.instruction, i.source, i.first, i.second, i.first_output, i.second_output, v.choice,
       s.shown_first, a.name AS annotator, v.comment, v.seconds, i.screening, v.at
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


@dataclass(frozen=True)
class Mark:
    """How an annotator did on the screening items."""

    annotator: str
    """Name of the person."""
    n: int
    """Screening items voted on."""
    agreed: int
    """Items answered as known."""
    neither: int
    """Items on which no difference was seen."""

    @property
    def agreement(self) -> float:
        """Share of items answered as known, "neither" counting half."""
        return (self.agreed + self.neither / 2) / self.n

    @property
    def passed(self) -> bool:
        """More than `PASS_MARK`."""
        return self.agreement > PASS_MARK


def marks(votes: Iterable[Vote]) -> dict[str, Mark]:
    """Each annotator's mark on the screening items, on which "first" is the known answer; annotators who voted on none
    are not in it."""
    choices: dict[str, list[str]] = {}
    for vote in votes:
        if vote.screening:
            choices.setdefault(vote.annotator, []).append(vote.choice)
    return {name: Mark(name, len(of), of.count("first"), of.count("neither")) for name, of in choices.items()}
