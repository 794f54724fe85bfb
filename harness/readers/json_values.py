"""One JSON value, strictly: what Python's decoder lets through and Parquet or a paper's table would not is refused.

Refused are a field that stands twice, NaN and Infinity, halves of surrogate pairs, bytes that are no UTF-8, and nesting
deeper than the interpreter goes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_CUT = re.compile(r"[^\[\]{},:]{0,16}")
"""What is left of the text where a literal, an escape or a number is cut short: a little, and no structure."""


@dataclass(frozen=True)
class Decoded:
    """A value and where it ends."""

    value: Any
    end: int
    """Index of the first character after it."""
    complaint: str = ""
    """Why it must not be used although it is whole."""


class Broken(ValueError):
    """No JSON value stands here."""

    def __init__(self, reason: str, at: int, cut: bool = False, bomb: bool = False) -> None:
        super().__init__(reason)
        self.at = at
        """Index of the character at which decoding failed."""
        self.cut = cut
        """More text could make it whole."""
        self.bomb = bomb
        """It is nested too deeply."""


class Decoder:
    """Decodes values one at a time. `nan` lets NaN and Infinity through, as pandas writes them."""

    def __init__(self, *, nan: bool = False) -> None:
        self._json = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=None if nan else self._constant)
        self._complaint = ""

    def at(self, text: str, start: int = 0) -> Decoded:
        """The value that begins at `start`.

        Raises:
            Broken: when there is none.
        """
        self._complaint = ""
        try:
            value, end = self._json.raw_decode(text, start)
        except json.JSONDecodeError as error:
            cut = error.msg.startswith("Unterminated string") or _CUT.fullmatch(text, error.pos) is not None
            raise Broken(error.msg, error.pos, cut=cut) from error
        except RecursionError as error:
            raise Broken("nested too deeply", start, bomb=True) from error
        except ValueError as error:
            raise Broken(str(error), start) from error
        return Decoded(value, end, _no_text(text[start:end], value) or self._complaint)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            self._complaint = f"field {next(n for n in names if names.count(n) > 1)!r} stands twice in one object"
        return found

    def _constant(self, name: str) -> None:
        self._complaint = f"{name} is no JSON number; null would do"


def _no_text(raw: str, value: Any) -> str:
    """Why a value's text cannot be written as UTF-8; empty where it can."""
    try:
        if not raw.isascii():
            raw.encode()
    except UnicodeEncodeError as error:
        before = len(raw[: error.start].encode("utf-8", "surrogateescape"))
        return not_utf8(raw[error.start : error.start + 1].encode("utf-8", "surrogateescape"), before)
    try:
        if "\\ud" in raw or "\\uD" in raw:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "a string holds half of a surrogate pair (\\ud800 to \\udfff), which is no character"
    except RecursionError:
        return "nested too deeply"
    return ""


def not_utf8(found: bytes, at: int) -> str:
    """The reason for text that cannot be decoded; `at` counts bytes from the record's beginning."""
    return (
        f"not UTF-8: byte 0x{found[:1].hex()} at byte {at} of the record; other encodings are not guessed, "
        "save the file as UTF-8"
    )


def json_kind(value: Any) -> str:
    """What a value is, in JSON's words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "a string" if value else "an empty string"
        case int() | float():
            return "a number"
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "an object"
    return f"a {type(value).__name__}"
