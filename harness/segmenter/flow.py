"""Text as it comes, made into blocks: what is collected between two tags, and the lists, rows and definitions that are
open around it."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from humpback.segmenter.numbering import Numbering
from humpback.segmenter.sections import Outline
from humpback.segmenter.text import Block, clean

BREAK = "\x1e"
"""Stands for <br> among the pieces: no page's text holds it once it is clean."""
SECTIONING = frozenset(("article", "section", "main"))
NOTED = SECTIONING | frozenset(("ul", "ol", "li", "tr", "td", "th", "dl", "dt", "dd"))
"""Blocks that `Flow` is told of; any other only parts the text before it from the text after."""
MARKS = {"code": ("`", "`"), "q": ("“", "”"), "rt": ("(", ")")}
"""What stands around the text of an inline element: browsers quote <q>, and set a reading beside its word."""
_PARAGRAPHS = re.compile(f"{BREAK}\\s*{BREAK}[\\s{BREAK}]*")


class Flow:
    """What is open at one place of the page, and the blocks made so far (in `outline`)."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.pieces: list[str] = []
        """Text and breaks since the last block."""
        self.links = 0
        """How many characters of the pieces stand in links."""
        self.in_link = 0
        """How many links are open."""
        self._lists: list[Numbering] = []
        """One for each open list."""
        self._marker = ""
        """Of the item that has no text yet."""
        self._rows: list[list[list[Block]]] = []
        """For each open row its cells' blocks."""
        self._articles: list[int] = []
        """For each open sectioning element what `outline.left` is to be given."""
        self._terms: list[str] = []
        """<dt>s that wait for their <dd>."""
        self._defining = False
        """Whether a <dd> is open that has no text yet."""

    def opened(self, node: LexborNode, tag: str) -> None:
        """One of NOTED opens, everything before it flushed."""
        if tag == "ul" or tag == "ol":
            self._lists.append(Numbering(node, tag))
            self._marker = ""
        elif tag == "li":
            self._marker = self._lists[-1].marker(node) if self._lists else "-"
        elif tag == "tr":
            self.spill()
            self._rows.append([])
        elif (tag == "td" or tag == "th") and self._rows:
            self._rows[-1].append([])
        elif tag == "dd":
            self._defining = True
        elif tag in SECTIONING:
            self._articles.append(self.outline.entered())

    def closed(self, tag: str) -> None:
        """One of NOTED closes, or a link, or one of MARKS."""
        if tag == "a":
            self.in_link -= 1
            return
        if tag in MARKS:
            self.pieces.append(MARKS[tag][1])
            return
        self.flush(is_term=tag == "dt")
        if tag == "ul" or tag == "ol":
            self._lists.pop()
            self._marker = ""
        elif tag == "li":
            self._marker = ""
        elif tag == "tr":
            self._row(self._rows.pop())
        elif tag == "dd":
            self._defining = False
        elif tag == "dl":
            self._unclaimed()
        elif tag in SECTIONING:
            self.outline.left(self._articles.pop())

    def flush(self, *, is_term: bool = False) -> None:
        """What was collected becomes a block, or several where two line breaks part it."""
        if not self.pieces:
            return
        raw = "".join(self.pieces)
        self.pieces.clear()
        links, self.links = self.links, 0
        for part in _PARAGRAPHS.split(raw) if BREAK in raw else (raw,):
            text = clean(_set(part))
            if not text or text == "``":
                continue
            if is_term:
                self._terms.append(text)
                continue
            if self._terms:
                text = self._defined(text) if self._defining and not self._marker else text
                self._unclaimed()
            self._defining = False
            # Items that no list is around have their dash, and what follows them in the page is a paragraph again.
            depth = len(self._lists) or int(self._marker != "")
            self.add(Block(text, "item" if depth else "paragraph", min(links, len(text)), depth, self._marker))
            self._marker, links = "", 0

    def _defined(self, text: str) -> str:
        """Terms and their definition on one line; a question keeps a paragraph of its own."""
        term = ", ".join(term.removesuffix(":") for term in self._terms)
        if term.endswith("?") or len(term) > 60:
            return text
        self._terms.clear()
        return f"{term}: {text}"

    def _unclaimed(self) -> None:
        """Terms without a definition are paragraphs."""
        terms, self._terms = self._terms, []
        for term in terms:
            self.add(Block(term))

    def add(self, block: Block) -> None:
        """A block goes into the open cell, else into the open section."""
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].append(block)
        else:
            self.outline.block(block)

    def _row(self, cells: list[list[Block]]) -> None:
        """A row of short cells becomes one line; the cells of a table that lays out a page stay blocks."""
        data = all(len(cell) < 2 and all(b.kind == "paragraph" and len(b.text) <= 200 for b in cell) for cell in cells)
        if data and sum(map(len, cells)) > 1:
            texts = [cell[0].text.replace("\n", " ") if cell else "" for cell in cells]
            # A first cell may be empty, and what stands below the others keeps its column; at the end nothing does.
            self.add(Block(" | ".join(texts).rstrip(" |").strip(), "row", sum(cell[0].links for cell in cells if cell)))
            return
        for cell in cells:
            for block in cell:
                self.add(block)

    def spill(self) -> None:
        """A header or a table inside a cell: the rows that are open lay out the page."""
        for cells in self._rows:
            for cell in cells:
                for block in cell:
                    self.outline.block(block)
            cells.clear()

    def header(self, text: str, level: int) -> None:
        """A header ends what is open around it: in a table or a list it is the header of a card."""
        self._unclaimed()
        self.spill()
        self._marker = ""
        self.outline.header(text, level)

    def code(self, text: str) -> None:
        """Verbatim text is a block of its own."""
        self.add(Block(text, "code", depth=len(self._lists)))


def _set(raw: str) -> str:
    """Text with single spaces, and line breaks where the page has them."""
    if BREAK not in raw:
        return " ".join(raw.split())
    return "\n".join(line for part in raw.split(BREAK) if (line := " ".join(part.split())))
