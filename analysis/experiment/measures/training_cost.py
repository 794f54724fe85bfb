"""What training took, as the record of the trained model says.

Minutes are of the whole stage on the machine that made it, loading and saving included, and shared with whatever else
ran there; updates and examples do not depend on the machine. Money is left to `humpback plan`: a record knows of no
price.
"""

from __future__ import annotations

from humpback.analysis.experiment.measures.number import NotMeasured, Number, count
from humpback.core.store import Store
from humpback.spec.measures import TrainingCost


def training_cost(store: Store, measure: TrainingCost) -> tuple[Number, ...]:
    """Minutes, updates and examples of one training.

    Raises:
        NotMeasured: when the record was written without one of them.
    """
    record = store.record(measure.model)
    counts = record.counts
    if missing := [name for name in ("updates", "kept") if name not in counts]:
        raise NotMeasured(
            f"{measure.model.name}: its record counts no {' and no '.join(missing)}; train it anew with this version"
        )
    return (
        count("training, minutes", record.seconds / 60, form=".2f"),
        count("updates", counts["updates"]),
        count("examples", counts["kept"]),
    )
