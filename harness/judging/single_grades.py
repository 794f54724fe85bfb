"""MT-Bench's single-answer grading as FastChat does it: which prompt asks about an answer, and the rating in a reply.

Where FastChat fills a template by `str.format`, so does this: what stands in an answer is never filled in turn. A reply
without a rating is unparsed, where FastChat writes -1; so is one whose rating is not from 1 to 10.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.expression import FieldError
from humpback.engines.endpoint.calls import Request
from humpback.engines.endpoint.request_fields import with_fields
from humpback.spec.mt_bench import MtBenchJudge

WITH_REFERENCE = ("math", "reasoning", "coding")
"""Categories whose judge is shown a reference answer (FastChat's `NEED_REF_CATS`)."""
LEAST, MOST = 1.0, 10.0
_RATING = (re.compile(r"\[\[(\d+\.?\d*)\]\]"), re.compile(r"\[(\d+\.?\d*)\]"))
"""FastChat's pattern, and the one that it falls back on."""


@dataclass(frozen=True)
class Question:
    """One of MT-Bench's questions."""

    id: str
    category: str
    turns: tuple[str, str]


@dataclass(frozen=True)
class JudgePrompt:
    """One of FastChat's prompts: a system sentence and a template."""

    system: str
    template: str


def read_questions(path: Path) -> dict[str, Question]:
    """The questions by id, in the file's order.

    Raises:
        FieldError: naming line and field.
    """
    found = {}
    for place, row in _rows(path):
        turns = row.get("turns")
        if not isinstance(turns, list) or len(turns) != 2 or not all(isinstance(one, str) for one in turns):
            raise FieldError(f"{path}, {place}: field turns is {str(turns)[:40]!r}; it takes two texts")
        category = row.get("category")
        if not isinstance(category, str):
            raise FieldError(f"{path}, {place}: field category is {category!r}; it takes a text")
        question = Question(_id(path, place, row), category, (turns[0], turns[1]))
        found[question.id] = question
    return found


def read_turns(path: Path) -> dict[str, tuple[tuple[str, ...], str]]:
    """Answers of FastChat's `model_answer` and `reference_answer` files by question: the first choice's turns, and the
    model that gave them.

    Raises:
        FieldError: naming line and field.
    """
    found = {}
    for place, row in _rows(path):
        choices = row.get("choices")
        turns = (
            choices[0].get("turns") if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
        )
        if not isinstance(turns, list) or not turns or not all(isinstance(one, str) for one in turns):
            raise FieldError(f"{path}, {place}: field choices is {str(choices)[:40]!r}; it takes objects with turns")
        found[_id(path, place, row)] = tuple(turns), str(row.get("model_id") or "")
    return found


def read_prompts(path: Path) -> dict[str, JudgePrompt]:
    """FastChat's prompts of single answers by name.

    Raises:
        FieldError: where one that is needed is not there.
    """
    found = {}
    for place, row in _rows(path):
        if row.get("type") == "single":
            if not isinstance(row.get("system_prompt"), str) or not isinstance(row.get("prompt_template"), str):
                raise FieldError(f"{path}, {place}: it takes system_prompt and prompt_template as texts")
            found[str(row.get("name"))] = JudgePrompt(row["system_prompt"], row["prompt_template"])
    needed = [name + turn for name in ("single-v1", "single-math-v1") for turn in ("", "-multi-turn")]
    if lacking := [name for name in needed if name not in found]:
        raise FieldError(f"{path}: no prompt called {lacking[0]}; FastChat's judge_prompts.jsonl has it")
    return found


def _rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    rows = []
    # Not splitlines: a text may hold a line separator of Unicode as it is.
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise FieldError(f"{path}, line {number}: no JSON ({error})") from error
            if not isinstance(row, dict):
                raise FieldError(f"{path}, line {number}: {line[:40]!r}; it takes an object")
            rows.append((f"line {number}", row))
    return rows


def _id(path: Path, place: str, row: dict[str, Any]) -> str:
    if not isinstance(row.get("question_id"), str | int):
        raise FieldError(f"{path}, {place}: field question_id is {row.get('question_id')!r}; it takes a number or text")
    return str(row["question_id"])


def grading_request(
    by: MtBenchJudge,
    prompts: Mapping[str, JudgePrompt],
    question: Question,
    answers: Sequence[str],
    reference: Sequence[str] | None,
) -> Request:
    """What is sent about the last of one or two answers, in the turns' order.

    Raises:
        FieldError: when the category needs a reference and there is none.
    """
    with_reference = question.category in WITH_REFERENCE
    if with_reference and (reference is None or len(reference) < len(answers)):
        raise FieldError(
            f"question {question.id}: {question.category} is rated beside a reference answer, and there is none"
        )
    name = "single-math-v1" if with_reference else "single-v1"
    fields = {f"ref_answer_{turn}": text for turn, text in enumerate(reference or (), 1)}
    if len(answers) == 1:
        fields |= {"question": question.turns[0], "answer": answers[0]}
    else:
        name += "-multi-turn"
        fields |= {f"question_{turn}": text for turn, text in enumerate(question.turns, 1)}
        fields |= {f"answer_{turn}": text for turn, text in enumerate(answers, 1)}
    prompt = prompts[name]
    messages = [
        {"role": "system", "content": prompt.system},
        {"role": "user", "content": prompt.template.format(**fields)},
    ]
    body = {"model": by.model, "messages": messages, "temperature": 0, "max_tokens": 2_048}
    return with_fields(Request("chat/completions", body), by.send, by.drop)


def rating_of(reply: str) -> float | None:
    """The rating that a reply gives, the first in double brackets, or else in single ones."""
    match = next((found for pattern in _RATING if (found := pattern.search(reply))), None)
    rating = float(match[1]) if match else None
    return rating if rating is not None and LEAST <= rating <= MOST else None
