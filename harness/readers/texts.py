"""Ready texts: outputs that still need an instruction, from a column of records or a table, or a file each.

Which column holds them is told by the layout. Of pairs, in any layout that `instructions.py` reads, it is the output,
and the instruction is held back. Else it is the one column that is called as texts are, or the only column of text.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from humpback.core.tables import Example, Rejected, Unreadable, to_json
from humpback.readers.csv_table import delimiter_of
from humpback.readers.instructions import Row, pairs, stem_of
from humpback.readers.json_values import json_kind
from humpback.readers.layouts import PROMPTS, RESPONSES, WITHOUT_OUTPUT, fitting_layouts
from humpback.readers.page_fields import EITHER_FIELD, TEXT_FIELDS
from humpback.readers.pages import kind_of
from humpback.readers.records import FileRecord, is_table, records, table, unreadable
from humpback.readers.spellings import with_known_names
from humpback.readers.text_file import Text
from humpback.readers.unusable import UnusableFile

COLUMNS = (*TEXT_FIELDS, EITHER_FIELD, *RESPONSES)
LONGEST = 8 << 20
"""Bytes of a file that is one text."""
_LOOKED_AT = 100


def texts(path: Path, name: str = "", stem: str = "") -> Iterator[Row]:
    """Each text of a file as an example without an instruction, or what cannot be used with the reason. A blank text is
    rejected.

    Raises:
        UnusableFile: when it cannot be read, is a web page or archive, or no column or more than one can be the text.
    """
    name = name or path.name
    stem = stem or stem_of(name)
    told = "text" if path.name.lower().endswith((".txt", ".md")) else kind_of(path)
    if told == "records" or is_table(path):
        head = [one for one in islice(records(path, name), _LOOKED_AT) if isinstance(one, FileRecord)]
        if _are_pairs(head):
            return map(_held_back, pairs(path, name, stem))
        return _column(path, stem, records(path, name))
    if told in ("HTML", "WARC"):
        raise UnusableFile(f"{path}: these are web pages; name them under pages, where they are cut into segments")
    first = Text(path).head.split(b"\n", 1)[0].decode("utf-8", "replace")
    if _is_header(first, path):
        return _column(path, stem, table(path, name))
    return iter((_whole(path, name, stem),))


def _are_pairs(head: list[FileRecord]) -> bool:
    """Whether most records hold an output beside its instruction."""
    fits = [fitting_layouts(with_known_names(record.value)) for record in head]
    return sum(bool(fit) and fit[0] not in WITHOUT_OUTPUT for fit in fits) > len(head) / 2


def _held_back(row: Row) -> Row:
    if not isinstance(row, Example):
        return row
    origin = to_json({**row.known, "held back": row.instruction})
    if not row.output.strip():
        return Rejected(row.id, "a blank text", row.instruction, origin=origin)
    return Example(row.id, output=row.output, source=row.source, origin=origin)


def _column(path: Path, stem: str, found: Iterator[FileRecord | Unreadable]) -> Iterator[Row]:
    head = list(islice(found, _LOOKED_AT))
    column = _text_column(path, [one.value for one in head if isinstance(one, FileRecord)])
    for one in chain(head, found):
        if isinstance(one, Unreadable):
            yield one
            continue
        value = one.value.get(column)
        if not isinstance(value, str):
            what = json_kind(value) if column in one.value else "missing"
            yield unreadable(one, f"field {column} is {what}; it takes text")
            continue
        known = {"file": one.file, "row": one.row, "column": column}
        prompt = next((one.value[key] for key in PROMPTS if isinstance(one.value.get(key), str)), "")
        origin = to_json(known | ({"held back": prompt} if prompt else {}))
        if value.strip():
            yield Example(f"{stem}/{one.row}", output=value, source=stem, origin=origin)
        else:
            yield Rejected(f"{stem}/{one.row}", "a blank text", "", origin=origin)


def _text_column(path: Path, rows: list[dict[str, Any]]) -> str:
    """The column of the texts.

    Raises:
        UnusableFile: when none or several can be.
    """
    there = Counter(name for row in rows for name, value in row.items() if isinstance(value, str) and value.strip())
    called = [name for name in there if name.lower().replace("-", "_") in COLUMNS]
    candidates = called or [name for name in there if name not in PROMPTS]
    if len(candidates) == 1:
        return candidates[0]
    names = ", ".join(map(repr, sorted(there))) or "none"
    what = "more than one column can hold the texts" if candidates else "no column holds texts"
    raise UnusableFile(f"{path}: {what} (columns of text: {names}); keep one, or call it text")


def _is_header(line: str, path: Path) -> bool:
    """Whether a file's first line names columns, one of them as texts are called."""
    if is_table(path):
        return True
    cells = next(csv.reader([line], delimiter=delimiter_of(line)), [])
    return any(cell.strip().lower().replace("-", "_") in COLUMNS for cell in cells)


def _whole(path: Path, name: str, stem: str) -> Row:
    """A file that is one text."""
    raw, text = b"", Text(path)
    for piece in text.pieces():
        raw += piece
        if len(raw) > LONGEST:
            return Unreadable(name, "the file", f"it has more than the {LONGEST} bytes that are read as one text", "")
    if text.broken:
        return Unreadable(name, "the file", text.broken, "")
    try:
        words = raw.decode()
    except UnicodeDecodeError as error:
        return Unreadable(name, "the file", f"not UTF-8: byte 0x{error.object[error.start]:02x} at {error.start}", "")
    if "\x00" in words:
        return Unreadable(name, "the file", "it holds NUL characters, which no text has", "")
    return Example(f"{stem}/0", output=words.strip(), source=stem, origin=to_json({"file": name, "row": 0}))
