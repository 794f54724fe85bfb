"""Joining two sets of answers on the prompt.

First by the very text, then by the text without case, punctuation and spacing, since copies of a prompt set differ in
such things. A prompt that stands several times is joined in the sets' order. Every row that finds no partner is kept
aside with its reason, so that a join that loses rows says which.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from harness.outcomes import Matched
from harness.rows import EXAMPLES, REJECTED, Example, Rejected, Writer, read, to_json
from harness.stages import Counts, Work
from harness.stages.read import same


def match(node: Matched, work: Work) -> Counts:
    """`in` = `kept` + `rejected` of the answers; `without` counts the prompts that none of them answers."""
    answers = list(read(work.open(node.examples) / EXAMPLES, Example))
    prompts = list(read(work.open(node.to) / EXAMPLES, Example))
    found = _joined(prompts, answers, range(len(prompts)), lambda text: text)
    exact = len(found)
    taken = set(found.values())
    left = [row for i, row in enumerate(answers) if i not in taken]
    places = [i for i in range(len(answers)) if i not in taken]
    rest = _joined(prompts, left, [i for i in range(len(prompts)) if i not in found], same)
    found |= {i: places[j] for i, j in rest.items()}
    counts = {"in": len(answers), "kept": len(found), "rejected": len(answers) - len(found)}
    with Writer(work.out / EXAMPLES, Example) as kept:
        for i, row in enumerate(prompts):
            if i in found:
                own = answers[found[i]]
                origin = to_json({**own.known, "joined": "exact" if i not in rest else "normalised", "answer": own.id})
                kept.add(replace(own, id=row.id, instruction=row.instruction, source=row.source, origin=origin))
    known = {same(row.instruction) for row in prompts}
    with Writer(work.out / REJECTED, Rejected) as rejected:
        for i in sorted(set(range(len(answers))) - set(found.values())):
            row = answers[i]
            again = same(row.instruction) in known
            reason = f"{'another answer to a prompt' if again else 'no such prompt'} of {node.to.name}"
            rejected.add(Rejected(row.id, reason, f"{row.instruction}\n{row.output}", row.score, row.origin))
    empty = sum(not answers[j].output.strip() for j in found.values())
    return {**counts, "exact": exact, "normalised": len(rest), "without": len(prompts) - len(found), "empty": empty}


def _joined(
    prompts: list[Example], answers: list[Example], among: Iterable[int], key: Callable[[str], str]
) -> dict[int, int]:
    """Index of the answer for each index of a prompt that has one, the first unused with an equal key."""
    there: dict[str, deque[int]] = defaultdict(deque)
    for i, row in enumerate(answers):
        there[key(row.instruction)].append(i)
    found = {}
    for i in among:
        waiting = there.get(key(prompts[i].instruction))
        if waiting:
            found[i] = waiting.popleft()
    return found
