"""Datasets out: the examples of an artifact in a layout that other programs read, with a card."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from humpback.core.expression import FieldError
from humpback.core.store import Record, StoreError
from humpback.core.tables import EXAMPLES, REJECTED, UNREADABLE, Example, read
from humpback.export.cards import title, write_card
from humpback.export.layouts import LAYOUTS, Has, Layout, columns, write_rows
from humpback.export.licences import LicenceOf, notices, unknown_licence
from humpback.export.lineage import lineage
from humpback.export.target import Exported, checked_record, whole_or_nothing

_REASONS = 8
"""Reasons of rejection shown in a card."""
_SIZES = {
    10**3: "n<1K",
    10**4: "1K<n<10K",
    10**5: "10K<n<100K",
    10**6: "100K<n<1M",
    10**7: "1M<n<10M",
    10**8: "10M<n<100M",
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d(:\d\d(:\d\d(\.\d+)?)?)?)?(Z|[+-]\d\d(:?\d\d)?)?")


@dataclass(frozen=True)
class DatasetSummary:
    """What one pass over the rows tells."""

    rows: int
    lengths: dict[str, str]
    """Characters of the instructions and of the outputs: mean ± population standard deviation."""
    systems: int
    """Rows with a system sentence."""
    outputs: int
    """Rows with an output."""
    no_instruction: str | None
    """Id of the first row without an instruction."""
    only_dates: tuple[str, ...]
    """Columns in which every text reads as a date."""

    @property
    def has(self) -> Has:
        """What to write in every row."""
        return Has(systems=self.systems > 0, outputs=self.outputs > 0)


def export_dataset(
    folder: Path, out: Path, name: str, *, licence_of: LicenceOf = unknown_licence, overwrite: bool = False
) -> Exported:
    """Write the examples of the artifact in `folder` in the layout of this name.

    `out` is a file when it ends in .jsonl, .json (one array) or .parquet; otherwise it is a folder for the hub, with a
    card and the data in `data/`. Rows come out in their order, each once; nothing stays at `out` when it fails.

    Raises:
        FieldError: when there is no such layout, with those that there are.
        StoreError: when there are no examples to export or the layout cannot hold them, when `out` may not be written,
            or ends otherwise than the layout does.
        Damaged: when the artifact is not as it was published.
    """
    if name not in LAYOUTS:
        raise FieldError(f"no layout {name!r}; there are {', '.join(LAYOUTS)}")
    suffix, layout = out.suffix, LAYOUTS[name]
    endings = (".jsonl", ".json") if layout else (".parquet",)
    single = suffix in (".json", ".jsonl", ".parquet")
    if single and suffix not in endings:
        raise StoreError(f"{out}: {name} is written as {', '.join(endings)} or as a folder")
    record = checked_record(folder, out, EXAMPLES)
    found = summarise_examples(folder / EXAMPLES)
    if not found.rows:
        raise StoreError(f"{folder}: an empty set, nothing to export")
    if found.no_instruction is not None and layout:
        raise StoreError(
            f"{folder / EXAMPLES}: example {found.no_instruction!r} has no instruction, which "
            f"{name} has no place for; export it as parquet"
        )
    history = lineage(record, folder, licence_of)
    with whole_or_nothing(out, folder=not single, overwrite=overwrite) as place:
        data = place if single else place / "data" / f"train{endings[0]}"
        data.parent.mkdir(exist_ok=True)
        write_rows(layout, read(folder / EXAMPLES, Example), data, array=suffix == ".json", has=found.has)
        if not single:
            write_card(
                place,
                record,
                history,
                "contains",
                _hub_fields(record, found, layout, f"data/{data.name}"),
                name=out.resolve().name,
                summary=found,
                rejected=_rejected(folder),
            )
    of_dates = (
        f"every {column} reads as a date, which datasets' reader of JSON writes otherwise; parquet keeps it"
        for column in found.only_dates
        if layout
    )
    return Exported(out, found.rows, (*notices(history.origins), *of_dates))


def summarise_examples(path: Path) -> DatasetSummary:
    """Counts and lengths of a file of examples, streamed."""
    systems = outputs = 0
    no_instruction: str | None = None
    lengths = {"instruction": array("q"), "output": array("q")}
    dates = set(lengths)
    for row in read(path, Example):
        systems += row.system != ""
        outputs += row.output != ""
        for name, known in lengths.items():
            text = getattr(row, name)
            known.append(len(text))
            if name in dates and not _DATE.fullmatch(text):
                dates.remove(name)
        if no_instruction is None and not row.instruction.strip():
            no_instruction = row.id
    rows = len(lengths["output"])
    spread = {name: f"{np.mean(known):,.0f} ± {np.std(known):,.0f}" for name, known in lengths.items() if rows}
    only_dates = tuple(name for name in lengths if rows and name in dates)
    return DatasetSummary(rows, spread, systems, outputs, no_instruction, only_dates)


def _hub_fields(record: Record, found: DatasetSummary, layout: Layout | None, data_file: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "pretty_name": title(record),
        "size_categories": [next((word for below, word in _SIZES.items() if found.rows < below), "other")],
        "task_categories": ["text-generation"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": data_file}]}],
    }
    if layout:
        # Without types, a reader of JSON guesses them from each stretch of the file anew.
        fields["dataset_info"] = {"features": columns(layout, found.has)}
    return fields


def _rejected(folder: Path) -> list[str]:
    """What the last step left out, a line for each of the commonest reasons."""
    lines = []
    for name in (REJECTED, UNREADABLE):
        if not (folder / name).exists():
            continue
        word, kinds, first = name.removesuffix(".parquet"), Counter[str](), dict[str, str]()
        with pq.ParquetFile(folder / name) as file:
            for batch in file.iter_batches(columns=["reason"]):
                for reason in batch["reason"].to_pylist():
                    # Reasons that differ in a number alone are one kind; its first stands for it.
                    kind = re.sub(r"\d[\d.,]*", "N", reason)
                    kinds[kind] += 1
                    first.setdefault(kind, reason)
        shown = kinds.most_common(_REASONS)
        for kind, number in shown:
            such = "" if first[kind] == kind else "such as: "
            lines.append(f"{number:,} {word}, {such}{' '.join(first[kind].split())[:200]}")
        if more := len(kinds) - len(shown):
            rest = kinds.total() - sum(number for _, number in shown)
            lines.append(f"{rest:,} {word} for {more} further reasons")
    return lines
