"""A page that is plain text: one section, whose header is the first line where that is short."""

from __future__ import annotations

import re

from humpback.segmenter.sections import Section
from humpback.segmenter.text import Block, clean

HEADER = 100
"""Characters up to which a first line can be a header."""
WHOLE = 7
"""The level of a text without a header, which the rules on headers do not apply to."""
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")


def section_of(text: str) -> list[Section]:
    """The text's only section; none of an empty text. Line breaks inside a paragraph stay."""
    text = clean(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not text:
        return []
    first, _, rest = text.partition("\n")
    has_header = len(first) <= HEADER and bool(rest.strip())
    section = Section(first.strip(), WHOLE - 1) if has_header else Section("", WHOLE)
    body = (rest if has_header else text).strip("\n")
    for paragraph in _PARAGRAPHS.split(body):
        lines = "\n".join(line.rstrip() for line in paragraph.split("\n")).strip("\n")
        if lines.strip():
            section.parts.append(Block(lines))
    return [section]
