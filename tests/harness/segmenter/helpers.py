"""Rules with no limits, and a page's sections by short ways."""

from __future__ import annotations

from dataclasses import replace

from humpback.core.tables import Example, Page, Rejected
from humpback.segmenter import segments
from humpback.spec.data import MicroPages, Segments
from humpback.spec.micro_world import World

PAPER = Segments(MicroPages(World(), n=1))
OPEN = replace(PAPER, shortest=1, longest=1_000_000, language=None, repeats=None, boilerplate=None)
"""Every section with a header of a text is kept."""
LONG = " ".join(f"This is sentence {i} of a text that has {i} and {i + 1} in it." for i in range(20))
"""Enough for the paper's least length, in English, with nothing said twice at Jaccard 0.9."""


def kept(html: str, rules: Segments = OPEN) -> list[str]:
    """The outputs of a page."""
    return [row.output for row in segments(Page("http://a/", html), rules) if isinstance(row, Example)]


def rejected(html: str, rules: Segments) -> list[str]:
    """The reasons of a page."""
    return [row.reason for row in segments(Page("http://a/", html), rules) if isinstance(row, Rejected)]


def under(body: str, rules: Segments = OPEN) -> str:
    """The text under the one header that stands before `body`."""
    (only,) = kept(f"<h2>A header</h2>{body}", rules)
    return only
