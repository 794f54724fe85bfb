"""Curation, and its control: the candidates rated well enough, or as many drawn uniformly."""

from __future__ import annotations

import random

from harness.data import Selected, Uniform
from harness.rows import EXAMPLES, REJECTED, Example, Rejected, Writer, count, read
from harness.stages import Counts, Work


def select(node: Selected | Uniform, work: Work) -> Counts:
    """Keep or reject each candidate, in the candidates' order. An unparsed score is never good enough.

    Raises:
        ValueError: when `Uniform` is asked for more rows than there are candidates.
    """
    counts = {"in": 0, "kept": 0, "rejected": 0, "unparsed": 0}
    source = work.open(node.rated if isinstance(node, Selected) else node.candidates) / EXAMPLES
    drawn: set[int] = set()
    if isinstance(node, Uniform):
        wanted, there = count(work.open(node.as_many_as) / EXAMPLES), count(source)
        if wanted > there:
            raise ValueError(f"{node.name}: {wanted} rows wanted of {there} candidates; widen the candidates")
        drawn = set(random.Random(f"uniform/{node.draw}").sample(range(there), wanted))
    with (
        Writer(work.out / EXAMPLES, Example) as kept,
        Writer(work.out / REJECTED, Rejected) as rejected,
    ):
        for i, row in enumerate(read(source, Example)):
            counts["in"] += 1
            if isinstance(node, Uniform):
                reason = "" if i in drawn else "not drawn"
            elif row.score is None:
                counts["unparsed"] += 1
                reason = "unparsed: the rater's reply had no score"
            else:
                reason = "" if row.score >= node.at_least else f"score {row.score:.3g} below {node.at_least:g}"
            if reason:
                rejected.add(Rejected(row.id, reason, f"{row.instruction}\n{row.output}", row.score, row.origin))
            else:
                kept.add(row)
    counts["kept"], counts["rejected"] = kept.count, rejected.count
    return counts
