"""The stage: kept, rejected, unreadable; ids that are unique."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from humpback.core.tables import EXAMPLES, PAGES, REJECTED, UNREADABLE, Example, Page, Rejected, Unreadable, read, write
from humpback.core.work import Counts, Work, new_log
from humpback.segmenter import segment_pages
from humpback.stages.segment import segment
from tests.conftest import MACHINE
from tests.harness.segmenter.helpers import LONG, OPEN, PAPER

PAGE = """<!doctype html><html><head><title>T</title><style>p{}</style></head><body>
<nav><a href=/>Home</a></nav><h1>All of it</h1>
<h2>The <em>first</em> one</h2><p>Some text &amp; more.</p><ul><li>one</li><li>two <b>bold</b></li></ul>
<script>var x = "<h2>not a header</h2>";</script>
<h3>Below it</h3><p>Deeper.</p>
<h2>Advertisement</h2><p>Buy now, buy now.</p>
<h2>SHOUTING HEADER</h2><p>Text text text.</p>
<h2>123</h2><p>Text text text.</p>
<h2>Tiny</h2><p>x</p>
<footer><p>Imprint</p></footer></body></html>"""


def made_from(pages: list[Page], folder: Path) -> tuple[Counts, Path]:
    write(folder / PAGES, Page, pages)
    out = folder / "out"
    out.mkdir()
    work = Work(lambda artifact: folder, out, MACHINE, new_log(out, lambda *_: None))
    return segment(replace(OPEN, shortest=10, longest=70), work), out


def test_every_section_is_kept_or_rejected_with_a_reason(tmp_path: Path) -> None:
    counts, out = made_from([Page("http://a/", PAGE), Page("http://b/", ""), Page("http://c/", "no header")], tmp_path)
    assert counts == {"pages": 3, "pages without sections": 2, "in": 5, "kept": 1, "rejected": 4, "unreadable": 0}
    (kept,) = read(out / EXAMPLES, Example)
    assert kept.known["header"] == "The first one"
    assert kept.output == "Some text & more.\n\n- one\n- two bold\n\nBelow it\n\nDeeper."
    assert [row.reason for row in read(out / REJECTED, Rejected)] == [
        "navigation: the header has 'advertisement'",
        "header in capitals: 100% of its letters",
        "header without letters",
        "shorter than 10 characters: 1",
    ]
    assert not (out / UNREADABLE).exists()


def test_a_page_that_cannot_be_parsed_is_kept_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    bomb = Page("http://bomb/", "<div>" * 100_000)
    counts, out = made_from([Page("http://a/", PAGE), bomb, Page("http://c/", PAGE)], tmp_path)
    assert (counts["pages"], counts["kept"], counts["unreadable"]) == (3, 2, 1)
    (row,) = read(out / UNREADABLE, Unreadable)
    assert (row.file, row.place, len(row.raw)) == (PAGES, "row 1", 2_000)
    assert row.reason.startswith("http://bomb/: 100,000 elements stand inside one another; at most 5,000")


def test_ids_are_unique_where_pages_share_a_url() -> None:
    pages = [Page("u", PAGE), Page("u#1", PAGE), Page("u", PAGE), Page("u", PAGE)]
    ids = [row.id for _, rows in segment_pages(pages, OPEN, "f") for row in rows if not isinstance(row, Unreadable)]
    assert len(set(ids)) == len(ids) > 4
    assert ids[0] == "u#0"


def test_the_papers_rules_keep_a_good_page() -> None:
    ((_, rows),) = segment_pages([Page("u", f"<h2>A header</h2><p>{LONG}</p>")], replace(PAPER, repeats=None), "f")
    assert isinstance(rows[0], Example)
