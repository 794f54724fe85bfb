"""Every annotations file below a folder, ranked with intervals, beside what was published.

Systems are ranked together only when the same judge held them against the same opponent by the same rule; each such
group is a table of its own.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from humpback.analysis.judgements.arena_hard_board import StyleTable, style_tables
from humpback.analysis.judgements.bradley_terry import Ratings, ratings
from humpback.analysis.judgements.comparison import Difference, System, differences, system
from humpback.analysis.judgements.copies import Copy, copies
from humpback.analysis.judgements.formats import arena, arena_hard, artifact, judge_arena, votes
from humpback.analysis.judgements.formats.items import Judgement, NoJudgements
from humpback.analysis.judgements.formats.reading import is_table, of_rows, spelled_alike
from humpback.analysis.judgements.published_boards import Board, Published, disagreement, is_board, read_board
from humpback.core.store import StoreError
from humpback.core.tables import VERDICTS
from humpback.spec.votes import is_votes, read_votes

_HEAD = 1 << 18
"""Bytes of a JSON file within which an annotations file has its first preference."""
_MARKS = (b'"preference"', b'"g1_winner"', b'"games"', b'"model_a"')
_NAMED = 5
"""Rows that cannot be used, up to which each is named."""
Ranking = tuple[str, str, str]
"""Judge, opponent and format: what systems have to share to be ranked together."""
_FILES = ("*.json", "*.jsonl", "*.json.gz", "*.jsonl.gz", "*.csv", "*.parquet", "*.sqlite")


@dataclass(frozen=True)
class Against:
    """One system beside its published row."""

    system: str
    file: str
    """Name of the published leaderboard's file."""
    published: Published | None
    disagreement: str
    """Empty when they agree, or there is no row."""


@dataclass(frozen=True)
class Table:
    """Systems that can be ranked together, the best first."""

    judge: str
    against: str
    format: str
    systems: tuple[System, ...]
    alike: tuple[Difference, ...]
    """Pairs whose paired difference does not exclude zero or cannot be told, or that share no prompt."""
    copies: tuple[Copy, ...]
    published: tuple[Against, ...]
    twins: tuple[tuple[str, str, str], ...]
    """File and names of published rows that equal one another."""


@dataclass(frozen=True)
class Leaderboard:
    """All tables, and the files that are in none."""

    tables: tuple[Table, ...]
    other: int
    """JSON files without a preference in them, such as model outputs."""
    unusable: tuple[str, ...]
    """Files and published rows that could not be used, each with the reason."""
    styled: tuple[StyleTable, ...] = ()
    """Of Arena-Hard's verdicts: style-controlled rates, a table for each judge and category."""
    rated: tuple[Ratings, ...] = ()
    """By Bradley-Terry, a table for each judge whose systems met several opponents."""
    published: tuple[Board, ...] = ()
    """Published leaderboards, as they stand: what was given in a folder's place, or all that a folder has."""


def rank(folder: Path, against: Sequence[Path] = ()) -> Leaderboard:
    """The leaderboard of a folder, or a published one as it stands.

    Raises:
        NoJudgements: when it is neither folder nor leaderboard or holds no annotations, or a published leaderboard
            cannot be read or fits no table.
    """
    if is_board(folder):
        return Leaderboard((), 0, (), published=(read_board(folder),))
    if not folder.is_dir() and not folder.is_file():
        raise NoJudgements(
            f"{folder}: there is no such folder; a leaderboard is made of the files below one, or is a CSV with names "
            "and win_rate"
        )
    boards = [read_board(path) for path in against]
    unusable = [f"{board.file}, {line}" for board in boards for line in board.unusable]
    found: list[Judgement] = []
    other = 0
    files = [folder] if folder.is_file() else sorted(path for pattern in _FILES for path in folder.rglob(pattern))
    for path in files:
        try:
            judged = _judgements(path, str(path.relative_to(folder)) if folder.is_dir() else folder.name)
            other += judged is None and ".json" in path.name
            found += judged or []
        except (NoJudgements, StoreError) as error:
            unusable.append(str(error))
    groups: dict[Ranking, list[Judgement]] = {}
    alike = spelled_alike(found)
    rated = ratings(alike)
    by_rating = {one.judge for one in rated if one.systems}
    for one in alike:
        if one.format == arena.KIND and one.judge in by_rating:
            # Every model would be the opponent of a table.
            unusable += _left_out(one)
        else:
            groups.setdefault((one.judge, one.against, one.format), []).append(one)
    if not found and (there := [path for path in sorted(folder.rglob("*.csv")) if is_board(path)]):
        return Leaderboard((), other, tuple(unusable), published=tuple(map(read_board, there)))
    if not found:
        more = f"; {unusable[0]}" if unusable else ""
        raise NoJudgements(f"{folder}: no annotations below it, {other} other JSON files{more}")
    fitting = _boards_of(list(groups), boards)
    tables = tuple(_table(key, group, fitting[key]) for key, group in sorted(groups.items()))
    battled = any(one.format == arena_hard.KIND for one in tables)
    styled = style_tables([path for path in files if ".json" in path.name]) if battled else []
    return Leaderboard(tables, other, tuple(unusable), tuple(styled), rated=tuple(rated))


def _left_out(one: Judgement) -> list[str]:
    """What ratings do not count of a judgement that has no table."""
    rows = [f"{row.file}, {row.place}: {row.reason}" for row in one.unreadable]
    more = [f"{one.files[0]}: and {len(rows) - _NAMED:,} more rows"] if len(rows) > _NAMED else []
    without = sum(item.points is None for item in one.items)
    told = [f"{one.files[0]}: {without:,} battles of {one.name} and {one.against} have no winner"] if without else []
    return [*rows[:_NAMED], *more, *told]


def _judgements(path: Path, name: str) -> list[Judgement] | None:
    """What a file holds; None where it is of another kind."""
    if path.name == VERDICTS:
        return [artifact.judgement(path)]
    if path.suffix in (".csv", ".parquet") and is_table(path):
        return of_rows(path, name)
    if path.suffix == ".csv":
        return None
    if path.suffix == ".parquet":
        return judge_arena.judgements(path, name, apart=True) if judge_arena.is_battles(path) else None
    if path.suffix == ".sqlite":
        return votes.judgements(name, list(read_votes(path))) if is_votes(path) else None
    return of_rows(path, name) if _promising(path) else None


def _promising(path: Path) -> bool:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            head = file.read(_HEAD)
        except (OSError, EOFError, zlib.error):
            return True  # for its reader to name
    return any(mark in head for mark in _MARKS)


def _boards_of(keys: Sequence[Ranking], boards: Sequence[Board]) -> dict[Ranking, list[Board]]:
    """Which published leaderboard goes with which table: its annotator is the judge, or there is one table alone."""
    fitting: dict[Ranking, list[Board]] = {key: [] for key in keys}
    for board in boards:
        same = [key for key in keys if key[0] == board.annotator] or (list(keys) if len(keys) == 1 else [])
        if not same:
            judges = ", ".join(sorted({repr(key[0]) for key in keys}))
            raise NoJudgements(
                f"{board.file}: the annotator {board.annotator!r} in its name is no judge of these tables ({judges}); "
                "call it JUDGE_leaderboard.csv"
            )
        for key in same:
            fitting[key].append(board)
    return fitting


def _table(key: Ranking, group: Sequence[Judgement], boards: Sequence[Board]) -> Table:
    names = [one.name for one in group]
    apart = [replace(one, name=f"{one.name} ({one.files[0]})") if names.count(one.name) > 1 else one for one in group]
    plain = {one.name: name for one, name in zip(apart, names, strict=True)}
    systems = sorted(
        (system(one, with_sets=False) for one in apart),
        key=lambda one: (-one.overall.win_rate if one.overall.n else 1.0, one.judgement.name),
    )
    judged = [one for one in systems if one.overall.n]
    pairs = differences([one.judgement for one in judged])
    return Table(
        *key,
        tuple(systems),
        tuple(one for one in pairs if not one.told_apart),
        tuple(copies(apart)),
        tuple(_against(one, plain[one.judgement.name], board) for board in boards for one in judged),
        tuple((board.file, first, second) for board in boards for first, second in board.twins()),
    )


def _against(one: System, name: str, board: Board) -> Against:
    row = board.row_of(name)
    why = disagreement(row, win_rate=one.overall.win_rate, length=one.overall.mean_length) if row else ""
    return Against(one.judgement.name, board.file, row, why)
