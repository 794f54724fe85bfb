"""Parsing a page in bounded time.

The parser (lexbor, by way of selectolax) was the fastest of those measured. It takes time quadratic in the depth of
nesting and in the number of one tag's attributes, so pages that go beyond what any page needs are refused first.
"""

from __future__ import annotations

import re
from collections import Counter

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from humpback.segmenter.symbols import tex

DEEPEST = 5_000
"""Elements inside one another. Real pages stay below 100; at this depth the parser takes 30 ms."""
LONGEST_TAG = 100_000
"""Characters of one tag outside of quotes."""
_SMALL = 100_000
"""Characters in which a page cannot go so deep that parsing takes more than a second."""
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|td|th|tr|dd|dt|br|hr|img|input|link|meta|option|optgroup|tbody|thead|tfoot|col|colgroup|area|"
    r"wbr|source|track|embed|param|rp|rt)\b)([a-zA-Z][^\s/>]*)"
)
_SHADOW = re.compile(r"<template\b[^>]{0,1000}\bshadowroot(?:mode)?\s*=[^>]{0,1000}>", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')


class UnreadablePage(ValueError):
    """A page that cannot be parsed in bounded time; the message says what was found and what would do."""


def body_of(html: str) -> LexborNode | None:
    """The parsed page's body, without scripts and styles; None where it has no body. A formula that a script was to
    set stands there as its TeX, and what a declared shadow root shows as its element's own.

    Raises:
        UnreadablePage: nested too deep, or with a tag too long, or refused by the parser.
    """
    _check(html)
    if "shadowroot" in html:
        html = _SHADOW.sub("<x-shadow>", html)
    try:
        page = LexborHTMLParser(html)
    except (SelectolaxError, ValueError) as error:
        raise UnreadablePage(f"the parser refused it: {error}") from error
    for formula in page.css('script[type^="math/tex"]'):
        formula.replace_with(tex(formula.text(deep=True)))
    page.strip_tags(["script", "style", "noscript", "template"])
    return page.body


def _check(html: str) -> None:
    if len(html) > _SMALL and html.count("<") > 4 * DEEPEST:
        deepest = _depth(html)
        if deepest > DEEPEST:
            raise UnreadablePage(f"{deepest:,} elements stand inside one another; at most {DEEPEST:,} can be read")
    if len(html) > 3 * LONGEST_TAG and max(map(len, html.split(">"))) > LONGEST_TAG:
        for match in re.finditer(rf"<[a-zA-Z][^<>]{{{LONGEST_TAG},}}", html):
            n = len(_QUOTED.sub("", match.group()))
            if n > LONGEST_TAG:
                raise UnreadablePage(f"one tag has {n:,} characters; at most {LONGEST_TAG:,} can be read")


def _depth(html: str) -> int:
    """How many elements are open at once at most, by a look at the tags alone. A closing tag counts only where one of
    its name is open; what closes of itself (<p>, <li>, <td>) is not counted."""
    is_open: Counter[str] = Counter()
    depth = deepest = 0
    for match in _NESTING.finditer(html):
        name = match[2].lower()
        if not match[1]:
            is_open[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif is_open[name]:
            is_open[name] -= 1
            depth -= 1
    return deepest
