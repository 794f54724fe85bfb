"""What stands beside a pair and changes its meaning: read, joined, refused, or named as left aside.

The names are a closed list, in any case and with "-" for "_". A field that is not known here is never acted on and
never dropped in silence: its name goes to `origin`, and the stage counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from humpback.readers.chats import SYSTEMS, turns_of
from humpback.readers.json_values import json_kind
from humpback.readers.layouts import PROMPTS
from humpback.readers.row_content import RefusedRow, RowContent, is_empty, spelling, with_earlier_turns
from humpback.readers.training_flags import objection, withheld


def with_side_fields(content: RowContent, row: dict[str, Any], read: Collection[str]) -> RowContent:
    """The content with its system sentence, earlier turns and context from the fields that were not `read` yet, and the
    names of those that were left aside.

    Raises:
        RefusedRow: for a field that changes the meaning in a way that text alone cannot hold.
    """
    beside = {name: value for name, value in row.items() if name not in read}
    aside = list(content.aside)
    for name, value in beside.items():
        if is_empty(value) or _is_said(content, value):
            continue
        change = _CHANGES.get(spelling(name))
        if change and not (change is _same_prompt and not isinstance(value, str)):
            content = change(content, name, value)
        elif objection(name, value) is None:
            aside.append(name)
    return replace(
        content,
        instruction=with_earlier_turns(content.earlier, content.instruction),
        withheld=content.withheld or withheld(beside),
        aside=tuple(aside),
    )


def _is_said(content: RowContent, value: Any) -> bool:
    """Whether a field repeats what was read."""
    return isinstance(value, str) and value.strip() in (content.instruction.strip(), (content.output or "").strip())


def _with_system(content: RowContent, name: str, value: Any) -> RowContent:
    if not isinstance(value, str):
        raise RefusedRow(f"field {name} is {json_kind(value)}; it takes text")
    if content.system.strip() not in ("", value.strip()):
        raise RefusedRow(f"field {name} and another system sentence differ; it takes one of them")
    return replace(content, system=value)


def _with_history(content: RowContent, name: str, value: Any) -> RowContent:
    if isinstance(value, str):
        return replace(content, instruction=f"{value.strip()}\n\n{content.instruction}")
    if not isinstance(value, list):
        raise RefusedRow(f"field {name} is {json_kind(value)}; it takes a list of turns, or of pairs of them")
    system, said = turns_of(name, value)
    if len(said) % 2:
        raise RefusedRow(f"field {name} ends with a turn of the user; it takes the answer to it")
    content = _with_system(content, name, system) if system else content
    return replace(content, earlier=(*said, *content.earlier))


def _with_context(content: RowContent, name: str, value: Any) -> RowContent:
    text = _text(name, value)
    input_ = f"{content.input}\n\n{text}" if content.input else text
    return replace(content, instruction=f"{content.instruction}\n\n{text}", input=input_)


def _with_definition(content: RowContent, name: str, value: Any) -> RowContent:
    return replace(content, instruction=f"{_text(name, value)}\n\n{content.instruction}")


def _named_choices(content: RowContent, name: str, value: Any) -> RowContent:
    """The content, where the question names all that it lets choose from: else the answer would be one of texts that
    nobody sees."""
    listed = value.get("text") if isinstance(value, dict) else value
    for one in listed if isinstance(listed, list) else [listed]:
        text = one.get("text") if isinstance(one, dict) else one
        if str(text).strip() not in content.instruction:
            raise RefusedRow(
                f"field {name} holds answers to choose from, and the question does not name them; add them"
            )
    return content


def _same_prompt(content: RowContent, name: str, value: Any) -> RowContent:
    """The content, where another prompt of the row is part of its instruction, or holds it."""
    if value.strip() not in content.instruction and content.instruction.strip() not in value:
        raise RefusedRow(
            f"field {name} and the row's instruction differ; it takes one of them, or the same text in both"
        )
    return content


def _no_tools(content: RowContent, name: str, value: Any) -> RowContent:
    raise RefusedRow(f"field {name} offers tools; an answer that may call them is more than text")


def _no_media(content: RowContent, name: str, value: Any) -> RowContent:
    raise RefusedRow(f"field {name} is {json_kind(value)}; a pair about a picture or a sound is more than text")


def _text(name: str, value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise RefusedRow(f"field {name} is {json_kind(value)}; it takes text")
    return "\n\n".join(parts)


_CHANGES: dict[str, Callable[[RowContent, str, Any], RowContent]] = {
    name: change
    for names, change in (
        (SYSTEMS, _with_system),
        (("history", "chat_history", "conversation_history", "dialogue_history"), _with_history),
        (("context", "passage", "background"), _with_context),
        (("definition", "task_definition"), _with_definition),
        (("choices", "options", "answer_choices", "answer_options", "endings"), _named_choices),
        (PROMPTS, _same_prompt),
        (("tools", "functions", "tool_calls", "function_call", "function_calls"), _no_tools),
        (("image", "images", "image_path", "image_url", "audio", "audios", "video", "videos"), _no_media),
    )
    for name in names
}
"""By field what it does to the content of its row."""
