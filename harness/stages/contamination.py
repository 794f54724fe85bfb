"""Which prompts stand in a training set, and the training set without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from humpback.core.tables import CONTAMINATED, EXAMPLES, Contaminated, Example, Rejected, count, write
from humpback.core.text import one_line
from humpback.core.work import Counts, Work
from humpback.segmenter.overlap import GRAM, Overlap, holders, overlaps
from humpback.segmenter.overlap_windows import Text
from humpback.spec.contamination import Contamination
from humpback.spec.curation import Decontaminated
from humpback.stages.rows import read_examples, reject, write_tables

_SHOWN = 300
_STANDS = {
    "whole": "holds the whole of",
    "part": f"holds {GRAM} words on end of",
    "near": "holds a near-duplicate of",
}


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


def leave_out(node: Decontaminated, work: Work) -> Counts:
    """Keep the examples in which none of the prompts stands, and reject the others with the prompt. What is boilerplate
    among all of them may tell a prompt among those that are left, so these are looked through again until none does."""
    prompts = list(read_examples(node.prompts, work))
    asked = [one.instruction for one in prompts]
    out: dict[int, Overlap] = {}
    while True:
        places, texts = [], []
        for i, row in enumerate(read_examples(node.examples, work)):
            if i not in out:
                places.append(i)
                texts.append(Text(row.instruction, row.output))
        found = holders(asked, texts)
        if not found:
            break
        out |= {places[at]: one for at, one in found.items()}

    def rows() -> Iterator[Example | Rejected]:
        for i, row in enumerate(read_examples(node.examples, work)):
            one = out.get(i)
            yield row if one is None else reject(row, f"{_STANDS[one.kind]} the prompt {prompts[one.prompt].id}")

    return write_tables(rows(), work, Example, Rejected)


def _texts(node: Contamination, total: int, work: Work) -> Iterator[Text]:
    for i, row in enumerate(read_examples(node.training, work)):
        if i % 1_000 == 0:
            work.log.progress(i, total, "examples")
        yield Text(row.instruction, row.output)
    work.log.progress(total, total, "examples")
