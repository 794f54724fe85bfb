"""Whatever a page holds: no crash, nothing lost, bounded work."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humpback.core.tables import Example, Page, Rejected, to_json
from humpback.micro.pages import pages as micro_pages
from humpback.readers.pages import pages
from humpback.segmenter import UnreadablePage, segments
from humpback.segmenter.parse import DEEPEST
from humpback.segmenter.words import words_of
from humpback.spec.data import Boilerplate
from humpback.spec.micro_world import World
from tests.harness.segmenter.helpers import OPEN, PAPER, kept
from tests.shared_data import SHARED, needs_shared

TAGS = sorted(
    words_of(
        "h1 h2 h3 h6 p div span a b ul ol li dl dt dd table tr td th pre code br sup form article section main nav "
        "aside footer script style svg math template select option title body html head iframe textarea plaintext x-y"
    )
)
ATTRIBUTES = st.sampled_from(("class", "style", "value", "start"))
PIECES = st.one_of(
    st.builds("<{}>".format, st.sampled_from(TAGS)),
    st.builds("</{}>".format, st.sampled_from(TAGS)),
    st.builds("<{} {}={}>".format, st.sampled_from(TAGS), ATTRIBUTES, st.text()),
    st.text(max_size=20),
    st.sampled_from(
        ("&amp;", "&#0;", "&#xD800;", "<!--", "-->", "<![CDATA[", "<?php", "?>", "\x00", "\x1e", "\ud800", "<", "...")
    ),
)
RULES = (PAPER, OPEN, replace(OPEN, boilerplate=Boilerplate()), replace(PAPER, shortest=1, longest=40))


def whole(page: Page) -> None:
    """Every section considered is one row with an id of its own that can be written."""
    for rules in RULES:
        try:
            rows = list(segments(page, rules))
        except UnreadablePage:
            continue
        assert len({row.id for row in rows}) == len(rows)
        for row in rows:
            assert isinstance(row, Example) or (isinstance(row, Rejected) and row.reason)
            (row.output if isinstance(row, Example) else row.text).encode()
            to_json({"header": row.origin}).encode()


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_anything_like_html(html: str) -> None:
    whole(Page("u", html, "" if html else "text"))


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    whole(Page("u", "", text))


@cache
def real_pages() -> list[str]:
    found = pages(SHARED / "web" / "pages.warc.gz")
    return [page.html for page in found if isinstance(page, Page)]


def mutated(html: str, other: str, rng: random.Random) -> str:
    """Cut, spliced with another page, and with some of its bytes changed."""
    raw = bytearray(html.encode()[: rng.randrange(1, 60_000)])
    for _ in range(rng.randrange(40)):
        raw[rng.randrange(len(raw))] = rng.choice((0, 60, 62, 34, 38, rng.randrange(256)))
    at = rng.randrange(len(other))
    return raw.decode("utf-8", "replace") + other[at : at + 20_000]


@needs_shared
def test_mutated_real_pages() -> None:
    rng, found = random.Random(0), real_pages()
    for _ in range(25):
        whole(Page("u", mutated(rng.choice(found), rng.choice(found), rng)))


@needs_shared
def test_real_pages_become_segments_and_nothing_is_lost() -> None:
    rows = [row for i, html in enumerate(real_pages()) for row in segments(Page(str(i), html), PAPER)]
    outputs = [row.output for row in rows if isinstance(row, Example)]
    assert len(real_pages()) == 149
    assert 120 <= len(outputs) <= 170
    assert all(600 <= len(output) <= 3_000 for output in outputs)
    reasons = {row.reason.split(":")[0] for row in rows if isinstance(row, Rejected)}
    assert {"not English", "navigation", "beside the page's text", "links", "repeated sentence"} <= reasons
    text = "\n".join(outputs)
    assert not any(word in text for word in ("function(", "googletag", "All rights reserved", "\u200b", "<div"))


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("<div>" * 100_000, "elements stand inside one another"),
        ("<div>" * 100_000 + "</div>" * 100_000, "elements stand inside one another"),
        ("</x>" * 200_000 + "<div>" * 100_000, "elements stand inside one another"),
        ("<div " + " ".join(f"a{i}" for i in range(100_000)) + ">", "one tag has"),
    ],
)
def test_what_the_parser_would_take_minutes_over_is_refused(html: str, what: str) -> None:
    with pytest.raises(UnreadablePage, match=what):
        list(segments(Page("u", html), OPEN))


def test_what_is_only_large_is_read() -> None:
    assert kept("<div>" * (DEEPEST - 9) + "<h2>A header</h2>text") == ["text"]
    assert len(kept("<h2>A header</h2><p>" + "w " * 500_000)[0]) == 999_999
    assert kept("<h2>A header</h2><ul>" + "<li>x" * 20_000)[0].count("\n") == 19_999
    assert kept("<h2>A header</h2><p>a <img src='data:" + "x" * 300_000 + "'> b") == ["a b"]
    assert kept("<h2>A header</h2><pre>" + "`" * 50_000)[0].startswith("`" * 50_001)
    assert kept("<h2>A\x00 header</h2>te\x00xt \ud800") == ["text"]


@pytest.mark.parametrize(
    "left", ["<?php echo 1; ?>", '<?xml version="1.0"?>', "<?xml:namespace prefix=o />", "<!x>", "<![CDATA[x]]>"]
)
def test_what_is_no_element_is_passed_over(left: str) -> None:
    assert kept(f"{left}<h2>A {left}header</h2>{left}<p>some {left}text</p><pre>a {left}b</pre>{left}") == [
        "some text\n\n```\na b\n```"
    ]


def test_micro_pages_hold_what_they_say() -> None:
    """Header and text of every good section, in the setup's own rules, word for word."""
    from humpback.experiments.setups.micro import MICRO

    for page in micro_pages(World(), 20, 3):
        rows = [row for row in segments(Page(page.url, page.html), MICRO.segments) if isinstance(row, Example)]
        said = {(each.header, each.text) for each in page.segments}
        assert {(row.known["header"], row.output) for row in rows} <= said
        assert len(rows) >= sum(each.quality == "good" for each in page.segments)
