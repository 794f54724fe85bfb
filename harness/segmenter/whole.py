"""Elements whose text is taken at once, apart from the walk: headers on one line, verbatim text as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from humpback.segmenter.flow import MARKS
from humpback.segmenter.furniture import SILENT, is_hidden, is_read_aloud_alone
from humpback.segmenter.symbols import formula, picture
from humpback.segmenter.text import clean
from humpback.segmenter.words import words_of

BLOCK = words_of(
    "address article aside blockquote caption center dd details dir div dl dt fieldset figure footer form header "
    "hgroup hr legend li listing main menu nav ol optgroup option p plaintext pre search section summary table tbody "
    "td tfoot th thead tr ul xmp"
)
"""What browsers set on lines of its own. Any other tag, also one that nobody knows, stands in its line."""
_LAID_OUT = words_of("span time small a button")
_LINE_NUMBERS = re.compile(
    r"(?:^|[\s_-])(?:line-?nos?|linenos|line-?num(?:ber)?s?|gutter|lnt?|blob-num|crayon-nums)(?=$|[\s_-])"
)
_NOT_COPIED = re.compile(r"user-select\s*:\s*none")


def header_words(node: LexborNode) -> str:
    """A header's text on one line. Nothing stands between formatted parts of a word; blocks are set apart, and spans
    beside blocks, which are laid out as such. A button is its text only where the header has no other."""
    blocks = BLOCK | _LAID_OUT if node.css_first("br,p,div,li,h1,h2,h3,h4,h5,h6") is not None else BLOCK
    for silent in (SILENT, SILENT - {"button"}):
        if words := "".join(_pieces(node, silent, blocks)).split():
            return clean(" ".join(words))
    return clean(" ".join(node.text(deep=True, separator=" ").split()))


def code_lines(node: LexborNode) -> str:
    """Verbatim text without the numbers of its lines and its buttons. A block is a line of its own, as some
    highlighters set them."""
    text = clean("".join(_pieces(node, SILENT, BLOCK, code=True))).expandtabs(4)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def _pieces(node: LexborNode, silent: frozenset[str], blocks: frozenset[str], *, code: bool = False) -> Iterator[str]:
    """The pieces of text that show, and a line break where a block begins or ends inside a line."""
    left: list[LexborNode | str | None] = [node.first_child]
    ended = True
    while left:
        at = left.pop()
        if isinstance(at, str):
            if at != "\n" or not ended:
                yield at
                ended = at == "\n"
            continue
        if at is None:
            continue
        left.append(at.next)
        tag = at.tag or ""
        if tag == "-text":
            text = at.text_content or ""
            ended = text.endswith("\n") if text else ended
            yield text
        elif tag == "br":
            ended = True
            yield "\n"
        elif tag == "math" or tag == "img":
            left.append(formula(at) if tag == "math" else picture(at))
        elif tag and tag not in silent and not _is_unseen(at, code=code):
            before, after = ("\n", "\n") if tag in blocks else MARKS[tag] if tag in ("q", "rt") else (None, None)
            left += [after, at.first_child, before]


def has_line_numbers(attributes: dict[str, str | None]) -> bool:
    """Whether an element in code is named as one that holds the numbers of its lines."""
    return _LINE_NUMBERS.search((attributes.get("class") or "").lower()) is not None


def _is_unseen(node: LexborNode, *, code: bool) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    if is_hidden(attributes) or is_read_aloud_alone(attributes):
        return True
    return code and (has_line_numbers(attributes) or _NOT_COPIED.search(attributes.get("style") or "") is not None)
