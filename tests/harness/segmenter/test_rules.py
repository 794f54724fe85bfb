"""Which sections become segments, and why the others do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from humpback.core.tables import Example, Page, Rejected
from humpback.segmenter import segments
from humpback.segmenter.boilerplate import is_navigation
from humpback.segmenter.language import is_english
from humpback.segmenter.sentences import repeated_pair
from humpback.spec.data import Boilerplate, Repeats, Segments
from tests.harness.segmenter.helpers import LONG, OPEN, PAPER, kept, rejected

GERMAN = "Das ist ein Satz, der auf Deutsch geschrieben wurde und nicht von der Sprache der Seite abhängt. " * 8
RULES = replace(PAPER, repeats=None)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<h2>A header</h2><p>Short.</p>", "shorter than 600 characters: 6"),
        (f"<h2>A header</h2><p>{'Very long. ' * 300}</p>", "longer than 3,000 characters: 3,299"),
        (f"<h2>123</h2><p>{LONG}</p>", "header without letters"),
        (f"<h2>A SHOUT</h2><p>{LONG}</p>", "header in capitals: 100% of its letters"),
        (f"<h2>Our Forum</h2><p>{LONG}</p>", "navigation: the header has 'forum'"),
        (f"<h2>Related posts</h2><p>{LONG}</p>", "navigation: the header opens a menu"),
        (f"<h2>A header</h2><p>{GERMAN}</p>", "not English"),
        (f"<h2>A header</h2><p>{LONG}<a href=/>{LONG}</a></p>", "links: 50% of its characters"),
        ("<h2>A header</h2>" + "<p>no sentence here</p>" * 50, "hardly a sentence: 0%"),
        (f"<h2>A header</h2><p>{LONG} And then...</p>", "cut off: it ends in dots"),
        (f"<h2>A header</h2><p>{LONG} To continue reading, please log in.</p>", "cut off: it asks"),
        ("<h2>A header</h2>" + f"<p>{LONG[:200]}</p><p>By Ann, May 3, 2020</p>" * 4, "a list of other pages: 4"),
        (f"<h1>A title</h1><div class=sidebar><h2>A header</h2><p>{LONG}</p></div>", "beside the page's text"),
    ],
)
def test_every_reason_comes_out(html: str, reason: str) -> None:
    reasons = rejected(html, RULES)
    assert any(found.startswith(reason) for found in reasons), reasons
    assert kept(html, RULES) == []


def test_a_text_that_keeps_all_rules_is_kept_with_its_origin() -> None:
    (row,) = segments(Page("http://a/", f"<h3>A header</h3><p>{LONG}</p>"), RULES)
    assert isinstance(row, Example)
    assert (row.id, row.source, row.output) == ("http://a/#0", "web", LONG)
    assert row.known == {"url": "http://a/", "header": "A header", "level": 3}


def test_none_turns_a_rule_off() -> None:
    assert kept(f"<h2>A header</h2><p>{GERMAN}</p>", replace(RULES, language=None)) == [GERMAN.strip()]
    assert len(kept(f"<h2>Related posts</h2><p>{LONG}</p>", replace(RULES, boilerplate=None))) == 1
    assert rejected(f"<h2>A header</h2><p>{LONG}</p><p>{LONG}</p>", PAPER)[0].startswith("repeated sentence: 'This is")
    assert len(kept(f"<h2>A header</h2><p>{LONG}</p><p>{LONG}</p>", RULES)) == 1


def test_a_section_too_long_gives_way_to_its_own_text_and_those_inside() -> None:
    html = "<h2>Long</h2><p>Its own text.</p><h3>One</h3><p>The first.</p><h3>Two</h3><p>The second.</p>"
    assert kept(html, replace(OPEN, longest=20)) == ["Its own text.", "The first.", "The second."]
    assert rejected(html, replace(OPEN, longest=20)) == ["longer than 20 characters: 48"]
    assert len(kept(html)) == 1


def test_a_title_without_text_of_its_own_is_no_segment() -> None:
    html = "<h1>Site</h1><h2>One</h2><p>The first.</p><h2>Two</h2><p>The second.</p>"
    assert kept(html) == ["The first.", "The second."]
    assert rejected(html, OPEN) == []


def test_what_leads_elsewhere_is_taken_out_of_the_section_around_it_and_counted() -> None:
    rules = replace(OPEN, boilerplate=Boilerplate())
    html = (
        "<h1>Title here</h1><p>The text says a thing.</p><h2>Part of it</h2><p>And more of it.</p>"
        "<h3>References</h3><p>Some book.</p><h2>Related posts</h2><p>Another story.</p>"
    )
    assert kept(html, rules) == ["The text says a thing.\n\nPart of it\n\nAnd more of it."]
    assert [reason[:10] for reason in rejected(html, rules)] == ["navigation", "navigation"]


@pytest.mark.parametrize(
    "header",
    [
        *("Related", "Most read in World", "12 Comments", "Leave a reply", "Follow us on X", "Choose your country"),
        *(
            "You may also like",
            "Share your thoughts",
            "Don't miss out",
            "Contact us",
            "The latest",
            "Today's top stories",
        ),
    ],
)
def test_navigation_headers(header: str) -> None:
    assert is_navigation(header)


@pytest.mark.parametrize(
    "header",
    [
        *(
            "Related work in physics",
            "How to share files",
            "The comments of a king",
            "Choose your wood",
            "Stay up late",
        ),
        *("Leave a gap between the boards", "You may need a permit", "Contact the landlord", "Manage your time"),
        *(
            "Before you go shopping",
            "Get the best light",
            "The latest ice age",
            "Don't miss the sunrise",
            "Buy this if",
        ),
        *("Share your plans", "Search for cracks", "Join our hands", "Written by hand", "Recommended for beginners"),
    ],
)
def test_headers_of_texts(header: str) -> None:
    assert not is_navigation(header)


def test_plain_text_has_its_first_short_line_for_a_header() -> None:
    def rows(text: str, rules: Segments = OPEN) -> list[Example | Rejected]:
        return list(segments(Page("u", "", text), rules))

    (row,) = rows("A title\n\nFirst\nline.\r\n\r\n\r\nSecond.")
    assert isinstance(row, Example)
    assert (row.known["header"], row.output) == ("A title", "First\nline.\n\nSecond.")
    (row,) = rows(LONG)
    assert isinstance(row, Example)
    assert row.known == {"url": "u", "header": "", "level": None}
    assert isinstance(rows("ALL CAPITALS\n\nText")[0], Rejected)
    assert rows(" \n ") == []


def test_repeated_sentences_are_found_among_hundreds() -> None:
    many = [f"Sentence number {i} speaks of {i * 7} things and {i * 13} others." for i in range(600)]
    assert repeated_pair(" ".join(many), 3, 0.9) is None
    again = many[17].replace("others", "more")
    assert repeated_pair(" ".join([*many, again]), 3, 0.6) == (many[17], again)
    assert repeated_pair("Yes, it is. No. Yes, it is.", 3, 0.6) is None


@pytest.mark.parametrize(("jaccard", "found"), [(0.42, True), (0.44, False)])
def test_the_threshold_is_the_jaccard_similarity_of_the_trigrams(jaccard: float, found: bool) -> None:
    """One of seven words differs: three of seven distinct 3-grams are shared, 0.43."""
    said = "The old man went to the sea. The old man went to the hills."
    assert (
        repeated_pair("The old man went down to sea. The old man went down by car.", 3, jaccard) is not None
        or not found
    )
    assert (repeated_pair("a b c d e f g. a b c d e x y.", 3, jaccard) is not None) == found
    assert repeated_pair(said, 3, 0.6) is not None


def test_repeats_of_code_and_rows_do_not_count() -> None:
    rules = replace(OPEN, repeats=Repeats())
    row = "<tr><td>one and two<td>three and four</tr>"
    assert len(kept(f"<h2>A header</h2><table>{row}{row}</table>", rules)) == 1
    assert len(kept("<h2>A header</h2><pre>a = f(b, c, d)\na = f(b, c, d)</pre>", rules)) == 1


def test_english_is_told_by_words_and_script() -> None:
    assert is_english(LONG)
    assert not is_english(GERMAN)
    assert not is_english("Esta es una frase en español que no tiene nada que ver con las otras.")
    assert not is_english("이것은 한국어로 쓰인 글입니다. " * 9)
    assert is_english("- 2 cups flour\n- 1 tsp salt\n- 3 eggs, beaten")
