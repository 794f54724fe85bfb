"""Prompts that are shipped as a text, one a line."""

from __future__ import annotations

from humpback.core.tables import EXAMPLES, Example, write
from humpback.core.work import Counts, Work
from humpback.spec.sensitive import Listed


def listed(node: Listed, work: Work) -> Counts:
    """Write a row for each line, with the text's name as its source.

    Raises:
        ValueError: when the text was edited, or has another number of lines than the expression says.
    """
    lines = node.text.text.splitlines()
    if len(lines) != node.n or not all(line.strip() for line in lines):
        filled = sum(bool(line.strip()) for line in lines)
        raise ValueError(
            f"{node.text.file}: {filled} prompts in {len(lines)} lines; {node.n} are named, one on each line"
        )
    n = write(
        work.out / EXAMPLES,
        Example,
        (Example(f"{node.slug}/{i}", line, source=node.slug) for i, line in enumerate(lines)),
    )
    return {"in": n, "kept": n}
