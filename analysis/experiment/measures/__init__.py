"""Measurements as numbers: what each class of measure comes to, from finished artifacts."""

from __future__ import annotations

from humpback.analysis.experiment.measures.number import Number
from humpback.core.store import Store
from humpback.spec.measures import Cost, Described, Diverse, Measure, Mended, Picked, Refused, Scored, ScoresOf, Voted


def measured(store: Store, measure: Measure) -> tuple[Number, ...]:
    """What a measure comes to, from finished artifacts.

    Raises:
        NotMeasured: when it reads something beside them that is not there.
    """
    match measure:
        case Described():
            from humpback.analysis.experiment.measures.lengths import described

            return described(store, measure)
        case Diverse():
            from humpback.analysis.experiment.measures.diverse import diverse

            return diverse(store, measure)
        case ScoresOf():
            from humpback.analysis.experiment.measures.spread import spread

            return spread(store, measure)
        case Picked():
            from humpback.analysis.experiment.measures.picking import picked

            return picked(store, measure)
        case Scored():
            from humpback.analysis.experiment.measures.benchmarked import scored

            return scored(store, measure)
        case Refused():
            from humpback.analysis.experiment.measures.refusing import refused

            return refused(store, measure)
        case Mended():
            from humpback.analysis.experiment.measures.mending import mended

            return mended(store, measure)
        case Cost():
            from humpback.analysis.experiment.measures.costing import cost

            return cost(store, measure)
        case Voted():
            from humpback.analysis.experiment.measures.voting import voted

            return voted(store, measure)
