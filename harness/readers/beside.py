"""What stands beside a pair and changes its meaning: read, joined, refused, or named as left aside.

The names are a closed list, in any case and with "-" for "_". A field that is not known here is never acted on and
never dropped in silence: its name goes to `origin`, and the stage counts it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from harness.readers.chats import turns_of
from harness.readers.flags import acted_on, withheld
from harness.readers.turns import Refused, Turn, below
from harness.readers.values import kind

SYSTEMS = ("system", "system_prompt", "system_message", "system_instruction")
HISTORIES = ("history", "chat_history", "conversation_history", "dialogue_history")
CONTEXTS = ("context", "passage", "background")
TOOLS = ("tools", "functions", "tool_calls", "function_call", "function_calls")
MEDIA = ("image", "images", "image_path", "image_url", "audio", "audios", "video", "videos")
_PAIRS = (("user", "assistant"), ("human", "assistant"), ("prompt", "response"), ("question", "answer"))
_MORE_PAIRS = (("instruction", "output"), ("query", "response"), ("q", "a"))


def with_what_stands_beside(turn: Turn, row: dict[str, Any], used: Collection[str]) -> tuple[Turn, list[str]]:
    """The turn with its system sentence, earlier turns and context, and the names of the fields that were left aside.

    Raises:
        Refused: for a field that changes the meaning in a way that text alone cannot hold.
    """
    aside = []
    for name, value in row.items():
        spelled = name.lower().replace("-", "_")
        if name in used or _empty(value):
            continue
        if spelled in SYSTEMS:
            turn = _with_system(turn, name, value)
        elif spelled in HISTORIES:
            turn = _with_history(turn, name, value)
        elif spelled in CONTEXTS:
            turn = _with_context(turn, name, value)
        elif spelled in TOOLS:
            raise Refused(f"field {name} offers tools; an answer that may call them is more than text")
        elif spelled in MEDIA:
            raise Refused(f"field {name} is {kind(value)}; a pair about a picture or a sound is more than text")
        elif not acted_on(name, value):
            aside.append(name)
    held = turn.withheld or withheld({name: value for name, value in row.items() if name not in used})
    return replace(turn, instruction=below(turn.earlier, turn.instruction), withheld=held), aside


def _empty(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("", "[]", "{}", "null", "none")
    return value is None or value == [] or value == {}


def _with_system(turn: Turn, name: str, value: Any) -> Turn:
    if not isinstance(value, str):
        raise Refused(f"field {name} is {kind(value)}; it takes text")
    if turn.system.strip() not in ("", value.strip()):
        raise Refused(f"field {name} and another system sentence differ; it takes one of them")
    return replace(turn, system=value)


def _with_history(turn: Turn, name: str, value: Any) -> Turn:
    if isinstance(value, str):
        return replace(turn, instruction=f"{value.strip()}\n\n{turn.instruction}")
    if not isinstance(value, list):
        raise Refused(f"field {name} is {kind(value)}; it takes a list of turns, or of pairs of them")
    turns: list[Any] = []
    for one in value:
        keys = next((keys for keys in (*_PAIRS, *_MORE_PAIRS) if isinstance(one, dict) and set(keys) <= set(one)), None)
        turns += one if isinstance(one, list) else [one[key] for key in keys] if keys else [one]
    system, said = turns_of(name, turns)
    if len(said) % 2:
        raise Refused(f"field {name} ends with a turn of the user; it takes the answer to it")
    turn = _with_system(turn, name, system) if system else turn
    return replace(turn, earlier=(*said, *turn.earlier))


def _with_context(turn: Turn, name: str, value: Any) -> Turn:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise Refused(f"field {name} is {kind(value)}; it takes text")
    text = "\n\n".join(parts)
    input_ = f"{turn.input}\n\n{text}" if turn.input else text
    return replace(turn, instruction=f"{turn.instruction}\n\n{text}", input=input_)
