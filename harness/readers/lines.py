"""Lines of a text file, numbered from 1 as editors do."""

from __future__ import annotations

from collections.abc import Iterator

from humpback.readers import json_arrays
from humpback.readers.text_file import Text


def split_lines(text: Text) -> Iterator[tuple[int, bytes | None, bool]]:
    """(number, line, whether its end is there) of each line; None for a line that is too long to hold."""
    held: list[bytes] = []
    size, number = 0, 1
    for piece in text.pieces():
        first, *more = piece.split(b"\n")
        for i, part in enumerate([first, *more]):
            if i:
                yield number, b"".join(held) if size <= json_arrays.LONGEST else None, True
                held, size, number = [], 0, number + 1
            size += len(part)
            held.append(part)
            if size > json_arrays.LONGEST:
                held.clear()
    if size:
        yield number, b"".join(held) if size <= json_arrays.LONGEST else None, False
