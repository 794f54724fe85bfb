"""How a rater's scores are spread: AlpaGasus's histogram, for any rater.

A row whose reply had no score is in no share: it is counted as unparsed and has no item. Scores that lie between the
half points (an expectation, a noisy rater) fall into the bar below them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from humpback.analysis.experiment.measures.number import Number, count
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.spec.measures import ScoreDistribution

BARS = (3.0, 3.5, 4.0, 4.5, 5.0)
"""Where the paper's bars begin; what is below the first has one bar, and the last is open above."""


def score_distribution(store: Store, measure: ScoreDistribution) -> tuple[Number, ...]:
    """Rows rated and unparsed, the mean score, the share at each threshold and below it, and the share of each bar.
    Shares are in percent of the rows with a score, 0 or 100 a row, under the rows' ids."""
    rows = [(row.id, row.score) for row in read(store.open(measure.rated) / EXAMPLES, Example)]
    keys = tuple(one for one, _ in rows)
    scores = np.array([np.nan if score is None else score for _, score in rows], dtype=float)
    parsed = ~np.isnan(scores)

    def share(metric: str, inside: NDArray[np.bool_]) -> Number:
        return Number(f"{metric}, %", np.where(parsed, 100.0 * inside, np.nan), keys)

    ends = (*BARS[1:], np.inf)
    return (
        count("examples rated", len(scores)),
        count("unparsed", int((~parsed).sum())),
        Number("mean score", scores, keys, form=".2f"),
        *(share(f"rated {t:g} or better", scores >= t) for t in measure.thresholds),
        *(share(f"rated below {t:g}", scores < t) for t in measure.thresholds),
        share(f"scored below {BARS[0]:g}", scores < BARS[0]),
        *(share(f"scored {low:g}", (scores >= low) & (scores < high)) for low, high in zip(BARS, ends, strict=True)),
    )
