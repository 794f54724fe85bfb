"""Web pages to segments, as a stage: `harness/segmenter/` does the work, page by page."""

from __future__ import annotations

from collections import Counter

from humpback.core.tables import (
    EXAMPLES,
    PAGES,
    REJECTED,
    UNREADABLE,
    Example,
    Page,
    Rejected,
    Unreadable,
    Writer,
    count,
    read,
    write,
)
from humpback.core.work import Counts, Work
from humpback.readers.unusable import none_usable
from humpback.segmenter import segmented
from humpback.spec.data import Segments


def segment(node: Segments, work: Work) -> Counts:
    """Write the segments of all pages, what was rejected, and the pages that cannot be read where there are any.

    `in` counts the sections that were considered: in = kept + rejected. `pages` = those with sections, those without,
    and those that are unreadable.

    Raises:
        UnusableFile: when no section is a segment, with the commonest reason.
    """
    folder = work.open(node.pages)
    total, seen, without = count(folder / PAGES), 0, 0
    unreadable: list[Unreadable] = []
    reasons: Counter[str] = Counter()
    with Writer(work.out / EXAMPLES, Example) as kept, Writer(work.out / REJECTED, Rejected) as rejected:
        for _, rows in segmented(read(folder / PAGES, Page), node, PAGES):
            for row in rows:
                if isinstance(row, Example):
                    kept.add(row)
                elif isinstance(row, Rejected):
                    rejected.add(row)
                    reasons[row.reason.split(":")[0]] += 1
                else:
                    unreadable.append(row)
            without += not rows
            seen += 1
            if seen % 100 == 0 or seen == total:
                work.log.progress(seen, total, "pages")
    if not kept.count:
        raise none_usable(node.pages.name, reasons, Counter({"unreadable": len(unreadable)}), "sections")
    if unreadable:
        write(work.out / UNREADABLE, Unreadable, unreadable)
    counts = {"in": kept.count + rejected.count, "kept": kept.count, "rejected": rejected.count}
    return {"pages": seen, "pages without sections": without, **counts, "unreadable": len(unreadable)}
