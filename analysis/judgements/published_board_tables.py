"""Published leaderboards as they stand, as text and JSON: nothing is computed from them but an interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from humpback.analysis.judgements.published_boards import Board, Published
from humpback.analysis.layout import text_table as layout

HEADS = (
    *("rank", "system", "n", "win rate", "± se", "95 % interval", "win", "tie", "lose", "length"),
    "length-controlled",
)


def as_text(boards: Sequence[Board], *, as_markdown: bool = False) -> str:
    """A table for each, the best first."""
    return "\n\n".join(_text(one, as_markdown) for one in boards)


def _text(board: Board, as_markdown: bool) -> str:
    table = layout.markdown if as_markdown else layout.aligned
    rows = [(str(place), *_cells(row)) for place, row in enumerate(_ranked(board), 1)]
    places = [place for place in range(len(HEADS)) if any(row[place] != layout.DASH for row in rows)]
    lines = [
        f"{board.file}: a published leaderboard of {board.annotator}, as published; who can be told apart is not known "
        "without the annotations",
        table([HEADS[at] for at in places], [[row[at] for at in places] for row in rows], words=2),
    ]
    return "\n".join([*lines, *(f"not used: {board.file}, {line}" for line in board.unusable)])


def _ranked(board: Board) -> list[Published]:
    return sorted(board.rows, key=lambda row: -row.win_rate)


def _cells(row: Published) -> tuple[str, ...]:
    told = row.interval
    controlled = _cell(row.controlled, ".2f")
    return (
        row.name,
        _cell(row.n, ",d"),
        _cell(row.win_rate, ".2f"),
        _cell(row.standard_error, ".2f"),
        f"{told[0]:.2f} to {told[1]:.2f}" if told else layout.DASH,
        *([f"{one:,}" for one in row.counts] if row.counts else [layout.DASH] * 3),
        _cell(row.length, ",.0f"),
        f"{controlled} ± {row.controlled_error:.2f}" if row.controlled_error is not None else controlled,
    )


def _cell(value: float | None, form: str) -> str:
    return layout.DASH if value is None else format(value, form)


def as_json(board: Board) -> dict[str, Any]:
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
                "interval": None if row.interval is None else list(row.interval),
                "n": row.n,
                **dict(zip(("wins", "ties", "losses"), row.counts or (None, None, None), strict=True)),
                "mean_length": row.length,
                "length_controlled": {"win_rate": row.controlled, "standard_error": row.controlled_error},
            }
            for place, row in enumerate(_ranked(board), 1)
        ],
        "unusable": list(board.unusable),
    }
