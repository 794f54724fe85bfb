"""Curation, and its control: the candidates rated well enough, the best-rated share, or as many drawn uniformly."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from humpback.core.tables import EXAMPLES, REJECTED, Example, Rejected, Writer, count, read
from humpback.core.work import Counts, TooFew, Work
from humpback.spec.curation import Best, Sample, Selected, Uniform
from humpback.spec.data import Examples

Why = Callable[[int, Example], str]
"""Why the candidate in that place is rejected; "" where it is kept."""


def select(node: Selected | Best | Uniform | Sample, work: Work) -> Counts:
    """Keep or reject each candidate, in the candidates' order. An unparsed score is never good enough.

    Raises:
        TooFew: when more rows are to be drawn than there are.
    """
    counts = {"in": 0, "kept": 0, "rejected": 0}
    by_score = isinstance(node, (Selected, Best))
    if by_score:
        counts["unparsed"] = 0
    source = work.open(_drawn_from(node)) / EXAMPLES
    why = _rule(node, source, work)
    with (
        Writer(work.out / EXAMPLES, Example) as kept,
        Writer(work.out / REJECTED, Rejected) as rejected,
    ):
        for i, row in enumerate(read(source, Example)):
            counts["in"] += 1
            unparsed = by_score and row.score is None
            reason = "unparsed: the rater's reply had no score" if unparsed else why(i, row)
            if unparsed:
                counts["unparsed"] += 1
            if reason:
                rejected.add(Rejected(row.id, reason, f"{row.instruction}\n{row.output}", row.score, row.origin))
            else:
                kept.add(row)
    counts["kept"], counts["rejected"] = kept.count, rejected.count
    return counts


def _drawn_from(node: Selected | Best | Uniform | Sample) -> Examples:
    match node:
        case Uniform():
            return node.candidates
        case Sample():
            return node.examples
    return node.rated


def _rule(node: Selected | Best | Uniform | Sample, source: Path, work: Work) -> Why:
    if isinstance(node, Selected):
        at_least = node.at_least
        return lambda i, row: "" if (row.score or 0) >= at_least else f"score {row.score:.3g} below {at_least:g}"
    if isinstance(node, Best):
        scores = [row.score for row in read(source, Example)]
        order = sorted((i for i, score in enumerate(scores) if score is not None), key=lambda i: (-(scores[i] or 0), i))
        best = set(order[: max(1, round(node.share * len(scores)))])
        told = f"not among the best {node.share:.3%}"
        return lambda i, row: "" if i in best else f"score {row.score:.3g} {told}"
    wanted = count(work.open(node.as_many_as) / EXAMPLES) if isinstance(node, Uniform) else node.n
    there = count(source)
    if wanted > there:
        raise TooFew(f"{wanted:,} rows wanted of the {there:,} of {_drawn_from(node).name}")
    drawn = set(random.Random(f"uniform/{node.draw}").sample(range(there), wanted))
    return lambda i, row: "" if i in drawn else "not drawn"
