"""What stands beside a pair and changes its meaning: read, joined, refused, or named as left aside.

The names are a closed list, in any case and with "-" for "_". A field that is not known here is never acted on and
never dropped in silence: its name goes to `origin`, and the stage counts it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from humpback.readers.chats import SYSTEMS, as_turns, turns_of
from humpback.readers.flags import acted_on, withheld
from humpback.readers.layouts import PROMPTS
from humpback.readers.turns import Refused, Turn, below, is_empty
from humpback.readers.values import kind

HISTORIES = ("history", "chat_history", "conversation_history", "dialogue_history")
CONTEXTS = ("context", "passage", "background")
DEFINITIONS = ("definition", "task_definition")
CHOICES = ("choices", "options", "answer_choices", "answer_options", "endings")
TOOLS = ("tools", "functions", "tool_calls", "function_call", "function_calls")
MEDIA = ("image", "images", "image_path", "image_url", "audio", "audios", "video", "videos")


def with_what_stands_beside(turn: Turn, row: dict[str, Any], used: Collection[str]) -> tuple[Turn, list[str]]:
    """The turn with its system sentence, earlier turns and context, and the names of the fields that were left aside.

    Raises:
        Refused: for a field that changes the meaning in a way that text alone cannot hold.
    """
    aside = list(turn.aside)
    for name, value in row.items():
        spelled = name.lower().replace("-", "_")
        if name in used or is_empty(value) or _is_said(turn, value):
            continue
        if spelled in SYSTEMS:
            turn = _with_system(turn, name, value)
        elif spelled in HISTORIES:
            turn = _with_history(turn, name, value)
        elif spelled in CONTEXTS:
            turn = _with_context(turn, name, value)
        elif spelled in DEFINITIONS:
            turn = replace(turn, instruction=f"{_text(name, value)}\n\n{turn.instruction}")
        elif spelled in CHOICES:
            _named_in(turn, name, value)
        elif spelled in PROMPTS and isinstance(value, str):
            _the_same(turn, name, value)
        elif spelled in TOOLS:
            raise Refused(f"field {name} offers tools; an answer that may call them is more than text")
        elif spelled in MEDIA:
            raise Refused(f"field {name} is {kind(value)}; a pair about a picture or a sound is more than text")
        elif not acted_on(name, value):
            aside.append(name)
    held = turn.withheld or withheld({name: value for name, value in row.items() if name not in used})
    return replace(turn, instruction=below(turn.earlier, turn.instruction), withheld=held), aside


def _is_said(turn: Turn, value: Any) -> bool:
    """Whether a field repeats what was read."""
    return isinstance(value, str) and value.strip() in (turn.instruction.strip(), (turn.output or "").strip())


def _named_in(turn: Turn, name: str, value: Any) -> None:
    """Nothing, where the question names all that it lets choose from.

    Raises:
        Refused: where it does not: the answer would be one of texts that nobody sees.
    """
    given = value.get("text") if isinstance(value, dict) else value
    for one in given if isinstance(given, list) else [given]:
        text = one.get("text") if isinstance(one, dict) else one
        if str(text).strip() not in turn.instruction:
            raise Refused(f"field {name} holds answers to choose from, and the question does not name them; add them")


def _the_same(turn: Turn, name: str, value: str) -> None:
    """Nothing, where another prompt of the row is part of the instruction, or holds it.

    Raises:
        Refused: where the two differ.
    """
    if value.strip() not in turn.instruction and turn.instruction.strip() not in value:
        raise Refused(f"field {name} and the row's instruction differ; it takes one of them, or the same text in both")


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
    system, said = turns_of(name, as_turns(value))
    if len(said) % 2:
        raise Refused(f"field {name} ends with a turn of the user; it takes the answer to it")
    turn = _with_system(turn, name, system) if system else turn
    return replace(turn, earlier=(*said, *turn.earlier))


def _with_context(turn: Turn, name: str, value: Any) -> Turn:
    text = _text(name, value)
    input_ = f"{turn.input}\n\n{text}" if turn.input else text
    return replace(turn, instruction=f"{turn.instruction}\n\n{text}", input=input_)


def _text(name: str, value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise Refused(f"field {name} is {kind(value)}; it takes text")
    return "\n\n".join(parts)
