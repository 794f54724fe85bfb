"""Rows of a file of judgements: JSON (an array, an object around one, or JSON Lines), CSV or Parquet.

Judgement files are small and written by pandas or by hand, so a file is parsed whole, and NaN is let through for the
preference that it may stand for. Only when that fails is it read piece by piece, to save what is not broken.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.core.tables import RAW_SHOWN, Unreadable
from humpback.readers.records import FileRecord, records
from humpback.readers.text_file import PARQUET
from humpback.readers.unusable import UnusableFile

_OF_A_ROW = ("preference", "score", "scores", "score_1", "winner")
"""A single row may have a list of objects too, such as Self-Instruct's instances."""
_GZIP = b"\x1f\x8b"


class Unfit(ValueError):
    """A row that cannot be used: which field, what was found, what would do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the file."""

    place: str
    """Such as "element 4" or "line 12"."""
    value: dict[str, Any]
    """The object, as it stands there."""

    def raw(self) -> str:
        """The beginning of it, for `Unreadable.raw`."""
        return json.dumps(self.value, ensure_ascii=False)[:RAW_SHOWN]

    def text(self) -> str:
        """All of it, the fields in the alphabet's order: rows with the same text were written twice."""
        return json.dumps(self.value, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class Rows:
    """A file, read."""

    path: Path
    rows: tuple[Row, ...]
    """Its objects, in order."""
    unreadable: tuple[Unreadable, ...]
    """What is no object, or no JSON."""
    about: dict[str, Any]
    """The fields that stand beside the array, such as Meta_Info."""

    @property
    def stem(self) -> str:
        """The file's name without folders and ".json"."""
        return self.path.name.split(".json")[0]

    @cached_property
    def judges(self) -> frozenset[str]:
        """Whom the rows name in a field `judge`."""
        return frozenset(one.value["judge"] for one in self.rows if isinstance(one.value.get("judge"), str))


def rows_of(path: Path) -> Rows:
    """Everything in the file, in order.

    Raises:
        NoJudgements: when it cannot be read, is no UTF-8, or has no object in it.
    """
    about: dict[str, Any] = {}
    try:
        data = path.read_bytes()
        if path.suffix == ".csv" or data.startswith(PARQUET):
            found = _kept(records(path))
            text = None
        else:
            text = (gzip.decompress(data) if data[:2] == _GZIP else data).decode("utf-8-sig")
            found, about = _of_json(text, path)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise NoJudgements(f"{path}: it cannot be read ({reason})") from error
    except UnicodeDecodeError as error:
        raise NoJudgements(f"{path}: not UTF-8 at byte {error.start}; judgements are JSON or JSON Lines") from error
    except UnusableFile as error:
        raise NoJudgements(str(error)) from error
    rows = tuple(one for one in found if isinstance(one, Row))
    if not rows:
        begins = "no row in it" if text is None else f"no JSON object in it; it begins with {text[:40]!r}"
        raise NoJudgements(
            f"{path}: {begins}. Accepted are a folder or file of verdicts, "
            "AlpacaEval annotations, reviews with scores, and a database of votes"
        )
    return Rows(path, rows, tuple(one for one in found if isinstance(one, Unreadable)), about)


def _of_json(text: str, path: Path) -> tuple[list[Row | Unreadable], dict[str, Any]]:
    """The objects, and what stands beside the array that they are in."""
    about: dict[str, Any] = {}
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return _saved(path), about
    if isinstance(whole, dict) and whole.keys().isdisjoint(_OF_A_ROW):
        lists = [key for key, value in whole.items() if isinstance(value, list) and any(map(_is_object, value))]
        if len(lists) == 1:
            whole, about = whole[lists[0]], {key: value for key, value in whole.items() if key != lists[0]}
    elements = whole if isinstance(whole, list) else [whole]
    return [_row(f"element {i}", one, path.name) for i, one in enumerate(elements)], about


def _kept(found: Iterable[FileRecord | Unreadable]) -> list[Row | Unreadable]:
    return [Row(one.place, one.value) if isinstance(one, FileRecord) else one for one in found]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _row(place: str, value: Any, file: str) -> Row | Unreadable:
    if isinstance(value, dict):
        return Row(place, value)
    found = json.dumps(value)[:RAW_SHOWN]
    return Unreadable(file, place, f"found {found[:40]}; a row is an object with named fields", found)


def _saved(path: Path) -> list[Row | Unreadable]:
    """What can be read of JSON Lines, and of an array that is broken or cut off."""
    try:
        return _kept(records(path, nan=True))
    except UnusableFile:
        return []
