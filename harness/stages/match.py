"""Joining two sets of answers on the prompt.

First by the very text, then by the text without case, punctuation and spacing, since copies of a prompt set differ in
such things. A prompt that stands several times is joined in the sets' order. Every row that finds no partner is kept
aside with its reason, so that a join that loses rows says which.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b

from humpback.core.tables import Example, Rejected, to_json
from humpback.core.work import Counts, Work
from humpback.spec.outcomes import Matched
from humpback.stages.read import same
from humpback.stages.rows import examples, reject, write_rows


def match(node: Matched, work: Work) -> Counts:
    """`in` = `kept` + `rejected` of the answers; `without` counts the prompts that none of them answers. Rows are gone
    through several times and not held, but for answers that stand long before their prompt."""
    ours, theirs = _keys(examples(node.examples, work)), _keys(examples(node.to, work))
    found = _joined(theirs.exact, range(len(theirs.exact)), ours.exact, range(len(ours.exact)))
    exact, taken = len(found), {*found.values()}
    open_prompts = [i for i in range(len(theirs.exact)) if i not in found]
    rest = _joined(theirs.same, open_prompts, ours.same, [j for j in range(len(ours.exact)) if j not in taken])
    found |= rest
    taken |= {*rest.values()}
    known, empty = {*theirs.same}, 0

    def rows() -> Iterator[Example | Rejected]:
        nonlocal empty
        waiting: dict[int, Example] = {}
        candidates = enumerate(examples(node.examples, work))
        for i, row in enumerate(examples(node.to, work)):
            if i not in found:
                continue
            while found[i] not in waiting:
                j, other = next(candidates)
                if j in taken:
                    waiting[j] = other
            own = waiting.pop(found[i])
            origin = to_json({**own.known, "joined": "normalised" if i in rest else "exact", "answer": own.id})
            empty += not own.output.strip()
            yield replace(own, id=row.id, instruction=row.instruction, source=row.source, origin=origin)
        for j, row in enumerate(examples(node.examples, work)) if len(ours.exact) > len(found) else ():
            if j not in taken:
                what = "another answer to a prompt" if ours.same[j] in known else "no such prompt"
                yield reject(row, f"{what} of {node.to.name}")

    return {
        **write_rows(rows(), work, Example, Rejected),
        "exact": exact,
        "normalised": len(rest),
        "without": len(theirs.exact) - len(found),
        "empty": empty,
    }


@dataclass(frozen=True)
class _Keys:
    """What the prompts of a set are joined by, a digest each, in the set's order."""

    exact: list[bytes]
    same: list[bytes]


def _keys(rows: Iterable[Example]) -> _Keys:
    found = _Keys([], [])
    for row in rows:
        for keys, text in ((found.exact, row.instruction), (found.same, same(row.instruction))):
            keys.append(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())
    return found


def _joined(
    prompts: list[bytes], open_prompts: Iterable[int], answers: list[bytes], unused: Iterable[int]
) -> dict[int, int]:
    """Index of the answer for each open prompt that has one, the first unused with an equal key."""
    there: dict[bytes, deque[int]] = defaultdict(deque)
    for j in unused:
        there[answers[j]].append(j)
    found = {}
    for i in open_prompts:
        if waiting := there.get(prompts[i]):
            found[i] = waiting.popleft()
    return found
