"""How many rows somebody's files hold, counted when a setup is loaded: what sizes of ablations follow from.

Counts are of the files alone and not of what a store holds, so the same files give the same expression everywhere.
Pages are cut into segments for it, at most PAGES of them: that many take some five seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice, zip_longest
from pathlib import Path

from humpback.core.expression import FieldError
from humpback.core.same_prompt import fold, lowest_hashes
from humpback.core.store import StoreError
from humpback.core.tables import Example, Page
from humpback.readers.pages import pages as read_pages
from humpback.segmenter.minhash import MinHash, firsts
from humpback.spec.curation import HeldOut, Sample, Without
from humpback.spec.data import Examples, Segments
from humpback.spec.files import (
    Deduplicated,
    File,
    InstructionSet,
    OpenAssistant,
    PromptSet,
    Scored,
    Source,
    Texts,
    WebPages,
)
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
    pages = given.pages
    named = {"seed_n": given.seed_data, "prompts_n": given.prompts, "filter_n": given.filter}
    named |= {"held_out_n": given.held_out, "texts_n": pages if isinstance(pages, Texts) else None}
    sets = {key: one for key, one in named.items() if one is not None}
    wanted = {key: getattr(one, "n", None) for key, one in sets.items()}
    try:
        there = {key: sum(1 for _ in _examples(one, path_of)) for key, one in sets.items()}
        if isinstance(pages, WebPages) and pages.n:
            wanted["pages_n"] = pages.n
            there["pages_n"] = sum(1 for _ in islice(_pages(pages, path_of), pages.n))
        distinct, whole = _distinct(given.segments, path_of) if isinstance(given.segments, Deduplicated) else (0, True)
    except StoreError:
        return given, ()
    for key, n in wanted.items():
        if n is not None and n > there[key]:
            raise FieldError(f"{where}: {key} is {n:,}, and there are {there[key]:,}; ask for fewer or give more files")
    for key, name in (("seed_n", "seed_data"), ("filter_n", "filter")):
        if given.held_out and there.get(key) == 0:
            raise FieldError(
                f"{where}: nothing is left of {name} without the pairs held out; give held_out_n, or other files"
            )
    if at_least is not None and whole and at_least > distinct:
        raise FieldError(f"{where}: segments_at_least is {at_least:,}, and there are {distinct:,}; leave it out")
    seed_rows, filter_rows = (wanted.get(key) or there.get(key, 0) for key in ("seed_n", "filter_n"))
    counted = replace(given, seed_rows=seed_rows, segment_rows=at_least or distinct, filter_rows=filter_rows)
    if whole or at_least is not None:
        return counted, ()
    told = f"ablations go up to the {distinct:,} segments of the first {PAGES} pages"
    return counted, (f"{told}; segments_at_least = N says that there are more",)


def _examples(examples: Examples, path_of: PathOf) -> Iterator[Example]:
    """Of a set's files, before any are drawn or held out."""
    from humpback.readers.instructions import pairs, prompts
    from humpback.readers.open_assistant import select_pairs
    from humpback.readers.records import records
    from humpback.readers.scores import scores
    from humpback.readers.texts import texts

    match examples:
        case OpenAssistant():
            files = [records(path_of(file), file.name) for file in examples.files]
            yield from select_pairs(files, replace(examples, n=None)).kept
        case InstructionSet() | PromptSet() | Texts():
            read = {InstructionSet: pairs, PromptSet: prompts, Texts: texts}[type(examples)]
            for file in examples.files:
                yield from (row for row in read(path_of(file), file.name) if isinstance(row, Example))
        case Scored(scores=of, column=column):
            rows = _examples(examples.examples, path_of)
            for row, score in zip_longest(rows, scores(path_of(of), column, of.name)):
                if row is None or score is None:
                    has = "fewer" if score is None else "more"
                    raise FieldError(
                        f"filter_scores: {of.name} has {has} rows than the set that it is to score; scores are matched "
                        "by order, so give those of these very rows"
                    )
                if score.value is not None:
                    yield row
        case Sample():
            yield from _examples(examples.examples, path_of)
        case HeldOut():
            yield from (row for row in _examples(examples.examples, path_of) if row.output.strip())
        case Without(without=HeldOut(n=n) as held):
            asked = [row.instruction for row in _examples(held, path_of)]
            out = {fold(asked[i]) for i in lowest_hashes(asked, n)}
            yield from (row for row in _examples(examples.examples, path_of) if fold(row.instruction) not in out)
        case _:
            raise TypeError(f"{type(examples).__name__} is no set of somebody's files")


def _distinct(made: Deduplicated, path_of: PathOf) -> tuple[int, bool]:
    """How many segments or texts are left without near-duplicates, and whether that is all of them: of more than PAGES
    pages the first are looked at."""
    from humpback.segmenter import segment_pages

    source, whole = made.examples, True
    if isinstance(source, Segments) and isinstance(source.pages, WebPages):
        looked = list(islice(_pages(source.pages, path_of), source.pages.n or PAGES + 1))
        whole = len(looked) <= PAGES
        every = (row for _, rows in segment_pages(looked[:PAGES], source, "") for row in rows)
        outputs = [row.output for row in every if isinstance(row, Example)]
    else:
        outputs = [row.output for row in _examples(source, path_of)]
    first = firsts(outputs, MinHash(shingle=made.shingle, bands=made.bands, rows=made.rows))
    return min(len(set(first.tolist())), getattr(source, "n", None) or len(outputs)), whole


def _pages(pages: WebPages, path_of: PathOf) -> Iterator[Page]:
    return (page for file in pages.files for page in read_pages(path_of(file), file.name))
