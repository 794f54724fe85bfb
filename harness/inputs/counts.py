"""How many rows somebody's files hold, counted when a setup is loaded: what sizes of ablations follow from.

Counts are of the files alone and not of what a store holds, so the same files give the same expression everywhere.
Pages are cut into segments for it, at most PAGES of them: that many take some five seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from humpback.core.expression import FieldError
from humpback.core.store import StoreError
from humpback.core.tables import Example, Page
from humpback.readers.pages import pages as read_pages
from humpback.segmenter.minhash import MinHash, firsts
from humpback.spec.data import Examples, Segments
from humpback.spec.files import Deduplicated, File, InstructionSet, OpenAssistant, PromptSet, Source, Texts, WebPages
from humpback.spec.user_data import UserData

PAGES = 500
"""Pages that are cut into segments to count these."""
PathOf = Callable[[File | Source], Path]


def with_counts(
    given: UserData, where: str, path_of: PathOf, *, at_least: int | None
) -> tuple[UserData, tuple[str, ...]]:
    """What was given with the numbers of its rows, and what is to be said of that. `at_least` is how many segments its
    owner says there are. Where a public file is not here nothing is counted.

    Raises:
        FieldError: naming `where`, where more rows are to be drawn than there are.
    """
    sets = {"seed_n": given.seed_data, "prompts_n": given.prompts}
    try:
        if isinstance(given.pages, Texts):
            sets["texts_n"] = given.pages
        there = {key: rows_there(one, path_of) for key, one in sets.items()}
        if isinstance(given.pages, WebPages) and given.pages.n:
            there["pages_n"] = pages_there(given.pages, path_of, given.pages.n)
        distinct, whole = distinct_there(given.segments, path_of)
    except StoreError:
        return given, ()
    wanted = {key: getattr(given.pages if key == "pages_n" else sets[key], "n", None) for key in there}
    for key, n in wanted.items():
        if n is not None and n > there[key]:
            raise FieldError(f"{where}: {key} is {n:,}, and there are {there[key]:,}; ask for fewer or give more files")
    if at_least is not None and whole and at_least > distinct:
        raise FieldError(f"{where}: segments_at_least is {at_least:,}, and there are {distinct:,}; leave it out")
    seed_rows = wanted["seed_n"] or there["seed_n"]
    counted = replace(given, seed_rows=seed_rows, segment_rows=at_least or distinct)
    if whole or at_least is not None:
        return counted, ()
    told = f"ablations go up to the {distinct:,} segments of the first {PAGES} pages"
    return counted, (f"{told}; segments_at_least = N says that there are more",)


def rows_there(examples: Examples, path_of: PathOf) -> int:
    """The rows of a set before any are drawn."""
    from humpback.readers.instructions import pairs, prompts
    from humpback.readers.open_assistant import select
    from humpback.readers.records import records
    from humpback.readers.texts import texts

    match examples:
        case OpenAssistant():
            files = [records(path_of(file), file.name) for file in examples.files]
            return select(files, replace(examples, n=None)).counts["kept"]
        case InstructionSet() | PromptSet() | Texts():
            read = {InstructionSet: pairs, PromptSet: prompts, Texts: texts}[type(examples)]
            found = (row for file in examples.files for row in read(path_of(file), file.name))
            return sum(isinstance(row, Example) for row in found)
    raise TypeError(f"{type(examples).__name__} is no set of somebody's files")


def pages_there(pages: WebPages, path_of: PathOf, at_most: int) -> int:
    """The pages of the files, counted up to `at_most`."""
    return sum(1 for _ in islice(_pages(pages, path_of), at_most))


def distinct_there(made: Deduplicated, path_of: PathOf) -> tuple[int, bool]:
    """How many segments or texts are left without near-duplicates, and whether that is all of them: of more than PAGES
    pages the first are looked at."""
    whole = True
    outputs: list[str] = []
    match made.examples:
        case Segments(pages=WebPages() as pages):
            from humpback.segmenter import segmented

            looked = list(islice(_pages(pages, path_of), (pages.n or PAGES + 1)))
            whole = len(looked) <= PAGES
            for _, rows in segmented(looked[:PAGES], made.examples, ""):
                outputs += [row.output for row in rows if isinstance(row, Example)]
        case Texts() as texts:
            from humpback.readers.texts import texts as read

            every = (row for file in texts.files for row in read(path_of(file), file.name))
            outputs = [row.output for row in every if isinstance(row, Example)]
        case other:
            raise TypeError(f"{type(other).__name__} is made of no file of somebody's")
    first = firsts(outputs, MinHash(shingle=made.shingle, bands=made.bands, rows=made.rows))
    n = len(set(first.tolist()))
    drawn = getattr(made.examples, "n", None)
    return (min(n, drawn) if drawn else n), whole


def _pages(pages: WebPages, path_of: PathOf) -> Iterator[Page]:
    return (page for file in pages.files for page in read_pages(path_of(file), file.name))
