"""Reversed, tagged and joined examples: the same rows, arranged for training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.core.tables import Example
from humpback.core.work import Counts, Work
from humpback.spec.data import Joined, Reversed, Tagged
from humpback.stages.rows import read_examples, write_tables


def arrange(node: Reversed | Tagged | Joined, work: Work) -> Counts:
    """Write the arranged rows; every input row comes out once."""
    return write_tables(_arranged(node, work), work, Example)


def _arranged(node: Reversed | Tagged | Joined, work: Work) -> Iterator[Example]:
    match node:
        case Reversed():
            for row in read_examples(node.examples, work):
                # The system sentence told how to answer, and nothing of how to ask.
                yield replace(row, instruction=node.prompt.fill(output=row.output), output=row.instruction, system="")
        case Tagged():
            for row in read_examples(node.examples, work):
                own = row.system.strip()
                yield replace(row, system=f"{own}\n\n{node.system}" if own else node.system)
        case Joined():
            yield from read_examples(node.first, work)
            yield from read_examples(node.second, work)
