"""Records of web archives: WARC 0.17 to 1.1, as it is, with a gzip member for each record or one for all, or as zstd.

FastWARC reads whole archives well, but at any damage it loses the rest of the file, and silently where a gzip stream is
cut off or a Content-Length is too large: 2.0.1 then gave 74 or 51 of 149 pages, the last one cut short or with all that
followed in it. Here a record counts as whole only when the next one or the end of the file follows it; otherwise it is
reported with where it stands, and the next record is looked for inside what it claimed to be.

A bit that flipped inside a record is noticed by gzip's checksum, which stands at its member's end: where one member
holds all records, those before the last have been handed out by then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from humpback.readers.lookahead import Lookahead
from humpback.readers.text_file import excerpt
from humpback.readers.web_text import headers_of

LARGEST = 1 << 28
"""Bytes of a record. A larger one is left out, so that one wrong length does not take the machine's memory."""
HEAD = 1 << 16
"""Bytes of a record's header."""
_VERSION = re.compile(rb"WARC/\d\.\d{1,2}[ \t]*\r?\n")
NEXT = re.compile(rb"WARC/\d\.\d{1,2}[ \t]*\r?\n(?=[A-Za-z][A-Za-z0-9-]{0,80}:)")
"""How a record begins, where one is looked for."""
_OVERLAP = 256
"""Longer than NEXT can match."""
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BLANK = b"\r\n \t"


@dataclass(frozen=True)
class WarcRecord:
    """One whole record."""

    place: str
    headers: dict[str, str]
    """Names in lower case."""
    block: bytes


@dataclass(frozen=True)
class Damage:
    """A stretch of the file that is no whole record."""

    place: str
    reason: str
    raw: str


def warc_records(path: Path) -> Iterator[WarcRecord | Damage]:
    """The records of an archive in order, of every type, and the stretches that hold none.

    Raises:
        OSError: when the file cannot be opened or read.
    """
    n = 0
    with Lookahead(path) as file:
        while True:
            while file.peek(1) and (blank := len(file.buffer) - len(file.buffer.lstrip(_BLANK))):
                file.skip(blank)
            if file.buffer:
                yield _record(file, f"record {n} at {file.place}")
                n += 1
                continue
            if file.stopped is not None:
                yield Damage(f"byte {file.stopped.member}", file.stopped.reason, "")
            if not file.resync():
                return


def _record(file: Lookahead, place: str) -> WarcRecord | Damage:
    file.peek(HEAD)
    if not _VERSION.match(file.buffer):
        return _left_out(file, place, 1, "this belongs to no record: no line WARC/1.0 or WARC/1.1 begins here")
    _, start = _span(_HEAD_END, file.buffer, 0, HEAD)
    if not start:
        return _left_out(file, place, 5, f"its header has no end within {HEAD} bytes")
    headers = headers_of(bytes(file.buffer[:start]).decode("utf-8", "backslashreplace"))
    stated = headers.get("content-length", "")
    if not re.fullmatch(r"\d{1,18}", stated, re.ASCII):
        what = f"is {stated[:40]!r}, no number" if stated else "is missing"
        return _left_out(file, place, start, f"its Content-Length {what}")
    length = int(stated)
    if length > LARGEST:
        return _left_out(file, place, start, f"its Content-Length is {length}; records of up to {LARGEST} are read")
    if not file.peek(start + length):
        why = f"its Content-Length is {length} and only {len(file.buffer) - start} bytes follow"
        return _left_out(file, place, start, why)
    if not _ends_at(file, start, start + length):
        return _left_out(file, place, start, f"its Content-Length is {length}, and no record ends there")
    if file.in_broken_member and not file.buffer[start + length :].lstrip(_BLANK):
        return _left_out(file, place, start, "all of it is there, but it cannot be trusted")
    block = bytes(file.buffer[start : start + length])
    file.skip(start + length)
    return WarcRecord(place, headers, block)


def _ends_at(file: Lookahead, start: int, end: int) -> bool:
    """Whether a record ends there: the next one follows or the stretch ends; or an empty line does, and no other record
    begins inside it."""
    more = file.peek(end + _OVERLAP)
    rest = bytes(file.buffer[end : end + _OVERLAP])
    after = rest.lstrip(_BLANK)
    if _VERSION.match(after) or not (after or more):
        return True
    begins, _ = _span(NEXT, file.buffer, start, end + _OVERLAP)
    return _HEAD_END.match(rest) is not None and not start <= begins < end


def _left_out(file: Lookahead, place: str, least: int, reason: str) -> Damage:
    """Go to the next record and say how much was left out."""
    raw = excerpt(bytes(file.buffer[:8_000]))
    gone, begins, more = 0, -1, True
    while more and begins < 0:
        more = file.peek(least + HEAD)
        begins, _ = _span(NEXT, file.buffer, least, len(file.buffer))
        # The last bytes may be half of a record's first line, so they are looked at again when more have come.
        to = begins if begins >= 0 else len(file.buffer) - (_OVERLAP if more else 0)
        file.skip(to)
        gone, least = gone + to, max(0, least - to)
    if not file.buffer and file.stopped is not None:
        reason = f"{reason}: {file.stopped.reason}"
        file.resync()
    return Damage(place, f"{reason}; {gone} bytes are left out", raw)


def _span(pattern: re.Pattern[bytes], buffer: bytearray, start: int, end: int) -> tuple[int, int]:
    """Where a pattern is found, or (-1, 0). A match that is held would keep the buffer from being skipped."""
    found = pattern.search(buffer, start, min(end, len(buffer)))
    return found.span() if found else (-1, 0)
