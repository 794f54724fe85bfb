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

from humpback.readers.streams import shown
from humpback.readers.tape import Break, Tape

LARGEST = (8 << 20) + (1 << 16)
"""Bytes of a record that is held whole: HTML of 8 MiB, and its HTTP headers."""
HEAD = 1 << 16
"""Bytes of a record's header, and of what is kept of a record that is larger than LARGEST."""
_VERSION = re.compile(rb"WARC/\d\.\d{1,2}[ \t]*\r?\n")
NEXT = re.compile(rb"WARC/\d\.\d{1,2}[ \t]*\r?\n(?=[A-Za-z][A-Za-z0-9-]{0,80}:)")
"""How a record begins, where one is looked for."""
_OVERLAP = 256
"""Longer than NEXT can match."""
_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True)
class WarcRecord:
    """One whole record."""

    place: str
    headers: dict[str, str]
    """Names in lower case."""
    block: bytes
    """Its content, or the first HEAD bytes of it where `length` is larger than LARGEST."""
    length: int


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
    with Tape(path) as tape:
        while True:
            _skip_blank(tape)
            if not tape.buffer:
                if (stopped := tape.stopped) is not None:
                    yield Damage(f"byte {stopped.member}", _why(stopped), "")
                if not tape.next_stretch():
                    return
                continue
            yield _record(tape, n)
            n += 1


def _record(tape: Tape, n: int) -> WarcRecord | Damage:
    place = f"record {n} at {tape.where()}"
    tape.hold(_OVERLAP)
    if not _VERSION.match(tape.buffer):
        return _passed(tape, place, 1, "this belongs to no record: no line WARC/1.0 or WARC/1.1 begins here")
    head_ends = _head_end(tape)
    if not head_ends:
        return _passed(tape, place, 5, f"its header has no end within {HEAD} bytes")
    headers = _headers(bytes(tape.buffer[:head_ends]))
    given = headers.get("content-length", "")
    if not re.fullmatch(r"\d{1,18}", given, re.ASCII):
        what = f"is {given[:40]!r}, no number" if given else "is missing"
        return _passed(tape, place, head_ends, f"its Content-Length {what}")
    length = int(given)
    if length > LARGEST:
        return _large(tape, place, headers, head_ends, length)
    ends = head_ends + length
    if not tape.hold(ends):
        why = f"its Content-Length is {length} and only {len(tape.buffer) - head_ends} bytes follow"
        return _passed(tape, place, head_ends, why)
    follows = _follows(tape, ends)
    if follows == "record" or follows == "end":
        if follows == "end" and tape.stopped is not None and tape.stopped.member == tape.member(ends - 1):
            return _passed(tape, place, head_ends, "all of it is there, but it cannot be trusted")
        return _take(tape, place, headers, head_ends, length)
    inside = NEXT.search(tape.buffer, head_ends, min(len(tape.buffer), ends + _OVERLAP))
    swallowed = inside is not None and inside.start() < ends
    del inside  # it would keep the buffer from being used
    if follows == "blank line" and not swallowed:
        return _take(tape, place, headers, head_ends, length)
    return _passed(tape, place, head_ends, f"its Content-Length is {length}, and no record ends there")


def _take(tape: Tape, place: str, headers: dict[str, str], start: int, length: int) -> WarcRecord:
    block = bytes(tape.buffer[start : start + length])
    tape.use(start + length)
    return WarcRecord(place, headers, block, length)


def _large(tape: Tape, place: str, headers: dict[str, str], start: int, length: int) -> WarcRecord | Damage:
    """A record that is not held: its head is kept and the rest gone through, for a next record where none should be."""
    tape.hold(start + HEAD)
    head, raw = bytes(tape.buffer[start : start + HEAD]), shown(bytes(tape.buffer[:8_000]))
    tape.use(start)
    gone = _go(tape, 0, length)
    if gone < length and tape.buffer:
        why = f"its Content-Length is {length}, but the next record begins after {gone} bytes"
        return Damage(place, why, raw)
    if gone < length:
        why = _why(tape.stopped) if tape.stopped else "the file ends inside it"
        if tape.stopped:
            tape.next_stretch()
        return Damage(place, f"its Content-Length is {length} and only {gone} bytes follow: {why}", raw)
    return WarcRecord(place, headers, head, length)


def _go(tape: Tape, least: int, most: int) -> int:
    """Use bytes up to the next record, at least and at most so many, or to the stretch's end; returns how many."""
    gone = 0
    while gone < most:
        tape.hold(max(least, 1) + _OVERLAP)
        found = NEXT.search(tape.buffer, least)
        # The last bytes may be half of a record's first line, so they are looked at again when more have come.
        ends = found.start() if found else max(least, len(tape.buffer) - _OVERLAP)
        there = found is not None
        del found
        if not there and not tape.fill():
            ends = len(tape.buffer)
        ends = min(ends, most - gone, len(tape.buffer))
        tape.use(ends)
        gone, least = gone + ends, max(0, least - ends)
        if there or not tape.hold(1):
            break
    return gone


def _passed(tape: Tape, place: str, least: int, reason: str) -> Damage:
    """Go to the next record and say how much was left out."""
    tape.hold(8_000)
    raw = shown(bytes(tape.buffer[:8_000]))
    gone = _go(tape, least, 1 << 62)
    if not tape.buffer and (stopped := tape.stopped) is not None:
        reason = f"{reason}: {_why(stopped)}"
        tape.next_stretch()
    return Damage(place, f"{reason}; {gone} bytes are left out", raw)


def _why(stopped: Break) -> str:
    goes_on = "the end of the file" if stopped.ends else "the next member that holds a record"
    return f"{stopped.reason} in the member at byte {stopped.member}, {stopped.left} bytes before {goes_on}"


def _skip_blank(tape: Tape) -> None:
    while tape.hold(1):
        blank = len(tape.buffer) - len(tape.buffer.lstrip(b"\r\n \t"))
        if not blank:
            return
        tape.use(blank)


def _follows(tape: Tape, ends: int) -> str:
    """What stands after a record: "record", "end" of the stretch, "blank line" with something else, or ""."""
    tape.hold(ends + _OVERLAP)
    rest = bytes(tape.buffer[ends : ends + _OVERLAP])
    after = rest.lstrip(b"\r\n \t")
    if not after and len(rest) < _OVERLAP:
        return "end"
    if _VERSION.match(after):
        return "record"
    return "blank line" if _HEAD_END.match(rest) else ""


def _head_end(tape: Tape) -> int:
    """Length of the header with its empty line; 0 when there is no end of it."""
    looked = 0
    while True:
        found = _HEAD_END.search(tape.buffer, looked, HEAD)
        ends = found.end() if found else 0
        del found
        if ends or len(tape.buffer) >= HEAD:
            return ends
        looked = max(0, len(tape.buffer) - 4)
        if not tape.fill():
            return 0


def _headers(head: bytes) -> dict[str, str]:
    """Names in lower case and values; a line that begins with a space goes on with the one before."""
    lines = re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "backslashreplace")).split("\n")
    pairs = (line.partition(":") for line in lines[1:] if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
