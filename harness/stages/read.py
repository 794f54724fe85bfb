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
from humpback.readers.open_assistant import select_pairs
from humpback.readers.records import records
from humpback.readers.scores import scores
from humpback.readers.texts import texts
from humpback.readers.unusable import none_usable
from humpback.spec.data import Examples
from humpback.spec.files import Distinct, InstructionSet, OpenAssistant, PromptSet, Scored, Texts
from humpback.spec.sensitive import Listed
from humpback.stages.rows import read_examples, reject, write_tables


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
            files = [records(resolve_file(file, work.machine), file.name) for file in node.files]
            found = select_pairs(files, node, _folded(node.without, work))
            if not found.kept:
                reasons = Counter(one.reason for one in found.rejected)
                raise none_usable(node.name, reasons + Counter(one.reason for one in found.unreadable))
            return found.counts | _written([*found.kept, *found.rejected, *found.unreadable], work)
        case InstructionSet() | PromptSet() | Texts():
            rows = _others(node, work) if node.n is None else _drawn(node, node.n, work)
            return _written(rows, work) | (_lengths(work) if isinstance(node, Texts) else {})
        case Distinct():
            return _written(_distinct(node, work), work)
        case Scored():
            return _scored(node, work)
        case Listed():
            return write_tables(_listed(node), work, Example)


MOST_NAMED = 12
"""Fields that were left aside and are counted by name."""


def _written(rows: Iterable[Row], work: Work) -> Counts:
    """Counts of the rows; of the examples, their layouts and what stood beside the pairs."""
    seen, aside = Counter({"without output": 0}), Counter[str]()

    def noted() -> Iterator[Row]:
        for row in rows:
            if isinstance(row, Example):
                seen["without output"] += not row.output.strip()
                if "layout" in (known := row.known):
                    beside = {
                        f"{known['layout']} rows": True,
                        "with a system sentence": row.system.strip() or known.get("system"),
                        "with earlier turns above": known.get("earlier"),
                        "with later turns left out": known.get("turns"),
                        "with other answers left out": known.get("others"),
                        "instructions held back": known.get("held back"),
                    }
                    seen.update(what for what, there in beside.items() if there)
                    names = ("".join(c if c.isprintable() else " " for c in name) for name in known.get("aside", ()))
                    aside.update(name[:40] for name in names)
            yield row

    counts = write_tables(noted(), work, Example, Rejected, Unreadable)
    fields = {f"left aside: {name}": n for name, n in aside.most_common(MOST_NAMED)}
    if len(aside) > MOST_NAMED:
        fields["left aside: other fields"] = aside.total() - sum(fields.values())
    return {**counts, **seen, **fields}


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
    if not (own := row.system.strip()):
        return row
    origin = to_json({**row.known, "system": own})
    return replace(row, instruction=f"{own}\n\n{row.instruction}", system="", origin=origin)


def _others(node: InstructionSet | PromptSet | Texts, work: Work) -> Iterator[Row]:
    """The rows, without prompts that are to be left out."""
    without = node.without if isinstance(node, PromptSet) else None
    left_out = _folded(without, work)
    for row in _rows(node, work):
        if without and isinstance(row, Example) and fold(row.instruction) in left_out:
            row = reject(row, f"equals a prompt of {without.name}")
        yield row


def _folded(without: Examples | None, work: Work) -> set[str]:
    return {fold(row.instruction) for row in read_examples(without, work)} if without else set()


def _drawn(node: InstructionSet | PromptSet | Texts, n: int, work: Work) -> Iterator[Row]:
    ids = sorted(row.id for row in _others(node, work) if isinstance(row, Example))
    if n > len(ids):
        raise ValueError(f"{node.name}: n is {n}, and there are {len(ids)} rows; ask for fewer, or give more files")
    drawn = set(random.Random(f"{type(node).__name__}/{node.draw}").sample(ids, n))
    for row in _others(node, work):
        yield reject(row, "not drawn") if isinstance(row, Example) and row.id not in drawn else row


def _distinct(node: Distinct, work: Work) -> Iterator[Row]:
    """The parts' rows in order. Ids begin with the part's place, from 1."""
    first: dict[str, str] = {}
    for i, part in enumerate(node.parts, 1):
        for row in read_examples(part, work):
            row = replace(row, id=f"{i}/{row.id}")
            earlier = first.setdefault(fold(row.instruction), row.id)
            yield row if earlier == row.id else reject(row, f"the same prompt as {earlier}")


def _scored(node: Scored, work: Work) -> Counts:
    unparsed = 0

    def rows() -> Iterator[Row]:
        nonlocal unparsed
        there = scored = 0
        found = scores(resolve_file(node.scores, work.machine), node.column, node.scores.name)
        for row, score in zip_longest(read_examples(node.examples, work), found):
            there += row is not None
            scored += score is not None
            if row is None or score is None:
                continue
            if score.reason:
                yield Unreadable(node.scores.name, score.place, f"{row.id}: {score.reason}", score.raw)
            elif score.value is None and node.rated_alone:
                yield reject(row, f"no score in column {node.column}")
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
