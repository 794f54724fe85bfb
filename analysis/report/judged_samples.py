"""The samples behind a judgement's numbers: each prompt with both answers, and for each order the verdict and the raw
reply; and which of them are asked for.

Every text here was written by a model: it is data, and whoever shows it has to escape it. Texts are read for the
prompts that are shown alone, so that a judgement of any size is looked at in the same memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from humpback.analysis.judgements.formats.items import Item
from humpback.analysis.judgements.verdicts import winner
from humpback.core.store import RECORD, Record, read_record
from humpback.core.tables import CALLS, EXAMPLES, VERDICTS

VERDICT_FILTERS = {
    "win": "won",
    "tie": "tied",
    "lose": "lost",
    "unparsed": "a reply was not parsed",
    "flipped": "the winner changed with the order",
}
BETTER, WORSE = "better", "worse"
BESIDE_FILTERS = {BETTER: "fared better than the other arm", WORSE: "fared worse than the other arm"}
"""Of two judgements of the same prompts, by their points."""
LENGTH_FILTERS = {"longer": "longer than its opponent's", "shorter": "shorter", "as-long": "as long"}
_FOR_SYSTEM = {"a": "win", "b": "lose", "tie": "tie", None: "unparsed"}


@dataclass(frozen=True)
class SampleFilter:
    """Which prompts of judgements are asked for; what is empty admits all."""

    verdict: str = ""
    """One of `VERDICT_FILTERS`, or of `BESIDE_FILTERS`."""
    set: str = ""
    """The prompt's set or category."""
    length: str = ""
    """One of `LENGTH_FILTERS`, of the system's answer."""
    least: int = 0
    """Characters of the system's answer."""
    most: int | None = None
    """Characters of the system's answer."""

    def admits(self, item: Item, other: Item | None = None) -> bool:
        """Whether the prompt is among them. `other` is the same prompt in the judgement that stands beside."""
        own, opponent = item.characters or (0, 0)
        length = "longer" if own > opponent else "shorter" if own < opponent else "as-long"
        marks = {"flipped": item.flipped, "unparsed": item.unparsed}
        fared = {item.result, beside(item, other), *(name for name, there in marks.items() if there)}
        return (
            self.verdict in ("", *fared)
            and self.set in ("", item.source)
            and self.length in ("", length)
            and self.least <= own <= (own if self.most is None else self.most)
        )


def beside(item: Item, other: Item | None) -> str | None:
    """How the prompt fared beside the same in another judgement; None where alike, or where that cannot be told."""
    if other is None or item.points is None or other.points is None or item.points == other.points:
        return None
    return BETTER if item.points > other.points else WORSE


@dataclass(frozen=True)
class Reply:
    """One call of the judge."""

    order: str
    """ "ab" where the system's answer was shown first, else "ba"."""
    outcome: str
    """ "win", "tie", "lose" or "unparsed", for the system."""
    raw: str
    """Empty where both answers were the same text and nothing was asked."""
    call: tuple[tuple[str, str], ...] = ()
    """What is known of the call, as (what, words)."""


@dataclass(frozen=True)
class JudgedSample:
    """One prompt of a judgement."""

    prompt: str
    """Its id."""
    instruction: str | None
    """None where the judged answers are no longer in the store."""
    system: str
    """The system sentence that the model answered under."""
    output: str | None
    other: str | None
    replies: tuple[Reply, ...]


def judged_samples(folder: Path, record: Record, prompts: Collection[str]) -> dict[str, JudgedSample]:
    """By their ids those prompts of the finished judgement in `folder`.

    Raises:
        OSError, pyarrow.ArrowException: when a table cannot be read.
    """
    sides = [_answers(folder, record, name) for name in ("answers", "against")]
    ours, theirs = ({} if one is None else _rows(one / EXAMPLES, "id", prompts) for one in sides)
    calls = _rows(folder / CALLS, "prompt", prompts) if (folder / CALLS).is_file() else {}
    found = {}
    for prompt, verdicts in _rows(folder / VERDICTS, "prompt", prompts).items():
        own, other = ours.get(prompt, [{}])[0], theirs.get(prompt, [{}])[0]
        about = {row["order"]: row for row in calls.get(prompt, ())}
        found[prompt] = JudgedSample(
            prompt,
            own.get("instruction", other.get("instruction")),
            own.get("system") or "",
            own.get("output"),
            other.get("output"),
            tuple(
                Reply(
                    row["order"],
                    _FOR_SYSTEM[winner(row["order"], row["verdict"])],
                    row["raw"],
                    tuple(_call_lines(about.get(row["order"], {}))),
                )
                for row in verdicts
            ),
        )
    return found


def _answers(folder: Path, record: Record, field: str) -> Path | None:
    """The folder of one side's answers, where it is in the store and as it was published."""
    fingerprint = record.fields[field]["artifact"]
    name = next((one for one in record.inputs if one.endswith(fingerprint[:16])), None)
    place = folder.parent.parent / name if name else None
    if place is None or not (place / RECORD).is_file() or not read_record(place / RECORD).state(place).readable:
        return None
    return place


def _rows(table: Path, key: str, wanted: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of these ids, by id in the table's order."""
    ids, found = pa.array(sorted(wanted), pa.string()), dict[str, list[dict[str, Any]]]()
    with pq.ParquetFile(table, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=1_024):
            for row in batch.filter(pc.is_in(batch[key], value_set=ids)).to_pylist():
                found.setdefault(row[key], []).append(row)
    return found


def _call_lines(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """How a verdict came about, where the judge was behind an endpoint."""
    if not row:
        return
    scores = [one for one in (row["score_first"], row["score_second"]) if one is not None]
    words = (
        ("model", row["model"]),
        ("preference", "" if row["preference"] is None else f"{row['preference']:g} (1 the first, 2 the second)"),
        ("scores", " and ".join(f"{one:g}" for one in scores)),
        ("mass", "" if row.get("mass") is None else f"{row['mass']:.3g}"),
        ("problem", row["problem"]),
        ("ended by", row.get("finish_reason") or ""),
        ("said otherwise", row.get("mended") or ""),
        ("tokens", f"{row['prompt_tokens']:,} in, {row['completion_tokens']:,} out"),
        ("replies", f"{row['samples']:,}" if row["samples"] != 1 else ""),
        ("read by", row["parser"]),
    )
    yield from ((what, text) for what, text in words if text)


def sets_of(items: Sequence[Item]) -> list[str]:
    """The prompts' sets, each once, in order of appearance."""
    return list(dict.fromkeys(one.source for one in items if one.source))
