"""Records of a file: JSON, JSON Lines, Parquet and CSV, compressed or not, as a stream.

What a file is follows from its content, but for CSV, which its name tells. A record that cannot be used comes out as
`Unreadable` in its place and the rest goes on, so that every line, element and row of a file is accounted for. Rows and
elements count from 0 as ids do, lines from 1 as editors do; bytes are those of the decompressed text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.tables import RAW_SHOWN, Unreadable
from humpback.readers import json_arrays
from humpback.readers.csv_table import rows as table_rows
from humpback.readers.json_arrays import NEXT_OBJECT, WRAPPED, elements
from humpback.readers.json_values import Broken, Decoder, json_kind, not_utf8
from humpback.readers.lines import split_lines
from humpback.readers.text_file import PARQUET, Text, excerpt, first_bytes
from humpback.readers.unusable import UnusableFile, unusable

__all__ = ["FileRecord", "UnusableFile", "records", "unreadable"]


_Found = Iterator[tuple[str, Any, str, str]]
"""(place, value, raw text, reason) of each record."""


@dataclass(frozen=True)
class FileRecord:
    """One object of somebody's file."""

    file: str
    """Name without folders."""
    place: str
    """Such as "line 12", "row 3", "element 4 at byte 40812"."""
    row: int
    """Place in the file from 0; unreadable ones count, so that one of them does not shift the others."""
    value: dict[str, Any]


def unreadable(record: FileRecord, reason: str) -> Unreadable:
    """The record, kept aside."""
    return Unreadable(record.file, record.place, reason, json_excerpt(record.value))


def json_excerpt(value: Any) -> str:
    """The beginning of a decoded value, for `Unreadable.raw`."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)[:RAW_SHOWN]
    except RecursionError:
        return "(nested too deeply to be shown)"


def records(path: Path, name: str = "", *, nan: bool = False) -> Iterator[FileRecord | Unreadable]:
    """The records of a file in order. `name` is what the file is called, where that is not the path's last part; `nan`
    lets NaN through, which is no JSON.

    Raises:
        UnusableFile: when there is nothing to read, or it is of no kind that is read here.
    """
    name = name or path.name
    if is_table(path):
        yield from table(path, name)
        return
    if first_bytes(path).startswith(PARQUET):
        from humpback.readers.parquet import rows

        found: _Found = rows(path)
    else:
        found = _text(Text(path), Decoder(nan=nan))
    yield from _as_records(name, found)


def table(path: Path, name: str = "") -> Iterator[FileRecord | Unreadable]:
    """The rows of a file that is a table of cells, whatever it is called.

    Raises:
        UnusableFile: when it is none.
    """
    return _as_records(name or path.name, table_rows(path))


def _as_records(name: str, found: _Found) -> Iterator[FileRecord | Unreadable]:
    for row, (place, value, raw, reason) in enumerate(found):
        if not reason and not isinstance(value, dict):
            reason = f"a record is an object with named fields; this is {json_kind(value)}"
        if reason:
            yield Unreadable(name, place, reason, excerpt(raw))
        else:
            yield FileRecord(name, place, row, value)


def is_table(path: Path) -> bool:
    """Whether a file is called as one of CSV, or of cells parted by tabs, and is no Parquet."""
    suffixes = [suffix for suffix in path.suffixes if suffix.lower() not in (".gz", ".zst", ".bz2", ".xz")]
    named = bool(suffixes) and suffixes[-1].lower() in (".csv", ".tsv")
    return named and not holds_json(path)


def holds_json(path: Path) -> bool:
    """Whether a file begins as Parquet or JSON does.

    Raises:
        UnusableFile: when there is nothing to read.
    """
    return first_bytes(path).startswith(PARQUET) or Text(path).head.lstrip()[:1] in (b"{", b"[")


def _text(text: Text, decoder: Decoder) -> _Found:
    """The records of a text file, by the form that its head has."""
    head = text.head.decode("utf-8", "surrogateescape")
    start = len(head) - len(head.lstrip(" \t\r\n"))
    if head[start] == "[":
        return _elements(text, start + 1, decoder)
    if wrapped := WRAPPED.match(head):
        return _elements(text, wrapped.end(), decoder, wrapped=True)
    lines, is_object = head[start:].split("\n"), head[start] == "{"
    if (len(lines) == 1 and is_object) or _is_object(decoder, lines[0]):
        return _lines(text, decoder)
    try:
        several = is_object and decoder.at(head, start).end > 0
    except Broken as error:
        several = error.cut
    if several:
        return _elements(text, start, decoder, array=False)
    if any(_is_object(decoder, line) for line in lines[1:]):
        return _lines(text, decoder)
    if NEXT_OBJECT.search(head, start):
        return _elements(text, start, decoder, array=False)
    if is_object:
        return _lines(text, decoder)
    what = "no text" if "\x00" in head[:4_096] else "no JSON"
    raise unusable(text.path, f"this is {what}; it begins with {head[start : start + 24]!r}")


def _is_object(decoder: Decoder, line: str) -> bool:
    line = line.strip()
    try:
        return line.startswith("{") and line.endswith("}") and decoder.at(line).end == len(line)
    except Broken:
        return False


def _elements(text: Text, start: int, decoder: Decoder, *, array: bool = True, wrapped: bool = False) -> _Found:
    for i, one in enumerate(elements(text, start, array=array, wrapped=wrapped, decoder=decoder)):
        yield f"element {i} at byte {one.byte}", one.value, one.raw, one.reason


def _lines(text: Text, decoder: Decoder) -> _Found:
    for number, line, ended in split_lines(text):
        place = f"line {number}"
        if line is None:
            yield place, None, "", f"longer than {json_arrays.LONGEST} bytes; the line is left out"
        elif line.strip():
            raw = line.decode("utf-8", "surrogateescape")
            value, reason = _value(decoder, line, raw)
            if reason and text.broken and not ended:
                reason, text.broken = f"{text.broken}: {reason}", ""
            yield place, value, raw, reason
    if text.broken:
        yield "the end", None, "", text.broken


def _value(decoder: Decoder, line: bytes, raw: str) -> tuple[Any, str]:
    """The value of a line, and why there is none."""
    if line.startswith(b"\x00") and not line.strip(b"\x00 \t\r"):
        return None, f"{len(line)} NUL bytes; the disk or a copy failed here"
    body = raw.strip(" \t\r\n")
    try:
        line.decode()
        found = decoder.at(body)
    except UnicodeDecodeError as error:
        return None, not_utf8(line[error.start :], error.start)
    except Broken as error:
        return None, f"no JSON: {error} (character {error.at} of {len(body)})"
    if found.end < len(body):
        return None, f"more follows the value: {body[found.end : found.end + 20]!r}; JSON Lines has one object a line"
    return found.value, found.complaint
