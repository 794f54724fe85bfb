"""How often answers refuse, item by item, so that two ways of asking the same model are compared prompt by prompt."""

from __future__ import annotations

import numpy as np

from humpback.analysis.datasets.refusals import refuses
from humpback.analysis.experiment.measures.number import Number, count
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.spec.measures import RefusalRate


def refusal_rate(store: Store, measure: RefusalRate) -> tuple[Number, ...]:
    """The share of answers that refuse, in percent under the prompts' ids; how many answers there are, and how many
    of them are empty (which is no refusal)."""
    rows = list(read(store.open(measure.answers) / EXAMPLES, Example))
    refusing = np.array([100.0 * refuses(row.output) for row in rows])
    return (
        Number("refusals, %", refusing, tuple(row.id for row in rows)),
        count("answers", len(rows)),
        count("empty answers", sum(not row.output.strip() for row in rows)),
    )
