"""Chats: lists of turns under `messages` and the like, conversations that a preference or a completion ends, and
transcripts, one text in which "Human:" and "Assistant:" open the turns, as HH-RLHF and BELLE write them."""

from __future__ import annotations

import re
from typing import Any

from humpback.readers.json_values import json_kind
from humpback.readers.row_content import RefusedRow, RowContent, Turns, field_text, first_of, is_empty
from humpback.readers.training_flags import objection, withheld

CHATS = ("messages", "conversation", "conversations", "dialogue", "dialog")
SYSTEMS = ("system", "system_prompt", "system_message", "system_instruction")
_OPENINGS = ("prompt", "input", "inputs")
"""Fields of pairs that can hold a chat up to its answer."""
_ANSWERS = ("completion", "chosen", "response", "answer", "output")
"""What ends a chat that stops at the user's turn."""
_ROLE_FIELDS, _TEXT_FIELDS = ("role", "from", "speaker"), ("content", "value", "text")
_CALLS = ("tool_calls", "function_call", "tool_call")
_ROLES = {
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "chatbot", "ai"),
    "system": ("system", "developer"),
    "tool": (
        "tool",
        "function",
        "function_call",
        "observation",
        "ipython",
        "function_response",
        "tool_call",
        "tool_response",
    ),
}
_ROLE = {spelling: role for role, spellings in _ROLES.items() for spelling in spellings}
_ROUNDS = (
    *(("user", "assistant"), ("human", "assistant"), ("prompt", "response"), ("question", "answer")),
    *(("instruction", "output"), ("query", "response"), ("input", "output"), ("q", "a")),
)
"""Names of a round's two texts, where a chat or a history lists rounds."""
_MARK = re.compile(r"(?:\A|\n+)(Human|Assistant):[ ]?")


def is_chat(value: Any) -> bool:
    """Whether a field holds turns as objects."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def chat_fields(row: dict[str, Any]) -> list[str]:
    """The fields that hold a row's chat, the one that is read first."""
    found = [name for name in CHATS if row.get(name) is not None]
    if opening := [name for name in _OPENINGS if is_chat(row.get(name))]:
        return [*found, *opening]
    if is_chat(row.get("chosen")) and not (found and _answer(row, row[found[0]])):
        found.append("chosen")
    return found


def fields_read(row: dict[str, Any]) -> frozenset[str]:
    """The fields that `chat` reads."""
    _, _, answer = _chat_and_answer(row)
    return frozenset((*chat_fields(row), "prompt", *([first_of(row, _ANSWERS)] if answer else [])))


def chat(row: dict[str, Any]) -> RowContent:
    """A chat's opening pair; where a preference or a completion ends it, the last one, for that is what was rated.

    Raises:
        RefusedRow: naming the turn, what was found and what would do.
    """
    name, turns, answer = _chat_and_answer(row)
    if not turns:
        raise RefusedRow(f"field {name} is {json_kind(row.get(name))}; it takes a list of turns")
    if answer or name == "chosen" or name in _OPENINGS:
        return _last_pair(name, [*turns, *answer])
    return _first_pair(name, turns, row.get("prompt"))


def turns_of(name: str, listed: list[Any]) -> tuple[str, Turns]:
    """A system message and the turns below it, user and assistant in turn.

    Raises:
        RefusedRow: naming the turn, what was found and what would do.
    """
    turns = as_turns(listed)
    said = [_turn(name, turns, i) for i in range(len(turns))]
    start = int(bool(said) and said[0][0] == "system")
    for i, (role, _) in enumerate(said[start:]):
        wanted = ("user", "assistant")[i % 2]
        if role != wanted:
            where = f"{name}[{i + start}]"
            raise RefusedRow(f"field {where} is a turn of the {role}; it takes one of the {wanted} there")
    return said[0][1] if start else "", tuple(said[start:])


def as_turns(listed: list[Any]) -> list[Any]:
    """A chat's list with its rounds, lists or objects of a text and its answer, taken apart into turns."""
    turns: list[Any] = []
    for one in listed:
        told = one if isinstance(one, dict) and not any(name in one for name in _ROLE_FIELDS) else {}
        keys = next((keys for keys in _ROUNDS if set(keys) <= set(told)), None)
        if keys is None:
            turns += one if isinstance(one, list) else [one]
            continue
        system = told.get(first_of(told, SYSTEMS))
        turns += [] if is_empty(system) else [{"role": "system", "content": system}]
        rest = {name: value for name, value in told.items() if name not in (*keys, *SYSTEMS)}
        turns.append({"role": "user", "content": told[keys[0]]})
        turns.append({**rest, "role": "assistant", "content": told[keys[1]]})
    return turns


def open_transcript(text: str) -> Turns:
    """The turns of a text that ends where the assistant is to speak, the user's last; empty where it is none."""
    said = _transcript(text)
    return said[:-1] if said and said[-1] == ("assistant", "") else ()


def ended_transcript(text: Any) -> Turns:
    """The turns of a text that ends with the assistant's words; empty where it is none."""
    said = _transcript(text) if isinstance(text, str) else ()
    return said if said and said[-1][0] == "assistant" else ()


def _transcript(text: str) -> Turns:
    before, *marked = _MARK.split(text.strip())
    in_turn = all(role == ("Human", "Assistant")[i % 2] for i, role in enumerate(marked[::2]))
    said = tuple((("user", "assistant")[i % 2], words.strip()) for i, words in enumerate(marked[1::2]))
    return () if before or not in_turn or len(said) < 2 or not all(words for _, words in said[:-1]) else said


def _chat_and_answer(row: dict[str, Any]) -> tuple[str, list[Any], list[Any]]:
    """The field that is read, its turns, and the answer to them from beside it."""
    name = first_of(row, (*chat_fields(row), *CHATS))
    listed = row.get(name)
    turns = as_turns(listed) if isinstance(listed, list) else []
    return name, turns, _answer(row, turns)


def _answer(row: dict[str, Any], turns: Any) -> list[Any]:
    """The answer that stands in a field of its own, where the chat stops at the user's turn; else empty."""
    last = turns[-1] if isinstance(turns, list) and turns else None
    answer = row.get(first_of(row, _ANSWERS))
    if _role_of(last) != "user" or answer is None:
        return []
    if isinstance(answer, list):
        return answer if answer and _role_of(answer[0]) == "assistant" else []
    return [answer if isinstance(answer, dict) else {"role": "assistant", "content": answer}]


def _role_of(turn: Any) -> str:
    return _ROLE.get(str(turn.get(first_of(turn, _ROLE_FIELDS))).lower(), "") if isinstance(turn, dict) else ""


def _first_pair(name: str, turns: list[Any], prompt: Any) -> RowContent:
    # Only the opening is read, so that later turns of kinds that are not known here cost nothing.
    start = int(_turn(name, turns, 0)[0] == "system")
    opening = turns[: start + 2]
    system, said = turns_of(name, opening)
    if not said:
        raise RefusedRow(f"field {name} holds a system message alone; it takes a user's turn")
    instruction, output = said[0][1], said[1][1] if said[1:] else None
    if not instruction.strip():
        raise RefusedRow(f"field {name}[{start}] is empty; it takes the user's text")
    if isinstance(prompt, str) and prompt.strip() != instruction.strip():
        raise RefusedRow(f"fields prompt and {name}[{start}] differ; it takes one of them, or the same text in both")
    return RowContent(
        instruction,
        output,
        system,
        later=len(turns) - len(opening),
        withheld="" if output is None else _withheld(name, turns, start + 1),
        aside=_aside(name, opening),
    )


def _last_pair(name: str, turns: list[Any]) -> RowContent:
    """The last pair of a chat, with what was said before."""
    system, said = turns_of(name, turns)
    output = said[-1][1] if said and said[-1][0] == "assistant" else None
    *earlier, (_, instruction) = (said if output is None else said[:-1]) or (("", ""),)
    if not instruction.strip():
        raise RefusedRow(f"field {name} holds no text of a user's; it takes one before the answer")
    held = "" if output is None else _withheld(name, turns, len(turns) - 1)
    return RowContent(instruction, output, system, earlier=tuple(earlier), withheld=held, aside=_aside(name, turns))


def _withheld(name: str, turns: list[Any], i: int) -> str:
    return withheld(turns[i], f"{name}[{i}].") if isinstance(turns[i], dict) else ""


def _aside(name: str, turns: list[Any]) -> tuple[str, ...]:
    """The fields of the turns that say something and were neither read nor acted on."""
    found: dict[str, None] = {}
    for turn in turns:
        if isinstance(turn, dict):
            known = {first_of(turn, _ROLE_FIELDS), *_TEXT_FIELDS}
            told = [one for one, value in turn.items() if one not in known and not is_empty(value)]
            found |= {f"{name}[].{one}": None for one in told if objection(one, turn[one]) is None}
    return tuple(found)


def _turn(name: str, turns: list[Any], i: int) -> tuple[str, str]:
    """A turn's role and text.

    Raises:
        RefusedRow: naming the turn, what was found and what would do.
    """
    where, turn = f"{name}[{i}]", turns[i]
    if isinstance(turn, str) and isinstance(turns[0], str):
        return ("user", "assistant")[i % 2], turn
    if not isinstance(turn, dict) or isinstance(turns[0], str):
        raise RefusedRow(
            f"field {where} is {json_kind(turn)}; turns are all texts, or all objects with role and content"
        )
    role = first_of(turn, _ROLE_FIELDS)
    content = "value" if role == "from" and "value" in turn else first_of(turn, _TEXT_FIELDS)
    spelled = field_text(turn, role, where=f"{where}.").strip().lower()
    if spelled not in _ROLE:
        taken = ", ".join((*_ROLES["user"], *_ROLES["assistant"], "system"))
        raise RefusedRow(f"field {where}.{role} is {spelled[:40]!r}; it takes one of {taken}")
    calls = next((one for one in _CALLS if turn.get(one)), "")
    if calls or _ROLE[spelled] == "tool":
        raise RefusedRow(f"field {where}{'.' + calls if calls else ''} is a tool's call or reply; it takes text alone")
    return _ROLE[spelled], _joined(turn, content, where)


def _joined(turn: dict[str, Any], content: str, where: str) -> str:
    """A turn's text; its parts joined where it has several.

    Raises:
        RefusedRow: for a part that is no text.
    """
    parts = turn.get(content)
    if not isinstance(parts, list):
        return field_text(turn, content, empty=True, where=f"{where}.")
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            told = str(part.get("type", "an object") if isinstance(part, dict) else json_kind(part))[:40]
            raise RefusedRow(f"field {where}.{content} holds a part that is no text ({told}); it takes text alone")
    return "\n\n".join(part["text"] for part in parts)
