"""Of each group of near duplicates across documents, the first (Humpback v3; its method is not named)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from humpback.core.tables import EXAMPLES, Example, Rejected, count
from humpback.core.work import Counts, Work
from humpback.segmenter.minhash import MinHash, firsts
from humpback.spec.files import Deduplicated
from humpback.stages.rows import read_examples, reject, write_tables


def deduplicate(node: Deduplicated, work: Work) -> Counts:
    """Keep the first example of each group, in order, by their outputs; the others say of what they are duplicates.

    An example with an empty output is kept: there is nothing to compare. In = kept + rejected.
    """
    total = count(work.open(node.examples) / EXAMPLES)
    how = MinHash(shingle=node.shingle, bands=node.bands, rows=node.rows)
    first = firsts(_outputs(node, total, work), how)
    leaders = set(first[first != np.arange(len(first))].tolist())
    ids: dict[int, str] = {}

    def rows() -> Iterator[Example | Rejected]:
        for i, row in enumerate(read_examples(node.examples, work)):
            lead = int(first[i])
            if i in leaders:
                ids[i] = row.id
            yield row if lead == i else reject(row, f"near duplicate of {ids[lead]}", _text(row))

    return {**write_tables(rows(), work, Example, Rejected), "groups": len(leaders)}


def _text(row: Example) -> str:
    return f"{row.instruction}\n{row.output}" if row.instruction else row.output


def _outputs(node: Deduplicated, total: int, work: Work) -> Iterator[str]:
    for i, row in enumerate(read_examples(node.examples, work)):
        if i % 1_000 == 0:
            work.log.progress(i, total, "examples")
        yield row.output
    work.log.progress(total, total, "examples")
