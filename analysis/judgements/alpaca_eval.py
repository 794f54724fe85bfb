"""AlpacaEval annotations: one call a prompt in an order that the file does not say, and a preference.

1 is the opponent (`output_1`), 2 the system (`output_2`), 1.5 a tie and 0 AlpacaEval's older code for one; AlpacaEval 2
weights by the judge's token probabilities, so that anything from 1 to 2 stands there. null and NaN are replies that
could not be parsed.
"""

from __future__ import annotations

import math
from typing import Any

from analysis.judgements.items import Item, Judgement, NoJudgements, Result, without_duplicates
from analysis.judgements.source import Row, Rows
from harness.rows import Unreadable

ONE = "AlpacaEval 1 annotations"
TWO = "AlpacaEval 2 annotations (weighted)"
WHOLE = (0, 1, 1.5, 2)
"""Preferences of AlpacaEval 1."""


class Unfit(ValueError):
    """A row that cannot be used: which field, what was found, what would do."""


def points_of(preference: Any) -> float | None:
    """AlpacaEval's preference as points for the system, 0 to 1; None when unparsed.

    Raises:
        Unfit: for another type, or a number that is no preference.
    """
    if preference is None:
        return None
    if isinstance(preference, bool) or not isinstance(preference, int | float):
        raise Unfit(f"field preference is {preference!r}; it is a number, or null for an unparsed reply")
    if math.isnan(preference):
        return None
    if preference == 0:
        return 0.5
    if not 1 <= preference <= 2:
        raise Unfit(f"field preference is {preference}; it is 1 to 2, or 0 for a tie")
    return float(preference - 1)


def result_of(points: float | None) -> Result | None:
    """AlpacaEval's discrete counts: above one half a win, below it a loss."""
    if points is None:
        return None
    return "win" if points > 0.5 else "lose" if points < 0.5 else "tie"


def is_annotations(row: Row) -> bool:
    """Whether a row looks like one."""
    return "preference" in row.value


def judgements(file: str, rows: Rows, *, fallback: str) -> list[Judgement]:
    """The systems of a file, usually one. `fallback` names a system where the rows do not.

    Raises:
        NoJudgements: when no row can be used.
    """
    found: dict[tuple[str, str, str], list[tuple[str, Item, str]]] = {}
    weighted: set[tuple[str, str, str]] = set()
    aside: list[Unreadable] = []
    for row in rows.rows:
        value = row.value
        try:
            item = _item(value)
            key = (_text(value, "generator_2"), _text(value, "generator_1"), _text(value, "annotator"))
        except Unfit as error:
            aside.append(Unreadable(file, row.place, str(error), row.raw()))
            continue
        found.setdefault(key, []).append((row.place, item, value["instruction"]))
        if value["preference"] not in WHOLE and item.points is not None:
            weighted.add(key)
    if not found:
        raise NoJudgements(f"{file}: none of {len(rows.rows)} rows can be used; {aside[0].place}: {aside[0].reason}")
    made = []
    for i, ((name, against, judge), placed) in enumerate(found.items()):
        items, duplicates = without_duplicates(placed, file)
        # A row that names no system can belong to any of them: it is told once, with the first.
        unreadable = [*duplicates, *(() if i else (*rows.unreadable, *aside))]
        kind = TWO if (name, against, judge) in weighted or judge.startswith("weighted") else ONE
        made.append(
            Judgement(
                name or fallback,
                against or "output_1",
                judge,
                kind,
                (file,),
                tuple(items),
                tuple(unreadable),
                named=bool(name and against),
            )
        )
    return made


def _item(value: dict[str, Any]) -> Item:
    if "preference" not in value:
        raise Unfit("there is no field preference; it is 1 to 2, or null for an unparsed reply")
    points = points_of(value["preference"])
    prompt = value.get("instruction")
    if not isinstance(prompt, str) or not prompt.strip():
        raise Unfit(f"field instruction is {str(prompt)[:40]!r}; it is the prompt's text")
    texts = [value.get(field) for field in ("output_2", "output_1")]
    for field, text in zip(("output_2", "output_1"), texts, strict=True):
        if text is not None and not isinstance(text, str):
            raise Unfit(f"field {field} is {str(text)[:40]!r}; it is an answer's text")
    one, other = texts
    return Item(
        prompt,
        _text(value, "dataset"),
        points,
        result_of(points),
        unparsed=int(points is None),
        characters=None if one is None or other is None else (len(one), len(other)),
    )


def _text(value: dict[str, Any], field: str) -> str:
    found = value.get(field) or ""
    if not isinstance(found, str):
        raise Unfit(f"field {field} is {str(found)[:40]!r}; it is a name")
    return found
