"""What must not leave this computer: paths with the names of people and folders in them, and keys to services.

Only what the harness knows about a row (`id`, `source`, `origin`) and what stands in a card is cleaned. The text of a
row is data and stays as it is, also where `origin` repeats it.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import sha256
from typing import Any

from humpback.core.store import StoreError
from humpback.core.tables import Example, to_json

REMOVED = "(removed)"
_WHOLE = re.compile(r"(?:file:/{1,3})?(?:~?/|[A-Za-z]:[\\/]|\\\\)[^\n]+")
_WITHIN = re.compile(
    r"file:/[^\s\"'<>|]+"
    r"|(?<![\w/.~-])~?/(?:[\w.@+-]+/)+[\w.@+-]*"
    r"|(?<!\w)[A-Za-z]:[\\/](?:[\w.@+-]+[\\/])+[\w.@+-]*"
    r"|\\\\[\w.-]+(?:\\[\w.@+$-]+)+"
)
_PERSON = re.compile(r"(?:file:/{1,3})?(?:~|/?(?:home|Users)[\\/][^\\/]+|/?root|[A-Za-z]:[\\/]Users[\\/][^\\/]+)[\\/]*")
_KEY = re.compile(
    r"\bhf_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b"
    r"|(?<=[Bb]earer )[\w.~+/=-]{16,}"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|(?<=[?&]key=)[^&\s#\"']+|(?<=[?&]sig=)[^&\s#\"']+|(?<=token=)[^&\s#\"']+|(?<=[Ss]ignature=)[^&\s#\"']+"
)
_SECRET_FIELDS = {"api_key", "apikey", "password", "secret", "token", "access_token", "authorization", "cookie"}


def cleaned(text: str) -> str:
    """The text without keys, and with the last part alone of each absolute local path in it."""
    text = _KEY.sub(REMOVED, text)
    if _WHOLE.fullmatch(text):
        return _last(text)
    return _WITHIN.sub(lambda found: _last(found.group()), text)


def clean(row: Example) -> Example:
    """The row with `id`, `source` and `origin` cleaned. A cleaned id is a hash of what it was: still one row's own.

    Raises:
        StoreError: when `origin` is no JSON, naming the row.
    """
    try:
        known = json.loads(row.origin)
    except ValueError as error:
        raise StoreError(f"example {row.id!r}: its origin is no JSON ({error})") from error
    own = (row.instruction, row.output, row.system)
    return replace(row, id=clean_id(row.id), source=cleaned(row.source), origin=to_json(_clean_value(known, own)))


def clean_id(given: str) -> str:
    """The id, or a hash of it where it holds what must not leave."""
    return given if cleaned(given) == given else sha256(given.encode()).hexdigest()[:16]


def _clean_value(value: Any, own: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return value if any(value in text for text in own) else cleaned(value)
    if isinstance(value, list):
        return [_clean_value(item, own) for item in value]
    if isinstance(value, dict):
        return {
            cleaned(key): REMOVED
            if isinstance(item, str) and key.lower() in _SECRET_FIELDS
            else _clean_value(item, own)
            for key, item in value.items()
        }
    return value


def _last(path: str) -> str:
    if _PERSON.fullmatch(path):
        return REMOVED
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1] or REMOVED
