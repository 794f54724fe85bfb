"""JudgeArena's battles: Parquet, a row for each call of a judge, with the two models and a preference.

`pref` is how likely the second model's answer is the better one: 0 for `model_a`, 1 for `model_b`, 0.5 a tie, null
where the reply could not be parsed. Where both orders were asked, `orientation` says which row is "direct" (`model_a`
shown first) and which "reversed", and `pref` is turned already. Older files have `winner` alone ("model_a", "model_b",
"tie", "tie (bothbad)"), in which an unparsed reply stands as a tie. The winner of a call is whoever the preference
leans to.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.analysis.judgements.formats.items import (
    Item,
    Judgement,
    NoJudgements,
    about_answers,
    judged_in_both,
    judged_once,
)
from humpback.analysis.judgements.verdicts import BothOrders, Winner
from humpback.core.tables import RAW_SHOWN, Unreadable

KIND = "JudgeArena's battles"
_MODELS = ("model_a", "model_b")
_OUTCOMES = ("pref", "winner")
_OWN = ("instruction", "instruction_index", "battle_id", "orientation", "completion_a")
"""Columns by one of which an older file, without `pref`, is told from Chatbot Arena's battles."""
_PROMPTS = ("instruction", "instruction_index", "question_id", "battle_id")
_READ = (
    *(*_MODELS, *_OUTCOMES, *_PROMPTS),
    *("orientation", "judge", "judge_model", "completion_a", "completion_b", "category", "lang", "language"),
    *("evaluation_model", "source"),
)
_WINNERS: Mapping[str, float] = {"model_a": 0.0, "model_b": 1.0, "tie": 0.5, "tie (bothbad)": 0.5}
_NAMED = 3
"""Opponents up to which a table names each."""
_ORDERS = {"direct": "ab", "reversed": "ba", "single": "ab"}


def is_battles(path: Path) -> bool:
    """Whether a Parquet file has the columns of battles."""
    try:
        names = set(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return False
    return names.issuperset(_MODELS) and ("pref" in names or ("winner" in names and not names.isdisjoint(_OWN)))


def judgements(path: Path, name: str, *, apart: bool = False) -> list[Judgement]:
    """The battles of a file, called `name`: of each model that was evaluated, against its opponents; with `apart`,
    against each of them by itself.

    Raises:
        NoJudgements: when a column is not there, the file is no whole Parquet, or no row can be used.
    """
    try:
        file = pq.ParquetFile(path)
        there = file.schema_arrow.names
        prompt = next((column for column in _PROMPTS if column in there), None)
        if prompt is None:
            raise NoJudgements(f"{path}: battles without a column for the prompt ({', '.join(_PROMPTS)})")
        rows = file.read(columns=[column for column in _READ if column in there]).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise NoJudgements(f"{path}: no whole Parquet file ({str(error).splitlines()[0]})") from error
    humans = sum(row.get("source") == "human" for row in rows)
    numbered = [(number, row) for number, row in enumerate(rows) if row.get("source") != "human"]
    evaluated = _evaluated([row for _, row in numbered])
    calls: dict[_Systems, dict[_Battle, dict[str, _Call]]] = {}
    aside: list[Unreadable] = []
    for number, row in numbered:
        try:
            systems, battle, order, call = _call(row, prompt, evaluated)
            of = calls.setdefault(systems, {}).setdefault(battle, {})
            if order in of and "orientation" not in there:
                order = order[::-1]
            if order in of:
                raise ValueError(f"{prompt} {battle[0][:40]!r} stands once more in the same order for the same models")
            of[order] = call
        except ValueError as error:
            raw = json.dumps(row, default=str, ensure_ascii=False)[:RAW_SHOWN]
            aside.append(Unreadable(name, f"row {number}", str(error), raw))
    if not any(calls.values()):
        why = f"; {aside[0].place}: {aside[0].reason}" if aside else ""
        raise NoJudgements(f"{path}: none of {len(rows)} battles can be used{why}")
    notes = [f"{humans:,} battles are votes of people, which anchor ratings: left out"] if humans else []
    both = sum(len(of) == 2 for prompts in calls.values() for of in prompts.values())
    if both and "orientation" not in there:
        notes.append(
            f"{both:,} prompts stand twice without their order: taken for both orders, as swap_mode=both writes"
        )
    made: list[Judgement] = []
    for (system, judge), prompts in _apart(calls) if apart else calls.items():
        opponents = list(dict.fromkeys(opponent for _, opponent in prompts))
        against = " + ".join(opponents) if len(opponents) <= _NAMED else f"{len(opponents):,} opponents"
        several = len({asked for asked, _ in prompts}) < len(prompts)
        items = tuple(
            _item(f"{asked} against {opponent}" if several else asked, of) for (asked, opponent), of in prompts.items()
        )
        first = not made
        told = (tuple(aside), tuple(notes)) if first else ((), ())
        made.append(Judgement(system, against, judge, KIND, (name,), items, *told))
    return made


def _apart(
    calls: Mapping[_Systems, dict[_Battle, dict[str, _Call]]],
) -> Iterator[tuple[_Systems, dict[_Battle, dict[str, _Call]]]]:
    for systems, prompts in calls.items():
        for one in dict.fromkeys(opponent for _, opponent in prompts):
            yield systems, {battle: of for battle, of in prompts.items() if battle[1] == one}


_Systems = tuple[str, str]
"""System and judge."""
_Battle = tuple[str, str]
"""Prompt and opponent."""
_Call = tuple[float | None, dict[str, Any]]
"""Preference for the system, and the row, turned so that the system is model_a."""


def _evaluated(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The model that every battle is of, where it is one; ratings of one model against an arena are so."""
    common = set.intersection(*({str(row[column]) for column in _MODELS} for row in rows)) if rows else set()
    return common.pop() if len(common) == 1 else None


def _call(row: dict[str, Any], prompt: str, evaluated: str | None) -> tuple[_Systems, _Battle, str, _Call]:
    """A row's system and judge, its prompt and opponent, the order as seen from the system, and the call.

    Raises:
        ValueError: naming the column.
    """
    for column in _MODELS:
        if not isinstance(row[column], str) or not row[column]:
            raise ValueError(f"column {column} is {str(row[column])[:40]!r}; it is a model's name")
    asked = row[prompt]
    if not isinstance(asked, str | int) or asked == "":
        raise ValueError(f"column {prompt} is {str(asked)[:40]!r}; it names the prompt")
    orientation = row.get("orientation") or "single"
    if orientation not in _ORDERS:
        raise ValueError(f"column orientation is {str(orientation)[:40]!r}; it is direct, reversed or single")
    second, order = preference_of(row), _ORDERS[orientation]
    judge = str(row.get("judge") or row.get("judge_model") or "")
    if (row.get("evaluation_model") or evaluated) == row["model_b"] != row["model_a"]:
        turned = {**row, "completion_a": row.get("completion_b"), "completion_b": row.get("completion_a")}
        return (row["model_b"], judge), (str(asked), row["model_a"]), order[::-1], (second, turned)
    return (row["model_a"], judge), (str(asked), row["model_b"]), order, (None if second is None else 1 - second, row)


def preference_of(row: Mapping[str, Any]) -> float | None:
    """For the second model; None where the reply was not parsed."""
    if "pref" not in row:
        winner = row["winner"]
        if winner not in _WINNERS:
            raise ValueError(f"column winner is {str(winner)[:40]!r}; it is {', '.join(_WINNERS)}")
        return _WINNERS[winner]
    found = row["pref"]
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValueError(f"column pref is {str(found)[:40]!r}; it is 0 to 1, or null for an unparsed reply")
    if math.isnan(found):
        return None
    if not 0 <= found <= 1:
        raise ValueError(f"column pref is {found!r}; it is 0 to 1, or null for an unparsed reply")
    return float(found)


def _winner(preference: float | None) -> Winner | None:
    if preference is None:
        return None
    return "a" if preference > 0.5 else "b" if preference < 0.5 else "tie"


def _item(asked: str, of: Mapping[str, _Call]) -> Item:
    """One prompt: the result by the winners, the points by the preferences themselves."""
    order, (preference, row) = next(iter(of.items()))
    more = about_answers(row.get("completion_a"), row.get("completion_b"))
    more["category"] = str(row.get("category") or row.get("lang") or row.get("language") or "")
    if len(of) == 1:
        item = judged_once(asked, "", _winner(preference), order=order, **more)
        return replace(item, points=preference, orders=(preference, None) if order == "ab" else (None, preference))
    given = of["ab"][0], of["ba"][0]
    there = [one for one in given if one is not None]
    points = sum(there) / len(there) if there else None
    item = judged_in_both(asked, "", BothOrders(*map(_winner, given)), **more)
    return replace(item, points=points, orders=given)
