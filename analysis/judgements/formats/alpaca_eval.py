"""AlpacaEval annotations: one call a prompt in an order that the file does not say, and a preference.

1 is the opponent (`output_1`), 2 the system (`output_2`), 1.5 a tie and 0 AlpacaEval's older code for one; AlpacaEval 2
weights by the judge's token probabilities, so that anything from 1 to 2 stands there. null and NaN are replies that
could not be parsed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from humpback.analysis.judgements.formats.items import Item, NoJudgements, Placed, Systems, about_answers, result_of
from humpback.analysis.judgements.formats.prompts import id_of, text_of
from humpback.analysis.judgements.formats.source import Row, Rows, Unfit

ONE = "AlpacaEval 1 annotations"
TWO = "AlpacaEval 2 annotations (weighted)"
RATERS = ("annotator_index", "annotator_id", "annotator_name", "rater", "rater_id", "worker", "worker_id", "evaluator")
"""Columns that say which of several annotators a row is by; AlpacaFarm's is the first."""
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


def read(row: Row, rows: Rows) -> tuple[Systems, Placed]:
    """One annotation.

    Raises:
        Unfit: naming the field.
    """
    value = row.value
    if "preference" not in value:
        raise Unfit("there is no field preference; it is 1 to 2, or null for an unparsed reply")
    points = points_of(value["preference"])
    prompt = text_of(value) or id_of(value)
    if not prompt:
        raise Unfit(f"field instruction is {str(value.get('instruction'))[:40]!r}; it is the prompt's text")
    texts = (value.get("output_2"), value.get("output_1"))
    for field, text in zip(("output_2", "output_1"), texts, strict=True):
        if text is not None and not isinstance(text, str):
            raise Unfit(f"field {field} is {str(text)[:40]!r}; it is an answer's text")
    systems = (_name(value, "generator_2"), _name(value, "generator_1"), _name(value, "annotator"))
    source, result, unparsed = _name(value, "dataset"), result_of(points), int(points is None)
    item = Item(prompt, source, points, result, unparsed=unparsed, **about_answers(*texts))
    person = rater_of(value)
    rater = f"annotator {person}" if person else systems[2]
    return systems, Placed(row.place, item, texts, id_of(value), rater, row.text())


def answers(row: Row, rows: Rows) -> tuple[str, str] | None:
    """The system's text and its opponent's, where the row has both."""
    one, other = row.value.get("output_2"), row.value.get("output_1")
    return (one, other) if isinstance(one, str) and isinstance(other, str) else None


def rater_of(value: dict[str, Any]) -> str:
    """Which of several annotators a row is by; empty where it does not say. An annotator by name is a judge."""
    there = {name.lower(): found for name, found in value.items()}
    number = there.get("annotator")
    named = [there.get(name) for name in RATERS] + [None if isinstance(number, str) else number]
    return next((str(one) for one in named if isinstance(one, int | str) and one != ""), "")


def kind(systems: Systems, placed: Sequence[Placed]) -> str:
    """AlpacaEval 2 where the judge's name or a preference says so."""
    weighted = any(row.item.points not in (None, 0.0, 0.5, 1.0) for row in placed)
    return TWO if weighted or systems[2].startswith("weighted") else ONE


def hold_apart(rows: Rows, systems: Systems, placed: Sequence[Placed]) -> tuple[str, ...]:
    """Rows without the name of a system are of one only where it has one answer to each prompt. There is no more that a
    reader should know.

    Raises:
        NoJudgements: where it has several.
    """
    name, against, _ = systems
    answers: dict[tuple[str, str], set[Any]] = {}
    for row in placed:
        first, second = row.answers
        answers.setdefault((row.item.prompt, row.id), set()).add((not name and first, not against and second))
    several = [prompt for (prompt, _), of in answers.items() if len(of) > 1]
    if several:
        raise NoJudgements(
            f"{rows.path.name}: {len(several):,} prompts have several answers, such as {several[0][:40]!r}, and no row "
            f"names their systems ({'generator_1' if name else 'generator_2'}): it holds several, as alpaca-eval's "
            "cache does. Add the field, or give the annotations.json of each system"
        )
    return ()


def _name(value: dict[str, Any], field: str) -> str:
    """A name; of a field annotator that holds a number, none: it is one of several people."""
    found = value.get(field) or ""
    if field == "annotator" and isinstance(found, int | float):
        return ""
    if not isinstance(found, str):
        raise Unfit(f"field {field} is {str(found)[:40]!r}; it is a name")
    return found
