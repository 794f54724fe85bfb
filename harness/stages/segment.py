"""Web pages to segments, as a stage: `harness/segmenter/` does the work, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from humpback.core.tables import PAGES, Example, Page, Rejected, Unreadable, count, read
from humpback.core.work import Counts, Work
from humpback.readers.unusable import none_usable
from humpback.segmenter import segment_pages
from humpback.spec.data import Segments
from humpback.stages.rows import write_tables


def segment(node: Segments, work: Work) -> Counts:
    """Write the segments of all pages, what was rejected, and the pages that cannot be read where there are any.

    `in` counts the sections that were considered: in = kept + rejected. `pages` = those with sections, those without,
    and those that are unreadable.

    Raises:
        UnusableFile: when no section is a segment, with the commonest reason.
    """
    source = work.open(node.pages) / PAGES
    total, without, reasons = count(source), 0, Counter[str]()

    def found() -> Iterator[Example | Rejected | Unreadable]:
        nonlocal without
        for i, (_, rows) in enumerate(segment_pages(read(source, Page), node, PAGES), 1):
            reasons.update(row.reason.split(":")[0] for row in rows if isinstance(row, Rejected))
            without += not rows
            if i % 100 == 0 or i == total:
                work.log.progress(i, total, "pages")
            yield from rows

    counts = write_tables(found(), work, Example, Rejected)
    unreadable = counts.pop("unreadable", 0)
    if not counts["kept"]:
        raise none_usable(node.pages.name, reasons, Counter({"unreadable": unreadable}), "sections")
    sections = counts["in"] - unreadable
    return {"pages": total, "pages without sections": without, **counts, "in": sections, "unreadable": unreadable}
