"""The layouts of instruction data, and how a row of each becomes an instruction and an output.

A closed list: a layout is recognised by the fields that only it has, and a row that fits two is refused, because
guessing which of two texts was meant would change the data without anybody knowing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Any

from humpback.readers.chats import SYSTEMS, answer_fields, chat, chat_fields, is_chat
from humpback.readers.transcripts import ended, opened
from humpback.readers.turns import Refused, Turn, first_of, optional, text_of
from humpback.readers.values import kind


class Layout(Enum):
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
_SCORES = ("scores", "ratings", "rewards")
_SCORE = ("overall_score", "score", "rating", "reward")
_ANSWER = ("response", "text", "answer", "content", "output", "completion")
_MARK = re.compile(r"### (Human|Assistant):")


def fitting(row: dict[str, Any]) -> tuple[Layout, ...]:
    """The layouts that a row fits, by the names of its fields. Null counts as absent."""
    has = {name for name, value in row.items() if value is not None}
    found = []
    for name in chat_fields(row):
        first = row[name][0] if isinstance(row[name], list) and row[name] else None
        found.append(
            Layout.LIMA
            if isinstance(first, str)
            else Layout.SHAREGPT
            if isinstance(first, dict) and "from" in first
            else Layout.MESSAGES
        )
    instruction, output = "instruction" in has, "output" in has
    responses = [name for name in RESPONSES if name in has and not is_chat(row[name])]
    prompts = [name for name in PROMPTS if name in has and not is_chat(row[name])]
    if instruction and "input" in prompts:
        prompts.remove("input")  # it stands below the instruction, whatever the answer is called
    several = [name for name in SEVERAL if isinstance(row.get(name), list)]
    if instruction and "instances" in has:
        found.append(Layout.SELF_INSTRUCT)
    elif instruction and "context" in row and responses == ["response"]:
        found.append(Layout.DOLLY)
    elif instruction and output and responses == ["output"] and set(prompts) <= {"instruction", "input"}:
        evaluated = "input" not in has and bool(has & {"generator", "dataset"})
        found.append(Layout.ALPACA_EVAL if evaluated else Layout.ALPACA)
    elif responses and prompts:
        # Two prompts or two responses are two readings of one row, and so two entries of one layout.
        found += [Layout.PAIR] * (len(prompts) * len(responses))
    elif several and prompts:
        found += [Layout.SEVERAL] * (len(prompts) * len(several))
    if len(found) == 2 and found[0] in _CHATS and found[1] in _PAIRS and _agree(row, *found):
        return (found[0],)
    if not found and not prompts and isinstance(row.get("text"), str) and _MARK.match(row["text"]):
        found.append(Layout.GUANACO)
    elif not found and not prompts and responses == ["chosen"] and ended(row["chosen"]):
        found.append(Layout.TRANSCRIPT)
    elif not found and "Instruction" in has:
        found.append(Layout.WIZARDLM)
    elif not found and "text" in has and has & {"question_id", "category"} and not prompts:
        found.append(Layout.VICUNA)
    elif not found and has == {"id", "prompt"}:
        found.append(Layout.KOALA)
    elif not found and not responses:
        found += [Layout.PROMPTS] * (len(prompts) + ("text" in has))
    return tuple(found)


def parse(layout: Layout, row: dict[str, Any]) -> Turn:
    """What a row of a layout says.

    Raises:
        Refused: naming the field, what was found and what would do.
    """
    turn = _PARSERS[layout](row)
    said = opened(turn.instruction)
    return replace(turn, instruction=said[-1][1], earlier=(*turn.earlier, *said[:-1])) if said else turn


def _agree(row: dict[str, Any], *layouts: Layout) -> bool:
    """Whether both layouts read the same instruction and output."""
    try:
        turns = [parse(one, row) for one in layouts]
    except Refused:
        return False
    return len({(turn.instruction.strip(), (turn.output or "").strip()) for turn in turns}) == 1


def used(layout: Layout, row: dict[str, Any]) -> frozenset[str]:
    """The fields that `parse` reads: what is not among them stands beside the pair."""
    match layout:
        case Layout.MESSAGES | Layout.SHAREGPT | Layout.LIMA:
            return frozenset({*chat_fields(row, alike=True), "prompt", *answer_fields(row)})
        case Layout.SELF_INSTRUCT:
            return frozenset(("instruction", "instances"))
        case Layout.SEVERAL:
            return frozenset((*PROMPTS, *SEVERAL, *_SCORES))
        case Layout.PROMPTS if row.get("instruction") is not None:
            return frozenset(("instruction", "input"))
        case Layout.DOLLY:
            return frozenset(("instruction", "context", "response"))
        case Layout.PAIR | Layout.ALPACA | Layout.ALPACA_EVAL:
            return frozenset((*PROMPTS, *RESPONSES))
        case Layout.TRANSCRIPT:
            return frozenset(("chosen",))
    return frozenset((*PROMPTS, "text", "Instruction"))


_CHATS = (Layout.MESSAGES, Layout.SHAREGPT, Layout.LIMA)
_PAIRS = (Layout.PAIR, Layout.ALPACA, Layout.ALPACA_EVAL, Layout.DOLLY)


def _with_input(instruction: str, given: str, output: str | None) -> Turn:
    if not given.strip():
        return Turn(instruction, output)
    return Turn(f"{instruction}\n\n{given}", output, input=given)


def _alpaca(row: dict[str, Any]) -> Turn:
    return _with_input(text_of(row, "instruction"), optional(row, "input"), text_of(row, "output", empty=True))


def _dolly(row: dict[str, Any]) -> Turn:
    return _with_input(text_of(row, "instruction"), optional(row, "context"), text_of(row, "response", empty=True))


def _pair(row: dict[str, Any]) -> Turn:
    return replace(_prompt(row), output=text_of(row, first_of(row, RESPONSES), empty=True))


def _self_instruct(row: dict[str, Any]) -> Turn:
    instruction, instances = text_of(row, "instruction"), row.get("instances")
    if not isinstance(instances, list) or not instances or not isinstance(instances[0], dict):
        raise Refused(f"field instances is {kind(instances)}; it takes a list of objects with input and output")
    first, where = instances[0], "instances[0]."
    output = None if first.get("output") is None else text_of(first, "output", empty=True, where=where)
    turn = _with_input(instruction, optional(first, "input", where), output)
    return replace(turn, others=len(instances) - 1)


def _prompt(row: dict[str, Any]) -> Turn:
    if row.get("instruction") is not None:
        return _with_input(
            text_of(row, "instruction"), "" if is_chat(row.get("input")) else optional(row, "input"), None
        )
    return Turn(text_of(row, first_of(row, (*PROMPTS, "text", "Instruction"))), None)


def _guanaco(row: dict[str, Any]) -> Turn:
    marked = _MARK.split(text_of(row, "text"))
    said = [text.strip() for text in marked[2::2]]
    if marked[1::2][:2] not in (["Human"], ["Human", "Assistant"]) or not said[0]:
        raise Refused(
            "field text does not open with ### Human: and then ### Assistant:, each with a text; it takes those"
        )
    return Turn(said[0], said[1] if len(said) > 1 else None, later=max(0, len(said) - 2))


def _several(row: dict[str, Any]) -> Turn:
    """The best of several answers by their scores, the first of equal ones."""
    name = first_of(row, SEVERAL)
    answers: list[Any] = [one if isinstance(one, dict) else {"text": one} for one in row[name]]
    if not answers:
        raise Refused(f"field {name} is an empty list; it takes an answer")
    beside: list[Any] = next((row[one] for one in _SCORES if isinstance(row.get(one), list)), [])
    if len(beside) != len(answers):
        beside = [one.get(first_of(one, _SCORE)) for one in answers]
    scores = [one for one in beside if isinstance(one, int | float) and not isinstance(one, bool) and one == one]
    if len(answers) > 1 and len(scores) < len(answers):
        told = f"field {name} has {len(answers)} answers, and {len(scores)} of them a score"
        raise Refused(f"{told}; the best is taken, by a number for each")
    best = max(range(len(answers)), key=lambda i: scores[i]) if scores else 0
    key = first_of(answers[best], _ANSWER)
    output = text_of(answers[best], key, empty=True, where=f"{name}[{best}].")
    system = optional(answers[best], first_of(answers[best], (*SYSTEMS, "custom_system_prompt")), f"{name}[{best}].")
    return replace(_prompt(row), output=output, system=system, others=len(answers) - 1)


def _transcript(row: dict[str, Any]) -> Turn:
    *earlier, (_, instruction), (_, output) = ended(text_of(row, "chosen"))
    return Turn(instruction, output, earlier=tuple(earlier))


_PARSERS: dict[Layout, Callable[[dict[str, Any]], Turn]] = {
    Layout.ALPACA: _alpaca,
    Layout.ALPACA_EVAL: _alpaca,
    Layout.DOLLY: _dolly,
    Layout.MESSAGES: chat,
    Layout.SHAREGPT: chat,
    Layout.LIMA: chat,
    Layout.SEVERAL: _several,
    Layout.PAIR: _pair,
    Layout.SELF_INSTRUCT: _self_instruct,
    Layout.GUANACO: _guanaco,
    Layout.TRANSCRIPT: _transcript,
    Layout.VICUNA: _prompt,
    Layout.KOALA: _prompt,
    Layout.WIZARDLM: _prompt,
    Layout.PROMPTS: _prompt,
}
