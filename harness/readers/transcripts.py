"""Conversations as one text, in which "Human:" and "Assistant:" open the turns, as HH-RLHF and BELLE write them."""

from __future__ import annotations

import re
from typing import Any

_MARK = re.compile(r"(?:\A|\n+)(Human|Assistant):[ ]?")
Said = tuple[tuple[str, str], ...]
"""(role, text), "user" and "assistant" in turn."""


def opened(text: str) -> Said:
    """The turns of a text that ends where the assistant is to speak, the user's last; empty where it is none."""
    said = _turns(text)
    return said[:-1] if said and said[-1] == ("assistant", "") and all(text for _, text in said[:-1]) else ()


def ended(text: Any) -> Said:
    """The turns of a text that ends with the assistant's words; empty where it is none."""
    said = _turns(text) if isinstance(text, str) else ()
    return said if said and said[-1][0] == "assistant" and all(text for _, text in said[:-1]) else ()


def _turns(text: str) -> Said:
    before, *marked = _MARK.split(text.strip())
    in_turn = all(role == ("Human", "Assistant")[i % 2] for i, role in enumerate(marked[::2]))
    if before or not in_turn or len(marked) < 4:
        return ()
    return tuple((("user", "assistant")[i % 2], words.strip()) for i, words in enumerate(marked[1::2]))
