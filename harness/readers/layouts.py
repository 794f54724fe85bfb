"""The layouts of instruction data, and how a row of each becomes an instruction and an output.

A closed list: a layout is recognised by the fields that only it has, and a row that fits two is refused, because
guessing which of two texts was meant would change the data without anybody knowing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import Any

from humpback.readers.chats import SYSTEMS, chat, chat_fields, ended_transcript, fields_read, is_chat, open_transcript
from humpback.readers.json_values import json_kind
from humpback.readers.row_content import RefusedRow, RowContent, field_text, first_of, is_empty, optional


class RowLayout(Enum):
    """How somebody's file lays out instructions. The value is its name for people."""

    ALPACA = "Alpaca"
    """instruction, input, output"""
    ALPACA_EVAL = "AlpacaEval"
    """instruction, output, and generator or dataset: outputs of a model, or references"""
    DOLLY = "Dolly"
    """instruction, context, response"""
    MESSAGES = "chat messages"
    """messages, conversation or conversations: a list of role and content"""
    SHAREGPT = "ShareGPT"
    """the same lists, of from and value"""
    LIMA = "LIMA"
    """the same lists, of texts that take turns"""
    PAIR = "prompt and response"
    """one of PROMPTS and one of RESPONSES"""
    SEVERAL = "several answers"
    """one of PROMPTS and one of SEVERAL: a list of answers, each with a score, of which the best is taken"""
    SELF_INSTRUCT = "Self-Instruct"
    """instruction and instances, each with input and output"""
    GUANACO = "Guanaco"
    """text, in which ### Human: and ### Assistant: open the turns"""
    TRANSCRIPT = "transcripts"
    """chosen, and no prompt: one text, in which Human: and Assistant: open the turns (HH-RLHF)"""
    VICUNA = "Vicuna prompts"
    """text, with question_id or category"""
    KOALA = "Koala prompts"
    """id and prompt"""
    WIZARDLM = "WizardLM prompts"
    """Instruction, with Skill and Difficulty"""
    PROMPTS = "prompts"
    """one of PROMPTS or text, and no output"""


PROMPTS = ("prompt", "instruction", "question", "query", "input", "inputs")
RESPONSES = ("response", "completion", "answer", "output", "chosen", "target", "targets")
SEVERAL = ("completions", "responses", "answers", "outputs", "generations")
WITHOUT_OUTPUT = (RowLayout.VICUNA, RowLayout.KOALA, RowLayout.WIZARDLM, RowLayout.PROMPTS)
_CHATS = (RowLayout.MESSAGES, RowLayout.SHAREGPT, RowLayout.LIMA)
_PAIRS = (RowLayout.PAIR, RowLayout.ALPACA, RowLayout.ALPACA_EVAL, RowLayout.DOLLY)
_SCORES = ("scores", "ratings", "rewards")
_SCORE = ("overall_score", "score", "rating", "reward")
_ANSWER = ("response", "text", "answer", "content", "output", "completion")
_MARK = re.compile(r"### (Human|Assistant):")


def fitting_layouts(row: dict[str, Any]) -> tuple[RowLayout, ...]:
    """The layouts that a row fits, by the names of its fields. Null counts as absent. Two prompts or two responses are
    two readings of one row, and so two entries of one layout."""
    has = {name for name, value in row.items() if value is not None}
    responses = [name for name in RESPONSES if name in has and not is_chat(row[name])]
    prompts = [name for name in PROMPTS if name in has and not is_chat(row[name])]
    if "instruction" in has and "input" in prompts:
        prompts.remove("input")  # it stands below the instruction, whatever the answer is called
    found = _chats(row)
    pairs = _pairs(row, has, prompts, responses)
    if len(found) == len(pairs) == 1 and pairs[0] in _PAIRS and _agree(row, found[0], pairs[0]):
        return (found[0],)
    return (*found, *pairs) or _others(row, has, prompts, responses)


def _chats(row: dict[str, Any]) -> list[RowLayout]:
    found = []
    held: list[Any] = []
    for name in chat_fields(row):
        if row[name] not in held:
            held.append(row[name])
            first = row[name][0] if isinstance(row[name], list) and row[name] else None
            sharegpt = isinstance(first, dict) and "from" in first
            found.append(
                RowLayout.LIMA if isinstance(first, str) else RowLayout.SHAREGPT if sharegpt else RowLayout.MESSAGES
            )
    return found


def _pairs(row: dict[str, Any], has: set[str], prompts: list[str], responses: list[str]) -> list[RowLayout]:
    if "instruction" in has:
        if "instances" in has:
            return [RowLayout.SELF_INSTRUCT]
        if "context" in row and responses == ["response"]:
            return [RowLayout.DOLLY]
        if responses == ["output"] and set(prompts) <= {"instruction"}:
            evaluated = "input" not in has and has & {"generator", "dataset"}
            return [RowLayout.ALPACA_EVAL if evaluated else RowLayout.ALPACA]
    if responses:
        return [RowLayout.PAIR] * (len(prompts) * len(responses))
    return [RowLayout.SEVERAL] * (len(prompts) * sum(isinstance(row.get(name), list) for name in SEVERAL))


def _others(row: dict[str, Any], has: set[str], prompts: list[str], responses: list[str]) -> tuple[RowLayout, ...]:
    text = row.get("text")
    if not prompts and isinstance(text, str) and _MARK.match(text):
        return (RowLayout.GUANACO,)
    if not prompts and responses == ["chosen"] and ended_transcript(row["chosen"]):
        return (RowLayout.TRANSCRIPT,)
    if "Instruction" in has:
        return (RowLayout.WIZARDLM,)
    if not prompts and "text" in has and has & {"question_id", "category"}:
        return (RowLayout.VICUNA,)
    if has == {"id", "prompt"}:
        return (RowLayout.KOALA,)
    return () if responses else (RowLayout.PROMPTS,) * (len(prompts) + ("text" in has))


def parse_row(layout: RowLayout, row: dict[str, Any]) -> RowContent:
    """What a row of a layout says.

    Raises:
        RefusedRow: naming the field, what was found and what would do.
    """
    content = _LAYOUTS[layout][0](row)
    said = open_transcript(content.instruction)
    return replace(content, instruction=said[-1][1], earlier=(*content.earlier, *said[:-1])) if said else content


def fields_used(layout: RowLayout, row: dict[str, Any]) -> frozenset[str]:
    """The fields that `parse_row` reads: what is not among them stands beside the pair."""
    return fields_read(row) if layout in _CHATS else frozenset(_LAYOUTS[layout][1])


def _agree(row: dict[str, Any], *layouts: RowLayout) -> bool:
    """Whether both layouts read the same instruction and output."""
    try:
        contents = [parse_row(one, row) for one in layouts]
    except RefusedRow:
        return False
    return len({(one.instruction.strip(), (one.output or "").strip()) for one in contents}) == 1


def _with_input(instruction: str, given: str, output: str | None) -> RowContent:
    if is_empty(given):
        return RowContent(instruction, output)
    return RowContent(f"{instruction}\n\n{given}", output, input=given)


def _fields(row: dict[str, Any], input: str, output: str) -> RowContent:
    return _with_input(field_text(row, "instruction"), optional(row, input), field_text(row, output, empty=True))


def _prompt(row: dict[str, Any]) -> RowContent:
    if row.get("instruction") is None:
        return RowContent(field_text(row, first_of(row, (*PROMPTS, "text", "Instruction"))), None)
    return _with_input(
        field_text(row, "instruction"), "" if is_chat(row.get("input")) else optional(row, "input"), None
    )


def _pair(row: dict[str, Any]) -> RowContent:
    return replace(_prompt(row), output=field_text(row, first_of(row, RESPONSES), empty=True))


def _self_instruct(row: dict[str, Any]) -> RowContent:
    instruction, instances = field_text(row, "instruction"), row.get("instances")
    if not isinstance(instances, list) or not instances or not isinstance(instances[0], dict):
        raise RefusedRow(f"field instances is {json_kind(instances)}; it takes a list of objects with input and output")
    first, where = instances[0], "instances[0]."
    output = None if first.get("output") is None else field_text(first, "output", empty=True, where=where)
    content = _with_input(instruction, optional(first, "input", where), output)
    return replace(content, others=len(instances) - 1)


def _guanaco(row: dict[str, Any]) -> RowContent:
    marked = _MARK.split(field_text(row, "text"))
    said = [text.strip() for text in marked[2::2]]
    if marked[1::2][:2] not in (["Human"], ["Human", "Assistant"]) or not said[0]:
        raise RefusedRow(
            "field text does not open with ### Human: and then ### Assistant:, each with a text; it takes those"
        )
    return RowContent(said[0], said[1] if len(said) > 1 else None, later=max(0, len(said) - 2))


def _several(row: dict[str, Any]) -> RowContent:
    """The best of several answers by their scores, the first of equal ones."""
    name = first_of(row, SEVERAL)
    if not isinstance(row.get(name), list) or not row[name]:
        raise RefusedRow(
            f"field {name} is {json_kind(row[name]) if name in row else 'missing'}; it takes a list of answers"
        )
    answers: list[Any] = [one if isinstance(one, dict) else {"text": one} for one in row[name]]
    beside: list[Any] = next((row[one] for one in _SCORES if isinstance(row.get(one), list)), [])
    if len(beside) != len(answers):
        beside = [one.get(first_of(one, _SCORE)) for one in answers]
    scores = [one for one in beside if isinstance(one, int | float) and not isinstance(one, bool) and one == one]
    if len(answers) > 1 and len(scores) < len(answers):
        told = f"field {name} has {len(answers)} answers, and {len(scores)} of them a score"
        raise RefusedRow(f"{told}; the best is taken, by a number for each")
    best = scores.index(max(scores)) if scores else 0
    answer, where = answers[best], f"{name}[{best}]."
    output = field_text(answer, first_of(answer, _ANSWER), empty=True, where=where)
    system = optional(answer, first_of(answer, (*SYSTEMS, "custom_system_prompt")), where)
    return replace(_prompt(row), output=output, system=system, others=len(answers) - 1)


def _transcript(row: dict[str, Any]) -> RowContent:
    said = ended_transcript(field_text(row, "chosen"))
    if not said:
        raise RefusedRow("field chosen has no turns that Human: and Assistant: open; it takes those")
    *earlier, (_, instruction), (_, output) = said
    return RowContent(instruction, output, earlier=tuple(earlier))


_ALPACA = (partial(_fields, input="input", output="output"), (*PROMPTS, *RESPONSES))
_PROMPT = (_prompt, (*PROMPTS, "text", "Instruction"))
_LAYOUTS: dict[RowLayout, tuple[Callable[[dict[str, Any]], RowContent], tuple[str, ...]]] = {
    **dict.fromkeys(_CHATS, (chat, ())),
    **dict.fromkeys(WITHOUT_OUTPUT, _PROMPT),
    RowLayout.ALPACA: _ALPACA,
    RowLayout.ALPACA_EVAL: _ALPACA,
    RowLayout.DOLLY: (
        partial(_fields, input="context", output="response"),
        ("instruction", "context", "response"),
    ),
    RowLayout.SEVERAL: (_several, (*PROMPTS, *SEVERAL, *_SCORES)),
    RowLayout.PAIR: (_pair, (*PROMPTS, *RESPONSES)),
    RowLayout.SELF_INSTRUCT: (_self_instruct, ("instruction", "instances")),
    RowLayout.GUANACO: (_guanaco, _PROMPT[1]),
    RowLayout.TRANSCRIPT: (_transcript, ("chosen",)),
}
"""By layout its parser and the fields that this reads; those of a chat depend on the row."""
