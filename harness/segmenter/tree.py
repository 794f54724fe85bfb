"""From HTML to sections, by one walk over the parsed tree.

The walk keeps its own stack, so depth costs memory and never Python's recursion, and it looks at every node once.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from humpback.segmenter.boilerplate import is_navigation
from humpback.segmenter.flow import BREAK, MARKS, NOTED, Flow
from humpback.segmenter.furniture import (
    ASIDE,
    SILENT,
    UNNAMED,
    furniture_name,
    holds_the_text,
    is_called_after,
    is_hidden,
    is_most,
    unlinked,
)
from humpback.segmenter.parse import body_of
from humpback.segmenter.sections import Aside, Outline, Section
from humpback.segmenter.symbols import formula, picture
from humpback.segmenter.text import subscript, superscript
from humpback.segmenter.whole import BLOCK, code_lines, has_line_numbers, header_words

FORMS = 8
"""On a page, that are looked into: some sites put the whole page into one."""
AROUND = 500
"""Elements named as furniture that may stand around a page's text; beyond it none is looked into."""

_HEADERS = {f"h{level}": level for level in range(1, 7)}
_VERBATIM = ("pre", "xmp", "listing")
_KINDS = {
    **dict.fromkeys(BLOCK, "block"),
    **dict.fromkeys(UNNAMED, "format"),
    **dict.fromkeys(SILENT, "silent"),
    **dict.fromkeys(NOTED, "noted"),
    **dict.fromkeys((*_HEADERS, *_VERBATIM, "sup", "sub", "math"), "whole"),
}
"""What the walk does with a tag. One that is not here is inline."""
_NUMBERED = frozenset(("td", "th", "pre"))
_NEVER_NAMED = frozenset((*_HEADERS, "article", "main"))
"""Not dropped for their names."""
_TEXT = next(node.tag_id for node in LexborHTMLParser("x").css("body")[0].iter(include_text=True))
"""The parser's number for text: asking for it is cheaper than for the name, and most nodes are text."""
_INSTRUCTION = "-instruction"
"""What stands for the name of <?php ...?> and <?xml ...?>, which have none. A comment's name begins so too."""
_HEADING = re.compile(r"role\s*=\s*[\"']?heading\b")
_ANCHOR = re.compile(r"\s*(?:[¶#§🔗]|\[edit\]|\[edit source\]|Permalink)$")


def heading_level(node: LexborNode) -> int:
    """The level of an element whose role is a heading; 2 where it says none that headers have."""
    told = (node.attributes.get("aria-level") or "").strip()
    return int(told) if told in ("1", "2", "3", "4", "5", "6") else 2


def parse_page(html: str) -> tuple[list[Section], list[Aside]]:
    """The outermost sections of a page, in order, and what stands beside its text. Text before the first header
    belongs to no section.

    Raises:
        UnreadablePage: see `parse.body_of`.
    """
    walk, body = Walk(), body_of(html)
    if body is not None:
        walk.has_headings = _HEADING.search(html) is not None
        walk.over(body)
    return walk.outline.page.inside, walk.asides


class Walk:
    """One walk over a page's body: what is collected on the way, and how it becomes blocks."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.asides: list[Aside] = []
        self.has_headings = False
        """Whether elements may be headers by their role."""
        self._flow = Flow(self.outline)
        self._forms = self._around = self._characters = 0

    def over(self, body: LexborNode) -> None:
        """Visit every node below `body`, in document order."""
        self._characters = unlinked(body)
        open_nodes: list[LexborNode] = []
        closing: list[str] = []
        """What is to be done when each closes: nothing (""), a flush ("/"), or to tell the flow of the tag."""
        node = body.first_child
        flow = self._flow
        pieces = flow.pieces
        while True:
            if node is None:
                if not open_nodes:
                    break
                tag = closing.pop()
                if tag == "/":
                    if pieces:
                        flow.flush()
                elif tag:
                    flow.closed(tag)
                node = open_nodes.pop().next
                continue
            if node.tag_id == _TEXT:
                text = node.text_content or ""
                if text.isspace():
                    if pieces:
                        pieces.append(" ")
                else:
                    pieces.append(text)
                    if flow.in_link:
                        flow.links += len(text)
                node = node.next
                continue
            tag = node.tag or _INSTRUCTION
            kind = _KINDS.get(tag)
            if kind == "format":  # bold and the like, of which nothing is asked
                open_nodes.append(node)
                closing.append("")
                node = node.first_child
            elif kind == "silent" or tag[0] == "-":
                node = node.next
            elif tag == "br" or tag == "img":
                pieces.append(BREAK if tag == "br" else picture(node))
                node = node.next
            elif tag != "a" and self._dropped(node, tag):
                node = node.next
            elif kind == "whole":
                self._whole(node, tag)
                node = node.next
            elif self.has_headings and node.attributes.get("role") == "heading":
                flow.flush()
                self._header(node, heading_level(node))
                node = node.next
            elif kind is None:
                if tag == "a":
                    flow.in_link += 1
                elif tag in MARKS:
                    pieces.append(MARKS[tag][0])
                open_nodes.append(node)
                closing.append(tag if tag == "a" or tag in MARKS else "")
                node = node.first_child
            else:
                if pieces:
                    flow.flush()
                open_nodes.append(node)
                if kind == "noted":
                    flow.opened(node, tag)
                    closing.append(tag)
                else:
                    closing.append("/")
                node = node.first_child
        flow.flush()

    def _dropped(self, node: LexborNode, tag: str) -> bool:
        """Whether an element is left out with all that it holds; with a header in it, it is noted as an aside."""
        if tag == "form":
            self._forms += 1
            # A page that is one form, as ASP.NET makes them, is walked.
            return self._forms > FORMS or not (node.css_first("h1,h2,article") or is_most(node, self._characters))
        if tag in ASIDE:
            word = tag
        else:
            attributes = node.attributes
            if not attributes:
                return False
            if len(attributes) > ("class" in attributes) + ("id" in attributes) and is_hidden(attributes):
                return True
            word = "" if tag in _NEVER_NAMED else furniture_name(attributes)
            if tag in _NUMBERED and has_line_numbers(attributes):
                word = "line numbers"
        if not word or self._around > AROUND:
            return False
        header = node.css_first("h1,h2,h3,h4,h5,h6")
        title = "" if header is None else header_words(header)
        is_chapter = tag not in ASIDE and is_called_after(node.attributes, title) and not is_navigation(title)
        if is_chapter or holds_the_text(node, tag, word, self._characters):
            self._around += 1
            return False
        if header is not None or (tag in BLOCK and tag != "p"):
            self._flow.flush()
        if header is not None:
            self.asides.append(Aside(title, word, node.text(deep=True, separator=" ")))
        return True

    def _whole(self, node: LexborNode, tag: str) -> None:
        """An element whose text is taken at once."""
        if tag == "sup" or tag == "sub":
            self._script(node, tag)
            return
        if tag == "math":
            self._flow.pieces.append(formula(node))
            return
        self._flow.flush()
        if tag in _VERBATIM:
            self._code(node)
        else:
            self._header(node, _HEADERS[tag])

    def _header(self, node: LexborNode, level: int) -> None:
        text = _ANCHOR.sub("", header_words(node))
        if text:
            self._flow.header(text, level)

    def _code(self, node: LexborNode) -> None:
        text = code_lines(node)
        if text:
            self._flow.code(text)

    def _script(self, node: LexborNode, tag: str) -> None:
        """A superscript with a link in it is a note's number, which leads nowhere once it is text."""
        text = node.text(deep=True)
        if tag == "sup" and (node.css_first("a") is not None or self._flow.in_link):
            return
        self._flow.pieces.append(superscript(text) if tag == "sup" else subscript(text))
