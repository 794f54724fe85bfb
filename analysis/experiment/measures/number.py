"""A measured number: the mean of its items, so that one way of making intervals serves all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from humpback.analysis.stats.statistics import Scores
from humpback.core.errors import HumpbackError


class NotMeasured(HumpbackError):
    """What a number would be read from is not there. The message says what to do."""


@dataclass(frozen=True)
class Number:
    """One measured number: the mean of its items."""

    metric: str
    """With its unit, such as "precision, %"."""
    values: Scores
    """(items,) such as 0 or 100 for each item right or wrong, or a length for each row; NaN where an item has none. A
    single value is a count, and has no interval of its own."""
    keys: tuple[str, ...] | None = None
    """(items,) ids, where others are measured on the same items: differences are then paired."""
    form: str = ".1f"
    """How it is printed."""

    @property
    def mean(self) -> float:
        """NaN when no item has a value."""
        there = self.values[~np.isnan(self.values)]
        return float(there.mean()) if len(there) else float("nan")


def count(metric: str, value: float, form: str = ",.0f") -> Number:
    """A number that is no mean: a count, a deviation, seconds."""
    return Number(metric, np.array([float(value)]), form=form)
