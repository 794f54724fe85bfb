"""Rows of a table as CSV, or parted by tabs or semicolons, as spreadsheets write it in some countries."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from humpback.readers.json_arrays import LONGEST
from humpback.readers.json_values import not_utf8
from humpback.readers.lines import split_lines
from humpback.readers.text_file import Text
from humpback.readers.unusable import UnusableFile


def delimiter_of(header: str) -> str:
    """What parts the cells of a header."""
    return max(",", "\t", ";", key=header.count)


def rows(path: Path) -> Iterator[tuple[str, dict[str, str] | None, str, str]]:
    """(place, value, raw text, reason) of each row below the header. One that has more or fewer cells than the header,
    or that is no UTF-8, has a reason.

    Raises:
        UnusableFile: when two columns have one name, or where the file is no CSV or breaks off.
    """
    text = Text(path)
    csv.field_size_limit(LONGEST)  # of a cell; its own limit is less than a long text
    first = text.head.split(b"\n", 1)[0].decode("utf-8", "replace")
    lines = ((line or b"").decode("utf-8", "surrogateescape") + "\n" for _, line, _ in split_lines(text))
    read = csv.reader(lines, delimiter=delimiter_of(first))
    try:
        header = [cell.strip() or f"column {i}" for i, cell in enumerate(next(read), 1)]
        if len(set(header)) < len(header):
            raise UnusableFile(f"{path}: two columns have one name: {', '.join(header)}")
        for cells in read:
            if not cells:
                continue
            raw = ",".join(cells)
            reason = f"{len(cells)} cells under {len(header)} columns" if len(cells) != len(header) else _not_utf8(raw)
            yield f"line {read.line_num}", None if reason else dict(zip(header, cells, strict=True)), raw, reason
    except csv.Error as error:
        raise UnusableFile(f"{path}: line {read.line_num}: no CSV: {error}") from error
    if text.broken:
        raise UnusableFile(f"{path}: {text.broken}")


def _not_utf8(raw: str) -> str:
    """Why a row is no text; empty where it is."""
    try:
        raw.encode()
    except UnicodeEncodeError as error:
        found = raw[error.start :].encode("utf-8", "surrogateescape")
        return not_utf8(found, len(raw[: error.start].encode()))
    return ""
