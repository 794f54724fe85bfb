"""Prompts on which one model fails and the other does not: Humpback's improvement over the seed model.

The rule is `analysis/judgements/improvement.py`'s: to fail is to lose in both orders. What is broken counts beside what
is mended, because two equal models that differ by chance mend prompts too.
"""

from __future__ import annotations

import numpy as np

from humpback.analysis.experiment.measures.number import Number, count
from humpback.analysis.judgements.formats.artifact import judged_prompts
from humpback.analysis.judgements.improvement import FATES, improvement
from humpback.core.store import Store
from humpback.core.tables import VERDICTS
from humpback.spec.measures import ImprovementOver

MOST_CATEGORIES = 8
"""With more of them each has too few prompts for a line of its own; the paper has five."""


def improvement_over(store: Store, measure: ImprovementOver) -> tuple[Number, ...]:
    """Shares of the prompts in percent, a prompt at a time; then, of few categories, the prompts mended in each.

    A prompt on which a reply was not parsed is neither mended nor broken; it stays in the whole, and is counted.

    Raises:
        ValueError: when the two judgements are not of the same prompts.
    """
    items = [judged_prompts(store.open(one) / VERDICTS).items for one in (measure.before, measure.after)]
    found = improvement(*items)
    if left := (*found.only_first, *found.only_second):
        raise ValueError(
            f"{len(left)} prompts are judged in one of {measure.before.name} and {measure.after.name} alone, such as "
            f"{left[0]!r}; compare judgements of the same prompts"
        )
    keys = tuple(one.prompt for one in found.prompts)
    shares = {fate: np.array([100.0 * (one.fate == fate) for one in found.prompts]) for fate in FATES}
    categories = found.categories if 1 < len(found.categories) <= MOST_CATEGORIES else ()
    return (
        Number("mended, % of prompts", shares["mended"], keys),
        Number("broken, % of prompts", shares["broken"], keys),
        Number("mended less broken, % of prompts", shares["mended"] - shares["broken"], keys),
        count("undecided, prompts", found.count("undecided")),
        *(count(f"mended, {one or 'no category'}", found.count("mended", one)) for one in categories),
    )
