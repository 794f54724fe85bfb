"""Web pages to segments: the text under a header with its lower headers (Humpback, section 2.1).

`parse.py` parses a page; `tree.py` walks it once and makes sections of blocks (`flow.py`, `sections.py`, `text.py`),
leaving out what `furniture.py` names; `rules.py` says which sections become segments, with `boilerplate.py`,
`language.py` and `sentences.py`. `segment_pages` is the whole of it for a stream of pages, `segments` for one page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from humpback.core.tables import RAW_SHOWN, Example, Page, Rejected, Unreadable, to_json
from humpback.segmenter.parse import UnreadablePage
from humpback.segmenter.plain import section_of
from humpback.segmenter.rules import consider_sections
from humpback.segmenter.tree import parse_page
from humpback.spec.data import Segments

__all__ = ["UnreadablePage", "segment_pages", "segments"]


def segments(page: Page, rules: Segments, name: str = "") -> Iterator[Example | Rejected]:
    """Every section of a page that was considered, as an example or as rejected with the reason.

    Ids are `name` (the page's URL where none is given), "#" and a number. `origin` holds url, header and level (1 to
    6 for h1 to h6; 0 beside the page's text; null for plain text).

    Raises:
        UnreadablePage: before anything is yielded, when the page cannot be parsed.
    """
    sections, asides = parse_page(page.html) if page.html else (section_of(page.text), [])
    for i, one in enumerate(consider_sections(sections, asides, rules)):
        id_ = f"{name or page.url}#{i}"
        origin = to_json({"url": page.url, "header": one.header, "level": one.level if one.level <= 6 else None})
        if one.reason:
            yield Rejected(id_, one.reason, one.text, origin=origin)
        else:
            yield Example(id_, output=one.text, source="web", origin=origin)


def segment_pages(
    pages: Iterable[Page], rules: Segments, file: str
) -> Iterator[tuple[Page, list[Example | Rejected | Unreadable]]]:
    """Each page with what came of it: its sections, or one unreadable row that names `file` and the page's row.

    Ids are unique over the stream: where a URL stood before, the page's number goes into them.
    """
    seen = _Seen()
    for row, page in enumerate(pages):
        name = f"{page.url}#{row}." if page.url in seen else ""
        try:
            yield page, list(segments(page, rules, name))
        except UnreadablePage as error:
            raw = (page.html or page.text)[:RAW_SHOWN]
            yield page, [Unreadable(file, f"row {row}", f"{page.url}: {error}", raw)]


class _Seen:
    """Which URLs stood before, in 16 MiB whatever their number. Asking also notes the URL.

    Now and then a URL that did not stand before is taken for one that did (one in a hundred after a million pages);
    its ids then hold the page's number, and are unique all the same.
    """

    def __init__(self) -> None:
        self._bits = bytearray(1 << 24)

    def __contains__(self, url: str) -> bool:
        digest = hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=8).digest()
        place, bit = int.from_bytes(digest, "big") % (1 << 24), 1 << (digest[0] & 7)
        before = bool(self._bits[place] & bit)
        self._bits[place] |= bit
        return before
