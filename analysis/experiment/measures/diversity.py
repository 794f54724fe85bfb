"""How varied a set's instructions are: distinct pairs of verb and noun among n of them, by
`analysis/datasets/diversity.py`.

More instructions have more pairs, so sets are compared at one number of instructions, taken evenly spaced: a set whose
order means something (a file of several sources, say) is then represented from end to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from humpback.analysis.datasets import diversity
from humpback.analysis.experiment.measures.number import NotMeasured, Number, count
from humpback.core.store import Store, StoreError
from humpback.core.tables import EXAMPLES, Example, read
from humpback.core.tables import count as rows_of
from humpback.spec.measures import InstructionDiversity


def instruction_diversity(store: Store, measure: InstructionDiversity) -> tuple[Number, ...]:
    """The share of the instructions that have a pair, in percent, and how many pairs and verbs there are.

    Raises:
        NotMeasured: when the set has fewer than `n` instructions, since fewer would have fewer pairs; when the parser
            is not installed.
    """
    path = store.open(measure.examples) / EXAMPLES
    there = rows_of(path)
    if there < measure.n:
        raise NotMeasured(f"{measure.n:,} instructions are compared and the set has {there:,}; compare fewer")
    try:
        found = diversity.diversity(_spaced(path, measure.n, there))
    except StoreError as error:
        raise NotMeasured(str(error)) from error
    with_pair = np.repeat([100.0, 0.0], [found.parsed, found.instructions - found.parsed])
    return (
        Number("instructions with a verb and noun, %", with_pair),
        count("distinct verb-noun pairs", found.distinct, form=",.1f"),
        count("distinct verbs", len(found.verbs), form=",.1f"),
        count("entropy of pairs, bits", found.entropy, form=".2f"),
    )


def _spaced(path: Path, n: int, there: int) -> Iterator[str]:
    """n of the instructions, the first among them."""
    wanted = (i * there // n for i in range(n))
    following = next(wanted, None)
    for place, row in enumerate(read(path, Example)):
        if place == following:
            yield row.instruction
            following = next(wanted, None)
