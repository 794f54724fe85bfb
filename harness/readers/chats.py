"""Chats: lists of turns under `messages` and the like, and conversations that a preference or a completion ends."""

from __future__ import annotations

from typing import Any

from harness.readers.flags import withheld
from harness.readers.turns import Refused, Turn, first_of, text_of
from harness.readers.values import kind

CHATS = ("messages", "conversation", "conversations", "dialogue", "dialog")
_ANSWERS = ("completion", "chosen", "response", "answer", "output")
"""What ends a chat whose beginning stands under `prompt`."""
_ROLE_FIELDS, _TEXT_FIELDS = ("role", "from", "speaker"), ("content", "value", "text")
_CALLS = ("tool_calls", "function_call", "tool_call")
_ROLES = {
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot"),
    "system": ("system", "developer"),
    "tool": ("tool", "function", "function_call", "observation", "ipython", "function_response"),
}
_ROLE = {spelling: role for role, spellings in _ROLES.items() for spelling in spellings}
_TAKEN = ("user", "human", "prompter", "assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "system")


def is_chat(value: Any) -> bool:
    """Whether a field holds turns as objects."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def chat_fields(row: dict[str, Any], *, alike: bool = False) -> list[str]:
    """The fields that hold a row's chat: of those that hold the same one the first, unless all that are `alike` are
    asked for."""
    found = [name for name in CHATS if row.get(name) is not None]
    if is_chat(row.get("prompt")):
        return [*found, "prompt"]
    found += ["chosen"] if is_chat(row.get("chosen")) else []
    if alike:
        return found
    return [name for i, name in enumerate(found) if row[name] not in [row[one] for one in found[:i]]]


def chat(row: dict[str, Any]) -> Turn:
    """A chat's opening pair; where a preference or a completion ends it, the last one, for that is what was rated.

    Raises:
        Refused: naming the turn, what was found and what would do.
    """
    name = first_of(row, (*chat_fields(row), *CHATS))
    given = row.get(name)
    if not isinstance(given, list) or not given:
        raise Refused(f"field {name} is {kind(given)}; it takes a list of turns")
    if name in ("prompt", "chosen"):
        return _ending(row, name, given)
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
    answer = given[start + 1] if len(said) > 1 else None
    return Turn(
        said[0],
        said[1] if len(said) > 1 else None,
        system if start else "",
        later=len(given) - start - len(said),
        withheld=withheld(answer, f"{name}[{start + 1}].") if isinstance(answer, dict) else "",
    )


def turns_of(name: str, given: list[Any]) -> tuple[str, list[tuple[str, str]]]:
    """A system message and the turns below it, user and assistant in turn.

    Raises:
        Refused: naming the turn, what was found and what would do.
    """
    said = [_turn(name, given, i) for i in range(len(given))]
    system = said.pop(0)[1] if said and said[0][0] == "system" else ""
    for i, (role, _) in enumerate(said):
        wanted = ("user", "assistant")[i % 2]
        if role != wanted:
            raise Refused(f"field {name}: turn {i + 1} is one of the {role}; it takes one of the {wanted} there")
    return system, said


def _ending(row: dict[str, Any], name: str, given: list[Any]) -> Turn:
    """The last pair of a chat, with what was said before."""
    turns = list(given)
    if name == "prompt" and any(row.get(one) is not None for one in _ANSWERS):
        end = row[first_of(row, _ANSWERS)]
        turns += end if isinstance(end, list) else [{"role": "assistant", "content": end}]
    system, said = turns_of(name, turns)
    output = said.pop()[1] if said and said[-1][0] == "assistant" else None
    if not said or not said[-1][1].strip():
        raise Refused(f"field {name} holds no text of a user's; it takes one before the answer")
    last = turns[-1]
    held = withheld(last, f"{name}[{len(turns) - 1}].") if output is not None and isinstance(last, dict) else ""
    return Turn(said[-1][1], output, system, earlier=tuple(said[:-1]), withheld=held)


def _turn(name: str, given: list[Any], i: int) -> tuple[str, str]:
    where, turn = f"{name}[{i}]", given[i]
    if isinstance(turn, str) and isinstance(given[0], str):
        return ("user", "assistant")[i % 2], turn
    if not isinstance(turn, dict) or isinstance(given[0], str):
        raise Refused(f"field {where} is {kind(turn)}; turns are all texts, or all objects with role and content")
    role = first_of(turn, _ROLE_FIELDS)
    content = "value" if role == "from" and "value" in turn else first_of(turn, _TEXT_FIELDS)
    spelled = text_of(turn, role, where=f"{where}.").strip().lower()
    if spelled not in _ROLE:
        raise Refused(f"field {where}.{role} is {spelled[:40]!r}; it takes one of {', '.join(_TAKEN)}")
    calls = next((one for one in _CALLS if turn.get(one)), "")
    if calls or _ROLE[spelled] == "tool":
        raise Refused(f"field {where}{'.' + calls if calls else ''} is a tool's call or reply; it takes text alone")
    return _ROLE[spelled], _joined(turn, content, where)


def _joined(turn: dict[str, Any], content: str, where: str) -> str:
    """A turn's text; its parts joined where it has several.

    Raises:
        Refused: for a part that is no text.
    """
    parts = turn.get(content)
    if not isinstance(parts, list):
        return text_of(turn, content, empty=True, where=f"{where}.")
    texts = []
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:
            told = part.get("type", "an object") if isinstance(part, dict) else kind(part)
            found = f"a part that is no text ({str(told)[:40]})"
            raise Refused(f"field {where}.{content} holds {found}; it takes text alone")
    return "\n\n".join(texts)
