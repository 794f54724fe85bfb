"""Web pages of files, as rows: the beginning of what becomes segments."""

from __future__ import annotations

from collections import Counter

from humpback.core.store import StoreError
from humpback.core.tables import PAGES, REJECTED, UNREADABLE, Page, Rejected, Unreadable, Writer
from humpback.core.work import Counts, Work
from humpback.inputs.locate import located
from humpback.readers.pages import CutPage, Other, entries
from humpback.readers.unusable import none_usable
from humpback.spec.files import ClueWeb22, WebPages


def read_pages(node: WebPages, work: Work) -> Counts:
    """Write the pages of all files, in order, until there are `n`.

    In = kept + rejected + unreadable: rejected are responses that are no page, such as images and redirects. Beside
    them are counted the records that were never meant to be one, by their kind ("other records: request"), and, in all
    pages, the characters that could not be decoded, and the pages that were cut off when they were stored.

    Raises:
        UnusableFile: for a file of no kind that is read here, for one with records of which none is a page, and when no
            file has one.
        ValueError: when fewer than `n` pages are there.
    """
    others: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    replaced = cut = 0
    with (
        Writer(work.out / PAGES, Page) as kept,
        Writer(work.out / REJECTED, Rejected) as rejected,
        Writer(work.out / UNREADABLE, Unreadable) as unreadable,
    ):
        wanted = node.n
        for given in node.files:
            if kept.count == wanted:
                break
            before, here, unlike = kept.count, Counter[str](), Counter[str]()
            for entry in entries(located(given, work.machine), given.name):
                match entry:
                    case Page():
                        kept.add(entry)
                        cut += isinstance(entry, CutPage)
                        replaced += entry.html.count("\ufffd") + entry.text.count("\ufffd")
                    case Rejected():
                        rejected.add(entry)
                        here[entry.reason] += 1
                    case Unreadable():
                        unreadable.add(entry)
                        here[entry.reason] += 1
                    case Other():
                        unlike[entry.kind if entry.kind in _KINDS else "unknown"] += 1
                done = kept.count + rejected.count + unreadable.count
                if done % 100 == 0:
                    work.log.progress(kept.count, wanted or kept.count, "pages")
                if kept.count == wanted:
                    break
            others += unlike
            reasons += here
            # One page that cannot be read is no file of many.
            if kept.count == before and here.total() + unlike.total() > 1:
                raise none_usable(given.name, here, unlike)
        if not kept.count:
            raise none_usable(node.name, reasons, others)
        work.log.progress(kept.count, kept.count, "pages")
    if wanted is not None and kept.count < wanted:
        raise ValueError(
            f"{node.name}: {wanted} pages wanted and the files have {kept.count}; name more files or fewer pages"
        )
    counts = {"kept": kept.count, "rejected": rejected.count, "unreadable": unreadable.count}
    return {
        "in": sum(counts.values()),
        **counts,
        "characters not decoded": replaced,
        "cut off when they were stored": cut,
        **{f"other records: {kind}": n for kind, n in sorted(others.items())},
    }


_KINDS = ("warcinfo", "request", "metadata", "revisit", "continuation", "file")
"""Of other records. Any other word is "unknown", so that no file fills the record with its own."""


def not_supplied(node: ClueWeb22, work: Work) -> Counts:
    """
    Raises:
        StoreError: always, with what to do.
    """
    raise StoreError(
        "ClueWeb22 has to be licensed and cannot be downloaded; give pages of your own with --pages, such as Common "
        "Crawl's WARC files"
    )
