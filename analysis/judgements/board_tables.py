"""Leaderboards as text, Markdown and JSON: those ranked here, and published ones as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from humpback.analysis.judgements import bradley_terry
from humpback.analysis.judgements.arena_hard_board import style_lines
from humpback.analysis.judgements.comparison_tables import amiss, cells, of_difference, of_system
from humpback.analysis.judgements.leaderboard import Against, Leaderboard, Table
from humpback.analysis.judgements.published_boards import Board, Published
from humpback.analysis.layout import text_table as layout
from humpback.analysis.layout.text_table import between, cell, without_empty
from humpback.analysis.stats.statistics import NONE

HEADS = ("rank", "system", "n", "win rate", "± se", "95 % interval", "win", "tie", "lose", "length")


def as_text(found: Leaderboard, *, as_markdown: bool = False) -> str:
    """Each table with what was found beside it, then what could not be used."""
    parts = [bradley_terry.lines(found.rated, as_markdown=as_markdown)] if found.rated else []
    parts += [_ranked(one, as_markdown) for one in found.tables]
    parts += ["\n".join(style_lines(found.styled))] if found.styled else []
    parts += [published_text(one, as_markdown=as_markdown) for one in found.published]
    end = [f"{found.other:,} other JSON files below the folder have no preference in them"] if found.other else []
    end += [f"not used: {line}" for line in found.unusable]
    return "\n\n".join([*parts, *(["\n".join(end)] if end else [])])


def _table(heads: Sequence[str], rows: Sequence[tuple[str, ...]], as_markdown: bool) -> str:
    numbered = [(str(place), *row) for place, row in enumerate(rows, 1)]
    return (layout.markdown if as_markdown else layout.aligned)(*without_empty(heads, numbered), words=2)


def _ranked(one: Table, as_markdown: bool) -> str:
    rows = [(each.judgement.name, *cells(each.overall), cell(each.overall.mean_length, ",.0f")) for each in one.systems]
    lines = [f"{one.format} against {one.against}, judge {one.judge or 'not named'}", _table(HEADS, rows, as_markdown)]
    lines += [line for each in one.systems for line in amiss(each)]
    if one.alike:
        lines.append("not told apart (paired difference in points with its 95 % interval, one pair at a time):")
        for pair in one.alike:
            got = pair.estimate
            told = f"{got.mean:+.2f} ({got.low:+.2f} to {got.high:+.2f})" if got else "no prompt in common"
            if got and pair.obstacle:
                told = f"{got.mean:+.2f}; cannot be told: {pair.obstacle}"
            lines.append(f"    {pair.first} and {pair.second}: {told}")
    elif len(one.systems) > 1:
        lines.append("every pair is told apart")
    lines += [f"COPIES: {copy.first} and {copy.second}: {copy.reason}" for copy in one.copies]
    lines += _beside_published(one.published)
    lines += [f"{file}: {first} and {second} have the same rate and length" for file, first, second in one.twins]
    return "\n".join(lines)


def _beside_published(rows: Sequence[Against]) -> list[str]:
    lines = [f"DISAGREES with {row.file}: {row.system}: {row.disagreement}" for row in rows if row.disagreement]
    lines += [f"{row.file} has no row for {row.system}" for row in rows if row.published is None]
    for file in dict.fromkeys(row.file for row in rows):
        of_file = [row for row in rows if row.file == file]
        agree = sum(row.published is not None and not row.disagreement for row in of_file)
        lines.append(f"{file}: {agree:,} of {len(of_file):,} agree")
    return lines


def published_text(board: Board, *, as_markdown: bool = False) -> str:
    """A published leaderboard, the best first: nothing is computed but an interval, and whether a row's own columns
    agree."""
    lines = [
        f"{board.file}: a published leaderboard of {board.annotator}, as published; who can be told apart is not known "
        "without the annotations",
        _table((*HEADS, "length-controlled"), [_cells(row) for row in board.best_first], as_markdown),
    ]
    lines += [f"CONTRADICTS ITSELF: {row.name}: {row.contradiction}" for row in board.rows if row.contradiction]
    return "\n".join([*lines, *(f"not used: {board.file}, {line}" for line in board.unusable)])


def _cells(row: Published) -> tuple[str, ...]:
    controlled = cell(row.controlled, ".2f")
    return (
        row.name,
        cell(row.n, ",d"),
        cell(row.win_rate, ".2f"),
        cell(row.standard_error, ".2f"),
        between(*(row.interval or (NONE, NONE)), ".2f"),
        *(cell(one, ",d") for one in row.counts or (None, None, None)),
        cell(row.length, ",.0f"),
        f"{controlled} ± {row.controlled_error:.2f}" if row.controlled_error is not None else controlled,
    )


def as_json(found: Leaderboard) -> dict[str, Any]:
    """The same as objects."""
    return {
        "tables": [
            {
                "format": one.format,
                "judge": one.judge,
                "against": one.against,
                "systems": [{"rank": place, **of_system(each)} for place, each in enumerate(one.systems, 1)],
                "not_told_apart": [of_difference(pair) for pair in one.alike],
                "copies": [asdict(copy) for copy in one.copies],
                "published": [asdict(row) for row in one.published],
                "published_twins": [list(row) for row in one.twins],
            }
            for one in found.tables
        ],
        **({"bradley_terry": [asdict(one) for one in found.rated]} if found.rated else {}),
        **({"style_controlled": [asdict(one) for one in found.styled]} if found.styled else {}),
        "other_files": found.other,
        "unusable": list(found.unusable),
        **({"boards": [published_json(one) for one in found.published]} if found.published else {}),
    }


def published_json(board: Board) -> dict[str, Any]:
    """Rates in percent, null where nothing was published."""
    return {
        "file": board.file,
        "judge": board.annotator,
        "systems": [
            {
                "rank": place,
                "system": row.name,
                "win_rate": row.win_rate,
                "standard_error": row.standard_error,
                "interval": row.interval and list(row.interval),
                "n": row.n,
                **dict(zip(("wins", "ties", "losses"), row.counts or (None, None, None), strict=True)),
                "mean_length": row.length,
                "contradiction": row.contradiction or None,
                "length_controlled": {"win_rate": row.controlled, "standard_error": row.controlled_error},
            }
            for place, row in enumerate(board.best_first, 1)
        ],
        "unusable": list(board.unusable),
    }
