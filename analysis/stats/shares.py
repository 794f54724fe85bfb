"""So many of so many, with the exact interval of Clopper and Pearson; precision and recall.

Where resampling knows nothing, because every outcome was the same or there are few of them, this interval still holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv


@dataclass(frozen=True)
class Share:
    """So many of so many, with the exact 95 % interval; of none, anything is possible: 0 to 1."""

    count: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """None of none."""
        return self.count / self.of if self.of else None


def share(count: int, of: int) -> Share:
    """A share with its interval.

    Raises:
        ValueError: when `count` is no number from 0 to `of`.
    """
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of}: a count is from 0 to what it is counted among")
    return Share(int(count), int(of), *exact(count, of))


def exact(wins: float, n: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of wins / n, 0 to 1. Ties and weighted preferences count as parts of a win,
    which makes it wider than it has to be."""
    low = betaincinv(wins, n - wins + 1, 0.025) if wins > 0 else 0.0
    high = betaincinv(wins + 1, n - wins, 0.975) if wins < n else 1.0
    return float(low), float(high)


@dataclass(frozen=True)
class Selection:
    """A selector against labels, item by item: the mean of each is its rate."""

    precision: NDArray[np.bool_]
    """(selected,) whether each is good."""
    recall: NDArray[np.bool_]
    """(good,) whether each was selected."""


def selection(*, good: NDArray[np.bool_], selected: NDArray[np.bool_]) -> Selection:
    """Precision and recall of a selector; both arrays in the order of the examples.

    Raises:
        IndexError: when they are of different lengths.
    """
    return Selection(good[selected], selected[good])
