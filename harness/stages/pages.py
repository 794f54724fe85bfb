"""Web pages of files, as rows: the beginning of what becomes segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from humpback.core.store import StoreError
from humpback.core.tables import Page, Rejected, Unreadable
from humpback.core.work import Counts, Work
from humpback.inputs.locate import resolve_file
from humpback.readers.pages import CutPage, Other, entries
from humpback.readers.unusable import none_usable
from humpback.spec.files import ClueWeb22, WebPages
from humpback.spec.user_data import NotGiven
from humpback.stages.rows import write_tables


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
    seen, others, reasons = Counter[str](), Counter[str](), Counter[str]()

    def found() -> Iterator[Page | Rejected | Unreadable]:
        for file in node.files:
            if seen["kept"] == node.n:
                return
            before, here, unlike = seen["kept"], Counter[str](), Counter[str]()
            for entry in entries(resolve_file(file, work.machine), file.name):
                if isinstance(entry, Other):
                    unlike[entry.kind if entry.kind in _KINDS else "unknown"] += 1
                    continue
                yield entry
                seen["all"] += 1
                if isinstance(entry, Page):
                    seen["kept"] += 1
                    seen["cut"] += isinstance(entry, CutPage)
                    seen["replaced"] += entry.html.count("\ufffd") + entry.text.count("\ufffd")
                else:
                    here[entry.reason] += 1
                if seen["all"] % 100 == 0:
                    work.log.progress(seen["kept"], node.n or seen["kept"], "pages")
                if seen["kept"] == node.n:
                    break
            others.update(unlike)
            reasons.update(here)
            # One page that cannot be read is no file of many.
            if seen["kept"] == before and here.total() + unlike.total() > 1:
                raise none_usable(file.name, here, unlike)
        if not seen["kept"]:
            raise none_usable(node.name, reasons, others)

    counts = write_tables(found(), work, Page, Rejected, Unreadable)
    kept = counts["kept"]
    work.log.progress(kept, kept, "pages")
    if node.n is not None and kept < node.n:
        raise ValueError(
            f"{node.name}: {node.n} pages wanted and the files have {kept}; name more files or fewer pages"
        )
    return {
        **counts,
        "characters not decoded": seen["replaced"],
        "cut off when they were stored": seen["cut"],
        **{f"other records: {kind}": n for kind, n in sorted(others.items())},
    }


_KINDS = ("warcinfo", "request", "metadata", "revisit", "continuation", "file")
"""Of other records. Any other word is "unknown", so that no file fills the record with its own."""


def not_supplied(node: ClueWeb22 | NotGiven, work: Work) -> Counts:
    """
    Raises:
        StoreError: always, with what to do.
    """
    raise StoreError(f"{node.MISSING}; {node.REMEDY}")
