"""Two files that are the two orders of one comparison, and several that are one system's prompt sets."""

from __future__ import annotations

import re
from dataclasses import replace

from humpback.analysis.judgements.formats.items import NO_ROW, Item, Judgement, judged_in_both
from humpback.analysis.judgements.formats.reviews import ONE, OneOrder, Review
from humpback.analysis.judgements.verdicts import BothOrders, winner
from humpback.core.tables import Unreadable

TWO_FILES = "reviews with scores, one file per order"
GUESSED = "neither names nor answers say which order a file is: taken from the files' names or their order"
_REVERSED = re.compile(r"revers|swap|exchang|(?:^|[_.-])(?:rev|ba|21)(?:[_.-]|$)", re.IGNORECASE)


def of_reviews(files: list[OneOrder]) -> list[Judgement]:
    """Judgements of files of one order each, in their order; a file that has its other order beside it joins it."""
    waiting, made = list(files), []
    while waiting:
        first = waiting.pop(0)
        second = next((one for one in waiting if _other_order(first, one)), None)
        if second is None:
            made.append(_alone(first))
            continue
        waiting.remove(second)
        if not _reversed(first) or _reversed(second) or _exchanged(first, second):
            made.append(_joined(first, second))
        else:
            made.append(_joined(second, first))
    return made


def _stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].split(".json")[0]


def _reversed(one: OneOrder) -> bool:
    return bool(_REVERSED.search(_stem(one.file)))


def _exchanged(one: OneOrder, other: OneOrder) -> bool:
    """Whether names or answers say that the second file shows them the other way round."""
    if one.names and other.names:
        return one.names == other.names[::-1]
    pairs = _answers(one, other)
    return bool(pairs) and all(ours == theirs[::-1] for ours, theirs in pairs)


def _answers(one: OneOrder, other: OneOrder) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    both = [(one.reviews[prompt], other.reviews[prompt]) for prompt in one.reviews if prompt in other.reviews]
    return [(ours.answers, theirs.answers) for ours, theirs in both if ours.answers and theirs.answers]


def _other_order(one: OneOrder, other: OneOrder) -> bool:
    """The same prompts with the same two answers to each. Where names are given, they must be exchanged or equal."""
    shared = len(one.reviews.keys() & other.reviews.keys())
    if 2 * shared <= max(len(one.reviews), len(other.reviews)) or one.judge != other.judge:
        return False
    if one.names and other.names and set(one.names) != set(other.names):
        return False
    return all(set(ours) == set(theirs) for ours, theirs in _answers(one, other))


def _joined(one: OneOrder, other: OneOrder) -> Judgement:
    """`one` shows the system first, `other` second. A prompt of one file alone counts as unparsed in the other."""
    items = []
    aside = [*one.unreadable, *other.unreadable]
    for prompt in [*one.reviews, *(prompt for prompt in other.reviews if prompt not in one.reviews)]:
        ab, ba = one.reviews.get(prompt), other.reviews.get(prompt)
        items.append(_item(prompt, ab, ba))
        if ab is None or ba is None:
            lacking = one.file if ab is None else other.file
            aside.append(Unreadable(lacking, NO_ROW, "the prompt stands in the other order's file alone", prompt))
    notes = [*one.notes, *other.notes]
    notes.append(f"{one.file} shows the system first and {other.file} second")
    if not _exchanged(one, other):
        notes.append(GUESSED)
    name, against = one.names or (_stem(one.file), "the other answer")
    judge = one.judge
    named = one.names is not None
    files = (one.file, other.file)
    return Judgement(name, against, judge, TWO_FILES, files, tuple(items), tuple(aside), tuple(notes), named)


def _item(prompt: str, ab: Review | None, ba: Review | None) -> Item:
    either = (ab or ba).item  # type: ignore[union-attr]
    lengths = ab.item.characters if ab else None
    if lengths is None and either.characters is not None:
        lengths = either.characters[::-1]
    orders = BothOrders(winner("ab", ab.verdict) if ab else None, winner("ba", ba.verdict) if ba else None)
    return judged_in_both(prompt, either.source, orders, characters=lengths, category=either.category)


def _alone(one: OneOrder) -> Judgement:
    name, against = one.names or (_stem(one.file), "the answer shown second")
    notes = (*one.notes, "one order only: flips cannot be seen, and a liking for what is shown first is not evened out")
    items = tuple(review.item for review in one.reviews.values())
    return Judgement(name, against, one.judge, ONE, (one.file,), items, one.unreadable, notes, one.names is not None)


def sets_together(judgements: list[Judgement]) -> list[Judgement]:
    """Files of one system on different prompts as one judgement with several sets: where the files name the systems,
    or where their own names differ by the name of the set alone."""
    merged: dict[tuple[str, str, str, str], list[Judgement]] = {}
    for one in judgements:
        name = one.name if one.named else _without_set(one)
        group = merged.setdefault((name, one.against, one.judge, one.format), [])
        prompts = {item.prompt for item in one.items}
        joins = one.named or name != one.name
        if joins and len(group) == 1 and prompts.isdisjoint(item.prompt for item in group[0].items):
            whole = group[0]
            notes = (*whole.notes, *one.notes)
            group[0] = replace(
                whole,
                name=name,
                files=(*whole.files, *one.files),
                items=(*whole.items, *one.items),
                unreadable=(*whole.unreadable, *one.unreadable),
                notes=tuple(dict.fromkeys(notes if one.named else (*notes, _BY_NAME))),
            )
        else:
            group.append(one)
    return [one for group in merged.values() for one in group]


_BY_NAME = "the files' names differ by the prompt set alone: taken as the sets of one comparison"


def _without_set(one: Judgement) -> str:
    """A file's name without the name of its prompt set; the whole name where it does not have it."""
    source = next(iter({item.source for item in one.items})) if one.items else ""
    if not source or any(item.source != source for item in one.items):
        return one.name
    left = re.sub(rf"[_.-]*{re.escape(source)}[_.-]*", "_", one.name, count=1, flags=re.IGNORECASE).strip("_")
    return left or "the first answer"
