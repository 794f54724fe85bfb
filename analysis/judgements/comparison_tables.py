"""A comparison as text and Markdown: what was won, and beside it what length and position did.

Two tables, because one of all columns is wider than a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from humpback.analysis.judgements.comparison import Difference, Numbers, System
from humpback.analysis.judgements.formats.items import NO_ROW
from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.power import POWER, needed
from humpback.analysis.stats.statistics import Estimate

HEADS = ("system", "n", "win rate", "± se", "95 % interval", "win", "tie", "lose", "score", "sign test p")
BESIDE = ("system", "flips", "first wins", "unparsed", "longer wins", "length", "against")
DIFFERENCE = ("difference", "n", "left out (first / second)", "points", "95 % interval", "told apart")
LEGEND = (
    "· prompt set, ·· category; win rate in %, ties half, interval by bootstrap over prompts, or exact;\n"
    "score = (win - lose)/n + 1; sign test exact, two-sided"
)
BESIDE_LEGEND = (
    "flips: share of prompts on which exchanging the order exchanged the winner; first wins: of decided calls;\n"
    "longer wins: of decided prompts; mean lengths in characters"
)
SHOWN = 5
"""Unreadable rows that are printed of each file; all are counted."""


def as_text(systems: Sequence[System], differences: Sequence[Difference], *, as_markdown: bool = False) -> str:
    """What each file is, the two tables, what is amiss, the differences. Of several systems the second table has all
    prompts alone."""
    table = layout.markdown if as_markdown else layout.aligned
    named = [(one, _named(one)) for one in systems]
    parts = ["\n".join(described(one) for one in systems)]
    parts += [table(HEADS, [(label, *_won(some)) for _, rows in named for label, some in rows]), LEGEND]
    beside = [row for _, rows in named for row in (rows if len(systems) == 1 else rows[:1])]
    parts += [table(*_seen(BESIDE, [(label, *_beside(some)) for label, some in beside])), BESIDE_LEGEND]
    parts += [remarks] if (remarks := "\n".join(line for one in systems for line in amiss(one))) else []
    common = [one for one in differences if one.estimate]
    if common:
        rows = [_difference_row(one, one.estimate) for one in common if one.estimate]
        parts.append(table(*_seen(DIFFERENCE, rows)))
        untold = [f"{one.first} - {one.second}: cannot be told: {one.obstacle}" for one in common if one.obstacle]
        parts += ["\n".join(untold)] if untold else []
    if any(not one.same_opponent for one in common):
        parts.append("* held against different opponents: the difference is of the rates, not of the systems alone")
    if len(common) < len(differences):
        parts.append(f"{len(differences) - len(common):,} of {len(differences):,} pairs have no prompt in common")
    return "\n\n".join(parts)


def described(one: System) -> str:
    """What a judgement is, in a line: systems, format, judge, files."""
    judged = one.judgement
    by = f", judge {judged.judge}" if judged.judge else ""
    told_already = f" vs {judged.against}" in judged.name
    systems = judged.name if told_already else f"{judged.name} against {judged.against}"
    return f"{systems}: {judged.format}{by}; {', '.join(judged.files)}"


def amiss(one: System) -> list[str]:
    """What a reader has to know: shortfalls, rows that could not be used, empty answers, notes."""
    judged, overall = one.judgement, one.overall
    lines = []
    if overall.shortfall:
        wanted = f"; expected are {overall.expected:,}" if overall.expected else ""
        lines.append(
            f"the rate is over {overall.n:,} prompts: {overall.prompts:,} are there{wanted}, "
            f"{overall.prompts - overall.n:,} without an outcome, {overall.unusable:,} rows could not be used"
        )
    if lacking := overall.n - overall.wins - overall.ties - overall.losses:
        lines.append(f"win/tie/lose leave {lacking:,} prompts out: one order was not parsed, and the rule needs both")
    if overall.obstacle:
        lines.append(f"the rate has no interval, and says nothing of the system: {overall.obstacle}")
    if one.absent:
        lines.append(f"no prompt of {', '.join(one.absent)}")
    lines += [
        f"{row.file}, {row.place}: {row.reason}{'' if row.place != NO_ROW else f' ({row.raw[:60]!r})'}"
        for row in judged.unreadable[:SHOWN]
    ]
    if len(judged.unreadable) > SHOWN:
        lines.append(f"and {len(judged.unreadable) - SHOWN:,} more rows that could not be used")
    lines += [
        f"{count:,} empty answers of {name}"
        for count, name in zip(overall.empty, (judged.name, judged.against), strict=True)
        if count
    ]
    return [f"{judged.name}: {line}" for line in (*lines, *judged.notes)]


def power_lines(systems: Sequence[System], differences: Sequence[Difference], points: float) -> list[str]:
    """How many prompts show a difference of so many points, by the variances seen here."""
    lines = [f"prompts needed to see {points:g} points (two-sided 5 %, power {POWER:.0%}), by the variance seen here:"]
    seen = [(f"{one.judgement.name} against an even rate", one.overall.variance, one.overall.n) for one in systems]
    seen += [(f"{one.first} against {one.second}, paired", one.variance, one.n) for one in differences]
    for what, variance, n in seen:
        prompts = needed(variance, points)
        lacking = "fewer than two prompts" if n < 2 else "every prompt shows the same"
        told = f"not known: {lacking}" if prompts is None else f"{prompts:,}"
        lines.append(f"    {what}: {told} (here {n:,})")
    return lines


def _named(one: System) -> list[tuple[str, Numbers]]:
    rows = [(one.judgement.name, one.overall), *((f"· {name}", some) for name, some in one.sets.items())]
    return [*rows, *((f"·· {name}", some) for name, some in one.categories.items())]


def _seen(heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> tuple[list[str], list[list[str]]]:
    """Without the columns that no row has a value for."""
    columns = [place for place in range(len(heads)) if any(row[place] != layout.DASH for row in rows)]
    return [heads[place] for place in columns], [[row[place] for place in columns] for row in rows]


def cells(one: Numbers) -> tuple[str, ...]:
    """n (with what it should be), win rate, standard error, interval, win, tie, lose."""
    rate = (_cell(one.win_rate, 2), _cell(one.standard_error, 2), layout.DASH)
    if not math.isnan(one.low):
        rate = (*rate[:2], f"{one.low:.2f} to {one.high:.2f}")
    return (one.shortfall or f"{one.n:,}", *rate, f"{one.wins:,}", f"{one.ties:,}", f"{one.losses:,}")


def _won(one: Numbers) -> tuple[str, ...]:
    p = f"{one.sign.exact:.2g}" if one.wins + one.losses and not math.isnan(one.sign.exact) else layout.DASH
    return (*cells(one), _cell(one.winning_score, 3), p)


def _beside(one: Numbers) -> tuple[str, ...]:
    return (
        _share(one.flip_rate),
        _share(one.first_preferred),
        f"{one.unparsed:,}",
        _share(one.longer_wins),
        _cell(one.mean_length, 0),
        _cell(one.against_length, 0),
    )


def _cell(value: float, digits: int) -> str:
    return layout.DASH if math.isnan(value) else f"{value:,.{digits}f}"


def _share(value: float) -> str:
    return layout.DASH if math.isnan(value) else f"{100 * value:.1f} %"


def _difference_row(one: Difference, got: Estimate) -> tuple[str, ...]:
    return (
        f"{one.first} - {one.second}{'' if one.same_opponent else ' *'}",
        f"{one.n:,}",
        f"{one.first_alone:,} / {one.second_alone:,}" if one.first_alone or one.second_alone else layout.DASH,
        f"{got.mean:+.2f}",
        layout.DASH if math.isnan(got.low) else f"{got.low:+.2f} to {got.high:+.2f}",
        {True: "yes", False: "no", None: "cannot be told"}[one.told_apart],
    )
