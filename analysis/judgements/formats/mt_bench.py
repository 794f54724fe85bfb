"""MT-bench's pairs, as FastChat's judge writes them: both orders of a question's turn in one row.

`g1_winner` is of the order in which `model_1` is shown first, `g2_winner` of the other; both name the winner as model_1
or model_2, whoever was shown first, or say "tie", or "error" where the reply could not be read. The judge's prompt
differs with the question and the turn, so the judge is its model alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from humpback.analysis.judgements.formats.alpaca_eval import Unfit
from humpback.analysis.judgements.formats.items import Judgement, NoJudgements, Placed, judged_in_both, of_rows
from humpback.analysis.judgements.formats.prompts import id_of
from humpback.analysis.judgements.formats.source import Row, Rows
from humpback.analysis.judgements.verdicts import BothOrders, Winner
from humpback.core.tables import Unreadable

KIND = "MT-bench pairs, both orders"
GAMES = ("g1_winner", "g2_winner")
_WINNERS: dict[str, Winner | None] = {"model_1": "a", "model_2": "b", "tie": "tie", "error": None}


def is_pair(row: Row) -> bool:
    """Whether a row looks like one."""
    return set(GAMES) <= row.value.keys()


def judgements(file: str, rows: Rows) -> list[Judgement]:
    """One for each two models and judge; rows that name them the other way round are turned.

    Raises:
        NoJudgements: when no row can be used.
    """
    found: dict[tuple[str, str, str], list[Placed]] = {}
    published: dict[tuple[str, str, str], list[str]] = {}
    aside: list[Unreadable] = list(rows.unreadable)
    for row in rows.rows:
        try:
            name, against = (_name(row.value, field) for field in ("model_1", "model_2"))
            games = [_winner(row.value, field) for field in GAMES]
            prompt, turn = id_of(row.value), row.value.get("turn", 1)
            if not prompt:
                raise Unfit("there is no field question_id; with turn it says which prompt it is")
        except Unfit as error:
            aside.append(Unreadable(file, row.place, str(error), row.raw()))
            continue
        item = judged_in_both(f"question {prompt}, turn {turn}", f"turn {turn}", BothOrders(games[0], games[1]))
        judge = _judge(row.value.get("judge"))
        key = (name, against, judge)
        if (against, name, judge) in found:
            key, item = (against, name, judge), item.exchanged()
        found.setdefault(key, []).append(Placed(row.place, item, (None, None)))
        if None not in games:
            agreed = games[0] == games[1] != "tie"
            published.setdefault(key, []).append(str(item.result) if agreed else "tie")
    if not found:
        raise NoJudgements(f"{file}: none of {len(rows.rows)} rows can be used; {aside[0].place}: {aside[0].reason}")
    made = []
    for i, (key, placed) in enumerate(found.items()):
        items, duplicates = of_rows(placed, file)
        unreadable = (*duplicates, *(() if i else aside))
        notes = _as_published(published.get(key, ()))
        made.append(Judgement(*key, KIND, (file,), tuple(items), unreadable, notes))
    return made


def _as_published(results: Sequence[str]) -> tuple[str, ...]:
    """FastChat's own count, over rows without an error: a win is won in both orders, and all else is a tie."""
    if not results:
        return ()
    win, tie, lose = (results.count(word) for word in ("win", "tie", "lose"))
    rate = 100 * (win + tie / 2) / len(results)
    return (f"by FastChat's rule (won in both orders, or a tie): {win} win, {tie} tie, {lose} lose, rate {rate:.2f}",)


def _winner(value: dict[str, Any], field: str) -> Winner | None:
    found = value.get(field, "nothing")
    if found is None:
        return None
    if not isinstance(found, str) or found.lower() not in _WINNERS:
        raise Unfit(f"field {field} is {str(found)[:40]!r}; it is {', '.join(_WINNERS)}")
    return _WINNERS[found.lower()]


def _name(value: dict[str, Any], field: str) -> str:
    found = value.get(field)
    if not isinstance(found, str) or not found:
        raise Unfit(f"field {field} is {str(found)[:40]!r}; it is a model's name")
    return found


def _judge(found: Any) -> str:
    """FastChat has the judge's model and the name of its prompt."""
    first = found[0] if isinstance(found, list) and found else found
    return first if isinstance(first, str) else ""
