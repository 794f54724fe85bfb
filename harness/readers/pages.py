"""Web pages from what people have: WARC, HTML files and folders of them, JSON Lines or Parquet of HTML or text.

What a file is follows from its content. Pages come in the file's order, one at a time; what is no page or cannot be
read comes in its place, so every record of a file is accounted for. The same address twice is two pages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from humpback.core.tables import Page, Rejected, Unreadable
from humpback.readers.lookahead import Lookahead
from humpback.readers.page_fields import page_of
from humpback.readers.records import records, unreadable
from humpback.readers.text_file import PARQUET, excerpt
from humpback.readers.unusable import UnusableFile
from humpback.readers.warc import NEXT, Damage, WarcRecord, warc_records
from humpback.readers.web_text import (
    LARGEST_PAGE,
    NoText,
    Response,
    charset,
    decode_page,
    holds_html,
    looks_like_html,
    media_type,
    response,
    unpacked,
)

ACCEPTED = "WARC, HTML, a folder of these, and JSON Lines or Parquet with HTML or text"
_HTML_TYPES = ("text/html", "application/xhtml+xml")
LARGEST_RECORD = LARGEST_PAGE + (1 << 16)
"""Bytes of a page with its HTTP headers."""
_HTML_NAMES = (".html", ".htm", ".xhtml")


@dataclass(frozen=True)
class CutPage(Page):
    """A page whose record says that it was cut off when it was stored (WARC-Truncated)."""


@dataclass(frozen=True)
class Other:
    """A record that was never meant to be a page: a request, metadata, a folder's image."""

    kind: str


Entry = Page | Rejected | Unreadable | Other


def pages(path: Path, name: str = "") -> Iterator[Page]:
    """The pages alone of a file or folder.

    Raises:
        UnusableFile: when there is nothing to read, or it is of no kind that is read here.
    """
    return (entry for entry in entries(path, name) if isinstance(entry, Page))


def entries(path: Path, name: str = "") -> Iterator[Entry]:
    """All that a file or folder holds, in order: pages, responses that are no page (`Rejected`), what cannot be read,
    and other records. `name` is what the file is called, where that is not the path's last part.

    Raises:
        UnusableFile: when there is nothing to read, or it is of no kind that is read here.
    """
    if path.is_dir():
        return _from_folder(path)
    if not path.exists():
        raise _unusable(path, "there is no such file or folder")
    try:
        # One empty page among a thousand files is unreadable, as it is in a folder.
        kind = "HTML" if path.suffix.lower() in _HTML_NAMES else kind_of(path)
    except OSError as error:
        raise _unusable(path, _cannot(error)) from error
    if kind not in _READERS:
        raise _unusable(path, f"this is {kind}")
    return _READERS[kind](path, name or path.name)


def _unusable(path: Path, found: str) -> UnusableFile:
    return UnusableFile(f"{path}: {found}. Accepted are {ACCEPTED}")


def _cannot(error: OSError) -> str:
    return f"it cannot be read ({error.strerror or error})"


def kind_of(path: Path) -> str:
    """ "WARC", "records" or "HTML", else what it is instead."""
    with Lookahead(path) as file:
        file.peek(1 << 14)
        while not file.buffer and file.resync():
            file.peek(1 << 14)
        head, packed = bytes(file.buffer[: 1 << 14]), file.packed
    names = path.name.lower().split(".")
    if NEXT.match(head.lstrip()):
        return "WARC"
    if head.startswith(PARQUET):
        return "records"
    if looks_like_html(head):
        return "HTML"
    text = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").lstrip(b" \t\r\n\x00")
    if text.startswith((b"{", b"[")):
        return "records"
    if not text:
        return "a file with nothing in it" if not packed else "a compressed file of which nothing can be read"
    # Damage at its beginning does not make an archive something else.
    if NEXT.search(head) or "warc" in names:
        return "WARC"
    if any(name[1:] in names for name in _HTML_NAMES):
        return "HTML"
    if head.startswith(b"filedesc:"):
        return "an ARC file, as archives were before WARC; warcio recompress makes a WARC file of it"
    if {"txt", "md"} & set(names):
        return "plain text and no web page; a setup takes it under texts"
    return f"something that begins with {head[:24]!r}"


def _from_folder(folder: Path) -> Iterator[Entry]:
    """HTML files and web archives below a folder, by their paths; addresses of HTML files are relative to it."""
    pages = 0
    for path in _files_below(folder):
        address = path.relative_to(folder).as_posix()
        address = address.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        found: Iterator[Entry] = iter((Other("file"),))
        try:
            kind = "HTML" if path.suffix.lower() in _HTML_NAMES else kind_of(path)
            if kind in ("HTML", "WARC"):
                found = _READERS[kind](path, address)
        except OSError as error:
            found = iter((Unreadable(address, "the file", _cannot(error), ""),))
        for entry in found:
            pages += isinstance(entry, Page | Unreadable)
            yield entry
    if not pages:
        raise _unusable(folder, "no file in this folder is HTML or WARC; name JSON Lines and Parquet files one by one")


def _files_below(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(where) / name for name in sorted(names))


def _from_html(path: Path, name: str) -> Iterator[Entry]:
    raw = b""
    try:
        with Lookahead(path) as file:
            more = file.peek(LARGEST_PAGE + 1)
            raw = bytes(file.buffer)
        if file.stopped is not None:
            raise NoText(file.stopped.reason)
        if more:
            raise NoText(f"the page has more than the {LARGEST_PAGE} bytes that are read")
        yield Page(name, decode_page(raw))
    except OSError as error:
        yield Unreadable(name, "the file", _cannot(error), "")
    except NoText as error:
        yield Unreadable(name, "the file", str(error), excerpt(raw[:8_000]))


def _from_warc(path: Path, name: str) -> Iterator[Entry]:
    for one in warc_records(path):
        if isinstance(one, Damage):
            yield Unreadable(name, one.place, one.reason, one.raw)
            continue
        try:
            yield _from_record(one)
        except NoText as error:
            yield Unreadable(name, one.place, str(error), excerpt(one.block[:8_000]))


def _from_record(record: WarcRecord) -> Page | Rejected | Other:
    """One record's page.

    Raises:
        NoText: saying why a record that should be a page is none.
    """
    kind = record.headers.get("warc-type", "").lower()
    if not kind:
        raise NoText("its header has no WARC-Type")
    if kind not in ("response", "resource", "conversion"):
        return Other(kind)
    url = record.headers.get("warc-target-uri", "").strip("<> \t\r\n")
    if not url:
        raise NoText("its header has no WARC-Target-URI")
    sent_as = record.headers.get("content-type", "")
    sent = Response(200, {"content-type": sent_as}, record.block)
    if kind == "response":
        sent = _sent(record.block, sent_as)
        if sent.status != 200:
            return Rejected(url, f"HTTP status {sent.status}; pages have 200", excerpt(sent.body))
    # What the archive found the bytes to be stands for what the server did not say.
    sent_as, body = sent.headers.get("content-type", ""), sent.body
    media = media_type(sent_as) or media_type(record.headers.get("warc-identified-payload-type", ""))
    media = media or ("text/html" if looks_like_html(body[:8_192]) else "")
    if media not in (*_HTML_TYPES, "text/plain"):
        return Rejected(url, f"Content-Type {media or '(none)'}; pages have text/html or text/plain", excerpt(body))
    if len(record.block) > LARGEST_RECORD:
        raise NoText(f"the record has {len(record.block)} bytes; pages of up to {LARGEST_PAGE} are read")
    cut = "warc-truncated" in record.headers
    text = decode_page(unpacked(sent, cut=cut), charset(sent_as))
    html, plain = (text, "") if media in _HTML_TYPES else ("", text)
    return CutPage(url, html, plain) if cut else Page(url, html, plain)


def _sent(block: bytes, sent_as: str) -> Response:
    """The HTTP response that a record holds. ClueWeb22's records, and some crawlers', have the page itself there.

    Raises:
        NoText: when it is neither.
    """
    media = media_type(sent_as)
    try:
        return response(block)
    except NoText:
        if media and media != "application/http":
            return Response(200, {"content-type": sent_as}, block)
        if holds_html(block[: 1 << 14]):
            return Response(200, {"content-type": "text/html"}, block)
        raise


def _from_records(path: Path, name: str) -> Iterator[Entry]:
    for record in records(path, name):
        if isinstance(record, Unreadable):
            yield record
            continue
        try:
            yield page_of(record)
        except NoText as error:
            yield unreadable(record, str(error))


_READERS: dict[str, Callable[[Path, str], Iterator[Entry]]] = {
    "HTML": _from_html,
    "WARC": _from_warc,
    "records": _from_records,
}
