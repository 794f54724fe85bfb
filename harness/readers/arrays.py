"""The elements of a JSON array, one at a time, and what lies between them when it is broken.

The text is decoded as it comes and what is used is dropped, so an array of any size takes the memory of its largest
element. After something that is no JSON the next object is looked for: inside a JSON string every quote is escaped, so
a comma or a line's end followed by `{ "` is the beginning of an object and never part of a text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from humpback.readers.streams import Text
from humpback.readers.values import Broken, Decoder

LONGEST = 1 << 28
"""Characters of a record. A longer one is left out, so that one bad file does not take the machine's memory."""
NEXT_OBJECT = re.compile(r'[,\n]\s{0,200}(?=\{\s{0,200}")')
_OVERLAP = 500
"""Characters looked at again when more text has come; longer than NEXT_OBJECT can match."""
_SCALAR = r'(?:"(?:[^"\\]|\\.)*+"|[-+.\w]+)'
_ABOUT = rf'"(?:type|version|name|description|license)"\s*:\s*{_SCALAR}'
WRAPPED = re.compile(rf'\s*\{{\s*(?:{_ABOUT}\s*,\s*)*"(?:data|instances|examples|rows|records)"\s*:\s*\[(?=\s*\{{)')
"""The beginning of an object whose only list is the array of rows."""
_WRAPPED_END = re.compile(rf"(?:\s*,\s*{_ABOUT})*\s*\}}\s*")


@dataclass(frozen=True)
class Element:
    """One element, or a stretch of the file that is none."""

    byte: int
    """Where it begins, counted in the decompressed text."""
    size: int
    """Bytes of it. Between elements stand spaces, commas and the array's brackets alone."""
    raw: str
    """Its text, or the beginning of it where `reason` is set; undecodable bytes as surrogate escapes."""
    value: Any = None
    reason: str = ""
    """Why it cannot be used; empty where it can."""


class _Buffer:
    """The text that is decoded and not yet used."""

    def __init__(self, text: Text) -> None:
        self._pieces = text.pieces()
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text = ""
        self.at = 0
        self.byte = 0
        """Of `at`."""
        self.ended = False
        self.reported = False
        """Whether the last element said that the file ends in it."""

    def advance(self, to: int) -> None:
        used = self.text[self.at : to]
        self.byte += len(used) if used.isascii() else len(used.encode("utf-8", "surrogateescape"))
        self.at = to

    def fill(self) -> None:
        """As much again as is held and at least one piece, so that a large element costs a constant times its size."""
        kept = self.text[self.at :]
        parts, wanted = [kept], max(1, len(kept))
        while wanted > 0 and not self.ended:
            piece = next(self._pieces, None)
            parts.append(self._decoder.decode(piece or b"", piece is None))
            wanted -= len(parts[-1])
            self.ended = piece is None
        self.text, self.at = "".join(parts), 0

    def next_char(self, skipped: str) -> str:
        """Go to the next character that is not skipped; empty at the end."""
        while True:
            to = self.at
            while to < len(self.text) and self.text[to] in skipped:
                to += 1
            self.advance(to)
            if to < len(self.text):
                return self.text[to]
            if self.ended:
                return ""
            self.fill()


def elements(text: Text, start: int, *, array: bool, wrapped: bool = False) -> Iterator[Element]:
    """The elements from character `start` on: of an array whose bracket stands before it, or values in a row."""
    buffer, decoder = _Buffer(text), Decoder()
    buffer.fill()
    while len(buffer.text) < start and not buffer.ended:
        buffer.fill()
    buffer.advance(start)
    closed = not array
    while char := buffer.next_char(" \t\r\n,"):
        if char == "]" and array and not closed:
            buffer.advance(buffer.at + 1)
            closed = True
            if wrapped:
                _end_of_wrapper(buffer)
            continue
        if array and closed:
            # Something follows the array. Its objects are read; without a bracket after them the end is reported.
            closed = False
            if char != "{":
                yield _stretch(buffer, "this stands after the end of the array", 1)
                continue
        yield _element(buffer, decoder, text)
    if text.broken or not (closed or buffer.reported):
        reason = (
            text.broken or "the array has no closing bracket: the file may have been cut off here, 0 bytes are left"
        )
        yield Element(buffer.byte, 0, "", reason=reason)
        text.broken = ""


def _element(buffer: _Buffer, decoder: Decoder, text: Text) -> Element:
    while True:
        try:
            found = decoder.at(buffer.text, buffer.at)
        except Broken as error:
            if error.cut and not buffer.ended and len(buffer.text) - buffer.at < LONGEST:
                buffer.fill()
                continue
            if error.cut and buffer.ended:
                return _rest(buffer, error, text)
            if error.cut:
                return _stretch(buffer, f"longer than {LONGEST} characters without an end", 1)
            where = len(buffer.text[buffer.at : error.at].encode("utf-8", "surrogateescape"))
            # A bomb that went too deep has at least that many brackets: passing them keeps the search linear.
            return _stretch(buffer, f"no JSON: {error} (byte {where} of it)", 500 if error.bomb else 1)
        if found.end == len(buffer.text) and not buffer.ended:
            buffer.fill()
            continue
        byte, raw = buffer.byte, buffer.text[buffer.at : found.end]
        buffer.advance(found.end)
        return Element(byte, buffer.byte - byte, raw, None if found.complaint else found.value, found.complaint)


def _rest(buffer: _Buffer, error: Broken, text: Text) -> Element:
    """The element inside which the file ends."""
    byte, raw = buffer.byte, buffer.text[buffer.at :]
    buffer.advance(len(buffer.text))
    why, text.broken, buffer.reported = text.broken, "", True
    left = f"{buffer.byte - byte} bytes from here to the end are left out"
    return Element(
        byte, buffer.byte - byte, raw[:4_000], reason=f"{why or 'the file ends inside this element'}: {error}; {left}"
    )


def _stretch(buffer: _Buffer, reason: str, least: int) -> Element:
    """Everything up to the next object, or to the end."""
    byte, raw = buffer.byte, buffer.text[buffer.at : buffer.at + 4_000]
    seek = min(buffer.at + least, len(buffer.text))
    while True:
        found = NEXT_OBJECT.search(buffer.text, seek)
        if found:
            buffer.advance(found.end())
            break
        if buffer.ended:
            buffer.advance(len(buffer.text))
            buffer.reported = True
            break
        # What was searched is dropped but for an overlap, so a stretch of any length takes little memory.
        buffer.advance(max(buffer.at, seek, len(buffer.text) - _OVERLAP))
        buffer.fill()
        seek = 0
    return Element(byte, buffer.byte - byte, raw, reason=f"{reason}; {buffer.byte - byte} bytes are left out")


def _end_of_wrapper(buffer: _Buffer) -> None:
    """Pass what closes the object around the array, if that is what follows."""
    while not buffer.ended and len(buffer.text) - buffer.at < 65_536:
        buffer.fill()
    found = _WRAPPED_END.fullmatch(buffer.text, buffer.at)
    if found:
        buffer.advance(found.end())
