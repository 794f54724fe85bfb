"""A comparison as text, Markdown and JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from analysis import layout
from analysis.comparison import Difference, Numbers, System
from analysis.power import POWER, prompts_needed
from analysis.statistics import Estimate

HEADS = (
    "system",
    "prompts",
    "n",
    "win rate",
    "± se",
    "95 % interval",
    "win",
    "tie",
    "lose",
    "score",
    "sign test p",
    "flips",
    "first wins",
    "unparsed",
    "longer wins",
    "length",
    "against",
)
LEGEND = (
    "win rate in %, ties half, interval by bootstrap over prompts; score = (win - lose)/n + 1; sign test exact, "
    "two-sided; "
    "flips: share of prompts on which exchanging the order exchanged the winner; first wins: of decided calls; longer "
    "wins: of decided prompts; lengths in characters"
)
SHOWN = 5
"""Unreadable rows that are printed of each file; all are counted."""


def as_text(systems: Sequence[System], differences: Sequence[Difference], *, as_markdown: bool = False) -> str:
    """What each file is, the table, what is amiss, the differences."""
    table = layout.markdown if as_markdown else layout.aligned
    rows = [row for one in systems for row in _rows(one)]
    parts = ["\n".join(described(one) for one in systems), table(HEADS, rows, words=2), LEGEND]
    parts += [remarks] if (remarks := "\n".join(line for one in systems for line in amiss(one))) else []
    common = [one for one in differences if one.estimate]
    if common:
        heads = ("difference", "n", "points", "95 % interval", "told apart")
        parts.append(table(heads, [_difference_row(one, one.estimate) for one in common if one.estimate], words=1))
    if len(common) < len(differences):
        parts.append(f"{len(differences) - len(common):,} of {len(differences):,} pairs have no prompt in common")
    return "\n\n".join(parts)


def described(one: System) -> str:
    """What a judgement is, in a line: systems, format, judge, files."""
    judged = one.judgement
    by = f", judge {judged.judge}" if judged.judge else ""
    return f"{judged.name} against {judged.against}: {judged.format}{by}; {', '.join(judged.files)}"


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
    if one.absent:
        lines.append(f"no prompt of {', '.join(one.absent)}")
    lines += [
        f"{row.file}, {row.place}: {row.reason}{'' if row.place != 'no row' else f' ({row.raw[:60]!r})'}"
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
        needed = _needed(variance, points)
        told = "not known: fewer than two prompts" if needed is None else f"{needed:,}"
        lines.append(f"    {what}: {told} (here {n:,})")
    return lines


def power_json(systems: Sequence[System], differences: Sequence[Difference], points: float) -> dict[str, Any]:
    """The same as an object; null where a variance is not known."""
    return {
        "points": points,
        "power": POWER,
        "against_even": {one.judgement.name: _needed(one.overall.variance, points) for one in systems},
        "paired": [
            {"first": one.first, "second": one.second, "prompts": _needed(one.variance, points)} for one in differences
        ],
    }


def _needed(variance: float, points: float) -> int | None:
    return None if math.isnan(variance) else prompts_needed(variance, points)


def as_json(systems: Sequence[System], differences: Sequence[Difference]) -> dict[str, Any]:
    """One system as an object of its numbers; several under `systems`, with their `differences`."""
    if len(systems) == 1:
        return of_system(systems[0])
    return {
        "systems": {one.judgement.name: of_system(one) for one in systems},
        "differences": [of_difference(one) for one in differences],
    }


def of_system(one: System) -> dict[str, Any]:
    """Numbers overall, and under `sets` and `categories` where there are several."""
    judged = one.judgement
    rows = [{"file": row.file, "place": row.place, "reason": row.reason} for row in judged.unreadable]
    return {
        "system": judged.name,
        "against": judged.against,
        "judge": judged.judge,
        "format": judged.format,
        "files": list(judged.files),
        **of_numbers(one.overall),
        "unreadable": rows,
        "notes": list(judged.notes),
        **({"sets": {name: of_numbers(some) for name, some in one.sets.items()}} if one.sets else {}),
        **({"categories": {name: of_numbers(some) for name, some in one.categories.items()}} if one.categories else {}),
        **({"absent_sets": list(one.absent)} if one.absent else {}),
    }


def of_numbers(one: Numbers) -> dict[str, Any]:
    """Rates in percent, shares 0 to 1, null where there is no number."""
    return {
        "win_rate": _number(one.win_rate),
        "standard_error": _number(one.standard_error),
        "interval": [_number(round(one.low, 4)), _number(round(one.high, 4))],
        "wins": one.wins,
        "ties": one.ties,
        "losses": one.losses,
        "n": one.n,
        "prompts": one.prompts,
        "expected": one.expected,
        "unusable": one.unusable,
        "winning_score": _number(one.winning_score),
        "sign_test": {"exact": one.sign.exact, "normal": one.sign.normal},
        "flip_rate": _number(one.flip_rate),
        "first_preferred": _number(one.first_preferred),
        "unparsed": one.unparsed,
        "longer_wins": _number(one.longer_wins),
        "mean_length": _number(one.mean_length),
        "against_length": _number(one.against_length),
        "empty_answers": list(one.empty),
    }


def of_difference(one: Difference) -> dict[str, Any]:
    """A paired difference; null where there is no common prompt."""
    got = one.estimate
    return {
        "first": one.first,
        "second": one.second,
        "difference": got.mean if got else None,
        "standard_error": got.standard_error if got else None,
        "interval": [round(got.low, 4), round(got.high, 4)] if got else None,
        "n": one.n,
        "first_alone": one.first_alone,
        "second_alone": one.second_alone,
        "told_apart": one.told_apart,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _rows(one: System) -> list[tuple[str, ...]]:
    named = [("all", one.overall), *one.sets.items()]
    named += [(f"· {name}", some) for name, some in one.categories.items()]
    return [
        (one.judgement.name if i == 0 else "", name, *cells(some), *_further(some))
        for i, (name, some) in enumerate(named)
    ]


def cells(one: Numbers) -> tuple[str, ...]:
    """n (with what it should be), win rate, standard error, interval, win, tie, lose."""
    rate = (_cell(one.win_rate, 2), _cell(one.standard_error, 2), layout.DASH)
    if not math.isnan(one.low):
        rate = (*rate[:2], f"{one.low:.2f} to {one.high:.2f}")
    return (one.shortfall or f"{one.n:,}", *rate, f"{one.wins:,}", f"{one.ties:,}", f"{one.losses:,}")


def _further(one: Numbers) -> tuple[str, ...]:
    return (
        _cell(one.winning_score, 3),
        f"{one.sign.exact:.2g}" if one.wins + one.losses else layout.DASH,
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
    alone = "".join(
        f" ({count:,} of {name} alone left out)"
        for count, name in ((one.first_alone, one.first), (one.second_alone, one.second))
        if count
    )
    return (
        f"{one.first} - {one.second}{alone}",
        f"{one.n:,}",
        f"{got.mean:+.2f}",
        f"{got.low:+.2f} to {got.high:+.2f}",
        "yes" if one.told_apart else "no",
    )
