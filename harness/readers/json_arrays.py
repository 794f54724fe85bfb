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

from humpback.readers.json_values import Broken, Decoder
from humpback.readers.text_file import Text

LONGEST = 1 << 28
"""Characters of a record. A longer one is left out, so that one bad file does not take the machine's memory."""
NEXT_OBJECT = re.compile(r'[,\n]\s{0,200}(?=\{\s{0,200}")')
_OVERLAP = 500
"""Characters looked at again when more text has come; longer than NEXT_OBJECT can match."""
_SCALAR = r'(?:"(?:[^"\\]|\\.)*+"|[-+.\w]+)'
_ABOUT = rf'"(?:type|version|name|description|license)"\s*:\s*{_SCALAR}'
WRAPPED = re.compile(rf'\s*\{{\s*(?:{_ABOUT}\s*,\s*)*"(?:data|instances|examples|rows|records)"\s*:\s*\[(?=\s*\{{)')
"""The beginning of an object whose only list is the array of rows."""
_NO_SPACE = re.compile(r"[^ \t\r\n,]")
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


def elements(
    text: Text, start: int, *, array: bool, wrapped: bool = False, decoder: Decoder | None = None
) -> Iterator[Element]:
    """The elements from character `start` on: of an array whose bracket stands before it, or values in a row."""
    buffer = _Buffer(text, decoder or Decoder())
    buffer.fill(start)
    buffer.advance(start)
    closed = not array
    while char := buffer.next_char():
        if char == "]" and array and not closed:
            buffer.advance(buffer.at + 1)
            closed = True
            if wrapped:
                buffer.fill(65_536)
                buffer.advance(found.end() if (found := _WRAPPED_END.fullmatch(buffer.text)) else 0)
            continue
        if array and closed:
            # Something follows the array. Its objects are read; without a bracket after them the end is reported.
            closed = False
            if char != "{":
                yield buffer.stretch("this stands after the end of the array", 1)
                continue
        yield buffer.element()
    if text.broken or not (closed or buffer.reported):
        cut = "the array has no closing bracket: the file may have been cut off here, 0 bytes are left"
        yield Element(buffer.byte, 0, "", reason=text.broken or cut)
        text.broken = ""


class _Buffer:
    """The text that is decoded and not yet used."""

    def __init__(self, text: Text, decoder: Decoder) -> None:
        self._file = text
        self._pieces = text.pieces()
        self._utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._json = decoder
        self.text = ""
        self.at = 0
        self.byte = 0
        """Of `at`."""
        self.ended = False
        self.reported = False
        """Whether the last element said that the file ends in it."""

    def advance(self, to: int) -> str:
        """Use the text up to an index; returns it."""
        used = self.text[self.at : to]
        self.byte += _bytes_of(used)
        self.at = to
        return used

    def fill(self, wanted: int = 0) -> None:
        """Have so many characters ahead, where there are as many; by itself twice what is held and at least one piece
        more, so that a large element costs a constant times its size."""
        parts = [self.text[self.at :]]
        missing = (wanted or max(1, 2 * len(parts[0]))) - len(parts[0])
        while missing > 0 and not self.ended:
            piece = next(self._pieces, None)
            parts.append(self._utf8.decode(piece or b"", piece is None))
            missing -= len(parts[-1])
            self.ended = piece is None
        self.text, self.at = "".join(parts), 0

    def next_char(self) -> str:
        """Go to the next character that is no space and no comma; empty at the end."""
        while True:
            found = _NO_SPACE.search(self.text, self.at)
            self.advance(found.start() if found else len(self.text))
            if found or self.ended:
                return found.group() if found else ""
            self.fill()

    def element(self) -> Element:
        """The element that begins here, or the stretch up to the next one."""
        while True:
            try:
                found = self._json.at(self.text, self.at)
            except Broken as error:
                if error.cut and self.ended:
                    return self._rest(error)
                if error.cut and len(self.text) - self.at < LONGEST:
                    self.fill()
                    continue
                if error.cut:
                    return self.stretch(f"longer than {LONGEST} characters without an end", 1)
                where = _bytes_of(self.text[self.at : error.at])
                # A bomb that went too deep has at least that many brackets: passing them keeps the search linear.
                return self.stretch(f"no JSON: {error} (byte {where} of it)", 500 if error.bomb else 1)
            if found.end == len(self.text) and not self.ended:
                self.fill()
                continue
            byte, raw = self.byte, self.advance(found.end)
            return Element(byte, self.byte - byte, raw, None if found.complaint else found.value, found.complaint)

    def _rest(self, error: Broken) -> Element:
        """The element inside which the file ends."""
        byte, raw = self.byte, self.advance(len(self.text))
        why, self._file.broken, self.reported = self._file.broken, "", True
        size = self.byte - byte
        reason = (
            f"{why or 'the file ends inside this element'}: {error}; {size} bytes from here to the end are left out"
        )
        return Element(byte, size, raw[:4_000], reason=reason)

    def stretch(self, reason: str, least: int) -> Element:
        """Everything up to the next object, or to the end."""
        byte, raw = self.byte, self.text[self.at : self.at + 4_000]
        seek = min(self.at + least, len(self.text))
        while not (found := NEXT_OBJECT.search(self.text, seek)) and not self.ended:
            # What was searched is dropped but for an overlap, so a stretch of any length takes little memory.
            self.advance(max(self.at, seek, len(self.text) - _OVERLAP))
            self.fill()
            seek = 0
        self.advance(found.end() if found else len(self.text))
        self.reported = self.reported or not found
        return Element(byte, self.byte - byte, raw, reason=f"{reason}; {self.byte - byte} bytes are left out")


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
