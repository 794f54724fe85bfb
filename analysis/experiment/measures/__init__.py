"""Measurements as numbers: a module for each kind of measure, which reads finished artifacts."""

from __future__ import annotations

from humpback.analysis.experiment.measures.number import Number
from humpback.core.functions import load_function
from humpback.core.store import Store
from humpback.spec.measures import Measure


def read_measure(store: Store, measure: Measure) -> tuple[Number, ...]:
    """What a measure comes to, from finished artifacts, by the function that its class names.

    Raises:
        NotMeasured: when it reads something beside them that is not there.
    """
    numbers: tuple[Number, ...] = load_function(measure.reader)(store, measure)
    return numbers
