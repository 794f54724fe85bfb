"""Do raters agree?

A rater is whoever gives each item a label: an annotator, a judge, a rule. Labels are words without an order; None is an
item that a rater did not label. Raw agreement is easy to read and high by chance where one label is common; Cohen's
kappa and Krippendorff's alpha take chance off. Intervals resample items: the raters are those we have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humpback.analysis.stats.evidence import FEWEST
from humpback.analysis.stats.shares import exact
from humpback.analysis.stats.statistics import Estimate

Labels = Sequence[str | None]
"""A rater's label of each item, in the order of the items."""
REPLICATES = 10_000
Tables = NDArray[np.float64]
"""(..., label, label)."""


@dataclass(frozen=True)
class Contingency:
    """How two raters' labels meet: the four-way table where the labels are first, second, tie and unparsed."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """A row for each label of the first rater, a column for each of the second."""
    missing: int
    """Items that only one of them labelled, or neither."""

    @property
    def n(self) -> int:
        """Items that both labelled."""
        return sum(map(sum, self.counts))


@dataclass(frozen=True)
class Agreement:
    """How far raters agree, over items that at least two of them labelled."""

    raters: int
    items: int
    missing: int
    """Items with fewer than two labels."""
    raw: Estimate
    """Share of equal labels among all pairs of labels of one item."""
    kappa: Estimate | None
    """Cohen's kappa; None for more than two raters, or where all labels are one word."""
    alpha: Estimate | None
    """Krippendorff's nominal alpha, for any number of raters; None where all labels are one word."""

    def __str__(self) -> str:
        measures = {"raw": self.raw, "kappa": self.kappa, "alpha": self.alpha}
        words = [f"{self.items:,} items", f"{self.raters} raters"]
        for name, found in measures.items():
            if found is not None:
                interval = "" if np.isnan(found.low) else f" ({found.low:.3f} to {found.high:.3f})"
                words.append(f"{name} {found.mean:.3f}{interval}")
        return ", ".join(words) + (f"; items with fewer than two labels: {self.missing:,}" if self.missing else "")


def contingency(first: Labels, second: Labels, *, labels: Sequence[str] = ()) -> Contingency:
    """The table of two raters. `labels` come first, in their order; others follow in the alphabet's.

    Raises:
        ValueError: when the two are of different lengths.
    """
    pairs = Counter(zip(first, second, strict=True))
    both = {(a, b): n for (a, b), n in pairs.items() if a is not None and b is not None}
    names = (*labels, *sorted({one for pair in both for one in pair} - set(labels)))
    counts = tuple(tuple(both.get((a, b), 0) for b in names) for a in names)
    return Contingency(names, counts, sum(pairs.values()) - sum(both.values()))


def agreement(raters: Mapping[str, Labels], *, replicates: int = REPLICATES) -> Agreement | None:
    """Agreement of two or more raters with 95 % percentile intervals from resampling items; None when no item has two
    labels. Of fewer than 20 items, or items that are all alike, kappa and alpha have no interval, and the raw share has
    the exact one.

    Raises:
        ValueError: when there are fewer than two raters, or they are of different lengths.
    """
    if len(raters) < 2:
        raise ValueError(f"{len(raters)} raters; agreement takes two or more")
    items = Counter(zip(*raters.values(), strict=True))
    # Items with the same labels are alike, so drawing patterns by their frequency is drawing items.
    patterns = [one for one in items if len(one) - one.count(None) > 1]
    if not patterns:
        return None
    times = np.array([items[one] for one in patterns], dtype=float)
    n = int(times.sum())
    draws = np.random.default_rng(0).multinomial(n, times / n, size=replicates).astype(float)
    names = sorted({label for one in patterns for label in one if label is not None})
    given = np.array([[one.count(name) for name in names] for one in patterns], dtype=float)
    pairs = given[:, :, None] * given[:, None, :] - given[:, :, None] * np.eye(len(names))
    coincidences = pairs / (given.sum(axis=1) - 1)[:, None, None]

    def estimate(statistic: Callable[[Tables], NDArray[np.float64]], tables: Tables) -> Estimate | None:
        value = float(statistic(np.tensordot(times, tables, 1)))
        drawn = statistic(np.tensordot(draws, tables, 1))
        drawn = drawn[~np.isnan(drawn)]
        if np.isnan(value) or not len(drawn):
            return None
        low, high = np.percentile(drawn, [2.5, 97.5])
        if n < FEWEST or high - low < 1e-9:
            # Few items, and such as are all alike, tell nothing of others.
            return Estimate(value)
        return Estimate(value, float(drawn.std(ddof=1)), float(low), float(high))

    raw = estimate(_raw, pairs)
    assert raw is not None, "every pattern has a pair of labels"
    if n > 1 and np.isnan(raw.low):
        raw = Estimate(raw.mean, raw.standard_error, *exact(n * raw.mean, n))
    kappa = None
    if len(raters) == 2:
        row, column = (np.array([[one[side] == name for name in names] for one in patterns]) for side in (0, 1))
        kappa = estimate(_kappa, (row[:, :, None] & column[:, None, :]).astype(float))
    return Agreement(len(raters), n, sum(items.values()) - n, raw, kappa, estimate(_alpha, coincidences))


def _raw(tables: Tables) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.trace(tables, axis1=-2, axis2=-1) / tables.sum((-2, -1))
    return shares


def _kappa(tables: Tables) -> NDArray[np.float64]:
    """Cohen (1960): (observed - expected) / (1 - expected), expected from each rater's own shares."""
    n = tables.sum((-2, -1))
    expected = (tables.sum(-1) * tables.sum(-2)).sum(-1) / n**2
    return _over(_raw(tables) - expected, 1 - expected)


def _alpha(tables: Tables) -> NDArray[np.float64]:
    """Krippendorff (2011): 1 - observed / expected disagreement of the coincidences, expected without replacement."""
    n = tables.sum((-2, -1))
    observed = n - np.trace(tables, axis1=-2, axis2=-1)
    expected = n**2 - (tables.sum(-1) ** 2).sum(-1)
    return 1 - _over((n - 1) * observed, expected)


def _over(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.full_like(below, np.nan), where=below > 1e-12)
