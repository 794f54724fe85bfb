"""A selection against labels: Humpback's data-selection table.

Precision and recall are fractions, as the paper prints them. A candidate whose label could not be parsed is left out,
on both sides.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from humpback.analysis.experiment.measures.number import Number, count
from humpback.analysis.stats.shares import selection
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.spec.measures import SelectionQuality


def selection_quality(store: Store, measure: SelectionQuality) -> tuple[Number, ...]:
    """Precision over what was selected and recall over what is good, both of labelled candidates, and how many these
    are. Nothing selected leaves precision without a number, and nothing good recall.

    Raises:
        ValueError: when a candidate is labelled twice, or one was selected that is not among the labelled.
    """
    labels = _labels(store.open(measure.labels) / EXAMPLES)
    selected = dict.fromkeys(row.id for row in read(store.open(measure.selected) / EXAMPLES, Example))
    if strangers := [one for one in selected if one not in labels]:
        raise ValueError(
            f"{len(strangers)} of {len(selected)} rows of {measure.selected.name} are not in {measure.labels.name}, "
            f"such as {strangers[0]!r}; label the candidates that were selected from"
        )
    known = {one: label >= measure.good for one, label in labels.items() if label is not None}
    good = np.array([*known.values()], dtype=bool)
    found = selection(good=good, selected=np.array([one in selected for one in known], dtype=bool))
    keys = tuple(one for one, is_good in known.items() if is_good)
    return (
        Number("precision", found.precision.astype(float), form=".2f"),
        Number("recall", found.recall.astype(float), keys=keys, form=".2f"),
        count("selected", len(found.precision)),
        count("good", len(found.recall)),
    )


def _labels(path: Path) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for row in read(path, Example):
        if row.id in found:
            raise ValueError(f"{path.parent.name}: the id {row.id!r} stands twice; each candidate has one label")
        found[row.id] = row.score
    return found
