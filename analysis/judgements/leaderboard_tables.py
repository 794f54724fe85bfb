"""A leaderboard as text, Markdown and JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from humpback.analysis.judgements import published_board_tables
from humpback.analysis.judgements.comparison_json import of_difference, of_system
from humpback.analysis.judgements.comparison_tables import amiss, cells
from humpback.analysis.judgements.leaderboard import Against, Leaderboard, Table
from humpback.analysis.layout import text_table as layout

HEADS = ("rank", "system", "n", "win rate", "± se", "95 % interval", "win", "tie", "lose", "length")


def as_text(found: Leaderboard, *, as_markdown: bool = False) -> str:
    """Each table with what was found beside it, then what could not be used."""
    parts = [_text(one, as_markdown) for one in found.tables]
    parts += [published_board_tables.as_text(found.published, as_markdown=as_markdown)] if found.published else []
    end = [f"{found.other:,} other JSON files below the folder have no preference in them"] if found.other else []
    end += [f"not used: {line}" for line in found.unusable]
    return "\n\n".join([*parts, *(["\n".join(end)] if end else [])])


def _text(one: Table, as_markdown: bool) -> str:
    table = layout.markdown if as_markdown else layout.aligned
    rows = [
        (str(place), each.judgement.name, *cells(each.overall), f"{each.overall.mean_length:,.0f}")
        for place, each in enumerate(one.systems, 1)
    ]
    lines = [f"{one.format} against {one.against}, judge {one.judge or 'not named'}", table(HEADS, rows, words=2)]
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
    lines += _published(one.published)
    lines += [f"{file}: {first} and {second} have the same rate and length" for file, first, second in one.twins]
    return "\n".join(lines)


def _published(rows: tuple[Against, ...]) -> list[str]:
    lines = [f"DISAGREES with {row.file}: {row.system}: {row.disagreement}" for row in rows if row.disagreement]
    lines += [f"{row.file} has no row for {row.system}" for row in rows if row.published is None]
    for file in dict.fromkeys(row.file for row in rows):
        of_file = [row for row in rows if row.file == file]
        agree = sum(row.published is not None and not row.disagreement for row in of_file)
        lines.append(f"{file}: {agree:,} of {len(of_file):,} agree")
    return lines


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
        "other_files": found.other,
        "unusable": list(found.unusable),
        **({"boards": [published_board_tables.as_json(one) for one in found.published]} if found.published else {}),
    }
