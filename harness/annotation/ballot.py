"""The box that votes are cast into: an SQLite file, one transaction a vote.

Every display of an item to an annotator is a showing with a random token, and a vote names the showing that it answers.
A token counts once, so a double click, a reload, the back button and a second tab cannot vote twice; a unique index
says the same of (item, annotator). Taking a vote back marks it as superseded and spends its token: nothing is deleted.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from humpback.annotation.items import Item
from humpback.annotation.tables import TABLES
from humpback.readers.unusable import UnusableFile
from humpback.spec.votes import APPLICATION, VERSION, Side, is_votes

Outcome = Literal["saved", "again", "other", "quick", "unknown"]
"""What became of a vote: it counted; it had been counted (the same choice twice); another choice of this showing stands
or it was taken back; too soon after the display to be meant; no such showing of this annotator."""
LONGEST_NAME, LONGEST_COMMENT = 60, 4_000


@dataclass(frozen=True)
class Showing:
    """An item on an annotator's screen."""

    token: str
    item: Item
    shown_first: Side

    @property
    def answers(self) -> tuple[str, str]:
        """Both outputs in the order of the screen."""
        both = self.item.first_output, self.item.second_output
        return both if self.shown_first == "first" else both[::-1]


@dataclass(frozen=True)
class Place:
    """Where an annotator stands."""

    showing: Showing | None
    """What is to be voted on; None when all is done."""
    done: int
    total: int
    last: str | None
    """Token of the vote that undo takes back; None where there is nothing to undo."""


class Ballot:
    """The items of one evaluation and the file of its votes. Safe to use from several threads and processes."""

    def __init__(self, path: Path, items: Sequence[Item], *, seed: int, quickest: float = 0.0) -> None:
        """Open or begin a file of votes.

        Args:
            path: the file; votes in it stay, and count where their item is among `items`.
            items: what is shown; screening items come first.
            seed: of the orders that each annotator sees.
            quickest: seconds before which a vote is not taken for one.

        Raises:
            UnusableFile: when the file is something else.
        """
        self.path, self.seed, self.quickest = path, seed, quickest
        self._items = {item.id: item for item in items}
        if path.exists() and path.stat().st_size and not is_votes(path):
            raise UnusableFile(f"{path}: this is no file of votes; name another file with --votes")
        try:
            with self._transaction() as database:
                (version,) = database.execute("PRAGMA user_version").fetchone()
                if not version:
                    for statement in TABLES.split(";\n"):
                        database.execute(statement)
                    database.execute(f"PRAGMA user_version = {VERSION}")
                    database.execute(f"PRAGMA application_id = {APPLICATION}")
                elif version != VERSION:
                    raise UnusableFile(f"{path}: votes of version {version}; this program writes version {VERSION}")
                database.executemany(
                    "INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [item.row for item in items]
                )
        except (sqlite3.DatabaseError, OSError) as error:
            raise UnusableFile(f"{path}: votes cannot be kept here ({error})") from error

    @property
    def total(self) -> int:
        """Items that each annotator is shown."""
        return len(self._items)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA foreign_keys = ON")
            # At once, so that what is read in it cannot be overtaken before it writes.
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
        finally:
            database.close()

    def close(self) -> None:
        """Leave one whole file, without SQLite's log beside it, unless somebody else is using it."""
        with closing(sqlite3.connect(self.path, timeout=1)) as database, suppress(sqlite3.OperationalError):
            database.execute("PRAGMA journal_mode = DELETE")

    def enter(self, visitor: str, name: str) -> str:
        """Let a browser vote under a name; "anna" and "Anna " are one annotator. Returns the annotator's key.

        Raises:
            ValueError: when it is no name, saying why.
        """
        name = " ".join(unicodedata.normalize("NFC", name).split())
        if not name:
            raise ValueError("A name is needed.")
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise ValueError(f"A name has up to {LONGEST_NAME} letters, figures, signs and spaces.")
        key = name.casefold()
        with self._transaction() as database:
            database.execute("INSERT OR IGNORE INTO annotators VALUES (?, ?)", (key, name))
            database.execute("INSERT OR REPLACE INTO visitors VALUES (?, ?)", (_hashed(visitor), key))
        return key

    def leave(self, visitor: str) -> None:
        """Forget under which name a browser votes."""
        with self._transaction() as database:
            database.execute("DELETE FROM visitors WHERE visitor = ?", (_hashed(visitor),))

    def annotator(self, visitor: str) -> tuple[str, str] | None:
        """Key and name under which a browser votes."""
        with self._transaction() as database:
            found: tuple[str, str] | None = database.execute(
                "SELECT annotator, name FROM visitors JOIN annotators USING (annotator) WHERE visitor = ?",
                (_hashed(visitor),),
            ).fetchone()
        return found

    def place(self, annotator: str) -> Place:
        """What an annotator sees next. Asked again without a vote between, it is the same showing."""
        with self._transaction() as database:
            voted = database.execute(
                "SELECT item, token FROM votes WHERE annotator = ? AND superseded_at IS NULL ORDER BY id", (annotator,)
            ).fetchall()
            mine = [(item, token) for item, token in voted if item in self._items]
            gone = {item for item, _ in mine}
            left = sorted(
                (item for item in self._items.values() if item.id not in gone),
                key=lambda item: (not item.screening, self._draw("place", annotator, item.id)),
            )
            showing = self._show(database, annotator, left[0]) if left else None
        return Place(showing, len(mine), len(self._items), mine[-1][1] if mine else None)

    def _show(self, database: sqlite3.Connection, annotator: str, item: Item) -> Showing:
        """An open showing of the item, or a new one; the sides stay as they were first drawn."""
        earlier = database.execute(
            "SELECT token, shown_first, EXISTS (SELECT 1 FROM votes WHERE votes.token = showings.token) FROM showings "
            "WHERE annotator = ? AND item = ? ORDER BY rowid DESC LIMIT 1",
            (annotator, item.id),
        ).fetchone()
        drawn: Side = "second" if self._draw("side", annotator, item.id)[0] % 2 else "first"
        side: Side = earlier[1] if earlier else drawn
        if earlier and not earlier[2]:
            return Showing(earlier[0], item, side)
        token = secrets.token_urlsafe(18)
        database.execute("INSERT INTO showings VALUES (?, ?, ?, ?, ?)", (token, item.id, annotator, side, _now()))
        return Showing(token, item, side)

    def cast(self, annotator: str, token: str, position: Literal[1, 2] | None, comment: str) -> Outcome:
        """Count a vote for the answer at a position of the screen, None for no significant difference."""
        with self._transaction() as database:
            shown = database.execute(
                "SELECT item, shown_first, at FROM showings WHERE token = ? AND annotator = ?", (token, annotator)
            ).fetchone()
            if shown is None:
                return "unknown"
            item, side, since = shown
            other = "second" if side == "first" else "first"
            choice = "neither" if position is None else side if position == 1 else other
            held = database.execute("SELECT choice, superseded_at FROM votes WHERE token = ?", (token,)).fetchone()
            if held is not None:
                return "again" if held == (choice, None) else "other"
            now = _now()
            seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()
            # Below 0 the machine's clock was set back, which says nothing of the annotator.
            if 0 <= seconds < self.quickest:
                return "quick"
            database.execute(
                "INSERT INTO votes (token, item, annotator, choice, comment, seconds, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (token, item, annotator, choice, comment[:LONGEST_COMMENT], max(seconds, 0.0), now),
            )
        return "saved"

    def undo(self, annotator: str, token: str) -> bool:
        """Take back the vote on that showing, if it is the annotator's last; False when it is not, or no longer."""
        with self._transaction() as database:
            last = [
                (id, held)
                for id, held, item in database.execute(
                    "SELECT id, token, item FROM votes WHERE annotator = ? AND superseded_at IS NULL ORDER BY id",
                    (annotator,),
                )
                if item in self._items
            ][-1:]
            if not last or last[0][1] != token:
                return False
            database.execute("UPDATE votes SET superseded_at = ? WHERE id = ?", (_now(), last[0][0]))
        return True

    def _draw(self, what: str, annotator: str, item: str) -> bytes:
        """A random key that follows from seed, annotator and item alone."""
        return hashlib.sha256("\x00".join((what, str(self.seed), annotator, item)).encode()).digest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _hashed(visitor: str) -> str:
    """Cookies are kept hashed, so that a file of votes that is handed on lets nobody in."""
    return hashlib.sha256(visitor.encode()).hexdigest()
