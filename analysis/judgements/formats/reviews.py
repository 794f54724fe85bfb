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
from dataclasses import dataclass, replace
from typing import Any

from humpback.analysis.judgements.formats.alpaca_eval import Unfit
from humpback.analysis.judgements.formats.expected import set_named
from humpback.analysis.judgements.formats.items import (
    Item,
    Judgement,
    Placed,
    by_prompt,
    judged_in_both,
    judged_once,
    of_rows,
)
from humpback.analysis.judgements.formats.prompts import IDS, TEXTS, id_of, text_of
from humpback.analysis.judgements.formats.source import Row, Rows
from humpback.analysis.judgements.verdicts import BothOrders, Winner, winner
from humpback.core.tables import Unreadable

BOTH = "reviews with scores, both orders in one file"
ONE = "reviews with scores, one order"
_SCORES = {"scores", "scores_reverse", "score", "score_1", "score_2"}
_BETWEEN = re.compile(r"[\s,;()]+")
LEAST, MOST = 0.0, 10.0
"""The protocol asks for 1 to 10; judges give 0 to answers that are none, and published counts include those."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class Review:
    """One row of a file of one order."""

    item: Item
    verdict: str
    """Of the answers as they were shown."""
    answers: tuple[str, str] | None
    """The answers' fields in the order of the fields."""


@dataclass(frozen=True)
class OneOrder:
    """A file of reviews in one order, before it is known whether the other order is there too."""

    file: str
    names: tuple[str, str] | None
    """The systems in the order in which they were shown, where file and rows say so."""
    judge: str
    reviews: dict[str, Review]
    unreadable: tuple[Unreadable, ...]
    notes: tuple[str, ...]


def is_both(row: Row) -> bool:
    """Whether a row has both orders."""
    return {"scores", "scores_reverse"} <= _scored(row.value).keys()


def is_one(row: Row) -> bool:
    """Whether a row has one order."""
    return "score" in _scored(row.value) and bool(text_of(row.value) or id_of(row.value))


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


def both_orders(file: str, stem: str, rows: Rows) -> Judgement:
    """A file with both orders in each row."""
    placed: list[Placed] = []
    aside = list(rows.unreadable)
    zeros = 0
    published: list[str | None] = []
    for row in rows.rows:
        try:
            prompt, source, category, characters = _about(row.value, rows.about, stem)
            shown = [_pair(_scored(row.value), field) for field in ("scores", "scores_reverse")]
        except Unfit as error:
            aside.append(Unreadable(file, row.place, str(error), row.raw()))
            continue
        zeros += sum(score < 1 for pair in shown if pair for score in pair)
        taken = [verdict_of(pair) if pair else "tie" for pair in shown]
        published.append(BothOrders(winner("ab", taken[0]), winner("ba", taken[1])).result)
        orders = BothOrders(winner("ab", verdict_of(shown[0])), winner("ba", verdict_of(shown[1])))
        item = judged_in_both(prompt, source, orders, characters=characters, category=category)
        placed.append(_placed(row, item))
    items, duplicates = of_rows(placed, file)
    unreadable = (*aside, *duplicates)
    notes = (*_zeros(zeros), *(_as_published(published) if any(one.unparsed for one in items) else ()))
    return Judgement(stem, "Answer2", "", BOTH, (file,), tuple(items), unreadable, notes, named=False)


def _placed(row: Row, item: Item) -> Placed:
    """Published scripts count every row of a review file, so of rows that say what was judged, by answers or an id,
    only one that is written twice is no row of its own."""
    id = id_of(row.value)
    text = row.text() if id or item.characters is not None else None
    return Placed(row.place, item, (text, None), id, whole=text)


def _as_published(results: list[str | None]) -> tuple[str, ...]:
    """What Cherry_LLM's script counts, which has [-1, -1] for an unparsed pair and takes it for equal scores."""
    win, tie, lose = (results.count(word) for word in ("win", "tie", "lose"))
    return (
        f"with unparsed pairs taken for equal scores, as Cherry_LLM's script does: {win} win, {tie} tie, {lose} lose",
    )


def one_order(file: str, stem: str, rows: Rows) -> OneOrder:
    """A file with one order."""
    names = _names(stem, rows)
    placed: list[Placed] = []
    made: dict[str, Review] = {}
    aside = list(rows.unreadable)
    zeros = 0
    for row in rows.rows:
        try:
            prompt, source, category, characters = _about(row.value, rows.about, stem, names)
            pair = _pair(_scored(row.value), "score")
        except Unfit as error:
            aside.append(Unreadable(file, row.place, str(error), row.raw()))
            continue
        zeros += sum(score < 1 for score in pair or ())
        won: Winner | None = winner("ab", verdict_of(pair))
        item = judged_once(prompt, source, won, characters=characters, category=category)
        placed.append(_placed(row, item))
        made[row.place] = Review(item, verdict_of(pair), _answers(row.value, names))
    by_name, duplicates = by_prompt(placed, file)
    reviews = {
        prompt: replace(made[rows[0].place], item=replace(rows[0].item, prompt=prompt))
        for prompt, rows in by_name.items()
    }
    judge = next((str(row.value["reviewer_id"]) for row in rows.rows if row.value.get("reviewer_id")), "")
    return OneOrder(file, names, judge, reviews, (*aside, *duplicates), _zeros(zeros))


def _zeros(count: int) -> tuple[str, ...]:
    return (f"{count} scores lie below 1, which the judge was not offered; they are taken as given",) if count else ()


def _pair(value: dict[str, Any], field: str) -> Pair | None:
    if field not in value:
        raise Unfit(f"there is no field {field}; it is two scores, or null for an unparsed reply")
    return pair_of(value[field], field)


def _about(
    value: dict[str, Any], about: dict[str, Any], stem: str, names: tuple[str, str] | None = None
) -> tuple[str, str, str, tuple[int, int] | None]:
    """Prompt, set, category and lengths of a row."""
    # Where rows are reviews by name, their text is the review's.
    prompt = id_of(value) if "review_id" in value else text_of(value) or id_of(value)
    if not prompt:
        raise Unfit(f"no field says which prompt it is; {', '.join((*TEXTS[:5], *IDS))} would do")
    meta = about.get("Meta_Info")
    source = value.get("dataset") or (meta.get("dataset_name") if isinstance(meta, dict) else None) or set_named(stem)
    category = value.get("category") or value.get("Skill") or ""
    answers = _answers(value, names)
    lengths = None if answers is None else (len(answers[0]), len(answers[1]))
    return str(prompt), str(source), str(category), lengths


def _answers(value: dict[str, Any], names: tuple[str, str] | None) -> tuple[str, str] | None:
    for fields in (names or ("", ""), ("Answer1", "Answer2"), ("answer1", "answer2"), ("output_1", "output_2")):
        one, other = value.get(fields[0]), value.get(fields[1])
        if isinstance(one, str) and isinstance(other, str):
            return one, other
    return None


def _names(stem: str, rows: Rows) -> tuple[str, str] | None:
    """The systems as shown: AlpaGasus calls a file FIRST-SECOND-SET.json, and its rows have fields of those names;
    others write the names into the rows."""
    value = rows.rows[0].value
    for fields in (("model_1", "model_2"), ("generator_1", "generator_2"), ("Model1", "Model2")):
        if isinstance(value.get(fields[0]), str) and isinstance(value.get(fields[1]), str):
            return value[fields[0]], value[fields[1]]
    texts = [field for field in value if isinstance(value[field], str)]
    for one in texts:
        for other in texts:
            if one != other and (stem == f"{one}-{other}" or stem.startswith(f"{one}-{other}-")):
                return one, other
    return None
