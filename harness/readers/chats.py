"""Chats: lists of turns under `messages` and the like, and conversations that a preference or a completion ends."""

from __future__ import annotations

from typing import Any

from humpback.readers.flags import acted_on, withheld
from humpback.readers.turns import Refused, Turn, first_of, is_empty, text_of
from humpback.readers.values import kind

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
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot"),
    "system": ("system", "developer"),
    "tool": ("tool", "function", "function_call", "observation", "ipython", "function_response"),
}
_ROLE = {spelling: role for role, spellings in _ROLES.items() for spelling in spellings}
_ROUNDS = (("user", "assistant"), ("human", "assistant"), ("prompt", "response"), ("question", "answer"))
_MORE_ROUNDS = (("instruction", "output"), ("query", "response"), ("input", "output"), ("q", "a"))
"""Names of a round's two texts, where a chat or a history lists rounds."""
_TAKEN = ("user", "human", "prompter", "assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "system")


def is_chat(value: Any) -> bool:
    """Whether a field holds turns as objects."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def chat_fields(row: dict[str, Any], *, alike: bool = False) -> list[str]:
    """The fields that hold a row's chat: of those that hold the same one the first, unless all that are `alike` are
    asked for."""
    found = [name for name in CHATS if row.get(name) is not None]
    if opening := [name for name in _OPENINGS if is_chat(row.get(name))]:
        return [*found, *opening]
    if is_chat(row.get("chosen")) and not (found and _end_of(row, row[found[0]])):
        found.append("chosen")
    if alike:
        return found
    return [name for i, name in enumerate(found) if row[name] not in [row[one] for one in found[:i]]]


def as_turns(given: list[Any]) -> list[Any]:
    """A chat's list with its rounds, lists or objects of a text and its answer, taken apart into turns."""
    turns: list[Any] = []
    for one in given:
        told = one if isinstance(one, dict) and not any(name in one for name in _ROLE_FIELDS) else {}
        keys = next((keys for keys in (*_ROUNDS, *_MORE_ROUNDS) if set(keys) <= set(told)), None)
        if keys is None:
            turns += one if isinstance(one, list) else [one]
            continue
        system = first_of(told, SYSTEMS)
        if not is_empty(told.get(system)):
            turns.append({"role": "system", "content": told[system]})
        rest = {name: value for name, value in told.items() if name not in (*keys, *SYSTEMS)}
        turns.append({"role": "user", "content": told[keys[0]]})
        turns.append({**rest, "role": "assistant", "content": told[keys[1]]})
    return turns


def _end_of(row: dict[str, Any], given: Any) -> list[Any]:
    """The answer that stands in a field of its own, where the chat stops at the user's turn; else empty."""
    last = given[-1] if isinstance(given, list) and given else None
    if not isinstance(last, dict) or str(last.get(first_of(last, _ROLE_FIELDS))).lower() not in _ROLES["user"]:
        return []
    end = row.get(first_of(row, _ANSWERS))
    if end is None:
        return []
    if isinstance(end, list):
        opens = first_of(end[0], _ROLE_FIELDS) if end and isinstance(end[0], dict) else ""
        return end if opens and str(end[0].get(opens)).lower() in _ROLES["assistant"] else []
    return [end if isinstance(end, dict) else {"role": "assistant", "content": end}]


def answer_fields(row: dict[str, Any]) -> tuple[str, ...]:
    """The field that answers a chat from beside it, where one does."""
    given = row.get(first_of(row, (*chat_fields(row), *CHATS)))
    return (first_of(row, _ANSWERS),) if isinstance(given, list) and _end_of(row, as_turns(given)) else ()


def chat(row: dict[str, Any]) -> Turn:
    """A chat's opening pair; where a preference or a completion ends it, the last one, for that is what was rated.

    Raises:
        Refused: naming the turn, what was found and what would do.
    """
    name = first_of(row, (*chat_fields(row), *CHATS))
    given = row.get(name)
    if not isinstance(given, list) or not given:
        raise Refused(f"field {name} is {kind(given)}; it takes a list of turns")
    given = as_turns(given)
    end = _end_of(row, given)
    if end or name == "chosen" or name in _OPENINGS:
        return _ending(name, [*given, *end])
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
        aside=_unread(name, given[: start + 2]),
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


def _unread(name: str, turns: list[Any]) -> tuple[str, ...]:
    """The fields of the turns that say something and were neither read nor acted on."""
    found: dict[str, None] = {}
    for turn in turns:
        if isinstance(turn, dict):
            known = {first_of(turn, _ROLE_FIELDS), *_TEXT_FIELDS}
            told = [one for one, value in turn.items() if one not in known and not is_empty(value)]
            found |= dict.fromkeys(f"{name}[].{one}" for one in told if not acted_on(one, turn[one]))
    return tuple(found)


def _ending(name: str, turns: list[Any]) -> Turn:
    """The last pair of a chat, with what was said before."""
    system, said = turns_of(name, turns)
    output = said.pop()[1] if said and said[-1][0] == "assistant" else None
    if not said or not said[-1][1].strip():
        raise Refused(f"field {name} holds no text of a user's; it takes one before the answer")
    last = turns[-1]
    held = withheld(last, f"{name}[{len(turns) - 1}].") if output is not None and isinstance(last, dict) else ""
    return Turn(said[-1][1], output, system, earlier=tuple(said[:-1]), withheld=held, aside=_unread(name, turns))


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
