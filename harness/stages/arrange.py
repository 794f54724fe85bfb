"""Reversed, tagged and joined examples: the same rows, arranged for training."""

from __future__ import annotations

from dataclasses import replace

from humpback.core.tables import EXAMPLES, Example, Writer, read
from humpback.core.work import Counts, Work
from humpback.spec.data import Joined, Reversed, Tagged


def arrange(node: Reversed | Tagged | Joined, work: Work) -> Counts:
    """Write the arranged rows; every input row comes out once."""
    with Writer(work.out / EXAMPLES, Example) as out:
        match node:
            case Reversed():
                for row in read(work.open(node.examples) / EXAMPLES, Example):
                    # The system sentence told how to answer, and nothing of how to ask.
                    out.add(
                        replace(row, instruction=node.prompt.fill(output=row.output), output=row.instruction, system="")
                    )
            case Tagged():
                for row in read(work.open(node.examples) / EXAMPLES, Example):
                    own = row.system.strip()
                    out.add(replace(row, system=f"{own}\n\n{node.system}" if own else node.system))
            case Joined():
                for part in (node.first, node.second):
                    for row in read(work.open(part) / EXAMPLES, Example):
                        out.add(row)
    return {"in": out.count, "kept": out.count}
