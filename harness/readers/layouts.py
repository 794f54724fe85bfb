"""The layouts of instruction data, and how a row of each becomes an instruction and an output.

A closed list: a layout is recognised by the fields that only it has, and a row that fits two is refused, because
guessing which of two texts was meant would change the data without anybody knowing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from harness.readers.values import kind


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
    SELF_INSTRUCT = "Self-Instruct"
    """instruction and instances, each with input and output"""
    GUANACO = "Guanaco"
    """text, in which ### Human: and ### Assistant: open the turns"""
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
CHATS = ("messages", "conversation", "conversations")
_MARK = re.compile(r"### (Human|Assistant):")
_ROLES = {
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot"),
    "system": ("system",),
}
_ROLE = {spelling: role for role, spellings in _ROLES.items() for spelling in spellings}


@dataclass(frozen=True)
class Turn:
    """What a row says: an instruction, and perhaps an output."""

    instruction: str
    output: str | None
    """None where the row has no place for one; empty where it has one that is empty."""
    system: str = ""
    input: str = ""
    """Alpaca's `input` or Dolly's `context`, which already stands below the instruction."""
    later: int = 0
    """Turns of the chat after the first pair, which are dropped."""


class Refused(ValueError):
    """A row that cannot be used; the message names the field, what was found and what would do."""


def fitting(row: dict[str, Any]) -> tuple[Layout, ...]:
    """The layouts that a row fits, by the names of its fields. Null counts as absent."""
    has = {name for name, value in row.items() if value is not None}
    found = []
    chats = [name for name in CHATS if name in has]
    for name in chats:
        first = row[name][0] if isinstance(row[name], list) and row[name] else None
        found.append(
            Layout.LIMA
            if isinstance(first, str)
            else Layout.SHAREGPT
            if isinstance(first, dict) and "from" in first
            else Layout.MESSAGES
        )
    instruction, output = "instruction" in has, "output" in has
    responses = [name for name in RESPONSES if name in has]
    prompts = [name for name in PROMPTS if name in has]
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
    if not found and not prompts and isinstance(row.get("text"), str) and _MARK.match(row["text"]):
        found.append(Layout.GUANACO)
    elif not found and "Instruction" in has:
        found.append(Layout.WIZARDLM)
    elif not found and "text" in has and has & {"question_id", "category"} and not prompts:
        found.append(Layout.VICUNA)
    elif not found and has == {"id", "prompt"}:
        found.append(Layout.KOALA)
    elif not found and not responses:
        found += [Layout.PROMPTS] * (len([n for n in prompts if n != "input" or not instruction]) + ("text" in has))
    return tuple(found)


def parse(layout: Layout, row: dict[str, Any]) -> Turn:
    """What a row of a layout says.

    Raises:
        Refused: naming the field, what was found and what would do.
    """
    return _PARSERS[layout](row)


def _text(row: dict[str, Any], name: str, *, empty: bool = False, where: str = "") -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise Refused(f"field {where}{name} is {kind(value) if name in row else 'missing'}; it takes text")
    if not empty and not value.strip():
        raise Refused(f"field {where}{name} is {'blank' if value else 'empty'}; it takes text")
    return value


def _optional(row: dict[str, Any], name: str, where: str = "") -> str:
    return "" if row.get(name) is None else _text(row, name, empty=True, where=where)


def _with_input(instruction: str, given: str, output: str | None) -> Turn:
    if not given.strip():
        return Turn(instruction, output)
    return Turn(f"{instruction}\n\n{given}", output, input=given)


def _alpaca(row: dict[str, Any]) -> Turn:
    turn = _with_input(_text(row, "instruction"), _optional(row, "input"), _text(row, "output", empty=True))
    return replace(turn, system=_optional(row, "system"))


def _dolly(row: dict[str, Any]) -> Turn:
    return _with_input(_text(row, "instruction"), _optional(row, "context"), _text(row, "response", empty=True))


def _pair(row: dict[str, Any]) -> Turn:
    return Turn(_text(row, _first(row, PROMPTS)), _text(row, _first(row, RESPONSES), empty=True))


def _self_instruct(row: dict[str, Any]) -> Turn:
    instruction, instances = _text(row, "instruction"), row.get("instances")
    if not isinstance(instances, list) or not instances or not isinstance(instances[0], dict):
        raise Refused(f"field instances is {kind(instances)}; it takes a list of objects with input and output")
    first, where = instances[0], "instances[0]."
    output = None if first.get("output") is None else _text(first, "output", empty=True, where=where)
    return _with_input(instruction, _optional(first, "input", where), output)


def _prompt(row: dict[str, Any]) -> Turn:
    if row.get("instruction") is not None:
        return _with_input(_text(row, "instruction"), _optional(row, "input"), None)
    return Turn(_text(row, _first(row, (*PROMPTS, "text", "Instruction"))), None)


def _guanaco(row: dict[str, Any]) -> Turn:
    marked = _MARK.split(_text(row, "text"))
    said = [text.strip() for text in marked[2::2]]
    if marked[1::2][:2] not in (["Human"], ["Human", "Assistant"]) or not said[0]:
        raise Refused(
            "field text does not open with ### Human: and then ### Assistant:, each with a text; it takes those"
        )
    return Turn(said[0], said[1] if len(said) > 1 else None, later=max(0, len(said) - 2))


def _first(row: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of the fields that is there, and the first of all where none is, for the error to name."""
    return next((name for name in names if row.get(name) is not None), names[0])


def _chat(row: dict[str, Any]) -> Turn:
    name = _first(row, CHATS)
    given = row.get(name)
    if not isinstance(given, list) or not given:
        raise Refused(f"field {name} is {kind(given)}; it takes a list of turns")
    role, system = _turn(name, given, 0)
    start = int(role == "system")
    if len(given) == start:
        raise Refused(f"field {name} holds a system message alone; it takes a user's turn")
    # Only the opening is read, so that later turns of kinds that are not known here cost nothing.
    said = []
    for i, wanted in enumerate(("user", "assistant")[: len(given) - start], start):
        role, text = _turn(name, given, i)
        if role != wanted:
            raise Refused(f"field {name}[{i}] is a turn of the {role}; it takes one of the {wanted} there")
        said.append(text)
    if not said[0].strip():
        raise Refused(f"field {name}[{start}] is empty; it takes the user's text")
    beside = row.get("prompt")
    if isinstance(beside, str) and beside.strip() != said[0].strip():
        raise Refused(f"fields prompt and {name}[{start}] differ; it takes one of them, or the same text in both")
    later = len(given) - start - len(said)
    return Turn(said[0], said[1] if len(said) > 1 else None, system if start else "", later=later)


def _turn(name: str, given: list[Any], i: int) -> tuple[str, str]:
    where, turn = f"{name}[{i}]", given[i]
    if isinstance(turn, str) and isinstance(given[0], str):
        return ("user", "assistant")[i % 2], turn
    if not isinstance(turn, dict) or isinstance(given[0], str):
        raise Refused(f"field {where} is {kind(turn)}; turns are all texts, or all objects with role and content")
    role, content = ("from", "value") if "from" in turn else ("role", "content")
    spelled = _text(turn, role, where=f"{where}.")
    if spelled.strip().lower() not in _ROLE:
        raise Refused(f"field {where}.{role} is {spelled[:40]!r}; it takes one of {', '.join(_ROLE)}")
    return _ROLE[spelled.strip().lower()], _text(turn, content, empty=True, where=f"{where}.")


_PARSERS: dict[Layout, Callable[[dict[str, Any]], Turn]] = {
    Layout.ALPACA: _alpaca,
    Layout.ALPACA_EVAL: _alpaca,
    Layout.DOLLY: _dolly,
    Layout.MESSAGES: _chat,
    Layout.SHAREGPT: _chat,
    Layout.LIMA: _chat,
    Layout.PAIR: _pair,
    Layout.SELF_INSTRUCT: _self_instruct,
    Layout.GUANACO: _guanaco,
    Layout.VICUNA: _prompt,
    Layout.KOALA: _prompt,
    Layout.WIZARDLM: _prompt,
    Layout.PROMPTS: _prompt,
}
