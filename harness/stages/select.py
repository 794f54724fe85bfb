"""Curation, and its control: the candidates rated well enough, the best-rated share, or as many drawn uniformly; and
pairs that are held out, with the rest of their set."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from humpback.core.same_prompt import fold, lowest_hashes
from humpback.core.tables import EXAMPLES, Example, Rejected, count
from humpback.core.work import Counts, TooFew, Work
from humpback.spec.curation import Best, BestOfSize, HeldOut, RandomControl, Sample, Selected, Without
from humpback.spec.data import Examples
from humpback.stages.rows import read_examples, reject, write_tables

Rule = Callable[[int, Example], str]
"""Why the candidate in that place is rejected; "" where it is kept."""


def select(node: Selected | Best | BestOfSize | RandomControl | Sample | HeldOut | Without, work: Work) -> Counts:
    """Keep or reject each candidate, in the candidates' order. An unparsed score is never good enough.

    Raises:
        TooFew: when more rows are to be kept than there are.
    """
    unparsed = 0

    def rows() -> Iterator[Example | Rejected]:
        nonlocal unparsed
        for i, row in enumerate(read_examples(source, work)):
            if by_score and row.score is None:
                unparsed += 1
                yield reject(row, "unparsed: the rater's reply had no score")
            else:
                reason = rule(i, row)
                yield reject(row, reason) if reason else row

    by_score = isinstance(node, Selected | Best | BestOfSize)
    match node:
        case Selected():
            source: Examples = node.rated
            rule = _threshold(node.at_least)
        case Best() | BestOfSize():
            source = node.rated
            rule = _best(node, work)
        case RandomControl():
            source = node.pool
            there, n = (count(work.open(one) / EXAMPLES) for one in (source, node.same_size_as))
            rule = _drawn(range(there), n, f"uniform/{node.draw}", source)
        case Sample():
            source = node.examples
            rule = _drawn(range(count(work.open(source) / EXAMPLES)), node.n, f"uniform/{node.draw}", source)
        case HeldOut():
            source = node.examples
            rule = _held_out(node, work)
        case Without():
            source = node.examples
            rule = _without(node, work)
    counts = write_tables(rows(), work, Example, Rejected)
    return {**counts, "unparsed": unparsed} if by_score else counts


def _threshold(at_least: float) -> Rule:
    return lambda _, row: "" if (row.score or 0) >= at_least else f"score {row.score:.3g} below {at_least:g}"


def _best(node: Best | BestOfSize, work: Work) -> Rule:
    scores = [row.score for row in read_examples(node.rated, work)]
    order = sorted((i for i, score in enumerate(scores) if score is not None), key=lambda i: (-(scores[i] or 0), i))
    if isinstance(node, Best):
        n, told = max(1, round(node.share * len(scores))), f"{node.share:.3%}"
    else:
        n = count(work.open(node.same_size_as) / EXAMPLES)
        told = f"{n:,}"
        if n > len(order):
            raise TooFew(f"{n:,} rows wanted of the {len(order):,} of {node.rated.name} that have a score")
    best = set(order[:n])
    return lambda i, row: "" if i in best else f"score {row.score:.3g} not among the best {told}"


def _drawn(places: Sequence[int], n: int, draw: str, source: Examples) -> Rule:
    if n > len(places):
        raise TooFew(f"{n:,} rows wanted of the {len(places):,} of {source.name}")
    drawn = set(random.Random(draw).sample(places, n))
    return lambda i, _: "" if i in drawn else "not drawn"


def _held_out(node: HeldOut, work: Work) -> Rule:
    with_output = [
        (i, row.instruction) for i, row in enumerate(read_examples(node.examples, work)) if row.output.strip()
    ]
    if node.n is not None and node.n > len(with_output):
        raise TooFew(f"{node.n:,} pairs to hold out of the {len(with_output):,} of {node.examples.name} with an output")
    chosen = {with_output[at][0] for at in lowest_hashes((prompt for _, prompt in with_output), node.n)}
    return lambda i, row: "" if i in chosen else "not held out" if row.output.strip() else "no output"


def _without(node: Without, work: Work) -> Rule:
    others = {fold(row.instruction) for row in read_examples(node.without, work)}
    apart = [i for i, row in enumerate(read_examples(node.examples, work)) if fold(row.instruction) not in others]
    left = set(apart)
    drawn = _drawn(apart, node.n, f"without/{node.draw}", node) if node.n is not None else lambda i, row: ""
    return lambda i, row: drawn(i, row) if i in left else f"equals a prompt of {node.without.name}"
