"""Published leaderboards as CSV, and whether their rows agree with annotations.

Two layouts go about: the web page's, with `name`, and alpaca-eval's own, whose first column has no head and whose rows
have standard errors and counts.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from humpback.analysis.judgements.formats.items import NoJudgements

NAMES, RATE = ("name", "", "Unnamed: 0", "model"), "win_rate"
POINTS, CHARACTERS = 0.01, 1.0
"""A published rate may be rounded to two digits, and a length to a whole number."""
_NORMAL = 1.959964
_LONGEST = 1 << 16


@dataclass(frozen=True)
class Published:
    """One row of a published leaderboard."""

    name: str
    folder: str
    """The model's folder in AlpacaEval's repository, which is what its annotations call it; empty without a link."""
    win_rate: float
    """Win rate, percent."""
    length: float | None
    """Mean characters of its answers."""
    controlled: float | None
    """Length-controlled win rate, percent."""
    standard_error: float | None = None
    """Standard error of the win rate, percent."""
    controlled_error: float | None = None
    """Standard error of the length-controlled win rate, percent."""
    n: int | None = None
    """Prompts with a preference."""
    counts: tuple[int, int, int] | None = None
    """Won, drawn, lost."""
    discrete: float | None = None
    """Wins and half of the draws of all, percent, as it stands there."""

    @property
    def contradiction(self) -> str:
        """What its own columns disagree on; empty where they agree, or do not say."""
        if self.counts is None:
            return ""
        won, drawn, lost = self.counts
        if self.n is not None and self.n != won + drawn + lost:
            return f"n_total {self.n:,}, and {won} won, {drawn} drawn and {lost} lost are {won + drawn + lost:,}"
        share = 100 * (won + drawn / 2) / max(won + drawn + lost, 1)
        if self.discrete is not None and abs(self.discrete - share) > POINTS:
            return (
                f"discrete_win_rate {self.discrete:.2f}, and {won} won, {drawn} drawn and {lost} lost make {share:.2f}"
            )
        return ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %, by the normal law of the published standard error; None without one."""
        if not self.standard_error:
            return None
        half = _NORMAL * self.standard_error
        return max(self.win_rate - half, 0.0), min(self.win_rate + half, 100.0)


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

    @property
    def best_first(self) -> list[Published]:
        """The best first."""
        return sorted(self.rows, key=lambda row: -row.win_rate)

    def twins(self) -> list[tuple[str, str]]:
        """Rows that have the same rate to the last digit and the same length: copies of one another, or nearly so."""
        seen: dict[tuple[float, float | None], str] = {}
        pairs = [(seen.setdefault((row.win_rate, row.length), row.name), row.name) for row in self.rows]
        return [(first, name) for first, name in pairs if first != name]


def is_board(path: Path) -> bool:
    """Whether a file is a leaderboard: a CSV with names and win rates."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heads = next(csv.reader([file.readline(_LONGEST)]), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    return RATE in heads and not set(NAMES).isdisjoint(heads)


def read_board(path: Path) -> Board:
    """A leaderboard as AlpacaEval publishes it.

    Raises:
        NoJudgements: when there is no such file, or it lacks a column of names or win_rate.
    """
    rows, unusable = [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            heads = table.fieldnames or []
            named = next((name for name in NAMES if name in heads), None)
            if named is None or RATE not in heads:
                lacking = NAMES[0] if named is None else RATE
                raise NoJudgements(f"{path}: no column {lacking!r}; it has {', '.join(map(repr, heads[:8]))}")
            for row in table:
                rate = _number(row[RATE])
                if row[named] and rate is not None and 0 <= rate <= 100:
                    rows.append(_row(row, row[named], rate))
                else:
                    found = f"name {row[named]!r}, win_rate {row[RATE]!r}"
                    unusable.append(f"line {table.line_num}: {found}; 0 to 100 would do")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NoJudgements(f"{path}: no leaderboard can be read from it ({error})") from error
    annotator = path.name.removesuffix(".csv").removesuffix("_leaderboard")
    return Board(path.name, annotator, tuple(rows), tuple(unusable))


def _row(row: dict[str, str], name: str, rate: float) -> Published:
    link = re.search(r"/results/([^/]+)/", row.get("samples") or "")
    n, *counts = (_number(row.get(one)) for one in ("n_total", "n_wins", "n_draws", "n_wins_base"))
    won, drawn, lost = (int(one) for one in counts if one is not None) if None not in counts else (0, 0, 0)
    return Published(
        name,
        link[1] if link else "",
        rate,
        length=_number(row.get("avg_length")),
        controlled=_number(row.get("length_controlled_winrate")),
        standard_error=_number(row.get("standard_error")),
        controlled_error=_number(row.get("lc_standard_error")),
        n=None if n is None else int(n),
        counts=None if None in counts else (won, drawn, lost),
        discrete=_number(row.get("discrete_win_rate")),
    )


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
