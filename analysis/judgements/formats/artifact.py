"""Our own judgements: `verdicts.parquet`, a row a call, both orders of every prompt.

Only the columns that are needed are read, so that a table with more of them is read as well. A prompt is known by its
text where the judged answers lie in the same store, so that it joins with other files' prompts, and else by its id.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.analysis.judgements.formats.items import Item, Judgement, NoJudgements, judged_in_both, judged_once
from humpback.analysis.judgements.verdicts import BothOrders, Winner, winner
from humpback.core.store import RECORD, Damaged, read_record, verified_record
from humpback.core.tables import EXAMPLES, RAW_SHOWN, VERDICTS, Unreadable

KIND = "our verdicts"
COLUMNS = ("prompt", "order", "verdict", "a_characters", "b_characters", "source")
_FOLDER = re.compile(r"(.+)-vs-(.+?)(?:-[0-9a-f]{12,64})?")


def is_verdicts(path: Path) -> bool:
    """Whether it is a folder with verdicts, or a Parquet file."""
    if path.is_dir():
        return (path / VERDICTS).is_file()
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def judgement(path: Path) -> Judgement:
    """The verdicts of a folder or file.

    Raises:
        NoJudgements: when a column is not there, or the file is no whole Parquet; or when it, or the judged
            answers that the same store holds, are not what was published.
    """
    table = path / VERDICTS if path.is_dir() else path
    try:
        judge, texts = _judge(table.parent, table), _texts(table.parent)
    except Damaged as error:
        raise NoJudgements(str(error)) from error
    judged = judged_prompts(table)
    if not judged.items:
        why = judged.unreadable[0].reason if judged.unreadable else "it has no row"
        raise NoJudgements(f"{table}: no verdict in it; {why}")
    items = tuple(replace(one, prompt=texts.get(one.prompt, one.prompt)) for one in judged.items)
    systems = _names(table.parent.name)
    return Judgement(*systems, judge, KIND, (_file(table),), items, judged.unreadable, judged.notes)


@dataclass(frozen=True)
class JudgedPrompts:
    """A table of verdicts, prompt by prompt."""

    items: tuple[Item, ...]
    """Both orders together, under the prompt's id."""
    unreadable: tuple[Unreadable, ...]
    """Rows that cannot be used."""
    notes: tuple[str, ...]
    """Which orders are missing."""


def judged_prompts(table: Path) -> JudgedPrompts:
    """What verdicts come to: whoever wants wins, ties and losses of a judgement has them from here.

    Raises:
        NoJudgements: when a column is not there, or the file is no whole Parquet.
    """
    calls: dict[str, dict[str, tuple[Winner | None, dict[str, Any]]]] = {}
    aside: list[Unreadable] = []
    for number, row in enumerate(_rows(table)):
        try:
            won, reason = winner(row["order"], row["verdict"]), ""
        except ValueError as error:
            won, reason = None, f"field {error}"
        if not reason and row["order"] in calls.get(row["prompt"], {}):
            reason = f"prompt {row['prompt']!r} stands a second time in order {row['order']}"
        if reason:
            raw = json.dumps(row, default=str)[:RAW_SHOWN]
            aside.append(Unreadable(_file(table), f"row {number}", reason, raw))
        else:
            calls.setdefault(row["prompt"], {})[row["order"]] = (won, row)
    half = sum(len(orders) == 1 for orders in calls.values())
    single = half == len(calls)
    notes = f"{half} prompts have one order only; the other counts as unparsed"
    return JudgedPrompts(
        tuple(_item(prompt, orders, single) for prompt, orders in calls.items()),
        tuple(aside),
        ("one order only: flips cannot be seen",) if single else (notes,) if half else (),
    )


def _rows(table: Path) -> list[dict[str, Any]]:
    try:
        there = pq.read_schema(table).names
        lacking = [column for column in COLUMNS if column not in there]
        if lacking:
            raise NoJudgements(f"{table}: no column {lacking[0]!r}; it has {', '.join(map(repr, there))}")
        # `pq.read_table` imports pandas, which takes longer than reading does.
        rows: list[dict[str, Any]] = pq.ParquetFile(table).read(columns=list(COLUMNS)).to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        raise NoJudgements(f"{table}: no whole Parquet file ({str(error).splitlines()[0]})") from error
    return rows


def _file(table: Path) -> str:
    return f"{table.parent.name}/{table.name}"


def _item(prompt: str, orders: dict[str, tuple[Winner | None, dict[str, Any]]], single: bool) -> Item:
    order, (won, row) = next(iter(orders.items()))
    characters = (row["a_characters"], row["b_characters"])
    if single:
        return judged_once(prompt, row["source"], won, order=order, characters=characters)
    both = BothOrders(*(orders[one][0] if one in orders else None for one in ("ab", "ba")))
    return judged_in_both(prompt, row["source"], both, characters=characters)


def _texts(folder: Path) -> dict[str, str]:
    """The prompts' texts by id, from the first of the judged answers that is in the store."""
    if not (folder / RECORD).exists():
        return {}
    for name in read_record(folder / RECORD).inputs:
        answers = folder.parent.parent / name
        if (answers / RECORD).exists() and EXAMPLES in verified_record(answers, EXAMPLES).payload:
            table = answers / EXAMPLES
            ids, texts = pq.ParquetFile(table).read(columns=["id", "instruction"]).to_pydict().values()
            # Where a text stands twice, ids keep its prompts apart.
            times = Counter(texts)
            return {id: text for id, text in zip(ids, texts, strict=True) if times[text] == 1}
    return {}


def _names(folder: str) -> tuple[str, str]:
    found = _FOLDER.fullmatch(folder)
    return (found[1], found[2]) if found else (folder, "its opponent")


def _judge(folder: Path, table: Path) -> str:
    """The judge by the record's expression, and the payload held to its checksum; empty without a record."""
    if not (folder / RECORD).exists():
        return ""
    record = verified_record(folder, table.name)
    by = record.fields.get("by", {})
    told = [str(by[field]) for field in ("name", "judge", "config", "model") if isinstance(by.get(field), str)]
    return " ".join([by.get("class", ""), *told]).strip()
