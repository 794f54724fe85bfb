"""HTTP bodies and character sets: packed or not, declared rightly, wrongly or not at all."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

import pyarrow as pa
import pytest

from humpback.core.tables import Page, Unreadable
from humpback.readers import web_text
from tests.harness.readers.archives import HTML, found, http, record, urls


def chunked(body: bytes) -> bytes:
    return b"%x;x=y\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (5, body[:5], len(body) - 5, body[5:])


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (chunked(HTML), {"Transfer_Encoding": "chunked"}),
        (HTML, {"Transfer_Encoding": "chunked"}),
        (gzip.compress(HTML, mtime=0), {"Content_Encoding": "gzip"}),
        (HTML, {"Content_Encoding": "gzip"}),
        (gzip.compress(HTML[:9]) + gzip.compress(HTML[9:]) + b"\0", {"Content_Encoding": "gzip"}),
        (chunked(gzip.compress(HTML, mtime=0)), {"Content_Encoding": "gzip", "Transfer_Encoding": "chunked"}),
        (zlib.compress(HTML), {"Content_Encoding": "deflate"}),
        (zlib.compress(HTML, wbits=-15), {"Content_Encoding": "deflate"}),
        (pa.compress(HTML, codec="brotli", asbytes=True), {"Content_Encoding": "br"}),
        (HTML, {"Content_Encoding": "br"}),
    ],
)
def test_bodies_are_unpacked_or_were_already(tmp_path: Path, body: bytes, headers: dict[str, str]) -> None:
    (row,) = found(tmp_path, record(http(body, **headers)))
    assert row == Page("http://a/", HTML.decode())


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (http(gzip.compress(HTML, mtime=0)[:-12], Content_Encoding="gzip"), "the body is no whole gzip stream"),
        (http(chunked(HTML)[:20], Transfer_Encoding="chunked"), "the chunked body breaks off after"),
        (http(b"xyz", Content_Encoding="sdch"), "Content-Encoding 'sdch'"),
        (http(gzip.compress(bytes(30_000_000), mtime=0), Content_Encoding="gzip"), "the page has 8388609 bytes"),
        (http(random.Random(0).randbytes(2_000)), "no text: "),
        (http(b"\x89PNG\r\n" + bytes(range(32)) * 40), "no text: "),
        (http(b" "), "nothing is in it"),
        (b"no status line <p>", "no HTTP status line"),
    ],
)
def test_what_is_no_page_says_why(tmp_path: Path, message: bytes, reason: str) -> None:
    first, second = found(tmp_path, record(message) + record(http(), url="http://b/"))
    assert isinstance(first, Unreadable)
    assert first.reason.startswith(reason)
    assert first.place == "record 0 at byte 0"
    assert urls([second]) == ["http://b/"]


@pytest.mark.parametrize(
    ("raw", "declared", "text"),
    [
        ("é".encode(), "", "é"),
        ("é".encode("cp1252"), "iso-8859-1", "é"),
        (b"\x93x\x94", "iso-8859-1", "“x”"),
        ("naïve “x” да".encode(), "iso-8859-1", "naïve “x” да"),
        (b'<meta charset="windows-1251">' + "да".encode(), "", '<meta charset="windows-1251">да'),
        (("да" * 20).encode()[:-1], "iso-8859-1", "да" * 19 + "д\ufffd"),
        ("联通".encode("gbk"), "gbk", "联通"),
        ("é".encode("cp1252"), "utf-8", "é"),
        (b'<meta charset="shift_jis">' + "日本".encode("shift_jis"), "", '<meta charset="shift_jis">日本'),
        (b'<meta charset="utf-16">' + "é".encode(), "", '<meta charset="utf-16">é'),
        (b'<?xml version="1.0" encoding="koi8-r"?>' + "да".encode("koi8-r"), "",
         '<?xml version="1.0" encoding="koi8-r"?>да'),
        ("\ufeffé".encode("utf-16-le"), "utf-8", "é"),
        ("\ufeffé".encode("utf-16-be"), "", "é"),
        ("<p>eé</p>".encode("utf-16-le"), "", "<p>eé</p>"),
        ("\ufeffé".encode(), "cp1252", "é"),
        (b"a\x00b", "", "ab"),
        ("é".encode() * 30 + b"\xff", "utf-8", "é" * 30 + "\ufffd"),
        ("é".encode("cp1252"), "no-such-charset", "é"),
        (b"abc", "rot13", "abc"),
    ],
)  # fmt: skip
def test_encodings(raw: bytes, declared: str, text: str) -> None:
    assert web_text.decode_page(raw, declared) == text
