"""Many systems ranked by Bradley and Terry (1952), from verdicts on pairs of them.

Each system has a strength, and one beats another with odds of the exponential of their difference. A prompt judged is
one battle whatever was asked to judge it: its points, 0 to 1, are part a win and part a loss, so a tie is half of each.
The strengths that make all points most probable are choix's (iterative Luce spectral ranking); intervals resample
prompts, because the battles of one prompt are not independent. Ratings are strengths on the scale of Elo, their mean at
1,000: 100 points more win 64 battles in 100.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import choix
import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from humpback.analysis.judgements.formats.items import Judgement
from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.evidence import FEWEST

RESAMPLES = 1_000
MEAN, SCALE = 1_000.0, 400 / math.log(10)
_TRACE = 1e-3
"""Of a battle, won and lost, that a resample adds to each pair that met: in some, a system wins or loses everything,
and its strength would have no end."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rated:
    """A system and its rating."""

    name: str
    rating: float
    low: float | None
    """95 % percentile interval; None where there are too few prompts."""
    high: float | None
    ranks: tuple[int, int] | None
    """95 % interval of its place among the systems."""
    battles: int
    won: float
    """Share of its battles' points, 0 to 1."""


@dataclass(frozen=True)
class Ratings:
    """The systems of one judge that met one another."""

    judge: str
    systems: tuple[Rated, ...]
    """The best first."""
    prompts: int
    battles: int
    unrated: tuple[str, ...] = ()
    """Systems without a rating, each with the reason."""


def ratings(judgements: Sequence[Judgement]) -> list[Ratings]:
    """One for each judge whose verdicts are on three systems or more, and not all against one opponent: there the win
    rates are the ranking."""
    by_judge: dict[str, list[Judgement]] = {}
    for one in judgements:
        by_judge.setdefault(one.judge, []).append(one)
    found = []
    for judge, group in sorted(by_judge.items()):
        pairs = {frozenset((one.name, one.against)) for one in group if one.name != one.against}
        if len(frozenset().union(*pairs)) > 2 and not frozenset.intersection(*pairs):
            found.append(_rated(judge, group))
    return found


def _rated(judge: str, group: Sequence[Judgement]) -> Ratings:
    names = sorted({name for one in group for name in (one.name, one.against)})
    places = {name: place for place, name in enumerate(names)}
    prompts: dict[str, int] = {}
    battles = [
        (prompts.setdefault(item.prompt, len(prompts)), places[one.name], places[one.against], item.points)
        for one in group
        for item in one.items
        if item.points is not None and one.name != one.against
    ]
    prompt, first, second = (np.array([row[side] for row in battles], dtype=np.intp) for side in range(3))
    points = np.array([row[3] for row in battles], dtype=float)
    whole = _wins(first, second, points, len(names))
    inside, unrated = _comparable(whole, names)
    if len(inside) < 2:
        return Ratings(judge, (), len(prompts), len(battles), tuple(unrated))
    kept = np.isin(first, inside) & np.isin(second, inside)
    place = np.searchsorted(inside, np.arange(len(names)))
    prompt, first, second, points = prompt[kept], place[first[kept]], place[second[kept]], points[kept]
    wins = _wins(first, second, points, len(inside))
    strengths = fit(wins)
    _, prompt = np.unique(prompt, return_inverse=True)
    drawn = _resampled(prompt, first, second, points, strengths, np.where(wins + wins.T > 0, _TRACE, 0.0))
    n = int(prompt.max()) + 1
    ends = np.percentile(drawn, (2.5, 97.5), axis=0) if n >= FEWEST else None
    order = (-drawn).argsort(axis=1).argsort(axis=1) + 1
    ranks = np.percentile(order, (2.5, 97.5), axis=0, method="nearest").astype(int)
    found = [
        Rated(
            names[inside[at]],
            _on_scale(strengths[at]),
            None if ends is None else _on_scale(ends[0, at]),
            None if ends is None else _on_scale(ends[1, at]),
            None if ends is None else (int(ranks[0, at]), int(ranks[1, at])),
            int((first == at).sum() + (second == at).sum()),
            float(wins[at].sum() / (wins[at].sum() + wins[:, at].sum())),
        )
        for at in range(len(inside))
    ]
    ordered = tuple(sorted(found, key=lambda one: (-one.rating, one.name)))
    return Ratings(judge, ordered, n, len(points), tuple(unrated))


def fit(wins: Floats) -> Floats:
    """(systems,) strengths of mean 0 from (systems, systems) wins of the row's over the column's, which may be parts.

    Raises:
        RuntimeError: when there are none: some systems never lost to the others.
    """
    strengths = choix.ilsr_pairwise_dense(wins, max_iter=1_000)
    found: Floats = strengths - strengths.mean()
    return found


def _wins(first: NDArray[np.intp], second: NDArray[np.intp], points: Floats, systems: int) -> Floats:
    cells, others = first * systems + second, second * systems + first
    flat = np.bincount(cells, points, systems**2) + np.bincount(others, 1 - points, systems**2)
    return np.asarray(flat.reshape(systems, systems), float)


def _comparable(wins: Floats, names: Sequence[str]) -> tuple[NDArray[np.intp], list[str]]:
    """The largest set of systems in which each beat each, if by way of others: the others have no rating among them."""
    _, labels = connected_components(wins > 0, directed=True, connection="strong")
    largest = np.bincount(labels).argmax()
    inside = np.flatnonzero(labels == largest)
    unrated = []
    for at in np.flatnonzero(labels != largest).tolist():
        over, under = wins[at, inside].sum(), wins[inside, at].sum()
        why = "won" if over else "lost"
        met = f"{why} everything against the rated systems" if over or under else "met none of the rated systems"
        unrated.append(f"{names[at]}: {met}")
    return inside, unrated


def _resampled(
    prompt: NDArray[np.intp],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    points: Floats,
    start: Floats,
    trace: Floats,
) -> Floats:
    """(RESAMPLES, systems) strengths, of prompts drawn with replacement."""
    rng = np.random.default_rng(0)
    n, systems = int(prompt.max()) + 1, len(start)
    cells, others = first * systems + second, second * systems + first
    found = np.empty((RESAMPLES, systems))
    for row in range(RESAMPLES):
        times = np.bincount(rng.integers(0, n, n), minlength=n)[prompt].astype(float)
        flat = np.bincount(cells, times * points, systems**2) + np.bincount(others, times * (1 - points), systems**2)
        drawn = choix.ilsr_pairwise_dense(flat.reshape(systems, systems) + trace, initial_params=start, max_iter=1_000)
        found[row] = drawn - drawn.mean()
    return found


def _on_scale(strength: float) -> float:
    return MEAN + SCALE * float(strength)


def lines(found: Sequence[Ratings], *, as_markdown: bool = False) -> str:
    """For the reader: a table each."""
    parts = []
    for one in found:
        rows = [
            (
                str(place),
                each.name,
                f"{each.battles:,}",
                f"{100 * each.won:.1f}",
                f"{each.rating:.0f}",
                layout.DASH if each.low is None or each.high is None else f"{each.low:.0f} to {each.high:.0f}",
                "–" if each.ranks is None else "{} to {}".format(*each.ranks),
            )
            for place, each in enumerate(one.systems, 1)
        ]
        heads = ("rank", "system", "battles", "won %", "rating", "95 % interval", "rank between")
        told = (
            f"Bradley-Terry, judge {one.judge or 'not named'}: {one.battles:,} battles on {one.prompts:,} prompts "
            f"(Elo's scale, mean {MEAN:,.0f}; 95 % intervals over prompts)"
        )
        table = [(layout.markdown if as_markdown else layout.aligned)(heads, rows, words=2)] if rows else []
        parts.append("\n".join([told, *table, *(f"not rated: {line}" for line in one.unrated)]))
    return "\n\n".join(parts)
