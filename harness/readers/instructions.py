"""One reader for instruction data in any of the layouts of `layouts.py`: pairs to train on, or prompts to answer.

The layout is the file's, found by most of its first rows, so that a stray row is kept aside and does not change how the
others are read. An output that is there and empty is data: the released Alpaca has 28 of them among its 52,002, and the
papers trained on those. An output that is missing, or no text, is not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from humpback.core.tables import Example, Rejected, Unreadable, to_json
from humpback.readers.json_values import json_kind
from humpback.readers.layouts import PROMPTS, RESPONSES, RowLayout, fields_used, fitting_layouts, parse_row
from humpback.readers.records import FileRecord, records, unreadable
from humpback.readers.row_content import RefusedRow, RowContent, first_of
from humpback.readers.side_fields import with_side_fields
from humpback.readers.spellings import with_known_names
from humpback.readers.unusable import UnusableFile

Row = Example | Rejected | Unreadable
_LOOKED_AT = 100
"""Records by which the layout is found."""
_IDS = ("id", "idx", "question_id", "prompt_id")
_SOURCES = ("dataset", "category", "Skill", "skill", "source")
_KEPT = ("generator", "dataset", "category", "Skill", "skill", "source", "Difficulty", "difficulty", "motivation_app")
_READ_ALIKE = (
    {RowLayout.ALPACA, RowLayout.ALPACA_EVAL},
    {RowLayout.PROMPTS, RowLayout.KOALA},
)
_READ_ALIKE_AS_PROMPTS = (
    {RowLayout.ALPACA, RowLayout.ALPACA_EVAL, RowLayout.PROMPTS, RowLayout.KOALA},
    {RowLayout.PAIR, RowLayout.PROMPTS},
)


def stem_of(name: str) -> str:
    """What a file's rows are called after: its name up to the first full stop."""
    return name.split("/")[-1].split(".")[0] or name


def layout_of(path: Path, name: str = "") -> RowLayout:
    """How the file lays out its rows.

    Raises:
        UnusableFile: when it cannot be read, or no layout or more than one fits.
    """
    return _layout(path, list(islice(records(path, name), _LOOKED_AT)))


def pairs(path: Path, name: str = "", stem: str = "") -> Iterator[Row]:
    """Each record of a file as an example with instruction and output, or kept aside with the reason.

    `name` is what the file is called where that is not the path's last part, and `stem` what ids begin with. A row's id
    is `stem/ID` with the file's own id, or else `stem/ROW`; the later of two rows with one id is `Rejected`.

    Raises:
        UnusableFile: when it cannot be read, or no layout or more than one fits.
    """
    return _read(path, name, stem, _READ_ALIKE, prompts_only=False)


def prompts(path: Path, name: str = "", stem: str = "") -> Iterator[Row]:
    """As `pairs`, but an output may be missing."""
    return _read(path, name, stem, _READ_ALIKE_AS_PROMPTS, prompts_only=True)


def _spelled(found: Iterable[FileRecord | Unreadable]) -> Iterator[FileRecord | Unreadable]:
    for one in found:
        yield replace(one, value=with_known_names(one.value)) if isinstance(one, FileRecord) else one


def _layout(path: Path, head: list[FileRecord | Unreadable]) -> RowLayout:
    found = [(record, fitting_layouts(record.value)) for record in _spelled(head) if isinstance(record, FileRecord)]
    votes = Counter(fits[0] for _, fits in found if len(fits) == 1)
    if votes:
        return votes.most_common(1)[0][0]
    if not found:
        reason = next((one.reason for one in head if isinstance(one, Unreadable)), "nothing in it")
        raise UnusableFile(f"{path}: none of the first {len(head)} records can be read; the first: {reason}")
    record, fits = next(((record, fits) for record, fits in found if fits), found[0])
    raise UnusableFile(f"{path}: {record.place}: {_unfit(record.value, fits)}")


def _unfit(row: dict[str, Any], fits: tuple[RowLayout, ...]) -> str:
    names = ", ".join(name for name, value in row.items() if value is not None)[:200] or "none"
    if not fits:
        return (
            f"no layout fits its fields ({names}); it takes {' or '.join(PROMPTS)} with one of {', '.join(RESPONSES)}, "
            "or a chat under messages or conversations"
        )
    if len(set(fits)) > 1:
        told = " and ".join(fit.value for fit in dict.fromkeys(fits))
        return f"two layouts fit its fields ({names}): {told}; keep one"
    return f"its fields ({names}) hold more than one instruction or output; keep one of each"


def _read(path: Path, name: str, stem: str, alike: tuple[set[RowLayout], ...], *, prompts_only: bool) -> Iterator[Row]:
    name = name or path.name
    stem = stem or stem_of(name)
    stream = records(path, name)
    head = list(islice(stream, _LOOKED_AT))
    layout = _layout(path, head)
    family = next((one for one in alike if layout in one), {layout})
    seen: dict[str, str] = {}
    for record in _spelled(chain(head, stream)):
        if isinstance(record, Unreadable):
            yield record
            continue
        try:
            own = _own_id(record.value)
            content = _content(record.value, layout, family, prompts_only)
        except RefusedRow as error:
            yield unreadable(record, str(error))
            continue
        id, text = f"{stem}/{record.row if own is None else own}", f"{content.instruction}\n{content.output or ''}"
        origin = to_json(_origin(record, layout, own, content))
        # Row numbers are unique by themselves, so files without ids of their own cost no memory.
        earlier = seen.setdefault(id, record.place) if own is not None else seen.get(id, record.place)
        if earlier != record.place:
            reason = f"duplicate id: {record.place} of {name} has the id of {earlier}, {id.removeprefix(stem + '/')!r}"
            yield Rejected(f"{id}@{record.row}", reason, text, origin=origin)
        elif content.withheld and not prompts_only:
            yield Rejected(id, content.withheld, text, origin=origin)
        else:
            source = next((s for s in map(record.value.get, _SOURCES) if isinstance(s, str) and s.strip()), stem)
            yield Example(id, content.instruction, content.output or "", content.system, source, origin=origin)


def _content(row: dict[str, Any], layout: RowLayout, family: set[RowLayout], prompts_only: bool) -> RowContent:
    fits = fitting_layouts(row)
    if len(fits) > 1:
        raise RefusedRow(_unfit(row, fits))
    if not fits or fits[0] not in family:
        try:
            parse_row(layout, row)
        except RefusedRow as error:
            # What the file's layout misses in this row says more than which other layout the row happens to fit.
            raise RefusedRow(f"no {layout.value} row as the others: {error}") from error
        raise RefusedRow(f"no {layout.value} row as the others: it fits {fits[0].value if fits else 'no layout'}")
    content = parse_row(fits[0], row)
    if content.output is None and not prompts_only:
        raise RefusedRow(f"no output: a row of {fits[0].value} with an instruction alone; it takes an output too")
    return with_side_fields(content, row, {*fields_used(fits[0], row), *_IDS, *_SOURCES, *_KEPT})


def _own_id(row: dict[str, Any]) -> str | None:
    name = first_of(row, _IDS)
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise RefusedRow(f"field {name} is {json_kind(value)}; it takes a number or text")
    return str(value)


def _origin(record: FileRecord, layout: RowLayout, own: str | None, content: RowContent) -> dict[str, Any]:
    known: dict[str, Any] = {"file": record.file, "row": record.row, "layout": layout.value}
    if own is not None:
        known["id"] = own
    beside = {"input": content.input, "turns": content.later, "earlier": len(content.earlier)}
    beside |= {"others": content.others, "aside": list(content.aside)}
    known |= {name: value for name, value in beside.items() if value}
    for name in _KEPT:
        value = record.value.get(name)
        small = isinstance(value, str) and 0 < len(value) <= 200
        if small or (isinstance(value, (int, float)) and math.isfinite(value)):
            known[name.lower()] = value
    return known
