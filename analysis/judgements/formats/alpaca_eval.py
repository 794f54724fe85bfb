"""AlpacaEval annotations: one call a prompt in an order that the file does not say, and a preference.

1 is the opponent (`output_1`), 2 the system (`output_2`), 1.5 a tie and 0 AlpacaEval's older code for one; AlpacaEval 2
weights by the judge's token probabilities, so that anything from 1 to 2 stands there. null and NaN are replies that
could not be parsed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from humpback.analysis.judgements.formats.items import Item, Judgement, NoJudgements, Placed, Result, of_rows
from humpback.analysis.judgements.formats.prompts import id_of, text_of
from humpback.analysis.judgements.formats.source import Row, Rows
from humpback.analysis.judgements.formats.votes import Ballot
from humpback.core.tables import Unreadable

ONE = "AlpacaEval 1 annotations"
TWO = "AlpacaEval 2 annotations (weighted)"
RATERS = ("annotator_index", "annotator_id", "annotator_name", "rater", "rater_id", "worker", "worker_id", "evaluator")
"""Columns that say which of several annotators a row is by; AlpacaFarm's is the first."""


class Unfit(ValueError):
    """A row that cannot be used: which field, what was found, what would do."""


_WORDS = {"tie": 1.5, "draw": 1.5, "both": 1.5, "neither": 1.5, "nan": None, "null": None, "none": None, "": None}
"""Preferences as words; others are numbers, or cannot be used."""


def points_of(preference: Any) -> float | None:
    """AlpacaEval's preference as points for the system, 0 to 1; None when unparsed.

    Raises:
        Unfit: for another type, or a number that is no preference.
    """
    given = preference
    if isinstance(preference, str):
        word = preference.strip().lower()
        try:
            preference = _WORDS[word] if word in _WORDS else float(word)
        except ValueError:
            preference = word
    if preference is None:
        return None
    if isinstance(preference, bool) or not isinstance(preference, int | float):
        raise Unfit(f"field preference is {given!r}; it is a number, or null for an unparsed reply")
    if math.isnan(preference):
        return None
    if preference == 0:
        return 0.5
    if not 1 <= preference <= 2:
        raise Unfit(f"field preference is {given!r}; it is 1 to 2, or 0 for a tie")
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
    """The systems of a file, usually one. `fallback` names a system where the rows do not. Rows that show two systems
    the other way round are turned.

    Raises:
        NoJudgements: when no row can be used, or rows of one prompt have other answers and nothing names their systems.
    """
    found: dict[tuple[str, str, str], list[Placed]] = {}
    weighted: set[tuple[str, str, str]] = set()
    aside: list[Unreadable] = []
    for row in rows.rows:
        try:
            item = _item(row.value)
            name, against, judge = (_text(row.value, one) for one in ("generator_2", "generator_1", "annotator"))
            placed = _placed(row, item)
        except Unfit as error:
            aside.append(Unreadable(file, row.place, str(error), row.raw()))
            continue
        key = (name, against, judge)
        if name != against and (against, name, judge) in found:
            key = (against, name, judge)
            placed = replace(placed, item=item.exchanged(), answers=placed.answers[::-1])
        found.setdefault(key, []).append(placed)
        if item.points not in (None, 0.0, 0.5, 1.0):
            weighted.add(key)
    if not found:
        raise NoJudgements(f"{file}: none of {len(rows.rows)} rows can be used; {aside[0].place}: {aside[0].reason}")
    made = []
    for i, ((name, against, judge), placed_rows) in enumerate(found.items()):
        _hold_apart(file, placed_rows, name=name, against=against)
        items, duplicates = of_rows(placed_rows, file)
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
                _votes(items, placed_rows),
                named=bool(name and against),
            )
        )
    return made


def votes(rows: Rows) -> list[Ballot]:
    """The votes of a file whose rows name who voted, as `humpback.analysis.judgements.raters.annotators` takes them;
    unparsed ones are none."""
    found = []
    for row in rows.rows:
        rater = rater_of(row.value)
        try:
            item = _item(row.value)
            names = [_text(row.value, field) or field for field in ("generator_2", "generator_1")]
        except Unfit:
            continue
        if rater and item.result is not None:
            choice = {"win": "first", "tie": "neither", "lose": "second"}[item.result]
            texts = (str(row.value.get("output_2")), str(row.value.get("output_1")))
            key = "\n".join((item.prompt, *sorted(texts)))
            found.append(Ballot(row.place, key, item.source, names[0], names[1], choice, "first", f"annotator {rater}"))
    return found


def rater_of(value: dict[str, Any]) -> str:
    """Which of several annotators a row is by; empty where it does not say. An annotator by name is a judge."""
    there = {name.lower(): found for name, found in value.items()}
    number = there.get("annotator")
    named = [there.get(name) for name in RATERS] + [None if isinstance(number, str) else number]
    return next((str(one) for one in named if isinstance(one, int | str) and one != ""), "")


def _placed(row: Row, item: Item) -> Placed:
    answers = (row.value.get("output_2"), row.value.get("output_1"))
    rater = rater_of(row.value) or _text(row.value, "annotator")
    return Placed(row.place, item, answers, id_of(row.value), rater, row.text())


def _hold_apart(file: str, rows: list[Placed], *, name: str, against: str) -> None:
    """Rows without the name of a system are of one only where it has one answer to each prompt."""
    answers: dict[tuple[str, str], set[Any]] = {}
    for row in rows:
        first, second = row.answers
        answers.setdefault((row.item.prompt, row.id), set()).add((not name and first, not against and second))
    several = [prompt for (prompt, _), of in answers.items() if len(of) > 1]
    if several:
        raise NoJudgements(
            f"{file}: {len(several):,} prompts have several answers, such as {several[0][:40]!r}, and no row names "
            f"their systems ({'generator_1' if name else 'generator_2'}): it holds several, as alpaca-eval's cache "
            "does. Add the field, or give the annotations.json of each system"
        )


def _votes(items: list[Item], rows: list[Placed]) -> tuple[str, ...]:
    several = sum(one.calls > 1 for one in items)
    if not several:
        return ()
    people = len({row.rater for row in rows} - {""})
    by = f" of {people:,} annotators" if people > 1 else ""
    return (
        f"{sum(one.calls for one in items):,} votes{by} on {len(items):,} pairs: a pair's points are the mean of its "
        "votes, its result the majority's; n counts pairs",
    )


def _item(value: dict[str, Any]) -> Item:
    if "preference" not in value:
        raise Unfit("there is no field preference; it is 1 to 2, or null for an unparsed reply")
    points = points_of(value["preference"])
    prompt = text_of(value) or id_of(value)
    if not prompt:
        raise Unfit(f"field instruction is {str(value.get('instruction'))[:40]!r}; it is the prompt's text")
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
    """A name; of a field annotator that holds a number, none: it is one of several people."""
    found = value.get(field) or ""
    if field == "annotator" and isinstance(found, int | float):
        return ""
    if not isinstance(found, str):
        raise Unfit(f"field {field} is {str(found)[:40]!r}; it is a name")
    return found
