"""A comparison as text, Markdown and JSON: what was won, and beside it what length and position did.

Two tables, because one of all columns is wider than a terminal. In JSON rates are in percent, shares 0 to 1, and null
is no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from humpback.analysis.judgements.comparison import Difference, Numbers, System
from humpback.analysis.judgements.formats.items import NO_ROW
from humpback.analysis.layout import text_table as layout
from humpback.analysis.layout.text_table import between, cell, json_value, without_empty
from humpback.analysis.stats.power import POWER, prompts_needed
from humpback.analysis.stats.statistics import NONE, Estimate

HEADS = ("system", "n", "win rate", "± se", "95 % interval", "win", "tie", "lose", "score", "sign test p")
BESIDE = ("system", "flips", "first wins", "unparsed", "longer wins", "length", "against")
DIFFERENCE = ("difference", "n", "left out (first / second)", "points", "95 % interval", "told apart")
LEGEND = (
    "· prompt set, ·· category; win rate in %, ties half, interval by Student's t over prompts, or exact;\n"
    "score = (win - lose)/n + 1; sign test exact, two-sided"
)
BESIDE_LEGEND = (
    "flips: share of prompts on which exchanging the order exchanged the winner; first wins: of decided calls;\n"
    "longer wins: of decided prompts; mean lengths in characters"
)
SHOWN = 5
"""Unreadable rows that are printed of each file; all are counted."""
_JSON_NAMES = {"sign": "sign_test", "empty": "empty_answers", "obstacle": "cannot_be_told", "order": "follows_order"}


def as_text(systems: Sequence[System], differences: Sequence[Difference], *, as_markdown: bool = False) -> str:
    """What each file is, the two tables, what is amiss, the differences. Of several systems the second table has all
    prompts alone."""
    table = layout.markdown if as_markdown else layout.aligned
    named = [(one, _named(one)) for one in systems]
    parts = ["\n".join(map(description, systems))]
    parts += [table(HEADS, [(label, *_won(some)) for _, rows in named for label, some in rows]), LEGEND]
    beside = [row for _, rows in named for row in (rows if len(systems) == 1 else rows[:1])]
    parts += [table(*without_empty(BESIDE, [(label, *_beside(some)) for label, some in beside])), BESIDE_LEGEND]
    parts += [remarks] if (remarks := "\n".join(line for one in systems for line in amiss(one))) else []
    common = [one for one in differences if one.estimate]
    if common:
        parts.append(table(*without_empty(DIFFERENCE, [_difference(one) for one in common])))
        untold = [f"{one.first} - {one.second}: cannot be told: {one.obstacle}" for one in common if one.obstacle]
        parts += ["\n".join(untold)] if untold else []
    if any(not one.same_opponent for one in common):
        parts.append("* held against different opponents: the difference is of the rates, not of the systems alone")
    if len(common) < len(differences):
        parts.append(f"{len(differences) - len(common):,} of {len(differences):,} pairs have no prompt in common")
    return "\n\n".join(parts)


def description(one: System) -> str:
    """What a judgement is, in a line: systems, format, judge, files."""
    judged = one.judgement
    by = f", judge {judged.judge}" if judged.judge else ""
    systems = judged.name if f" vs {judged.against}" in judged.name else f"{judged.name} against {judged.against}"
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
    if overall.order:
        lines.append(overall.order)
    if one.absent:
        lines.append(f"no prompt of {', '.join(one.absent)}")
    lines += [
        f"{row.file}, {row.place}: {row.reason}{'' if row.place != NO_ROW else f' ({row.raw[:60]!r})'}"
        for row in judged.unreadable[:SHOWN]
    ]
    if len(judged.unreadable) > SHOWN:
        lines.append(f"and {len(judged.unreadable) - SHOWN:,} more rows that could not be used")
    both = zip(overall.empty, (judged.name, judged.against), strict=True)
    lines += [f"{count:,} empty answers of {name}" for count, name in both if count]
    return [f"{judged.name}: {line}" for line in (*lines, *judged.notes)]


def power_lines(systems: Sequence[System], differences: Sequence[Difference], points: float) -> list[str]:
    """How many prompts show a difference of so many points, by the variances seen here."""
    lines = [f"prompts needed to see {points:g} points (two-sided 5 %, power {POWER:.0%}), by the variance seen here:"]
    variances = [(f"{one.judgement.name} against an even rate", one.overall.variance, one.overall.n) for one in systems]
    variances += [(f"{one.first} against {one.second}, paired", one.variance, one.n) for one in differences]
    for what, variance, n in variances:
        prompts = prompts_needed(variance, points)
        lacking = "fewer than two prompts" if n < 2 else "every prompt shows the same"
        lines.append(f"    {what}: {f'not known: {lacking}' if prompts is None else f'{prompts:,}'} (here {n:,})")
    return lines


def _named(one: System) -> list[tuple[str, Numbers]]:
    rows = [(one.judgement.name, one.overall), *((f"· {name}", some) for name, some in one.sets.items())]
    return [*rows, *((f"·· {name}", some) for name, some in one.categories.items())]


def cells(one: Numbers) -> tuple[str, ...]:
    """n (with what it should be), win rate, standard error, interval, win, tie, lose."""
    rate = (cell(one.win_rate, ",.2f"), cell(one.standard_error, ",.2f"), between(one.low, one.high, ".2f"))
    return (one.shortfall or f"{one.n:,}", *rate, *(f"{count:,}" for count in (one.wins, one.ties, one.losses)))


def _won(one: Numbers) -> tuple[str, ...]:
    p = one.sign.exact if one.wins + one.losses else NONE
    return (*cells(one), cell(one.winning_score, ",.3f"), cell(p, ".2g"))


def _beside(one: Numbers) -> tuple[str, ...]:
    flips, first, longer = (
        layout.DASH if share != share else f"{100 * share:.1f} %"
        for share in (one.flip_rate, one.first_preferred, one.longer_wins)
    )
    lengths = (cell(one.mean_length, ",.0f"), cell(one.against_length, ",.0f"))
    return (flips, first, f"{one.unparsed:,}", longer, *lengths)


def _difference(one: Difference) -> tuple[str, ...]:
    estimate = one.estimate or Estimate(NONE)
    return (
        f"{one.first} - {one.second}{'' if one.same_opponent else ' *'}",
        f"{one.n:,}",
        f"{one.first_alone:,} / {one.second_alone:,}" if one.first_alone or one.second_alone else layout.DASH,
        cell(estimate.mean, "+.2f"),
        between(estimate.low, estimate.high, "+.2f"),
        {True: "yes", False: "no", None: "cannot be told"}[one.told_apart],
    )


def as_json(
    systems: Sequence[System], differences: Sequence[Difference], *, points: float | None = None
) -> dict[str, Any]:
    """One system as an object of its numbers; several under `systems`, with their `differences`. With `points`, under
    `power`, how many prompts show so large a difference: null where a variance is not known."""
    found = of_system(systems[0])
    if len(systems) > 1:
        found = {
            "systems": {one.judgement.name: of_system(one) for one in systems},
            "differences": [of_difference(one) for one in differences],
        }
    if points is None:
        return found
    paired = [
        {"first": one.first, "second": one.second, "prompts": prompts_needed(one.variance, points)}
        for one in differences
    ]
    even = {one.judgement.name: prompts_needed(one.overall.variance, points) for one in systems}
    return {**found, "power": {"points": points, "power": POWER, "against_even": even, "paired": paired}}


def of_system(one: System) -> dict[str, Any]:
    """Numbers overall, and under `sets` and `categories` where there are several."""
    judged = one.judgement
    more = {
        "sets": {name: of_numbers(some) for name, some in one.sets.items()},
        "categories": {name: of_numbers(some) for name, some in one.categories.items()},
        "absent_sets": list(one.absent),
    }
    return {
        "system": judged.name,
        "against": judged.against,
        "judge": judged.judge,
        "format": judged.format,
        "files": list(judged.files),
        **of_numbers(one.overall),
        "unreadable": [{"file": row.file, "place": row.place, "reason": row.reason} for row in judged.unreadable],
        "notes": list(judged.notes),
        **{name: value for name, value in more.items() if value},
    }


def of_numbers(one: Numbers) -> dict[str, Any]:
    """Every field by its name; reasons only where there are some."""
    fields = {_JSON_NAMES.get(name, name): value for name, value in asdict(one).items() if value != ""}
    interval = [round(fields.pop("low"), 4), round(fields.pop("high"), 4)]
    del fields["variance"]
    found: dict[str, Any] = json_value({**fields, "interval": interval})
    return found


def of_difference(one: Difference) -> dict[str, Any]:
    """A paired difference; null where there is no common prompt."""
    fields = {_JSON_NAMES.get(name, name): value for name, value in asdict(one).items() if value != ""}
    del fields["variance"], fields["estimate"]
    estimate = one.estimate
    found: dict[str, Any] = json_value(
        {
            **fields,
            "difference": estimate and estimate.mean,
            "standard_error": estimate and estimate.standard_error,
            "interval": estimate and [round(estimate.low, 4), round(estimate.high, 4)],
            "told_apart": one.told_apart,
        }
    )
    return found
