"""Fields of instruction data called and held as the layouts have them, however a file spells or stores them."""

from __future__ import annotations

import json
from typing import Any

from humpback.readers.chats import CHATS
from humpback.readers.layouts import PROMPTS, RESPONSES, SEVERAL
from humpback.readers.row_content import spelling

_KNOWN = frozenset((*PROMPTS, *RESPONSES, *SEVERAL, *CHATS, "text", "context", "instances"))
_WIZARDLM = {"Instruction", "Skill", "Difficulty"}
"""A layout of its own, which is told by its capitals."""


def with_known_names(row: dict[str, Any]) -> dict[str, Any]:
    """The row with "Prompt" as "prompt" where no other field is called so; text that is stored as bytes, and chats that
    stand as their JSON, decoded."""
    called = {} if set(row) >= _WIZARDLM else {name: spelling(name) for name in row}
    return {
        (new if (new := called.get(name, name)) in _KNOWN and new not in row else name): _decoded(name, value)
        for name, value in row.items()
    }


def _decoded(name: str, value: Any) -> Any:
    try:
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, str) and spelling(name) in CHATS and value.lstrip().startswith("["):
            return json.loads(value)
    except (ValueError, RecursionError):
        pass
    return value
