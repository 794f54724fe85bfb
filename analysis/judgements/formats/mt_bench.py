"""MT-bench's pairs, as FastChat's judge writes them: both orders of a question's turn in one row.

`g1_winner` is of the order in which `model_1` is shown first, `g2_winner` of the other; both name the winner as model_1
or model_2, whoever was shown first, or say "tie", or "error" where the reply could not be read. The judge's prompt
differs with the question and the turn, so the judge is its model alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from humpback.analysis.judgements.formats.items import Placed, Systems, judged_in_both
from humpback.analysis.judgements.formats.prompts import id_of
from humpback.analysis.judgements.formats.source import Row, Rows, Unfit
from humpback.analysis.judgements.verdicts import BothOrders, Winner

KIND = "MT-bench pairs, both orders"
GAMES = ("g1_winner", "g2_winner")
_WINNERS: dict[str, Winner | None] = {"model_1": "a", "model_2": "b", "tie": "tie", "error": None}


def read(row: Row, rows: Rows) -> tuple[Systems, Placed]:
    """One question's turn.

    Raises:
        Unfit: naming the field.
    """
    value = row.value
    name, against = (_name(value, field) for field in ("model_1", "model_2"))
    games = BothOrders(*(_winner(value, field) for field in GAMES))
    prompt, turn = id_of(value), value.get("turn", 1)
    if not prompt:
        raise Unfit("there is no field question_id; with turn it says which prompt it is")
    # FastChat has the judge's model and the name of its prompt.
    judge = value.get("judge")
    first = judge[0] if isinstance(judge, list) and judge else judge
    item = judged_in_both(f"question {prompt}, turn {turn}", f"turn {turn}", games)
    return (name, against, first if isinstance(first, str) else ""), Placed(row.place, item)


def as_published(rows: Rows, systems: Systems, placed: Sequence[Placed]) -> tuple[str, ...]:
    """FastChat's own count, over rows without an error: a win is won in both orders, and all else is a tie."""
    points = [row.item.points for row in placed if not row.item.unparsed]
    if not points:
        return ()
    win, lose = points.count(1.0), points.count(0.0)
    tie = len(points) - win - lose
    rate = 100 * (win + tie / 2) / len(points)
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
