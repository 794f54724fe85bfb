"""Which prompts stand in a training set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from humpback.core.tables import CONTAMINATED, EXAMPLES, Contaminated, count, write
from humpback.core.text import one_line
from humpback.core.work import Counts, Work
from humpback.segmenter.overlap import Text, overlaps
from humpback.spec.contamination import Contamination
from humpback.stages.rows import read_examples

_SHOWN = 300


def count_overlaps(node: Contamination, work: Work) -> Counts:
    """Write a row for each prompt that stands in the training set, by the first rule that finds it. Counts: `in`, the
    prompts; `whole`, `part` and `near`, those found by each rule; `found`, all of them; `texts`, training examples."""
    prompts = list(read_examples(node.prompts, work))
    total = count(work.open(node.training) / EXAMPLES)
    found = overlaps([one.instruction for one in prompts], _texts(node, total, work))
    wanted = {one.first for one in found}
    rows = enumerate(read_examples(node.training, work) if wanted else ())
    shown = {i: (row.id, one_line(row.instruction or row.output, _SHOWN)) for i, row in rows if i in wanted}
    write(
        work.out / CONTAMINATED,
        Contaminated,
        [Contaminated(prompts[one.prompt].id, one.kind, one.texts, *shown[one.first]) for one in found],
    )
    kinds = Counter(one.kind for one in found)
    by_kind = {kind: kinds[kind] for kind in ("whole", "part", "near")}
    return {"in": len(prompts), **by_kind, "found": len(found), "texts": total}


def _texts(node: Contamination, total: int, work: Work) -> Iterator[Text]:
    for i, row in enumerate(read_examples(node.training, work)):
        if i % 1_000 == 0:
            work.log.progress(i, total, "examples")
        yield Text(row.instruction, row.output)
    work.log.progress(total, total, "examples")
