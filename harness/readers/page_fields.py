"""Which fields of a JSON object or Parquet row hold a page.

The names are a closed list, in any case and with "-" for "_": a field is never guessed by its content, but for
`content`, which some collections use for HTML and some for text. HTML goes before text where both are there. They are
those of ClueWeb22, C4, mC4, CulturaX, RefinedWeb, FineWeb, Dolma, RedPajama, The Pile, OSCAR, MADLAD and HPLT.
"""

from __future__ import annotations

import json
from typing import Any

from humpback.core.tables import Page
from humpback.readers.records import FileRecord
from humpback.readers.row_content import spelling
from humpback.readers.web_text import LARGEST_PAGE, NoText, decode_page, looks_like_html

HTML_FIELDS = ("html", "raw_html", "html_content")
TEXT_FIELDS = ("text", "raw_content", "plain_text", "clean_text", "page_content", "document")
EITHER_FIELD = "content"
"""HTML where it begins like HTML, else text."""
URL_FIELDS = ("url", "uri", "target_uri", "warc_target_uri")
NESTED_FIELDS = ("warc_headers", "meta", "metadata")
"""Objects, or their JSON, that can hold the address."""
ID_FIELD = "id"
"""The address where none of URL_FIELDS is there."""


def page_of(record: FileRecord) -> Page:
    """The page that an object with fields is.

    Raises:
        NoText: when no accepted field is there, or two that differ.
    """
    given: dict[str, Any] = {}
    for name, value in record.value.items():
        field = spelling(name)
        if value in (None, "", b""):
            continue
        if given.setdefault(field, value) != value:
            raise NoText(f"the field {field!r} is there twice but for its spelling, with different content")
    html, text = _one_of(given, HTML_FIELDS), _one_of(given, TEXT_FIELDS)
    if html is None and text is None and (either := given.get(EITHER_FIELD)) is not None:
        either = _string(either, EITHER_FIELD)
        html, text = (either, None) if looks_like_html(either[:8_192].encode("utf-8", "replace")) else (None, either)
    if html is None and text is None:
        raise NoText(
            f"its fields that are not empty are {', '.join(map(repr, given)) or 'none'}; a page has HTML in one of "
            f"{', '.join(HTML_FIELDS)}, or text in one of {', '.join(TEXT_FIELDS)}, or either in {EITHER_FIELD}"
        )
    url = _one_of(given, URL_FIELDS) or _nested_url(given) or _one_of(given, (ID_FIELD,))
    # A collection of bare texts is usable; its rows are told apart by where they stand.
    url = url or f"{record.file}#{record.row}"
    return Page(url, html) if html is not None else Page(url, "", text or "")


def _nested_url(given: dict[str, Any]) -> str | None:
    for name in NESTED_FIELDS:
        nested = given.get(name)
        if isinstance(nested, str) and nested.startswith("{"):
            try:
                nested = json.loads(nested)
            except ValueError:
                continue
        if isinstance(nested, dict):
            inner = {spelling(str(key)): value for key, value in nested.items()}
            for url in map(inner.get, URL_FIELDS):
                if isinstance(url, str) and url:
                    return url.strip()
    return None


def _one_of(given: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The text of whichever of the fields is there."""
    there = {name: _string(given[name], name) for name in names if given.get(name) is not None}
    if len(set(there.values())) > 1:
        raise NoText(f"the fields {' and '.join(map(repr, there))} differ; leave one of them")
    return next(iter(there.values()), None)


def _string(value: Any, name: str) -> str:
    if isinstance(value, bytes):
        value = decode_page(value) if len(value) <= LARGEST_PAGE else value.decode("utf-8", "replace")
    if name in (*URL_FIELDS, ID_FIELD) and isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        raise NoText(f"field {name!r} is a {type(value).__name__}, not a text")
    if len(value) > LARGEST_PAGE:
        raise NoText(f"field {name!r} has {len(value)} characters; pages of up to {LARGEST_PAGE} are read")
    text: str = value.replace("\x00", "")
    return text.strip() if name in URL_FIELDS else text
