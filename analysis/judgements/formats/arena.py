"""Chatbot Arena's battles, as LMSYS and others publish them: a row for each vote on the answers of two models.

`winner` is model_a, model_b, the name of either model, or one of two ties; some tables have a column for each outcome
instead. Most battles are of a prompt of their own. Where several people or judges look at the same answers, as in
MT-bench's human votes, `question_id` and `turn` say at which, and `judge` who: people are annotators of one panel.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from humpback.analysis.judgements.formats.items import Placed, Systems, about_answers, judged_once
from humpback.analysis.judgements.formats.prompts import id_of, text_of
from humpback.analysis.judgements.formats.source import Row, Rows, Unfit
from humpback.analysis.judgements.verdicts import Winner

KIND = "battles"
PEOPLE = "people"
MODELS = ("model_a", "model_b")
_WON: dict[str, Winner] = {"model_a": "a", "model_b": "b", "tie": "tie", "bothbad": "tie", "tiebothbad": "tie"}
"""Outcomes, their letters alone; both_bad and "tie (bothbad)" are spellings of one."""
_COLUMNS: dict[str, Winner] = {
    "winner_model_a": "a",
    "winner_model_b": "b",
    "winner_tie": "tie",
    "winner_bothbad": "tie",
}
_TEXTS = (("conversation_a", "conversation_b"), ("response_a", "response_b"), ("answer_a", "answer_b"))
_PERSON = re.compile(r"(?:arena_)?(?:user|expert|author|annotator|rater|worker|human|person)s?(?:[_\W].*|\d*)", re.I)
_MANY = 12
"""Different judges from which on they are people: nobody asks so many models about one file."""


def is_battle(value: Mapping[str, Any]) -> bool:
    """Whether a row has these columns."""
    return set(MODELS) <= value.keys() and ("winner" in value or _COLUMNS.keys() & value.keys() >= {"winner_model_a"})


def read(row: Row, rows: Rows) -> tuple[Systems, Placed]:
    """One vote. Without an id or a text, a row is of a prompt of its own.

    Raises:
        Unfit: naming the field.
    """
    value = row.value
    names = [_name(value, field) for field in MODELS]
    id, texts = id_of(value), both_answers(row, rows) or (None, None)
    prompt, turn = text_of(value), value.get("turn")
    if id and isinstance(turn, int | str) and turn != "":
        # As MT-bench's pairs are named, so that both can be compared.
        id = f"question {id}, turn {turn}"
    item = judged_once(id or prompt or row.place, _text(value, "dataset"), _won(value, names), **about_answers(*texts))
    judge = value.get("judge")
    judge = judge[0] if isinstance(judge, list) and judge else judge
    judge = judge if isinstance(judge, str) else ""
    person = judge and (len(rows.judges) >= _MANY or _PERSON.fullmatch(judge))
    rater = f"annotator {judge}" if person else judge
    systems = (names[0], names[1], PEOPLE if person or not judge else judge)
    return systems, Placed(row.place, item, texts, rater=rater, whole=row.place)


def both_answers(row: Row, rows: Rows) -> tuple[str, str] | None:
    """What both models said, where the row has it."""
    for first, second in _TEXTS:
        one, other = _said(row.value.get(first)), _said(row.value.get(second))
        if one is not None and other is not None:
            return one, other
    return None


def one_turn(row: Row, rows: Rows) -> tuple[str, str] | None:
    """The same of a battle of one turn: what a judge of one prompt can be shown."""
    first = row.value.get("conversation_a")
    return None if isinstance(first, list) and len(first) > 2 else both_answers(row, rows)


def notes(rows: Rows, systems: Systems, placed: Sequence[Placed]) -> tuple[str, ...]:
    """Says so where rows do not say which prompt they are of."""
    if all(row.item.prompt == row.place for row in placed):
        return ("no field says which prompt a battle is of: each is taken for a prompt of its own",)
    return ()


def _won(value: Mapping[str, Any], names: Sequence[str]) -> Winner | None:
    """Who won; None where the row does not say."""
    if "winner" not in value:
        marked = [outcome for name, outcome in _COLUMNS.items() if str(value.get(name)) in ("1", "1.0", "True", "true")]
        if len(marked) != 1:
            raise Unfit(f"{len(marked)} of the columns {', '.join(_COLUMNS)} are 1; exactly one is")
        return marked[0]
    found = value["winner"]
    if found is None or found == "":
        return None
    if found in names:
        return "ab"[names.index(found)]  # type: ignore[return-value]
    outcome = _WON.get(re.sub(r"[^a-z_]|(?<=both)_", "", str(found).lower()))
    if outcome is None:
        raise Unfit(f"field winner is {str(found)[:40]!r}; it is model_a, model_b, either's name, tie or bothbad")
    return outcome


def _said(found: Any) -> str | None:
    """The text of an answer, or of all answers of a conversation."""
    if isinstance(found, str) and found.lstrip().startswith("["):
        try:
            found = json.loads(found)
        except ValueError:
            return str(found)
    if isinstance(found, list):
        texts = [one.get("content") if isinstance(one, dict) else one for one in found if not _asked(one)]
        return "\n\n".join(text for text in texts if isinstance(text, str))
    return found if isinstance(found, str) else None


def _asked(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") != "assistant"


def _text(value: Mapping[str, Any], field: str) -> str:
    found = value.get(field)
    return found if isinstance(found, str) else ""


def _name(value: Mapping[str, Any], field: str) -> str:
    found = value.get(field)
    if not isinstance(found, str) or not found:
        raise Unfit(f"field {field} is {str(found)[:40]!r}; it is a model's name")
    return found
