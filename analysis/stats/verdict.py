"""What a claim's outcomes come to: an estimate, its p, and one of three words.

The word follows from the 95 % interval and from the smallest difference that matters, and p is of the same error and
the same degrees of freedom, so that the two cannot disagree: p is below .05 exactly where the claim holds or is
reversed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot, isnan
from typing import Literal

import numpy as np
from scipy.special import ndtri

from humpback.analysis.stats.evidence import against_verdict, few_units
from humpback.analysis.stats.multiplicity import p_of
from humpback.analysis.stats.statistics import Estimate, Labels, Scores, crossed_mean, units

HOLDS, FAILS, UNTOLD = "holds", "does not hold", "cannot be told"
REVERSED = f"{FAILS}: reversed"
TOO_SMALL = f"{FAILS}: no difference that matters"
THERE_IS_ONE = f"{FAILS}: there is one"

Size = Literal["as large", "smaller", "larger", ""]


@dataclass(frozen=True)
class Tested:
    """What came of one claim."""

    estimate: Estimate
    """As measured, whichever side is claimed."""
    p: float | None
    """Two-sided, of the mean being zero; None without an interval and where the sample carries no verdict."""
    verdict: str
    """ "holds", "does not hold: ..." or "cannot be told: ..."."""
    beside_paper: Size
    """How large it is beside the paper's number, by `size_beside`."""


def claim_tested(
    scores: Scores,
    *,
    matters: float,
    sign: Literal[1, -1] = 1,
    bases: Labels | None = None,
    requests: Labels | None = None,
    paper: float | None = None,
    paper_error: float = 0.0,
) -> Tested:
    """A claim that the mean of (runs, prompts) lies on one side of zero. Runs are seeds, each of one base; prompts that
    word one request are one cluster. Interval and degrees of freedom are `crossed_mean`'s.

    matters: the smallest difference that matters, above zero, in the unit of scores.
    sign: 1 where the claim is that the mean is above zero, -1 where it is that it is below.
    paper: the paper's number for the same, and `paper_error` its standard error, 0 where it is not known.

    Raises:
        ValueError: as `crossed_mean`, and for a difference that is not above zero.
    """
    if not matters > 0:
        raise ValueError(f"the smallest difference that matters is {matters}; it is above 0")
    estimate = crossed_mean(scores, bases=bases, requests=requests)
    there = np.flatnonzero(~np.isnan(scores).all(axis=1)).tolist()
    of_runs = None if bases is None else [bases[at] for at in there]
    obstacle = against_verdict(scores, requests) or against_runs(len(there), of_runs)
    claimed = estimate if sign > 0 else _turned(estimate)
    verdict = verdict_of([claimed], matters=matters, obstacle=obstacle)
    size = size_beside(claimed, None if paper is None else sign * paper, paper_error)
    return Tested(estimate, None if obstacle else p_of(estimate), verdict, size if sized(verdict) else "")


def against_runs(runs: int, bases: Labels | None = None) -> str:
    """Why so many runs, of these (runs,) bases, carry no verdict; empty where they do."""
    several = bases is not None and len(set(bases)) > 1
    return few_units(len(np.unique(units(runs, bases))), "bases" if several else "seeds")


def verdict_of(shown: Sequence[Estimate], *, matters: float, obstacle: str = "", absent: bool = False) -> str:
    """In words. A claim holds where every measure that there is lies above zero with its whole interval. It does not
    hold where all lie below, or where no interval has room for a difference that matters; whatever else cannot be
    told: an interval holds both zero and such a difference.

    absent: whether the claim is that there is no difference that matters. It holds where no interval has room for one.
    """
    if not shown:
        return "not measured"
    if obstacle:
        return f"{UNTOLD}: {obstacle}"
    above, below, small = (
        all(one.low > 0 for one in shown),
        all(one.high < 0 for one in shown),
        all(one.high < matters for one in shown),
    )
    if absent:
        return HOLDS if small else THERE_IS_ONE if above else f"{UNTOLD} at this n"
    return HOLDS if above else REVERSED if below else TOO_SMALL if small else f"{UNTOLD} at this n"


def size_beside(ours: Estimate, paper: float | None, paper_error: float = 0.0) -> Size:
    """How large ours is beside the paper's: as large where the 95 % interval of the difference of the two holds zero,
    and else larger or smaller. Empty where the paper prints no number, or ours has no interval.

    paper_error: standard error of the paper's number; 0 where it is not known, and then ours alone makes the interval.
    """
    if paper is None or isnan(ours.low):
        return ""
    difference, reach = ours.mean - paper, float(ndtri(0.975)) * paper_error
    if difference > hypot(ours.mean - ours.low, reach):
        return "larger"
    return "smaller" if -difference > hypot(ours.high - ours.mean, reach) else "as large"


def sized(verdict: str) -> bool:
    """Whether a verdict goes with a size beside the paper's: not where nothing can be told, and not of a reversal,
    whose sign says more than its size."""
    return verdict in (HOLDS, TOO_SMALL, THERE_IS_ONE)


def _turned(one: Estimate) -> Estimate:
    return replace(one, mean=-one.mean, low=-one.high, high=-one.low)
