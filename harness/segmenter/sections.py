"""A page's sections: a header, the text under it, and the sections of lower headers inside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from humpback.segmenter.text import Block


@dataclass(slots=True)
class Section:
    """A header and what stands under it, in the page's order."""

    header: str
    level: int
    """1 to 6 as in h1 to h6; 0 is the page, 7 a whole text without HTML."""
    parts: list[Block | Section] = field(default_factory=list)
    bylines: int = 0
    """Lines that named an author or a date and were taken out."""

    @property
    def own(self) -> list[Block]:
        """The blocks that stand under this header itself."""
        return [part for part in self.parts if isinstance(part, Block)]

    @property
    def inside(self) -> list[Section]:
        """The sections of lower headers."""
        return [part for part in self.parts if isinstance(part, Section)]


@dataclass(slots=True)
class Aside:
    """A part of the page beside its text (a menu, a side column, comments) that has a header."""

    header: str
    named: str
    """The tag, role, class or id that says so."""
    text: str
    """As it stands in the page."""


class Outline:
    """Puts headers and blocks into sections as they come.

    A section ends at the next header of its level or above, and where the <article>, <section> or <main> ends in which
    it began: a related story below an article is no part of it. A section that has no text yet stays open there, for
    pages that wrap the header alone.
    """

    def __init__(self) -> None:
        self.page = Section("", 0)
        self._open = [self.page]

    def header(self, text: str, level: int) -> None:
        """A header begins a section."""
        while self._open[-1].level >= level:
            self._open.pop()
        section = Section(text, level)
        self._open[-1].parts.append(section)
        self._open.append(section)

    def block(self, block: Block) -> None:
        """A block belongs to the innermost open section."""
        self._open[-1].parts.append(block)

    def entered(self) -> int:
        """What `left` is to be given at the end of a sectioning element."""
        return len(self._open)

    def left(self, entered: int) -> None:
        """A sectioning element ends."""
        while len(self._open) > entered and self._open[-1].parts:
            self._open.pop()
