"""Web pages to segments: the text under a header, with the lower headers and their text (Humpback, section 2.1).

A first version, on selectolax's parsed tree. A section that is too long gives way to the sections inside it; a page
title (h1) with headers below it is no segment of its own. Lists come out as lists. What is not kept is kept aside with
its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from harness.data import Segments
from harness.rows import EXAMPLES, PAGES, REJECTED, Example, Page, Rejected, Writer, count, read, to_json
from harness.stages import Counts, Work

_DROPPED = {"script", "style", "noscript", "template", "nav", "aside", "footer", "form", "button", "svg", "iframe"}
_BLOCKS = {"p", "li", "td", "th", "dt", "dd", "pre", "blockquote", "figcaption", "div", "section", "article", "main"}
_HEADERS = {f"h{level}": level for level in range(1, 7)}


@dataclass
class Section:
    """A header, the text directly under it, and the sections of lower headers."""

    header: str
    level: int
    blocks: list[str] = field(default_factory=list)
    inside: list[Section] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Own text, then each inner section's header and text."""
        parts = list(self.blocks)
        for section in self.inside:
            parts += [section.header, section.text]
        return "\n".join(part for part in parts if part)


def sections(html: str) -> list[Section]:
    """The outermost sections of a page, in order. Text before the first header belongs to none."""
    body = LexborHTMLParser(html).body
    top = Section("", 0)
    open_sections = [top]
    for kind, text in _blocks(body) if body is not None else ():
        level = _HEADERS.get(kind)
        if level is None:
            open_sections[-1].blocks.append(f"- {text}" if kind == "li" else text)
            continue
        while open_sections[-1].level >= level:
            open_sections.pop()
        section = Section(text, level)
        open_sections[-1].inside.append(section)
        open_sections.append(section)
    return top.inside


def _blocks(node: LexborNode) -> Iterator[tuple[str, str]]:
    """(tag, text) of headers and of the innermost blocks, in document order."""
    loose: list[str] = []
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag in _DROPPED or (tag.startswith("-") and tag != "-text"):
            continue
        if tag in _HEADERS or (tag in _BLOCKS and not _has_blocks(child)):
            yield from _flushed(loose)
            text = _clean(child)
            if text:
                yield tag, text
        elif _has_blocks(child):
            yield from _flushed(loose)
            yield from _blocks(child)
        else:
            loose.append(child.text(deep=True))
    yield from _flushed(loose)


def _flushed(loose: list[str]) -> Iterator[tuple[str, str]]:
    text = " ".join("".join(loose).split())
    loose.clear()
    if text:
        yield "p", text


def _has_blocks(node: LexborNode) -> bool:
    return any(inner.tag in _HEADERS or inner.tag in _BLOCKS for inner in node.traverse() if inner != node)


def _clean(node: LexborNode) -> str:
    if node.tag == "pre":
        return node.text(deep=True).strip("\n")
    return " ".join(node.text(deep=True).split())


def segment(node: Segments, work: Work) -> Counts:
    """Write the segments of all pages. In = kept + rejected, counted in sections that were considered."""
    pages = work.open(node.pages) / PAGES
    total, seen, considered = count(pages), 0, 0
    with (
        Writer(work.out / EXAMPLES, Example) as kept,
        Writer(work.out / REJECTED, Rejected) as rejected,
    ):
        for page in read(pages, Page):
            for i, (section, reason) in enumerate(_considered(sections(page.html), node)):
                considered += 1
                origin = to_json({"url": page.url, "header": section.header})
                if reason:
                    rejected.add(Rejected(f"{page.url}#{i}", reason, section.text, origin=origin))
                else:
                    kept.add(Example(f"{page.url}#{i}", output=section.text, source="web", origin=origin))
            seen += 1
            if seen % 100 == 0 or seen == total:
                work.log.progress(seen, total, "pages")
    return {"pages": seen, "in": considered, "kept": kept.count, "rejected": rejected.count}


def _considered(found: list[Section], rules: Segments) -> Iterator[tuple[Section, str]]:
    for section in found:
        reason = _reason(section, rules)
        title = section.level == 1 and section.inside
        if not title:
            yield section, reason
        if title or reason.startswith("longer"):
            yield from _considered(section.inside, rules)


def _reason(section: Section, rules: Segments) -> str:
    letters = [c for c in section.header if c.isalpha()]
    if not letters:
        return "header without letters"
    for stop in rules.header_stop_words:
        if stop in section.header.lower():
            return f"header has {stop!r}"
    capitals = sum(c.isupper() for c in letters) / len(letters)
    if capitals > rules.header_capitals:
        return f"{capitals:.0%} capital letters in the header"
    n = len(section.text)
    if n < rules.shortest:
        return f"shorter than {rules.shortest} characters: {n}"
    if n > rules.longest:
        return f"longer than {rules.longest} characters: {n}"
    return ""
