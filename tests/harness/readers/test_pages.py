"""Pages from WARC, HTML, JSON Lines and Parquet: every record comes out as a page or with what is wrong with it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.core.payload import checksum
from humpback.core.tables import PAGES, REJECTED, UNREADABLE, Page, Rejected, Unreadable, count, read
from humpback.core.work import Work, new_log
from humpback.readers import page_fields
from humpback.readers.pages import Other, entries, pages
from humpback.readers.unusable import UnusableFile
from humpback.spec.files import File, WebPages
from humpback.stages import pages as stage
from tests.conftest import MACHINE
from tests.harness.readers.archives import HTML, PACKED, broken, found, http, numbered, record, urls
from tests.shared_data import SHARED, needs_shared

REAL = SHARED / "web" / "pages.warc.gz"


@pytest.mark.parametrize("packed", PACKED)
def test_records_of_all_kinds_are_accounted_for(tmp_path: Path, packed: str) -> None:
    parts = [
        record(b"software: x", "warcinfo", url="", Content_Type="application/warc-fields"),
        record(b"GET / HTTP/1.1\r\n\r\n", "request"),
        record(http(), url="<http://a/1>"),
        record(http(), url="http://a/1"),
        record(http(b"plain words", "text/plain; charset=utf-8"), url="http://a/2"),
        record(http(status=404), url="http://a/3"),
        record(http(b"\x89PNG", "image/png"), url="http://a/4"),
        record(http(kind=""), url="http://a/5"),
        record(HTML, "resource", url="http://a/6", Content_Type="text/html"),
        record("Wörter".encode(), "conversion", url="http://a/7", Content_Type="text/plain"),
        record(b"", "revisit"),
        record(b"1.2.3.4", url="dns:a", Content_Type="text/dns"),
    ]
    rows = found(tmp_path, PACKED[packed](parts))
    assert Counter(type(row).__name__ for row in rows) == {"Page": 6, "Rejected": 3, "Other": 3}
    assert urls(rows) == [f"http://a/{i}" for i in (1, 1, 2, 5, 6, 7)]
    texts = [(row.html, row.text) for row in rows if isinstance(row, Page)]
    assert texts[0] == (HTML.decode(), "")
    assert (texts[2], texts[5]) == (("", "plain words"), ("", "Wörter"))
    assert [row.kind for row in rows if isinstance(row, Other)] == ["warcinfo", "request", "revisit"]
    assert [row.reason.split(";")[0] for row in rows if isinstance(row, Rejected)] == [
        "HTTP status 404",
        "Content-Type image/png",
        "Content-Type text/dns",
    ]


def test_html_files_and_folders(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name, data in {
        "b.html": HTML,
        "a/index.HTML": b"\xef\xbb\xbf" + HTML,
        "a/z": HTML,
        "a/image.png": b"\x89PNG",
        "c.htm": b"",
        "d.html": bytes(9 << 20),
        "e/more.warc.gz": PACKED["a member each"](numbered(2)),
    }.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(data)
    rows = list(entries(site))
    assert urls(rows) == ["b.html", "a/index.HTML", "a/z", "http://a/0", "http://a/1"]
    assert [row.file for row in broken(rows)] == ["c.htm", "d.html"]
    assert len(rows) == 8
    assert list(pages(site / "b.html")) == [Page("b.html", HTML.decode())]
    (tmp_path / "p.html.gz").write_bytes(gzip.compress(HTML))
    assert list(pages(tmp_path / "p.html.gz")) == [Page("p.html.gz", HTML.decode())]


def test_fields_of_json_lines_and_parquet(tmp_path: Path) -> None:
    html, text = "<html><p>x</p></html>", "Some words."
    values = [
        {"url": "u", "html": html},
        {"URI": "u", "raw_html": html, "text": text},
        {"WARC-Target-URI": "u", "id": "i", "text": text},
        {"id": 7, "raw_content": text},
        {"content": html, "warc_headers": {"warc-target-uri": "u"}},
        {"content": text, "url": "u"},
        {"text": text},
        {"url": "u", "html": html, "raw_html": "<p>other</p>"},
        {"url": "u", "body": html},
        {"url": "u", "html": 5},
        {"url": "u", "html": "", "text": None},
        [1],
    ]
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values) + "no json\n")
    rows = list(entries(path))
    page, words = ("u", html, ""), ("u", "", text)
    assert [(row.url, row.html, row.text) for row in rows if isinstance(row, Page)] == [
        page, page, words, ("7", "", text), page, words, ("x.jsonl#6", "", text)
    ]  # fmt: skip
    reasons = [row.reason for row in broken(rows)]
    assert [row.place for row in broken(rows)] == [f"line {i}" for i in range(8, 14)]
    assert "'html' and 'raw_html' differ" in reasons[0]
    assert "'url', 'body'" in reasons[1]
    assert all(name in reasons[1] for name in page_fields.HTML_FIELDS + page_fields.TEXT_FIELDS)
    assert "'html' is a int" in reasons[2]
    pq.write_table(pa.table({"url": ["u", "v"], "html": [html.encode(), None]}), tmp_path / "x.parquet")
    assert [type(row) for row in entries(tmp_path / "x.parquet")] == [Page, Unreadable]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"With a cloth in hand.", "plain text and no web page; a setup takes it under texts"),
        ("a.md.gz", gzip.compress(b"# Kettles", mtime=0), "plain text and no web page"),
        ("a.arc.gz", gzip.compress(b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain 76\n", mtime=0), "an ARC file"),
    ],
)
def test_what_pages_are_kept_in_elsewhere_is_named(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    with pytest.raises(UnusableFile, match=rf"{name}: this is {says}.*Accepted are WARC"):
        found(tmp_path, data, name)


@pytest.mark.parametrize("data", [b"", b"\x7fELF" + bytes(90), b"just words", b"\x1f\x8b\x08broken"])
def test_a_file_of_no_known_kind_is_an_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnusableFile, match=r"x\.dat: .*Accepted are WARC"):
        found(tmp_path, data, "x.dat")
    with pytest.raises(UnusableFile, match="no such file"):
        list(entries(tmp_path / "absent"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnusableFile, match="no file in this folder"):
        list(entries(tmp_path / "empty"))


def reading(tmp_path: Path, paths: list[Path], n: int | None) -> tuple[Path, dict[str, int]]:
    files = tuple(File(path.name, checksum(path)) for path in paths)
    out = tmp_path / "out"
    out.mkdir()
    machine = replace(MACHINE, files=tuple((file.sha256, str(path)) for file, path in zip(files, paths, strict=True)))
    work = Work(lambda artifact: Path(), out, machine, new_log(out, lambda *_: None))
    return out, stage.read_pages(WebPages(files, n), work)


def test_the_stage_counts_everything(tmp_path: Path) -> None:
    parts = [
        *numbered(3),
        record(http(status=301)),
        b"junk",
        record(b"", "request"),
        record(http(b"<p>\xff" + b"x" * 99)),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(parts))
    (tmp_path / "b.html").write_bytes(HTML)
    out, counts = reading(tmp_path, [tmp_path / "a.warc", tmp_path / "b.html"], None)
    assert counts == {
        "in": 7, "kept": 5, "rejected": 1, "unreadable": 1, "characters not decoded": 0,
        "cut off when they were stored": 0, "other records: request": 1,
    }  # fmt: skip
    assert [row.url for row in read(out / PAGES, Page)] == [
        "http://a/0",
        "http://a/1",
        "http://a/2",
        "http://a/",
        "b.html",
    ]
    assert (count(out / REJECTED), count(out / UNREADABLE)) == (1, 1)


def test_the_stage_takes_the_first_n(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(b"".join(numbered(3)))
    (tmp_path / "b.html").write_bytes(HTML)
    paths = [tmp_path / "a.warc", tmp_path / "b.html"]
    _, counts = reading(tmp_path, paths, 2)
    assert counts["in"] == counts["kept"] == 2
    (tmp_path / "more").mkdir()
    with pytest.raises(ValueError, match="5 pages wanted and the files have 4"):
        reading(tmp_path / "more", paths, 5)


@needs_shared
def test_the_real_archive() -> None:
    rows = list(pages(REAL))
    assert len(rows) == 149
    assert all(isinstance(row, Page) and row.html for row in rows)
    assert sum(row.html.count("\ufffd") for row in rows if isinstance(row, Page)) == 2
