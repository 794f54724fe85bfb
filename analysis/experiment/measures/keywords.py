"""What a filter leaves out of the rows that name a keyword: AlpaGasus's analysis of coding."""

from __future__ import annotations

import numpy as np

from humpback.analysis.datasets.coding import coding
from humpback.analysis.experiment.measures.number import NotMeasured, Number, count
from humpback.analysis.stats.statistics import Scores
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.spec.measures import KeywordsLeftOut


def keywords_left_out(store: Store, measure: KeywordsLeftOut) -> tuple[Number, ...]:
    """(row, keyword) hits, how many the filter keeps, the share that it leaves out of them and of all rows, and the one
    less the other. A row with two keywords counts twice, so intervals are somewhat too narrow.

    Raises:
        NotMeasured: where no row names a keyword.
    """
    kept = {row.id for row in read(store.open(measure.selected) / EXAMPLES, Example)}
    rows = read(store.open(measure.examples) / EXAMPLES, Example)
    found = coding(rows, selected=lambda row: row.id in kept, keywords=measure.keywords)
    if not found.hits.found:
        raise NotMeasured(f"no row of {measure.examples.name} has one of {', '.join(measure.keywords)}")

    def left_out(n: int, gone: int) -> Scores:
        return np.repeat([100.0, 0.0], [gone, n - gone])

    hits, everything = (left_out(one.found, one.left_out.count) for one in (found.hits, found.everything))
    return (
        count("hits", found.hits.found),
        count("hits kept", found.hits.found - found.hits.left_out.count),
        Number("hits left out, %", hits, form=".2f"),
        Number("all rows left out, %", everything, form=".2f"),
        Number("hits less all rows left out, points", hits - everything.mean(), form=".2f"),
    )
