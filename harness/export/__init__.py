"""Out: an artifact as others take it, data in a layout that their programs read, models as plain folders.

What leaves is checked against the record first, goes with a card that says what it is made of and what may be done with
it, and holds no path of this computer. The record stays the truth: the card repeats it and adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.store import RECORD, StoreError, published
from humpback.export.layouts import LAYOUTS, Alpaca, Layout, Messages, Parquet, ShareGpt, layout_named
from humpback.export.licences import LicenceOf

__all__ = [
    "LAYOUTS",
    "Alpaca",
    "Exported",
    "Layout",
    "Messages",
    "Parquet",
    "ShareGpt",
    "export",
    "layout_named",
    "nothing_known",
    "record_of",
]


@dataclass(frozen=True)
class Exported:
    """What was written, and what has to be said about it."""

    path: Path
    rows: int
    """Examples; 0 for a model."""
    notices: tuple[str, ...]
    """Licences that bind, and what a reader may get wrong: to be said aloud."""


def nothing_known(_: str) -> None:
    """The licence where there is no table of sources: unknown."""


def export(
    folder: Path, out: Path, layout: Layout, *, licence_of: LicenceOf = nothing_known, overwrite: bool = False
) -> Exported:
    """Write the examples of the artifact in `folder` in a layout.

    `out` is a file when it ends in .jsonl, .json (one array) or .parquet; otherwise it is a folder for the hub, with a
    card and the data in `data/`. Rows come out in their order, each once; nothing stays at `out` when it fails.

    Raises:
        StoreError: when there are no examples to export or the layout cannot hold them, when `out` may not be written,
            or ends otherwise than the layout does.
        Damaged: when the artifact is not as it was published.
    """
    from humpback.core.tables import EXAMPLES, Example, read
    from humpback.export.cards import data_card, summary
    from humpback.export.layouts import suffix_of, write_rows
    from humpback.export.licences import notices
    from humpback.export.lineage import lineage
    from humpback.export.target import CARD, written

    suffix, wanted = out.suffix, suffix_of(layout)
    single = suffix in (".json", ".jsonl", ".parquet")
    if single and (suffix == ".parquet") != (wanted == ".parquet"):
        raise StoreError(f"{out}: {type(layout).__name__.lower()} is written as {_ends(layout)} or as a folder")
    record = record_of(folder, EXAMPLES)
    apart(folder, out)
    found = summary(folder / EXAMPLES)
    if not found.rows:
        raise StoreError(f"{folder}: an empty set, nothing to export")
    if found.no_instruction is not None and not isinstance(layout, Parquet):
        raise StoreError(
            f"{folder / EXAMPLES}: example {found.no_instruction!r} has no instruction, which "
            f"{type(layout).__name__.lower()} has no place for; export it as parquet"
        )
    history = lineage(record, folder, licence_of)
    told = notices(history.origins) + tuple(
        f"every {column} reads as a date, which datasets' reader of JSON writes otherwise; parquet keeps it"
        for column in found.only_dates
        if not isinstance(layout, Parquet)
    )
    with written(out, folder=not single, overwrite=overwrite) as place:
        data = place if single else place / "data" / f"train{wanted}"
        data.parent.mkdir(exist_ok=True)
        rows = read(folder / EXAMPLES, Example)
        count = write_rows(layout, rows, data, array=suffix == ".json", has=found.has)
        if not single:
            card = data_card(
                record, folder, found, history, layout=layout, data_file=f"data/{data.name}", name=out.resolve().name
            )
            (place / CARD).write_text(card, encoding="utf-8")
    return Exported(out, count, told)


def record_of(folder: Path, *needed: str) -> dict[str, Any]:
    """The record of an artifact whose files are as they were published, every byte read.

    Raises:
        StoreError: when it is no finished artifact, or has not the files `needed`, naming what it has.
        Damaged: when a file is not what the record says.
    """
    if not (folder / RECORD).exists():
        raise StoreError(f"{folder}: no {RECORD} in it, so it is no finished artifact")
    record = published(folder)
    for name in needed:
        if name not in record["payload"]:
            there = ", ".join(record["payload"]) or "nothing"
            raise StoreError(f"{folder}: a {record['class']} has no {name}; it has {there}")
    return record


def apart(folder: Path, out: Path) -> None:
    """Refuse to export into what is exported.

    Raises:
        StoreError: when `out` is the artifact's folder or below it.
    """
    if out.resolve().is_relative_to(folder.resolve()):
        raise StoreError(f"{out}: lies in the artifact that is exported; give a name outside of it")


def _ends(layout: Layout) -> str:
    return ".parquet" if isinstance(layout, Parquet) else ".jsonl, .json"
