"""Of each group of near duplicates across documents, the first (Humpback v3; its method is not named)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from humpback.core.tables import EXAMPLES, REJECTED, Example, Rejected, Writer, count, read
from humpback.core.work import Counts, Work
from humpback.segmenter.minhash import MinHash, firsts
from humpback.spec.files import Deduplicated


def deduplicate(node: Deduplicated, work: Work) -> Counts:
    """Keep the first example of each group, in order, by their outputs; the others say of what they are duplicates.

    An example with an empty output is kept: there is nothing to compare. In = kept + rejected.
    """
    source = work.open(node.examples) / EXAMPLES
    total = count(source)
    with TemporaryDirectory(dir=work.out, prefix=".bands-") as scratch:
        how = MinHash(shingle=node.shingle, bands=node.bands, rows=node.rows)
        first = firsts(_outputs(source, total, work), how, Path(scratch))
    leaders = set(first[first != np.arange(len(first))].tolist())
    ids: dict[int, str] = {}
    with (
        Writer(work.out / EXAMPLES, Example) as kept,
        Writer(work.out / REJECTED, Rejected) as rejected,
    ):
        for i, row in enumerate(read(source, Example)):
            lead = int(first[i])
            if i in leaders:
                ids[i] = row.id
            if lead == i:
                kept.add(row)
            else:
                text = f"{row.instruction}\n{row.output}" if row.instruction else row.output
                rejected.add(Rejected(row.id, f"near duplicate of {ids[lead]}", text, row.score, row.origin))
    return {"in": total, "kept": kept.count, "rejected": rejected.count, "groups": len(leaders)}


def _outputs(source: Path, total: int, work: Work) -> Iterator[str]:
    for i, row in enumerate(read(source, Example)):
        if i % 1_000 == 0:
            work.log.progress(i, total, "examples")
        yield row.output
    work.log.progress(total, total, "examples")
