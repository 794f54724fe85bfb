"""Which prompt a row is about, by the columns in which published layouts keep it."""

from __future__ import annotations

from typing import Any

TEXTS = (
    "instruction",
    "instructions",
    "prompt",
    "question",
    "query",
    "request",
    "text",
    "input_text",
    "user_input",
    "messages",
    "conversations",
    "conversation",
    "conversation_a",
    "turns",
    "input",
    "inputs",
)
"""Columns of a prompt, whatever their case; the first that is there."""
IDS = ("question_id", "prompt_id", "id", "idx")
"""Columns that name a prompt."""
_USER = ("user", "human", "prompter")


def text_of(value: dict[str, Any]) -> str | None:
    """The prompt's text with its input below it, or None where no column has one."""
    there = {name.lower().replace(" ", "_"): found for name, found in value.items()}
    column = next((name for name in TEXTS if _text(there.get(name), name)), None)
    if column is None:
        return None
    prompt = _text(there[column], column)
    if column not in ("input", "inputs") and (more := _input(there)):
        return f"{prompt}\n\n{more}"
    return prompt


def id_of(value: dict[str, Any]) -> str:
    """What names the prompt; empty where nothing does."""
    there = {name.lower(): found for name, found in value.items()}
    found = next((there[name] for name in IDS if there.get(name) not in (None, "")), "")
    return str(found) if isinstance(found, str | int | float) else ""


def _input(there: dict[str, Any]) -> str:
    """The input beside an instruction, or Self-Instruct's first instance's."""
    given, instances = there.get("input"), there.get("instances")
    if not given and isinstance(instances, list) and instances and isinstance(instances[0], dict):
        given = instances[0].get("input")
    return given if isinstance(given, str) else ""


def _text(found: Any, column: str) -> str:
    """The text of a column; of a conversation, what its user says."""
    if isinstance(found, str):
        return found if found.strip() else ""
    if not isinstance(found, list) or not found:
        return ""
    if all(isinstance(one, str) for one in found):
        # Turns are the user's alone; a conversation of plain texts goes to and fro.
        said = found if column == "turns" else found[::2]
    else:
        said = [
            str(one.get("content") or one.get("value") or one.get("text") or "")
            for one in found
            if isinstance(one, dict) and one.get("role", one.get("from")) in _USER
        ]
    return "\n\n".join(said).strip()
