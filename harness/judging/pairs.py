"""The two answers to a prompt, as a judge is shown them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from humpback.core.tables import EXAMPLES, Example, count, read
from humpback.core.work import Work
from humpback.spec.outcomes import Judged

Shown = tuple[str, str, str]
"""Instruction, the answer shown first, the answer shown second."""
ORDERS = ("ab", "ba")


@dataclass(frozen=True)
class Pair:
    """Two answers to one prompt."""

    prompt: str
    instruction: str
    a: str
    b: str
    source: str

    def shown(self, order: str) -> Shown:
        """What a judge sees, in one of `ORDERS`."""
        return (self.instruction, self.a, self.b) if order == "ab" else (self.instruction, self.b, self.a)


def pair_answers(node: Judged, work: Work) -> Iterator[Pair]:
    """Both sides' answers, joined on the prompt's id, in the first side's order; streamed where the second has it too.

    Raises:
        ValueError: when the two sides do not answer the same prompts, naming the first that is amiss.
    """
    ours, theirs = work.open(node.answers) / EXAMPLES, work.open(node.against) / EXAMPLES
    others = read(theirs, Example)
    ahead: dict[str, Example] = {}
    for row in read(ours, Example):
        while row.id not in ahead and (other := next(others, None)) is not None:
            ahead[other.id] = other
        found = ahead.pop(row.id, None)
        if found is None or found.instruction != row.instruction:
            raise ValueError(f"{node.against.name} has no answer to prompt {row.id!r} of {node.answers.name}")
        yield Pair(row.id, row.instruction, row.output, found.output, row.source)
    if ahead or next(others, None) is not None:
        raise ValueError(f"{node.answers.name} answers {count(ours)} prompts, {node.against.name} {count(theirs)}")
