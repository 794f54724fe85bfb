"""Published leaderboards as CSV, and whether their rows agree with annotations."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from analysis.judgements.items import NoJudgements

NAME, RATE, LENGTH, CONTROLLED, LINK = "name", "win_rate", "avg_length", "length_controlled_winrate", "samples"
POINTS, CHARACTERS = 0.01, 1.0
"""A published rate may be rounded to two digits, and a length to a whole number."""
_FOLDER = re.compile(r"/results/([^/]+)/")


@dataclass(frozen=True)
class Published:
    """One row of a published leaderboard."""

    name: str
    folder: str
    """The model's folder in AlpacaEval's repository, which is what its annotations call it; empty without a link."""
    win_rate: float
    """Percent."""
    length: float | None
    """Mean characters of its answers."""
    controlled: float | None
    """Length-controlled win rate, percent."""


@dataclass(frozen=True)
class Board:
    """A published leaderboard, read."""

    file: str
    annotator: str
    """From the file's name, ANNOTATOR_leaderboard.csv."""
    rows: tuple[Published, ...]
    unusable: tuple[str, ...]
    """Rows without a name or a rate, each with its line."""

    def row_of(self, name: str) -> Published | None:
        """The row of a system, by its folder or its name; None when there is none."""
        plain = _plain(name)
        by_folder = [row for row in self.rows if _plain(row.folder) == plain]
        return next(iter(by_folder or [row for row in self.rows if _plain(row.name) == plain]), None)

    def twins(self) -> list[tuple[str, str]]:
        """Rows that have the same rate to the last digit and the same length: copies of one another, or nearly so."""
        seen: dict[tuple[float, float | None], str] = {}
        found = []
        for row in self.rows:
            first = seen.setdefault((row.win_rate, row.length), row.name)
            if first != row.name:
                found.append((first, row.name))
        return found


def read_board(path: Path) -> Board:
    """A leaderboard as AlpacaEval publishes it.

    Raises:
        NoJudgements: when there is no such file, or it lacks the columns name and win_rate.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            heads = table.fieldnames or []
            lacking = [column for column in (NAME, RATE) if column not in heads]
            if lacking:
                raise NoJudgements(f"{path}: no column {lacking[0]!r}; it has {', '.join(map(repr, heads[:8]))}")
            rows, unusable = [], []
            for row in table:
                rate = _number(row[RATE])
                if not row[NAME] or rate is None or not 0 <= rate <= 100:
                    unusable.append(
                        f"line {table.line_num}: name {row[NAME]!r}, win_rate {row[RATE]!r}; 0 to 100 would do"
                    )
                    continue
                link = _FOLDER.search(row.get(LINK) or "")
                rows.append(
                    Published(
                        row[NAME], link[1] if link else "", rate, _number(row.get(LENGTH)), _number(row.get(CONTROLLED))
                    )
                )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NoJudgements(f"{path}: no leaderboard can be read from it ({error})") from error
    stem = path.name.removesuffix(".csv")
    return Board(path.name, stem.removesuffix("_leaderboard"), tuple(rows), tuple(unusable))


def disagreement(row: Published, *, win_rate: float, length: float) -> str:
    """In words, what differs by more than rounding; empty when nothing does. NaN lengths are not compared."""
    told = []
    if not abs(row.win_rate - win_rate) <= POINTS:
        told.append(f"win rate {row.win_rate:.2f} published, {win_rate:.2f} from the annotations")
    if row.length is not None and abs(row.length - length) > CHARACTERS:
        told.append(f"length {row.length:,.0f} published, {length:,.0f} from the annotations")
    return "; ".join(told)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if value == value else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
