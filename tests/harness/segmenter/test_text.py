"""Text comes out as a reader would want it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from humpback.core.tables import Page
from humpback.segmenter import segments
from humpback.spec.data import Boilerplate
from tests.harness.segmenter.helpers import LONG, OPEN, kept, under


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two &amp; <b>th</b>ree&nbsp;four</p>", "One\n\nTwo & three four"),
        ("<p>One<p>Two", "One\n\nTwo"),
        ("<div>One<div>Two</div>Three</div>", "One\n\nTwo\n\nThree"),
        ("One<br>two<br><br>Three", "One\ntwo\n\nThree"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("10<sup>6</sup> m<sup>2</sup>, H<sub>2</sub>O, noted<sup><a href=#1>[1]</a></sup>", "10⁶ m², H₂O, noted"),
        (
            "the 22<sup>nd</sup>, 20<sup>o</sup>C, e<sup>x</sup>, e<sup>2x</sup>, a<sup>n-1</sup>, b<sup>1/2</sup>",
            "the 22nd, 20ᵒC, eˣ, e²ˣ, aⁿ⁻¹, b^(1/2)",
        ),
        (
            "10<sup>−3</sup>, said<sup>1,2</sup>, so<sup>[3]</sup>, x<sub>i+1</sub>, x<sub>max</sub>, T<sub>1/2</sub>",
            "10⁻³, said¹,², so[3], xᵢ₊₁, xmax, T_(1/2)",
        ),
        ("<p>Call <code>f(x)</code> now</p>", "Call `f(x)` now"),
        ("<p><del>10</del> <ins>12</ins> km to <st1:City>Hull</st1:City><o:p></o:p> <x>so</x>", "10 12 km to Hull so"),
        ("<p>It is <sup class=references>[1]</sup>one <span class=tooltip>no</span>line</p>", "It is one line"),
        ("<p>Seen</p><script>no()</script><style>no{}</style><p hidden>no</p><p aria-hidden=true>no</p>", "Seen"),
        ("<p>Seen</p><p style='display: none'>no</p><div class='sr-only'>no</div><noscript>no</noscript>", "Seen"),
        ("<p>Seen</p><div class='cookie-banner'>We use cookies</div><nav><a>Home</a></nav>", "Seen"),
        ("<p>Seen</p><div id=socialShare>Tweet</div><figure><figcaption>Photo</figcaption></figure>", "Seen"),
    ],
)
def test_paragraphs(html: str, text: str) -> None:
    assert under(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Take:</p><ul><li>one<li>two</ul><p>Go</p>", "Take:\n\n- one\n- two\n\nGo"),
        ("<ol start=3><li>c<li value=7>g<li>h</ol>", "3. c\n7. g\n8. h"),
        ("<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul>", "- a\n  - b\n  - c\n- d"),
        ("<ul><li><p>first</p><p>more</p></li><li>next</li></ul>", "- first\n  more\n- next"),
        ("<ol start=x><li>a</ol>", "1. a"),
        ("<dl><dt>Term<dd>What it is<dt>Why?<dd>So.</dl>", "Term: What it is\n\nWhy?\n\nSo."),
        ("<dl><dt>Pan:<dt>Pot<dd><p>A thing.<p>More.</dl>", "Pan, Pot: A thing.\n\nMore."),
        ("<dl><dt>Pan<dt>Pot</dl><dl><dt>Jar<dd><ul><li>one</ul></dl>", "Pan\n\nPot\n\nJar\n\n- one"),
        ("<p>Take<li>one<li>two<p>more</li>Go", "Take\n\n- one\n- two\n\nmore\n\nGo"),
        ("<ol reversed><li>c<li>b<ol type=a><li>x<li>y</ol><li>a</ol>", "3. c\n2. b\n  a. x\n  b. y\n1. a"),
        (
            "<ol type=I start=4><li>d<li>e</ol><ol style='list-style:upper-alpha' start=27><li>z</ol>",
            "IV. d\nV. e\nAA. z",
        ),
        ("<ol type=a start=-1><li>d<li>e</ol>", "-1. d\n0. e"),
    ],
)
def test_lists(html: str, text: str) -> None:
    assert under(html) == text


def test_code_keeps_its_whitespace_and_is_fenced() -> None:
    assert under("<p>Run</p><pre><code>if x:\n    <b>y</b>()\n\n\tz\n</code></pre>") == (
        "Run\n\n```\nif x:\n    y()\n\n    z\n```"
    )
    assert under("<pre>a\n````\nb</pre>") == "`````\na\n````\nb\n`````"
    assert under("<pre>a<br>b</pre>") == "```\na\nb\n```"


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ("<pre><span class=linenos>1</span>a\n<span class='token comment'># 2</span></pre>", "a\n# 2"),
        ("<pre><span style='user-select:none'>$ </span>a<button>Copy</button></pre>", "a"),
        ("<pre><code><div>a</div><div>  b</div><div><br></div>c</code></pre>", "a\n  b\n\nc"),
        ("<pre><code><span class=line>a\n</span><span class=line>b\n</span></code></pre>", "a\nb"),
        ("<pre><table><tr><td class=gutter>1<td>a<tr><td class=gutter>2<td>b</table></pre>", "a\nb"),
    ],
)
def test_code_is_what_one_would_copy(html: str, code: str) -> None:
    assert under(html) == f"```\n{code}\n```"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("<a><svg><title>Link</title></svg></a> In<em>stall</em>", "Install"),
        ("Install <span class=sr-only>(opens in a new tab)</span><span style='display:none'>x</span>", "Install"),
        ("<button>Can I?</button>", "Can I?"),
        ("Install<button>+</button>", "Install"),
        ("<div>In</div>stall<br>it", "In stall it"),
        ("<ruby>漢<rp>(<rt>kan<rp>)</ruby> is <math alttext=x><mi>x</math>, <q>so</q>", "漢(kan) is $x$, “so”"),
        ("<span aria-hidden=true>Inst</span><span aria-hidden=true>all</span>", "Inst all"),
    ],
)
def test_a_header_is_what_shows_of_it(header: str, text: str) -> None:
    (row,) = segments(Page("http://a/", f"<h2>{header}</h2><p>Text."), OPEN)
    assert row.known["header"] == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>x^2</annotation></semantics></math>",
            "$x^2$",
        ),
        (
            "<span style='display:none'><math alttext='n'></math></span><img class=mwe-math-fallback-image-inline "
            "aria-hidden=true alt='{\\displaystyle n}'>",
            "$n$",
        ),
        ("<script type='math/tex; mode=display'>a &lt; b</script>", "$a &lt; b$"),
        ("<img class='latex' alt='a/b'>", "$a/b$"),
        (
            "<math><mi>y</mi><mo>=</mo><mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac></math>",
            "y = (a + 1)/2",
        ),
        ("<math><msup><mi>e</mi><mrow><mn>2</mn><mi>x</mi></mrow></msup></math>", "e²ˣ"),
        (f"<math>{'<mrow>' * 3_000}<mi>z</mi></math>", "z"),
        ("<img class=emoji alt=😀>", "😀"),
        ("<img class=photo alt='A house'><img alt='a/b'>", ""),
    ],
)
def test_a_formula_and_an_emoji_stay_in_their_sentence(html: str, text: str) -> None:
    assert under(f"<p>Here {html} it is.</p>") == f"Here {text} it is.".replace("  ", " ")


def test_quotes_readings_and_shadow_roots_are_as_they_show() -> None:
    assert under("<p>He said <q>yes</q> to <ruby>漢字<rt>kanji</rt></ruby>.</p>") == "He said “yes” to 漢字(kanji)."
    shadow = "<x-a><template shadowrootmode=open><p>Shown.</p></template></x-a><template><p>No.</p></template>"
    assert under(f"{shadow}<xmp>\n<b>\n  x\n</xmp>") == "Shown.\n\n```\n<b>\n  x\n```"


def test_a_table_of_data_is_rows_and_a_table_that_lays_out_a_page_is_not() -> None:
    data = "<table><tr><th>Name<th>Legs</tr><tr><td>Dog<td>4</tr><tr><td>Hen<td>2</table>"
    assert under(data) == "Name | Legs\nDog | 4\nHen | 2"
    assert under("<table><tr><td><th>Legs<th>Eyes<tr><th>Dog<td>4<td></table>") == "| Legs | Eyes\nDog | 4"
    layout = "<table><tr><td><p>Left one</p><p>Left two</p></td><td>Right</td></tr></table>"
    assert under(layout) == "Left one\n\nLeft two\n\nRight"
    nested = f"<table><tr><td>Around</td><td>{data}</td></tr></table>"
    assert under(nested) == "Around\n\nName | Legs\nDog | 4\nHen | 2"
    assert kept("<table><tr><td><h2>In a cell</h2><p>Text</p></td><td>More</td></tr></table>") == ["Text\n\nMore"]


def test_inner_headers_stand_on_their_own_line_and_paragraphs_as_told() -> None:
    html = "<h2>Outer <em>o</em>ne [edit]</h2><p>Own.</p><h3>Inner</h3><p>Deep.</p>"
    assert kept(html) == ["Own.\n\nInner\n\nDeep."]
    assert kept(html, replace(OPEN, between="\n")) == ["Own.\nInner\nDeep."]


def test_an_element_whose_role_is_a_heading_is_a_header() -> None:
    html = "<div role=heading aria-level=1>Title</div><p>Text.</p><span role='heading' aria-level=9>Other</span>More."
    assert kept(html) == ["Text.\n\nOther\n\nMore."]


def test_a_section_ends_where_its_article_ends() -> None:
    html = "<article><header><h1>Title</h1></header><p>Text.</p></article><h2>Other</h2><p>Elsewhere.</p>"
    assert kept(html) == ["Text.", "Elsewhere."]
    wrapped = "<section><h1>Title</h1></section><section><p>Text.</p></section>"
    assert kept(wrapped) == ["Text."]


def test_a_page_inside_a_form_or_a_badly_named_container_is_read() -> None:
    assert kept("<form id=aspnet><h2>A header</h2><p>Text.</p></form>") == ["Text."]
    assert kept("<div class='with sidebar'><h1>A header</h1><p>Text.</p></div>") == ["Text."]
    assert kept("<div class=widget><div class=post-body><h2>A header</h2><p>Text.</p></div></div>") == ["Text."]
    assert kept("<div class=sidebar><h2>A header</h2><p>Text.</p></div>") == []


@pytest.mark.parametrize(
    "around",
    [
        "div class='elementor-widget elementor-widget-text-editor'",
        "div class='span12 widget-span widget-type-rich_text'",
        "div id=wsite-content class='wsite-elements wsite-not-footer'",
        "div class='wrap has-sidebar no-comments'",
        "div class=cmp-text",
        "div class='row gutter-20'",
        "div class=design-update",
        "div class=thread-more",
        "section id=a-header",
    ],
)
def test_a_name_that_only_sounds_like_furniture_drops_nothing(around: str) -> None:
    aside = f"<p>{LONG}</p><p>{LONG}</p>"
    tag = around.split()[0]
    assert kept(f"<h2>First</h2>{aside}<{around}><h2>A header</h2><p>Text.</p></{tag}>")[1] == "Text."


def test_a_chapter_is_told_from_furniture_by_its_id_and_most_of_a_page_by_its_length() -> None:
    chapter = "<section id=related-work><h2>Related work</h2><p>Text.</p></section>"
    assert kept(f"<h2>First</h2><p>{LONG}</p>{chapter}")[1:] == ["Text."]
    assert kept(f"<h2>First</h2><p>{LONG}</p>{chapter.replace('Related work', 'Other pages')}")[1:] == []
    side = f"<div class=sidebar-layout><h3>A header</h3><p>{LONG}</p></div>"
    assert kept(f"{side}<h2>Links</h2><p>Here.</p>") == [LONG, "Here."]
    assert kept(f"{side}<h2>A text</h2><p>{LONG} More.</p>") == [f"{LONG} More."]
    assert kept(f"{side.replace('sidebar-layout', 'comments-list')}<h2>Links</h2><p>Here.</p>") == ["Here."]
    assert kept(f"{side.replace('-layout', '')}<h2>Links</h2><p>Here.</p>") == ["Here."]
    form = f"<form><h3>A header</h3><p>{LONG}</p></form>"
    assert kept(form) == [LONG]
    assert kept(f"<h2>A text</h2><p>{LONG} More.</p>{form}") == [f"{LONG} More."]


def test_lines_about_the_page_are_left_out() -> None:
    rules = replace(OPEN, boilerplate=Boilerplate())
    body = (
        "<p>By Ann Lee, 3 May 2020</p><p>The text says a thing.</p><p>Share this on Facebook</p>"
        "<p><a href=/x>Another story of ours</a></p><p>It says <a href=/y>another</a> too.</p>"
        "<p>© 2020 Ann Lee. All rights reserved.</p><p>Ann Lee</p>"
    )
    assert under(body, rules) == "The text says a thing.\n\nIt says another too."
    assert under(body).startswith("By Ann Lee")


@pytest.mark.parametrize(
    "body",
    [
        "By noon the fog had lifted.",
        "On 3 May 2020 the bridge fell.",
        "Then:</p><ul><li>Print<li>Save<li><a href=/>Debian</a><li>42</ul><p>So.",
        f"He founded a newsletter.</p><p>{LONG} The newsletter told them so.",
    ],
)
def test_sentences_and_lists_that_only_look_like_lines_about_the_page_stay(body: str) -> None:
    html = f"<h2>A header</h2><p>Well.</p><p>{body}</p>"
    assert kept(html, replace(OPEN, boilerplate=Boilerplate(link_share=1, prose_share=0))) == kept(html)


def test_what_a_header_names_is_its_sections_subject() -> None:
    rules, body = replace(OPEN, boilerplate=Boilerplate()), "<p>Well.</p><p>Each newsletter has a date.</p>"
    assert kept(f"<h2>How to write a newsletter</h2>{body}", rules) == ["Well.\n\nEach newsletter has a date."]
    assert kept(f"<h2>A header</h2>{body}", rules) == ["Well."]


def test_an_item_keeps_its_marker_when_the_link_that_opened_it_is_taken_out() -> None:
    rules = replace(OPEN, boilerplate=Boilerplate())
    item = "<li><p><a href=/x>Night mode</a></p><p>It is a setting of the camera.</p></li>"
    assert under(f"<p>Look.</p><ol>{item}{item}</ol>", rules) == (
        "Look.\n\n1. It is a setting of the camera.\n2. It is a setting of the camera."
    )
