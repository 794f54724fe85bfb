"""Texts of models, servers and strangers' files, fit for a terminal and for a table.

An answer or a file's name may hold escape sequences that recolour, retitle or clear a terminal, and direction marks
that reorder the line they stand in. Whatever acts on a terminal, or hides, is shown as its escape, so that it is seen
and does nothing. The escapes are JSON's, so that JSON stays what it was.
"""

from __future__ import annotations

import re

_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but tab and newline
    "\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # hidden, directions, separators
    "\ud800-\udfff"  # halves of characters: how Python spells the bytes of a file's name that are no UTF-8
    "\U000e0001\U000e0020-\U000e007f]"  # tags, which spell out hidden text
)


def printable(text: str) -> str:
    """The text with all that acts on a terminal, or hides in it, as its escape; tabs and newlines stay."""
    return text if text.isascii() and text.isprintable() else _ACTS.sub(_escaped, text)


def one_line(text: str, longest: int | None = None) -> str:
    """The text with runs of white space as one space, and `printable`; "..." where it was cut."""
    if longest is not None and len(text) > (enough := 4 * longest):
        text = text[:enough] + " ..."  # a prompt of megabytes is not walked through for a line of it
    told = printable(" ".join(text.split()))
    return told if longest is None or len(told) <= longest else f"{told[: longest - 3]}..."


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD800 + ((code - 0x10000) >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
