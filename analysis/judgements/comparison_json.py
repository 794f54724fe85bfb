"""A comparison as JSON objects, for programs. Rates in percent, shares 0 to 1, null where there is no number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from humpback.analysis.judgements.comparison import Difference, Numbers, System
from humpback.analysis.stats.power import POWER, needed


def power_json(systems: Sequence[System], differences: Sequence[Difference], points: float) -> dict[str, Any]:
    """The same as an object; null where a variance is not known."""
    return {
        "points": points,
        "power": POWER,
        "against_even": {one.judgement.name: needed(one.overall.variance, points) for one in systems},
        "paired": [
            {"first": one.first, "second": one.second, "prompts": needed(one.variance, points)} for one in differences
        ],
    }


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
        "sign_test": {"exact": _number(one.sign.exact), "normal": _number(one.sign.normal)},
        "flip_rate": _number(one.flip_rate),
        "first_preferred": _number(one.first_preferred),
        "unparsed": one.unparsed,
        "longer_wins": _number(one.longer_wins),
        "mean_length": _number(one.mean_length),
        "against_length": _number(one.against_length),
        "empty_answers": list(one.empty),
        **({"cannot_be_told": one.obstacle} if one.obstacle else {}),
    }


def of_difference(one: Difference) -> dict[str, Any]:
    """A paired difference; null where there is no common prompt."""
    got = one.estimate
    return {
        "first": one.first,
        "second": one.second,
        "difference": got.mean if got else None,
        "standard_error": _number(got.standard_error) if got else None,
        "interval": [_number(round(got.low, 4)), _number(round(got.high, 4))] if got else None,
        "n": one.n,
        "first_alone": one.first_alone,
        "second_alone": one.second_alone,
        "told_apart": one.told_apart,
        **({"cannot_be_told": one.obstacle} if one.obstacle else {}),
        "same_opponent": one.same_opponent,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
