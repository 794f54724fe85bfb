"""Two files that are the two orders of one comparison, and several that are one system's prompt sets."""

from __future__ import annotations

import re
from dataclasses import replace

from humpback.analysis.judgements.formats.items import NO_ROW, Item, Judgement, judged_in_both
from humpback.analysis.judgements.verdicts import BothOrders, Winner
from humpback.core.tables import Unreadable

TWO_FILES = "reviews with scores, one file per order"
GUESSED = "neither names nor answers say which order a file is: taken from the files' names or their order"
_ALONE = "one order only: flips cannot be seen, and a liking for what is shown first is not evened out"
_BY_NAME = "the files' names differ by the prompt set alone: taken as the sets of one comparison"
_REVERSED = re.compile(r"revers|swap|exchang|(?:^|[_.-])(?:rev|ba|21)(?:[_.-]|$)", re.IGNORECASE)


def both_orders(files: list[Judgement]) -> list[Judgement]:
    """Judgements of files of one order each, in their order; a file that has its other order beside it joins it."""
    waiting, found = list(files), []
    while waiting:
        first = waiting.pop(0)
        second = next((one for one in waiting if _other_order(first, one)), None)
        if second is None:
            found.append(replace(first, notes=(*first.notes, _ALONE)))
            continue
        waiting.remove(second)
        if not _reversed(first) or _reversed(second) or _exchanged(first, second):
            found.append(_joined(first, second))
        else:
            found.append(_joined(second, first))
    return found


def _stem(one: Judgement) -> str:
    return one.files[0].rsplit("/", 1)[-1].split(".json")[0]


def _reversed(one: Judgement) -> bool:
    return bool(_REVERSED.search(_stem(one)))


def _by_prompt(one: Judgement) -> dict[str, Item]:
    return {item.prompt: item for item in one.items}


def _exchanged(one: Judgement, other: Judgement) -> bool:
    """Whether names or answers say that the second file shows them the other way round."""
    if one.named and other.named:
        return (one.name, one.against) == (other.against, other.name)
    pairs = _answers(one, other)
    return bool(pairs) and all(ours == theirs[::-1] for ours, theirs in pairs)


def _answers(one: Judgement, other: Judgement) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Both files' answers to each prompt of both, where both say them."""
    there = _by_prompt(other)
    pairs = [(item.answers, there[item.prompt].answers) for item in one.items if item.prompt in there]
    return [(ours, theirs) for ours, theirs in pairs if ours and theirs]


def _other_order(one: Judgement, other: Judgement) -> bool:
    """The same prompts with the same two answers to each. Where names are given, they must be exchanged or equal."""
    shared = len(_by_prompt(one).keys() & _by_prompt(other).keys())
    if 2 * shared <= max(len(one.items), len(other.items)) or one.judge != other.judge:
        return False
    if one.named and other.named and {one.name, one.against} != {other.name, other.against}:
        return False
    return all(set(ours) == set(theirs) for ours, theirs in _answers(one, other))


def _joined(one: Judgement, other: Judgement) -> Judgement:
    """`one` shows the system first, `other` second. A prompt of one file alone counts as unparsed in the other."""
    ours, theirs = _by_prompt(one), _by_prompt(other)
    items = tuple(_item(ours.get(prompt), theirs.get(prompt)) for prompt in {**ours, **theirs})
    aside = [*one.unreadable, *other.unreadable]
    for prompt in {**ours, **theirs}:
        if prompt not in ours or prompt not in theirs:
            lacking = one.files[0] if prompt not in ours else other.files[0]
            aside.append(Unreadable(lacking, NO_ROW, "the prompt stands in the other order's file alone", prompt))
    notes = [*one.notes, *other.notes]
    notes.append(f"{one.files[0]} shows the system first and {other.files[0]} second")
    if not _exchanged(one, other):
        notes.append(GUESSED)
    return replace(
        one,
        against=one.against if one.named else "the other answer",
        format=TWO_FILES,
        files=(*one.files, *other.files),
        items=items,
        unreadable=tuple(aside),
        notes=tuple(notes),
    )


def _item(ab: Item | None, ba: Item | None) -> Item:
    """One prompt of either file, or of both."""
    turned = ba.exchanged() if ba else None
    either = ab or turned
    assert either is not None
    lengths = (ab and ab.characters) or (turned and turned.characters)
    orders = BothOrders(_winner(ab), _winner(turned))
    return judged_in_both(either.prompt, either.source, orders, characters=lengths, category=either.category)


def _winner(item: Item | None) -> Winner | None:
    results: dict[str, Winner] = {"win": "a", "tie": "tie", "lose": "b"}
    return results.get(item.result or "") if item else None


def sets_together(judgements: list[Judgement]) -> list[Judgement]:
    """Files of one system on different prompts as one judgement with several sets: where the files name the systems,
    or where their own names differ by the name of the set alone."""
    merged: dict[tuple[str, str, str, str], list[Judgement]] = {}
    for one in judgements:
        name = one.name if one.named else _without_set(one)
        group = merged.setdefault((name, one.against, one.judge, one.format), [])
        joins = (one.named or name != one.name) and len(group) == 1
        if joins and _by_prompt(one).keys().isdisjoint(_by_prompt(group[0])):
            whole = group[0]
            notes = (*whole.notes, *one.notes, *(() if one.named else (_BY_NAME,)))
            group[0] = replace(
                whole,
                name=name,
                files=(*whole.files, *one.files),
                items=(*whole.items, *one.items),
                unreadable=(*whole.unreadable, *one.unreadable),
                notes=tuple(dict.fromkeys(notes)),
                raters={who: {**whole.raters.get(who, {}), **of} for who, of in {**whole.raters, **one.raters}.items()},
            )
        else:
            group.append(one)
    return [one for group in merged.values() for one in group]


def _without_set(one: Judgement) -> str:
    """A file's name without the name of its prompt set; the whole name where it does not have it."""
    sources = {item.source for item in one.items}
    if len(sources) != 1 or not (source := sources.pop()):
        return one.name
    left = re.sub(rf"[_.-]*{re.escape(source)}[_.-]*", "_", one.name, count=1, flags=re.IGNORECASE).strip("_")
    return left or "the first answer"
