"""The card that goes with exported data: what it is, what may be done with it, how it was made, how to load it.

A card is Markdown below YAML front matter in the fields of the Hugging Face hub. Everything in it comes from the record
and the rows; the part that is checked by people, the licences, stands first.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from humpback.core.tables import REJECTED, UNREADABLE
from humpback.export.layouts import Has, Layout, Parquet
from humpback.export.licences import Holding, Origin, for_hub, notices
from humpback.export.lineage import Lineage
from humpback.export.private import cleaned
from humpback.export.target import MARK

_REASONS = 8
"""Of rejection, shown in a card."""
_SIZES = {
    10**3: "n<1K",
    10**4: "1K<n<10K",
    10**5: "10K<n<100K",
    10**6: "100K<n<1M",
    10**7: "1M<n<10M",
    10**8: "10M<n<100M",
}


@dataclass(frozen=True)
class Lengths:
    """Of one column, in characters."""

    mean: float
    std: float
    """Population standard deviation."""


@dataclass(frozen=True)
class Summary:
    """What one pass over the rows tells."""

    rows: int
    instruction: Lengths
    output: Lengths
    systems: int
    """Rows with a system sentence."""
    outputs: int
    """Rows with an output."""
    no_instruction: str | None
    """Id of the first row without one."""
    only_dates: tuple[str, ...]
    """Columns in which every text reads as a date."""

    @property
    def has(self) -> Has:
        """What to write in every row."""
        return Has(systems=self.systems > 0, outputs=self.outputs > 0)


_DATE = r"^\d{4}-\d\d-\d\d([ T]\d\d(:\d\d(:\d\d(\.\d+)?)?)?)?(Z|[+-]\d\d(:?\d\d)?)?$"


def summary(path: Path) -> Summary:
    """Counts and lengths of a file of examples, streamed."""
    columns = ("instruction", "output")
    sums, squares, dates = Counter[str](), Counter[str](), Counter[str]()
    rows = systems = outputs = 0
    lacking: str | None = None
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=16_384, columns=["id", *columns, "system"]):
            rows += batch.num_rows
            systems += pc.sum(pc.not_equal(batch["system"], "")).as_py() or 0
            outputs += pc.sum(pc.not_equal(batch["output"], "")).as_py() or 0
            for name in columns:
                lengths = pc.utf8_length(batch[name]).cast("int64")
                sums[name] += pc.sum(lengths).as_py() or 0
                squares[name] += pc.sum(pc.multiply(lengths, lengths)).as_py() or 0
                dates[name] += pc.sum(pc.match_substring_regex(batch[name], _DATE)).as_py() or 0
            if lacking is None:
                empty = batch["id"].filter(pc.equal(pc.utf8_trim_whitespace(batch["instruction"]), ""))
                lacking = empty[0].as_py() if len(empty) else None

    def lengths_of(name: str) -> Lengths:
        mean = sums[name] / max(rows, 1)
        return Lengths(mean, math.sqrt(max(0.0, squares[name] / max(rows, 1) - mean * mean)))

    only_dates = tuple(name for name in columns if rows and dates[name] == rows)
    return Summary(rows, lengths_of("instruction"), lengths_of("output"), systems, outputs, lacking, only_dates)


def data_card(
    record: dict[str, Any], folder: Path, found: Summary, history: Lineage, *, layout: Layout, data_file: str, name: str
) -> str:
    """The README.md of an exported dataset, front matter included. `data_file` is relative to it."""
    body = [
        f"# {title(record)}",
        f"{found.rows:,} examples: instructions of {_length(found.instruction)} characters, outputs of "
        f"{_length(found.output)} (mean ± standard deviation)"
        + (f"; {found.systems:,} with a system sentence." if found.systems else "."),
        *licence_section(history),
        *made_section(history),
        *_rejected_section(folder),
        *record_section(record),
        "## Loading",
        f'```python\nfrom datasets import load_dataset\n\nexamples = load_dataset("{name}", split="train")\n```',
    ]
    return front_matter(_fields(record, found, history, layout, data_file)) + cleaned_lines("\n\n".join(body))


def _fields(record: dict[str, Any], found: Summary, history: Lineage, layout: Layout, data_file: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        **for_hub(history.origins),
        "language": list(history.languages) or None,
        "pretty_name": title(record),
        "size_categories": [next((word for below, word in _SIZES.items() if found.rows < below), "other")],
        "task_categories": ["text-generation"],
        "tags": ["humpback", "instruction-tuning"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": data_file}]}],
    }
    if not isinstance(layout, Parquet):
        # Without types, a reader of JSON guesses them from each stretch of the file anew.
        fields["dataset_info"] = {"features": layout.features(found.has)}
    return {key: value for key, value in fields.items() if value is not None}


def front_matter(fields: dict[str, Any]) -> str:
    """The hub's fields as YAML between two rules."""
    from huggingface_hub import CardData

    return f"---\n{CardData(**fields).to_yaml()}\n---\n\n{MARK}\n"


def title(record: dict[str, Any]) -> str:
    """Class and slug, without the fingerprint."""
    slug = re.sub(r"-[0-9a-f]{16}$", "", record["name"]).split("/", 1)[1]
    return f"{record['class']}: {slug}"


def licence_section(history: Lineage, how: Holding = "contains") -> list[str]:
    """What may be done with it, and what it is made of."""

    def line(one: Origin) -> str:
        role = {"contained": "", "used": "; through a model", "compared": "; counted or left out, not contained"}
        return f"- {one.name} ({one.detail}): {one.licence or 'licence not known here'}{role[one.reach]}"

    return [
        "## Licence and sources",
        *(f"**{told[0].upper()}{told[1:]}.**" for told in notices(history.origins, how)),
        "\n".join(map(line, history.origins)) or "Nothing from outside.",
    ]


def made_section(history: Lineage) -> list[str]:
    """The steps, inputs before what is made of them."""
    return ["## How it was made", "\n".join(map(str, history.steps))]


def record_section(record: dict[str, Any]) -> list[str]:
    """Identity, commit and versions."""
    source = record["source"]
    changed = f", with uncommitted changes ({source['diff']})" if source.get("diff") else ""
    versions = ", ".join(f"{name} {version}" for name, version in record["packages"].items())
    lines = [
        f"- fingerprint `{record['fingerprint']}`, stage version {record['version']}",
        f"- commit {source['commit'] or 'unknown'}{changed}, finished {record['finished']}",
        f"- {versions}, Python {record['machine']['python']}",
    ]
    return ["## Record", "\n".join(lines)]


def cleaned_lines(text: str) -> str:
    """The text without keys and local paths, line by line."""
    return "\n".join(cleaned(line) for line in text.split("\n")) + "\n"


def _rejected_section(folder: Path) -> list[str]:
    lines = []
    for name, word in ((REJECTED, "rejected"), (UNREADABLE, "unreadable")):
        if not (folder / name).exists():
            continue
        kinds: Counter[str] = Counter()
        shown: dict[str, str] = {}
        with pq.ParquetFile(folder / name) as file:
            for batch in file.iter_batches(columns=["reason"]):
                for reason in batch["reason"].to_pylist():
                    # Reasons that differ in a number alone are one kind; its first stands for it.
                    kind = re.sub(r"\d[\d.,]*", "N", reason)
                    kinds[kind] += 1
                    shown.setdefault(kind, reason)
        for kind, number in kinds.most_common(_REASONS):
            such = "" if shown[kind] == kind else "such as: "
            lines.append(f"- {number:,} {word}, {such}{' '.join(shown[kind].split())[:200]}")
        if len(kinds) > _REASONS:
            rest = sum(kinds.values()) - sum(number for _, number in kinds.most_common(_REASONS))
            lines.append(f"- {rest:,} {word} for {len(kinds) - _REASONS} further reasons")
    return ["## What was left out in the last step", "\n".join(lines)] if lines else []


def _length(one: Lengths) -> str:
    return f"{one.mean:,.0f} ± {one.std:,.0f}"
