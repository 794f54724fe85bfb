"""How surprising a finding is, and what is left of that when several claims are tested at once.

A p-value is of the error and degrees of freedom that the interval is made of, so that the two cannot disagree: a
number's p is below .05 exactly where its 95 % interval leaves zero out, on whichever side.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from scipy import special

from humpback.analysis.stats.statistics import Estimate

LEVEL = 0.05


def p_of(estimate: Estimate) -> float | None:
    """Two-sided p of the mean being zero, by Student's t with the interval's degrees of freedom; None where there is no
    such interval."""
    error, degrees = estimate.standard_error, estimate.degrees_of_freedom
    if isnan(error) or degrees is None:
        return None
    # scipy.stats says the same, and takes longer to import than the rest of a table takes to make.
    return 2 * float(special.stdtr(degrees, -abs(estimate.mean) / error))


def holm(ps: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's step-down adjustment over all p-values that there are, in their order: the least of m is multiplied by m,
    the next by m - 1, and so on, none below the one before it and none above 1. Rejecting what is below a level keeps
    the chance of a single false rejection at that level, however the tests depend on each other.

    Raises:
        ValueError: for a p that is not between 0 and 1.
    """
    adjusted: list[float | None] = [None] * len(ps)
    there = sorted((p, place) for place, p in enumerate(ps) if p is not None)
    reached = 0.0
    for done, (p, place) in enumerate(there):
        if not 0 <= p <= 1:
            raise ValueError(f"p-value {p} at place {place}; it is between 0 and 1")
        reached = max(reached, min(1.0, (len(there) - done) * p))
        adjusted[place] = reached
    return tuple(adjusted)
