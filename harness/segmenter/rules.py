"""Which sections of a page become segments, and why the others do not.

A section is considered whole, with the sections inside it. One that is too long, or whose header is no header of a
text, gives way to its own text and to each section inside. What leads elsewhere (related pages, comments, references)
is taken out of the section around it and rejected by itself, whatever its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from humpback.segmenter.boilerplate import (
    asks_for_a_subscription,
    drop_page_lines,
    is_navigation,
    is_prose,
    without_labels,
)
from humpback.segmenter.language import other_language
from humpback.segmenter.sections import Aside, Section
from humpback.segmenter.sentences import repeated_pair
from humpback.segmenter.text import Block, blocks_text, clean
from humpback.spec.data import Boilerplate, Segments

MOST_BYLINES = 2
"""Lines of a section that name an author or a date: an article has them, a list of articles has more."""


@dataclass(frozen=True)
class ConsideredSection:
    """A section that could be a segment; it is one where `reason` is empty."""

    header: str
    level: int
    text: str
    reason: str


def consider_sections(
    sections: Sequence[Section], asides: Iterable[Aside], rules: Segments
) -> Iterator[ConsideredSection]:
    """Every section of a page that was considered, in the page's order, then what stands beside the page's text."""
    for section in sections:
        if rules.boilerplate is not None:
            drop_page_lines(section)
        yield from _of(section, rules)
    if rules.boilerplate is not None:
        for aside in asides:
            if len(aside.text) >= rules.shortest:
                text = clean(" ".join(aside.text.split()))
                if len(text) >= rules.shortest:
                    named = f"an element named {aside.named!r}"
                    yield ConsideredSection(aside.header, 0, text, f"beside the page's text: in {named}")


def _of(section: Section, rules: Segments) -> Iterator[ConsideredSection]:
    navigation = _navigation(section, rules)
    if navigation:
        text = blocks_text(_everything(section), rules.between)
        yield ConsideredSection(section.header, section.level, text, navigation)
        return
    own, inside = section.own, section.inside
    elsewhere = list(_elsewhere(section, rules))
    gives_way = section.level == 1 and bool(inside) and not own
    if not gives_way:
        whole = _judged(section, _flat(section, rules), rules)
        yield whole
        gives_way = whole.reason.startswith(("longer", _IN_HEADER))
        if whole.reason.startswith("longer") and own and any(not _navigation(one, rules) for one in inside):
            yield _judged(section, own, rules)
    for one in inside if gives_way else elsewhere:
        yield from _of(one, rules)


def _everything(section: Section) -> list[Block]:
    """The blocks of a section with those of the sections inside it, each under its header. Recursion goes six deep at
    most, once for each level of header."""
    blocks: list[Block] = []
    for part in section.parts:
        blocks += [part] if isinstance(part, Block) else [Block(part.header, "header"), *_everything(part)]
    return blocks


def _flat(section: Section, rules: Segments) -> list[Block]:
    """The same without the sections inside that lead elsewhere or have no text."""
    if rules.boilerplate is None:
        return _everything(section)
    blocks: list[Block] = []
    for part in section.parts:
        if isinstance(part, Block):
            blocks.append(part)
        elif not _navigation(part, rules):
            inner = _flat(part, rules)
            blocks += [Block(part.header, "header"), *inner] if inner else []
    return blocks


def _elsewhere(section: Section, rules: Segments) -> Iterator[Section]:
    """The outermost sections inside that `_flat` leaves out because they lead elsewhere."""
    if rules.boilerplate is not None:
        for one in section.inside:
            if _navigation(one, rules):
                yield one
            else:
                yield from _elsewhere(one, rules)


_IN_HEADER = "header"


def _navigation(section: Section, rules: Segments) -> str:
    """Why a section, with all inside it, leads elsewhere; "" where it does not."""
    lower = section.header.lower()
    for stop in rules.header_stop_words:
        if stop in lower:
            return f"navigation: the header has {stop!r}"
    if rules.boilerplate is not None and is_navigation(section.header):
        return "navigation: the header opens a menu, a list of other pages, comments or notes"
    return ""


def _judged(section: Section, blocks: list[Block], rules: Segments) -> ConsideredSection:
    if rules.boilerplate is not None:
        blocks = without_labels(blocks)
    text = blocks_text(blocks, rules.between)
    return ConsideredSection(section.header, section.level, text, _reason(section, blocks, text, rules))


def _reason(section: Section, blocks: list[Block], text: str, rules: Segments) -> str:
    """The first rule that the section breaks, cheap ones first; "" where it keeps all."""
    if section.level <= 6:
        capitals = _capitals(section.header)
        if capitals is None:
            return f"{_IN_HEADER} without letters"
        if capitals > rules.header_capitals:
            return f"{_IN_HEADER} in capitals: {capitals:.0%} of its letters"
    if len(text) < rules.shortest:
        return f"shorter than {rules.shortest:,} characters: {len(text):,}"
    if len(text) > rules.longest:
        return f"longer than {rules.longest:,} characters: {len(text):,}"
    if rules.boilerplate is not None:
        reason = _boilerplate(section, blocks, text, rules.boilerplate)
        if reason:
            return reason
    other = other_language(text, rules.language) if rules.language else ""
    if other:
        return "not English" if rules.language == "en" else f"in another language: {other}, not {rules.language}"
    if rules.repeats is not None:
        said = blocks_text((block for block in blocks if block.kind not in ("code", "row")), "\n")
        pair = repeated_pair(said, rules.repeats.words, rules.repeats.jaccard)
        if pair:
            return f"repeated sentence: {pair[0][:80]!r} and {pair[1][:80]!r}"
    return ""


def _capitals(header: str) -> float | None:
    letters = sum(map(str.isalpha, header))
    return sum(map(str.isupper, header)) / letters if letters else None


def _boilerplate(section: Section, blocks: list[Block], text: str, limits: Boilerplate) -> str:
    links = sum(block.links for block in blocks) / len(text)
    if links > limits.link_share:
        return f"links: {links:.0%} of its characters"
    if section.bylines > MOST_BYLINES:
        return f"a list of other pages: {section.bylines} bylines or dates"
    body = [block for block in blocks if block.kind != "header"]
    prose = sum(len(block.text) for block in body if is_prose(block)) / sum(len(block.text) for block in body)
    if prose < limits.prose_share:
        return f"hardly a sentence: {prose:.0%} of its characters"
    if text.endswith(("...", "…", "[…]", "[...]")):
        return "cut off: it ends in dots"
    if asks_for_a_subscription(text):
        return "cut off: it asks for a subscription"
    return ""
