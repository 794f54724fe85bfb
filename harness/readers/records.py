"""Records of a file: JSON, JSON Lines and Parquet, compressed or not, as a stream.

What a file is follows from its content. A record that cannot be used comes out as `Unreadable` in its place and the
rest goes on, so that every line, element and row of a file is accounted for. Rows and elements count from 0 as ids do,
lines from 1 as editors do; bytes are those of the decompressed text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.tables import RAW_SHOWN, Unreadable
from humpback.readers import arrays
from humpback.readers.arrays import NEXT_OBJECT, WRAPPED, elements
from humpback.readers.streams import PARQUET, Text, UnusableFile, first_bytes, shown, unusable
from humpback.readers.values import Broken, Decoder, kind, not_utf8

__all__ = ["Record", "UnusableFile", "records", "unreadable"]


@dataclass(frozen=True)
class Record:
    """One object of somebody's file."""

    file: str
    """Name without folders."""
    place: str
    """Such as "line 12", "row 3", "element 4 at byte 40812"."""
    row: int
    """Which record of the file, from 0; unreadable ones count, so that one of them does not shift the others."""
    value: dict[str, Any]


def unreadable(record: Record, reason: str) -> Unreadable:
    """The record, kept aside."""
    return Unreadable(record.file, record.place, reason, as_json(record.value))


def as_json(value: Any) -> str:
    """The beginning of a decoded value, for `Unreadable.raw`."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)[:RAW_SHOWN]
    except RecursionError:
        return "(nested too deeply to be shown)"


def records(path: Path, name: str = "") -> Iterator[Record | Unreadable]:
    """The records of a file in order. `name` is what the file is called, where that is not the path's last part.

    Raises:
        UnusableFile: when there is nothing to read, or it is of no kind that is read here.
    """
    name = name or path.name
    if first_bytes(path).startswith(PARQUET):
        from humpback.readers.parquet import rows

        found: Iterator[tuple[str, Any, str, str]] = rows(path)
    else:
        found = _text(Text(path))
    for row, (place, value, raw, reason) in enumerate(found):
        if not reason and not isinstance(value, dict):
            reason = f"a record is an object with named fields; this is {kind(value)}"
        if reason:
            yield Unreadable(name, place, reason, shown(raw))
        else:
            yield Record(name, place, row, value)


def _text(text: Text) -> Iterator[tuple[str, Any, str, str]]:
    """(place, value, raw text, reason) of each record of a text file, by the form that its head has."""
    head = text.head.decode("utf-8", "surrogateescape")
    start = len(head) - len(head.lstrip(" \t\r\n"))
    if head[start] == "[":
        return _elements(text, start + 1, array=True)
    if wrapped := WRAPPED.match(head):
        return _elements(text, wrapped.end(), array=True, wrapped=True)
    lines = head[start:].split("\n")
    decoder = Decoder()
    if (len(lines) == 1 and head[start] == "{") or _is_object(decoder, lines[0]):
        return _lines(text)
    try:
        several = head[start] == "{" and decoder.at(head, start).end > 0
    except Broken as error:
        several = head[start] == "{" and error.cut
    if several:
        return _elements(text, start, array=False)
    if any(_is_object(decoder, line) for line in lines[1:]):
        return _lines(text)
    if NEXT_OBJECT.search(head, start):
        return _elements(text, start, array=False)
    if head[start] == "{":
        return _lines(text)
    what = "no text" if "\x00" in head[:4_096] else "no JSON"
    raise unusable(text.path, f"this is {what}; it begins with {head[start : start + 24]!r}")


def _is_object(decoder: Decoder, line: str) -> bool:
    line = line.strip()
    if not line.startswith("{") or not line.endswith("}"):
        return False
    try:
        return decoder.at(line).end == len(line)
    except Broken:
        return False


def _elements(text: Text, start: int, *, array: bool, wrapped: bool = False) -> Iterator[tuple[str, Any, str, str]]:
    for i, one in enumerate(elements(text, start, array=array, wrapped=wrapped)):
        yield f"element {i} at byte {one.byte}", one.value, one.raw, one.reason


def _lines(text: Text) -> Iterator[tuple[str, Any, str, str]]:
    decoder = Decoder()
    for number, line, ended in split_lines(text):
        place = f"line {number}"
        if line is None:
            yield place, None, "", f"longer than {arrays.LONGEST} bytes; the line is left out"
            continue
        if not line.strip():
            continue
        raw = line.decode("utf-8", "surrogateescape")
        value, reason = None, ""
        if line.startswith(b"\x00") and not line.strip(b"\x00 \t\r"):
            reason = f"{len(line)} NUL bytes; the disk or a copy failed here"
        else:
            value, reason = _value(decoder, line, raw)
        if reason and text.broken and not ended:
            reason, text.broken = f"{text.broken}: {reason}", ""
        yield place, value, raw, reason
    if text.broken:
        yield "the end", None, "", text.broken


def _value(decoder: Decoder, line: bytes, raw: str) -> tuple[Any, str]:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return None, not_utf8(line[error.start :], error.start)
    body = raw.strip(" \t\r\n")
    try:
        found = decoder.at(body)
    except Broken as error:
        return None, f"no JSON: {error} (character {error.at} of {len(body)})"
    if found.end < len(body):
        return None, f"more follows the value: {body[found.end : found.end + 20]!r}; JSON Lines has one object a line"
    return found.value, found.complaint


def split_lines(text: Text) -> Iterator[tuple[int, bytes | None, bool]]:
    """(number, line, whether its end is there) of each line; None for a line that is too long to hold."""
    held: list[bytes] = []
    size, number = 0, 0
    for piece in text.pieces():
        first, *more = piece.split(b"\n")
        held.append(first)
        size += len(first)
        if size > arrays.LONGEST:
            held = []
        for part in more:
            number += 1
            yield number, b"".join(held) if size <= arrays.LONGEST else None, True
            held, size = [part], len(part)
    if size:
        yield number + 1, b"".join(held) if size <= arrays.LONGEST else None, False
