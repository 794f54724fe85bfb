"""Rows of a table as CSV, or parted by tabs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from humpback.core.tables import Unreadable
from humpback.readers.records import FileRecord, split_lines
from humpback.readers.text_file import Text
from humpback.readers.unusable import UnusableFile


def table(path: Path, name: str, delimiter: str = ",") -> Iterator[FileRecord | Unreadable]:
    """Rows of a CSV file with a header. One that has more or fewer cells than the header is unreadable."""
    text = Text(path)
    lines = ((line or b"").decode("utf-8", "backslashreplace") + "\n" for _, line, _ in split_lines(text))
    read = csv.reader(lines, delimiter=delimiter)
    try:
        header = next(read)
        if len(set(header)) < len(header):
            raise UnusableFile(f"{path}: two columns have one name: {', '.join(header)}")
        for i, cells in enumerate(row for row in read if row):
            place = f"line {read.line_num}"
            if len(cells) == len(header):
                yield FileRecord(name, place, i, dict(zip(header, cells, strict=True)))
            else:
                reason = f"{len(cells)} cells under {len(header)} columns"
                yield Unreadable(name, place, reason, ",".join(cells)[:200])
    except csv.Error as error:
        raise UnusableFile(f"{path}: line {read.line_num}: no CSV: {error}") from error
    if text.broken:
        raise UnusableFile(f"{path}: {text.broken}")
