"""Files to examples: conversations, instruction sets, prompts, unions of them, and scores that stand in files.

Every record of every file is kept, rejected or unreadable, and the counts say how many of each. Where `n` is given, the
rows are drawn by their sorted ids, so that the order of files does not matter; reading twice costs less than holding
them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest

from humpback.core.same_prompt import fold
from humpback.core.tables import EXAMPLES, Example, Rejected, Unreadable, read, to_json
from humpback.core.work import Counts, Work
from humpback.inputs.locate import resolve_file
from humpback.readers.instructions import Row, pairs, prompts, stem_of
from humpback.readers.open_assistant import select
from humpback.readers.records import records
from humpback.readers.scores import scores
from humpback.readers.texts import texts
from humpback.readers.unusable import none_usable
from humpback.spec.files import Distinct, InstructionSet, OpenAssistant, PromptSet, Scored, Texts
from humpback.spec.sensitive import Listed
from humpback.stages.rows import examples, reject, write_rows


def read_in(
    node: OpenAssistant | InstructionSet | PromptSet | Texts | Distinct | Scored | Listed, work: Work
) -> Counts:
    """Write examples, rejected and unreadable rows; `in` = `kept` + `rejected` + `unreadable`.

    Raises:
        UnusableFile: when nothing of a file can be used.
        ValueError: when fewer than `n` rows are left, or scores and examples differ in number, or lines of a shipped
            text and what the expression says.
    """
    match node:
        case OpenAssistant():
            found = select([records(resolve_file(file, work.machine), file.name) for file in node.files], node)
            if not found.kept:
                reasons = Counter(one.reason for one in found.rejected)
                raise none_usable(node.name, reasons + Counter(one.reason for one in found.unreadable))
            return found.counts | _written([*found.kept, *found.rejected, *found.unreadable], work)
        case InstructionSet() | PromptSet() | Texts():
            rows = _filtered(node, work)
            if node.n is not None:
                rows = _drawn(rows, _draw(node, work))
            return _written(rows, work) | (_lengths(work) if isinstance(node, Texts) else {})
        case Distinct():
            return _written(_distinct(node, work), work)
        case Scored():
            return _scored(node, work)
        case Listed():
            return write_rows(_listed(node), work, Example)


def _written(rows: Iterable[Row], work: Work) -> Counts:
    empty = 0
    layouts: Counter[str] = Counter()
    aside: Counter[str] = Counter()

    def noted() -> Iterator[Row]:
        nonlocal empty
        for row in rows:
            if isinstance(row, Example):
                empty += not row.output.strip()
                _note(row, layouts, aside)
            yield row

    counts = write_rows(noted(), work, Example, Rejected, Unreadable)
    named = {f"left aside: {name}": n for name, n in aside.most_common(MOST_NAMED)}
    if len(aside) > MOST_NAMED:
        named["left aside: other fields"] = sum(n for _, n in aside.most_common()[MOST_NAMED:])
    return {**counts, "without output": empty, **layouts, **named}


MOST_NAMED = 12
"""Fields that were left aside and are counted by name."""


def _note(row: Example, layouts: Counter[str], aside: Counter[str]) -> None:
    """Count the row's layout, and what stood beside its pair."""
    known = row.known
    if "layout" not in known:
        return
    layouts[f"{known['layout']} rows"] += 1
    beside = {
        "with a system sentence": row.system.strip() or known.get("system"),
        "with earlier turns above": known.get("earlier"),
        "with later turns left out": known.get("turns"),
        "with other answers left out": known.get("others"),
        "instructions held back": known.get("held back"),
    }
    layouts.update(told for told, there in beside.items() if there)
    aside.update("".join(c if c.isprintable() else " " for c in name)[:40] for name in known.get("aside", ()))


def _lengths(work: Work) -> Counts:
    """Of the texts that were kept, in characters: no rule holds them to any."""
    lengths = sorted(len(row.output) for row in read(work.out / EXAMPLES, Example))
    return {
        "characters of the shortest": lengths[0],
        "characters of the middle one": lengths[len(lengths) // 2],
        "characters of the longest": lengths[-1],
    }


def _rows(node: InstructionSet | PromptSet | Texts, work: Work) -> Iterator[Row]:
    taken: Counter[str] = Counter()
    for file in node.files:
        stem = stem_of(file.name)
        taken[stem] += 1
        # Two files of one name keep their ids apart by the place in which they are given.
        own = stem if taken[stem] == 1 else f"{stem}-{taken[stem]}"
        reader = pairs if isinstance(node, InstructionSet) else prompts if isinstance(node, PromptSet) else texts
        kept, reasons = 0, Counter[str]()
        for row in reader(resolve_file(file, work.machine), file.name, own):
            if isinstance(row, Example):
                kept += 1
                row = _with_its_system(row) if isinstance(node, PromptSet) else row
            else:
                reasons[row.reason] += 1
            yield row
        if not kept:
            raise none_usable(file.name, reasons)


def _with_its_system(row: Example) -> Example:
    """A prompt below its own system sentence: models answer under the experiment's, and judges are shown the prompt."""
    own = row.system.strip()
    if not own:
        return row
    origin = to_json({**row.known, "system": own})
    return replace(row, instruction=f"{own}\n\n{row.instruction}", system="", origin=origin)


def _filtered(node: InstructionSet | PromptSet | Texts, work: Work) -> Iterator[Row]:
    without = node.without if isinstance(node, PromptSet) else None
    if without is None:
        return _rows(node, work)
    out = {fold(row.instruction) for row in examples(without, work)}
    return (
        reject(row, f"equals a prompt of {without.name}")
        if isinstance(row, Example) and fold(row.instruction) in out
        else row
        for row in _rows(node, work)
    )


def _draw(node: InstructionSet | PromptSet | Texts, work: Work) -> set[str]:
    ids = sorted(row.id for row in _filtered(node, work) if isinstance(row, Example))
    wanted = node.n or 0
    if wanted > len(ids):
        raise ValueError(
            f"{node.name}: n is {wanted}, and there are {len(ids)} rows; ask for fewer, or give more files"
        )
    return set(random.Random(f"{type(node).__name__}/{node.draw}").sample(ids, wanted))


def _drawn(rows: Iterator[Row], ids: set[str]) -> Iterator[Row]:
    for row in rows:
        yield reject(row, "not drawn") if isinstance(row, Example) and row.id not in ids else row


def _distinct(node: Distinct, work: Work) -> Iterator[Row]:
    """The parts' rows in order. Ids begin with the part's place, from 1."""
    first: dict[str, str] = {}
    for i, part in enumerate(node.parts, 1):
        for row in examples(part, work):
            row = replace(row, id=f"{i}/{row.id}")
            earlier = first.setdefault(fold(row.instruction), row.id)
            yield row if earlier == row.id else reject(row, f"the same prompt as {earlier}")


def _scored(node: Scored, work: Work) -> Counts:
    unparsed = 0

    def rows() -> Iterator[Row]:
        nonlocal unparsed
        there = scored = 0
        found = scores(resolve_file(node.scores, work.machine), node.column, node.scores.name)
        for row, score in zip_longest(examples(node.examples, work), found):
            there += row is not None
            scored += score is not None
            if row is None or score is None:
                continue
            if score.reason:
                yield Unreadable(node.scores.name, score.place, f"{row.id}: {score.reason}", score.raw)
            else:
                unparsed += score.value is None
                yield replace(row, score=score.value)
        if there != scored:
            raise ValueError(
                f"{node.name}: {node.scores.name} has {scored} rows and {node.examples.name} has {there}; scores are "
                "matched by order, so give the scores of these very rows"
            )

    return {**_written(rows(), work), "unparsed": unparsed}


def _listed(node: Listed) -> list[Example]:
    lines = node.text.text.splitlines()
    if len(lines) != node.n or not all(line.strip() for line in lines):
        filled = sum(bool(line.strip()) for line in lines)
        raise ValueError(
            f"{node.text.file}: {filled} prompts in {len(lines)} lines; {node.n} are named, one on each line"
        )
    return [Example(f"{node.slug}/{i}", line, source=node.slug) for i, line in enumerate(lines)]
