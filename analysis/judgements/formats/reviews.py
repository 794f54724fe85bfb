"""Reviews with scores of 1 to 10: AlpaGasus's protocol, in the layouts that its users publish.

Both orders in one file have `scores` and `scores_reverse`; one order in one file has `score` (or `score_1` and
`score_2`), and then the second order is another file. They may stand in an object of their own, such as `review`. A
pair always belongs to the answers in the order in which they were shown, so the second number of the reversed pair is
the first system's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from humpback.analysis.judgements.formats.expected import set_named
from humpback.analysis.judgements.formats.items import (
    Item,
    Placed,
    Systems,
    about_answers,
    judged_in_both,
    judged_once,
    result_of,
)
from humpback.analysis.judgements.formats.prompts import IDS, TEXTS, id_of, text_of
from humpback.analysis.judgements.formats.source import Row, Rows, Unfit
from humpback.analysis.judgements.verdicts import BothOrders, winner

BOTH = "reviews with scores, both orders in one file"
ONE = "reviews with scores, one order"
ORDERS = ("scores", "scores_reverse")
_SCORES = {*ORDERS, "score", "score_1", "score_2"}
_BETWEEN = re.compile(r"[\s,;()]+")
LEAST, MOST = 0.0, 10.0
"""The protocol asks for 1 to 10; judges give 0 to answers that are none, and published counts include those."""

Pair = tuple[float, float]


def is_both(value: dict[str, Any]) -> bool:
    """Whether a row has both orders."""
    return set(ORDERS) <= _scored(value).keys()


def is_one(value: dict[str, Any]) -> bool:
    """Whether a row has one order."""
    return "score" in _scored(value) and bool(text_of(value) or id_of(value))


def _scored(value: dict[str, Any]) -> dict[str, Any]:
    """The row with its scores at the top and a pair of fields as one."""
    inner = [one for one in value.values() if isinstance(one, dict) and not _SCORES.isdisjoint(one)]
    if len(inner) == 1 and _SCORES.isdisjoint(value):
        value = {**value, **{field: inner[0][field] for field in _SCORES & inner[0].keys()}}
    if "score" not in value and {"score_1", "score_2"} <= value.keys():
        value = {**value, "score": [value["score_1"], value["score_2"]]}
    return value


def pair_of(value: Any, field: str) -> Pair | None:
    """A pair of scores; None where the reply was not parsed: null, NaN, -1 in either place, or words.

    Raises:
        Unfit: for another type, another number of scores, or a score out of range.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip().startswith("[") else _numbers(value)
        except ValueError:
            return None
        if not value:
            return None
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise Unfit(f"field {field} is {json.dumps(value)[:40]}; it is two scores, such as [8, 7.5]")
    for one in value:
        if one is not None and (isinstance(one, bool) or not isinstance(one, int | float)):
            raise Unfit(f"field {field} is {json.dumps(value)[:40]}; both scores are numbers")
    if any(one is None or math.isnan(one) or one == -1 for one in value):
        return None
    for one in value:
        if not LEAST <= one <= MOST:
            raise Unfit(f"field {field} has the score {one:g}; a score is 1 to 10 (0 is taken, -1 means unparsed)")
    return float(value[0]), float(value[1])


def _numbers(text: str) -> list[float]:
    """The numbers of a reply's first line, which by the protocol holds nothing else."""
    first = (text.strip().splitlines() or [""])[0]
    return [float(one) for one in _BETWEEN.split(first) if one]


def verdict_of(pair: Pair | None) -> str:
    """The verdict of a pair, of the answers as they were shown."""
    if pair is None:
        return "unparsed"
    return "first" if pair[0] > pair[1] else "second" if pair[0] < pair[1] else "tie"


def read_both(row: Row, rows: Rows) -> tuple[Systems, Placed]:
    """A row with both orders.

    Raises:
        Unfit: naming the field.
    """
    about = _about(row.value, rows, None)
    pairs = [_pair(row.value, field) for field in ORDERS]
    orders = BothOrders(winner("ab", verdict_of(pairs[0])), winner("ba", verdict_of(pairs[1])))
    return ("", "", ""), _placed(row, judged_in_both(pair=orders, **about))


def read_one(row: Row, rows: Rows) -> tuple[Systems, Placed]:
    """A row with one order. The file's first row says whose answers it shows first, and who judged.

    Raises:
        Unfit: naming the field.
    """
    names = _names(rows)
    about = _about(row.value, rows, names)
    won = winner("ab", verdict_of(_pair(row.value, "score")))
    judge = next((str(one.value["reviewer_id"]) for one in rows.rows if one.value.get("reviewer_id")), "")
    return (*(names or ("", "")), judge), _placed(row, judged_once(won=won, **about))


def notes_on_both(rows: Rows, systems: Systems, placed: Sequence[Placed]) -> tuple[str, ...]:
    """Scores that the judge was not offered; and what Cherry_LLM's script counts, which has [-1, -1] for an unparsed
    pair and takes it for equal scores."""
    found = _zeros(rows, ORDERS)
    if any(row.item.unparsed for row in placed):
        results = [result_of(row.item.points) or "tie" for row in placed]
        counts = ", ".join(f"{results.count(word)} {word}" for word in ("win", "tie", "lose"))
        found = (*found, f"with unparsed pairs taken for equal scores, as Cherry_LLM's script does: {counts}")
    return found


def notes_on_one(rows: Rows, systems: Systems, placed: Sequence[Placed]) -> tuple[str, ...]:
    """Scores that the judge was not offered."""
    return _zeros(rows, ("score",))


def _zeros(rows: Rows, fields: Sequence[str]) -> tuple[str, ...]:
    count = 0
    for row in rows.rows:
        with suppress(Unfit):
            pairs = [_pair(row.value, field) for field in fields]
            count += sum(score < 1 for pair in pairs for score in pair or ())
    return (f"{count} scores lie below 1, which the judge was not offered; they are taken as given",) if count else ()


def _placed(row: Row, item: Item) -> Placed:
    """Published scripts count every row of a review file, so of rows that say what was judged, by answers or an id,
    only one that is written twice is no row of its own."""
    id = id_of(row.value)
    text = row.text() if id or item.characters is not None else None
    return Placed(row.place, item, (text, None), id, whole=text)


def _pair(value: dict[str, Any], field: str) -> Pair | None:
    value = _scored(value)
    if field not in value:
        raise Unfit(f"there is no field {field}; it is two scores, or null for an unparsed reply")
    return pair_of(value[field], field)


def _about(value: dict[str, Any], rows: Rows, names: tuple[str, str] | None) -> dict[str, Any]:
    """An item's prompt, set, category and answers."""
    # Where rows are reviews by name, their text is the review's.
    prompt = id_of(value) if "review_id" in value else text_of(value) or id_of(value)
    if not prompt:
        raise Unfit(f"no field says which prompt it is; {', '.join((*TEXTS[:5], *IDS))} would do")
    meta = rows.about.get("Meta_Info")
    of_file = meta.get("dataset_name") if isinstance(meta, dict) else None
    found = {
        "prompt": str(prompt),
        "source": str(value.get("dataset") or of_file or set_named(rows.stem)),
        "category": str(value.get("category") or value.get("Skill") or ""),
    }
    texts = _texts(value, names)
    return {**found, **about_answers(*texts)} if texts else found


def answers(row: Row, rows: Rows) -> tuple[str, str] | None:
    """The text shown first and the other, where the row has both."""
    return _texts(row.value, _names(rows))


def _texts(value: dict[str, Any], names: tuple[str, str] | None) -> tuple[str, str] | None:
    for first, second in (names or ("", ""), ("Answer1", "Answer2"), ("answer1", "answer2"), ("output_1", "output_2")):
        one, other = value.get(first), value.get(second)
        if isinstance(one, str) and isinstance(other, str):
            return one, other
    return None


def _names(rows: Rows) -> tuple[str, str] | None:
    """The systems as shown: AlpaGasus calls a file FIRST-SECOND-SET.json, and its rows have fields of those names;
    others write the names into the rows."""
    value = rows.rows[0].value
    for fields in (("model_1", "model_2"), ("generator_1", "generator_2"), ("Model1", "Model2")):
        if isinstance(value.get(fields[0]), str) and isinstance(value.get(fields[1]), str):
            return value[fields[0]], value[fields[1]]
    texts = [field for field in value if isinstance(value[field], str)]
    for one in texts:
        for other in texts:
            if one != other and (rows.stem == f"{one}-{other}" or rows.stem.startswith(f"{one}-{other}-")):
                return one, other
    return None
