"""Joining two sets of answers on the prompt, by the rule of `core/same_prompt.py`.

Every row that finds no partner is kept aside with its reason, so that a join that loses rows says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.core.same_prompt import partners, prompt_keys
from humpback.core.tables import Example, Rejected, to_json
from humpback.core.work import Counts, Work
from humpback.spec.outcomes import Matched
from humpback.stages.rows import read_examples, reject, write_tables


def match(node: Matched, work: Work) -> Counts:
    """`in` = `kept` + `rejected` of the answers; `without` counts the prompts that none of them answers. Rows are gone
    through several times and not held, but for answers that stand long before their prompt."""
    ours, theirs = (
        prompt_keys(row.instruction for row in read_examples(one, work)) for one in (node.examples, node.to)
    )
    joined = partners(theirs, ours)
    found = joined.all
    taken = {*found.values()}
    known, empty = {*theirs.folded}, 0

    def rows() -> Iterator[Example | Rejected]:
        nonlocal empty
        waiting: dict[int, Example] = {}
        candidates = enumerate(read_examples(node.examples, work))
        for i, row in enumerate(read_examples(node.to, work)):
            if i not in found:
                continue
            while found[i] not in waiting:
                j, other = next(candidates)
                if j in taken:
                    waiting[j] = other
            own = waiting.pop(found[i])
            origin = to_json({**own.known, "joined": "normalised" if i in joined.folded else "exact", "answer": own.id})
            empty += not own.output.strip()
            yield replace(own, id=row.id, instruction=row.instruction, source=row.source, origin=origin)
        for j, row in enumerate(read_examples(node.examples, work)) if len(ours.exact) > len(found) else ():
            if j not in taken:
                what = "another answer to a prompt" if ours.folded[j] in known else "no such prompt"
                yield reject(row, f"{what} of {node.to.name}")

    return {
        **write_tables(rows(), work, Example, Rejected),
        "exact": len(joined.exact),
        "normalised": len(joined.folded),
        "without": len(theirs.exact) - len(found),
        "empty": empty,
    }
