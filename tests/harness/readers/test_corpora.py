"""Web corpora as they are published: ClueWeb22's own files, and the JSON Lines and Parquet of the large text corpora.

Tried: ClueWeb22's HTML records (the page itself in a response record, under no Content-Type, text/html and
application/http; behind a comment, a script, a line of text) and its text files (a gzip member a line, addresses with a
line end); resource and conversion records, also compressed; responses without headers; Content-Type as a list, with odd
parameters, in capitals, unknown; gzip and zstd that no header names, gzip twice; records that were cut when they were
stored; headers parted by line feeds alone; the rows of fourteen corpora; files of which nothing is a page.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.core.tables import Page
from humpback.readers.pages import CutPage, entries
from humpback.readers.unusable import UnusableFile
from tests.harness.readers.archives import HTML, found, http, record
from tests.harness.readers.test_pages import reading
from tests.harness.readers.test_web_text import chunked

TEXT = "Seven jars fit into the second crate."


@pytest.mark.parametrize("kind", [None, "text/html", "application/http; msgtype=response", "TEXT/HTML; charset=utf-8"])
@pytest.mark.parametrize(
    "before",
    ["", "<!-- saved from the web -->\n", "<script>var a = 1</script>\n", "Hello\n", "<a href=x>to the top</a>"],
)
def test_a_response_record_can_hold_the_page_itself(tmp_path: Path, kind: str | None, before: str) -> None:
    body = before.encode() + b"<html><body><h1>Crates</h1></body></html>"
    more = {"Content_Type": kind} if kind else {}
    rows = found(tmp_path, _bare(body, more))
    assert rows == [Page("http://a/1", body.decode())]


def test_a_response_record_can_hold_a_part_of_a_page(tmp_path: Path) -> None:
    body = b"<span>Crates</span> and more of it"
    assert found(tmp_path, _bare(body, {})) == [Page("http://a/1", body.decode())]
    (row,) = found(tmp_path, _bare(b"<?xml version='1.0'?><rss/>", {}))
    assert not isinstance(row, Page)


def _bare(body: bytes, more: dict[str, str]) -> bytes:
    head = ["WARC/1.0", "WARC-Type: response", "WARC-Target-URI: http://a/1", "ClueWeb22-ID: clueweb22-en0000-00-00001"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return gzip.compress(
        "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body + b"\r\n\r\n", mtime=0
    )


def test_clueweb22_s_text_files(tmp_path: Path) -> None:
    rows = [
        {"URL": f"http://a/{i}\n", "URL-hash": "A4", "Language": "en", "ClueWeb22-ID": f"x-{i}", "Clean-Text": TEXT}
        for i in range(3)
    ]
    path = tmp_path / "en0000-00.json.gz"
    path.write_bytes(b"".join(gzip.compress((json.dumps(row) + "\n").encode(), mtime=0) for row in rows))
    assert list(entries(path)) == [Page(f"http://a/{i}", "", TEXT) for i in range(3)]


@pytest.mark.parametrize(
    ("message", "whole"),
    [
        (http(HTML, "text/html, text/html; charset=utf-8"), True),
        (http(HTML, "text/html;charset=utf-8;text/html"), True),
        (http(HTML, "Text/HTML ; x=1"), True),
        (http(HTML, "unknown/unknown"), True),
        (http(HTML, "*/*"), True),
        (http(HTML, "text/plain, text/html"), True),
        (http(gzip.compress(HTML, mtime=0)), True),
        (http(gzip.compress(gzip.compress(HTML, mtime=0), mtime=0), Content_Encoding="gzip"), True),
        (http(gzip.compress(gzip.compress(HTML, mtime=0), mtime=0)), True),
        (http(bytes(pa.compress(HTML, "zstd", asbytes=True))), True),
        (b"HTTP/1.0 200\r\n\r\n" + HTML, True),
        (b"ICY 200 OK\nContent-Type: text/html\n\n" + HTML, True),
        (http(b"a,b", "text/csv, text/csv"), False),
        (http(HTML, "text/html, application/pdf"), False),
    ],
)
def test_what_servers_say_of_a_page(tmp_path: Path, message: bytes, whole: bool) -> None:
    (row,) = found(tmp_path, record(message))
    assert (isinstance(row, Page) and row.html == HTML.decode()) == whole


def test_resources_and_conversions_are_read_by_their_type(tmp_path: Path) -> None:
    packed = record(gzip.compress(HTML), "resource", url="http://a/1", Content_Type="text/html, text/html")
    extracted = record(TEXT.encode(), "conversion", url="http://a/2", Content_Type="text/plain; charset=utf-8")
    told = record(http(HTML, ""), url="http://a/3", WARC_Identified_Payload_Type="application/xhtml+xml")
    rows = found(tmp_path, packed + extracted + told)
    assert rows == [Page("http://a/1", HTML.decode()), Page("http://a/2", "", TEXT), Page("http://a/3", HTML.decode())]


def test_pages_that_were_cut_when_stored_are_read_and_counted(tmp_path: Path) -> None:
    body = HTML + b"<p>" + bytes(range(65, 91)) * 400
    parts = [
        record(http(HTML), url="http://a/1", WARC_Truncated="length"),
        record(http(gzip.compress(body, 0)[:-40], Content_Encoding="gzip"), url="http://a/2", WARC_Truncated="time"),
        record(http(chunked(body)[:-40], Transfer_Encoding="chunked"), url="http://a/3", WARC_Truncated="length"),
        record(http(HTML), url="http://a/4"),
    ]
    rows = found(tmp_path, b"".join(parts))
    assert [type(row) for row in rows] == [CutPage, CutPage, CutPage, Page]
    assert all(isinstance(row, Page) and row.html.startswith(HTML.decode()) for row in rows)
    (tmp_path / "a.warc").write_bytes(b"".join(parts))
    _, counts = reading(tmp_path, [tmp_path / "a.warc"], None)
    assert (counts["kept"], counts["cut off when they were stored"]) == (4, 3)


CORPORA = {
    "C4": {"text": TEXT, "timestamp": "2019-04-25T12:57:54Z", "url": "u"},
    "CulturaX": {"text": TEXT, "timestamp": "x", "url": "u", "source": "mC4"},
    "RefinedWeb": {"content": TEXT, "url": "u", "timestamp": "x", "dump": "d", "segment": "s", "image_urls": []},
    "FineWeb": {"text": TEXT, "id": "<urn:uuid:1>", "dump": "d", "url": "u", "language": "en", "token_count": 9},
    "Dolma": {"id": "7", "text": TEXT, "source": "cc", "added": "x", "metadata": {"url": "u"}},
    "RedPajama 1": {"text": TEXT, "meta": '{"url": "u", "language": "en"}', "red_pajama_subset": "c4"},
    "RedPajama 2": {"raw_content": TEXT, "url": "u", "doc_id": "7", "quality_signals": "{}"},
    "SlimPajama": {"text": TEXT, "meta": {"redpajama_set_name": "RedPajamaC4", "url": "u"}},
    "OSCAR": {"content": TEXT, "warc_headers": {"warc-target-uri": "u"}, "metadata": {"lang": "en"}},
    "HPLT": {"text": TEXT, "url": "u", "lang": ["eng_Latn"], "seg_langs": []},
    "ClueWeb22": {"URL": "u\n", "URL-hash": "A", "Language": "en", "ClueWeb22-ID": "7", "Clean-Text": TEXT},
}
WITHOUT = {"The Pile": {"text": TEXT, "meta": {"pile_set_name": "Pile-CC"}}, "MADLAD": {"text": TEXT}}


@pytest.mark.parametrize("name", CORPORA)
def test_rows_of_corpora(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps(CORPORA[name]) + "\n" * 2)
    pq.write_table(pa.Table.from_pylist([{k: v for k, v in CORPORA[name].items() if v != {}}]), tmp_path / "x.parquet")
    for path in (tmp_path / "x.jsonl", tmp_path / "x.parquet"):
        assert list(entries(path)) == [Page("u", "", TEXT)]


@pytest.mark.parametrize("name", WITHOUT)
def test_rows_without_an_address_are_told_apart_by_their_place(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps(WITHOUT[name]) + "\n" * 2)
    assert list(entries(tmp_path / "x.jsonl")) == [Page("x.jsonl#0", "", TEXT)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (json.dumps({"body": TEXT}) + "\n" + json.dumps({"body": TEXT}), "none of its 2 records can be used; the comm"),
        (
            record(http(status=404)) * 3 + record(http(HTML, "image/png")),
            r"none of its 4 .*\(3 times\): HTTP status 404",
        ),
        (record(b"{}", "metadata") * 2, r"none of its 2 .*: metadata records"),
    ],
)
def test_a_file_without_a_page_is_an_error(tmp_path: Path, data: str | bytes, says: str) -> None:
    good, bad = tmp_path / "good.html", tmp_path / "bad"
    good.write_bytes(HTML)
    bad.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(UnusableFile, match=f"bad: {says}"):
        reading(tmp_path, [good, bad], None)


def test_one_broken_page_of_many_files_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_bytes(HTML)
    (tmp_path / "empty.html").write_bytes(b"<html>" + bytes(9 << 20))
    _, counts = reading(tmp_path, [tmp_path / "good.html", tmp_path / "empty.html"], None)
    assert (counts["kept"], counts["unreadable"]) == (1, 1)
    (tmp_path / "again").mkdir()
    with pytest.raises(UnusableFile, match="none of its 1 records"):
        reading(tmp_path / "again", [tmp_path / "empty.html"], None)
