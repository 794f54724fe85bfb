"""Somebody's own file as a person would want to read it: what it is recognised as, and its first rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from humpback.core.tables import Example, Page, Rejected, Unreadable
from humpback.spec.files import OpenAssistant, WebPages


def first_rows(path: Path, rows: int) -> tuple[str, list[dict[str, Any]]]:
    """What the file is, in words, and its first rows: examples of a set, segments of pages.

    Raises:
        UnusableFile: when it is nothing that is read here.
    """
    from humpback.readers.instructions import layout_of, prompts
    from humpback.readers.open_assistant import is_open_assistant, select
    from humpback.readers.pages import kind_of
    from humpback.readers.records import records
    from humpback.readers.unusable import UnusableFile

    if path.is_dir() or kind_of(path) in ("WARC", "HTML"):
        return "web pages, as segments", [asdict(row) for row in islice(_segments(path), rows)]
    if is_open_assistant(path):
        kept = select([records(path)], OpenAssistant(())).kept
        return "Open Assistant's conversations, English first turns", [asdict(row) for row in kept[:rows]]
    try:
        found = f"{layout_of(path).value} layout"
    except UnusableFile as error:
        try:
            return "web pages, as segments", [asdict(row) for row in islice(_segments(path), rows)]
        except UnusableFile:
            raise error from None
    return found, [asdict(row) for row in islice(prompts(path), rows)]


def _segments(path: Path) -> Iterator[Example | Rejected | Unreadable]:
    from humpback.readers.pages import entries
    from humpback.segmenter import segmented
    from humpback.spec.data import Segments

    pages = (entry for entry in entries(path) if isinstance(entry, Page))
    for _, found in segmented(pages, Segments(WebPages(())), path.name):
        yield from found
