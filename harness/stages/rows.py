"""Rows through a stage: out of its inputs, and into the tables of what is kept, rejected and unreadable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.tables import (
    EXAMPLES,
    PAGES,
    REJECTED,
    UNREADABLE,
    Example,
    Page,
    Rejected,
    Unreadable,
    Writer,
    read,
)
from humpback.core.work import Counts, Work

Row = Example | Page | Rejected | Unreadable
_TABLES: dict[type, tuple[str, str]] = {
    Example: (EXAMPLES, "kept"),
    Page: (PAGES, "kept"),
    Rejected: (REJECTED, "rejected"),
    Unreadable: (UNREADABLE, "unreadable"),
}
"""File and count of each kind of row."""


def read_examples(artifact: Artifact, work: Work) -> Iterator[Example]:
    """The rows of an input, streamed."""
    return read(work.open(artifact) / EXAMPLES, Example)


def reject(row: Example, reason: str, text: str | None = None) -> Rejected:
    """The row, set aside with all of its text, or with the `text` that the reason is about."""
    return Rejected(row.id, reason, f"{row.instruction}\n{row.output}" if text is None else text, row.score, row.origin)


def write_tables(rows: Iterable[Row], work: Work, *kinds: type) -> Counts:
    """Write each row to the table of its kind. Counts: `in`, and for each of the kinds how many; their tables are
    there even where empty, tables of other kinds only where there is a row of them."""
    with ExitStack() as stack:

        def writer(kind: type) -> Writer[Any]:
            return stack.enter_context(Writer[Any](work.out / _TABLES[kind][0], kind))

        writers = {kind: writer(kind) for kind in kinds}
        for row in rows:
            kind = next(one for one in _TABLES if isinstance(row, one))
            if kind not in writers:
                writers[kind] = writer(kind)
            writers[kind].add(row)
    counts = {_TABLES[kind][1]: out.count for kind, out in writers.items()}
    return {"in": sum(counts.values()), **counts}
