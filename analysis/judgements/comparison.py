"""What judgements come to: rates with intervals, counts, what position and length did, and paired differences.

Every number is a function of the items, for all prompts and for each prompt set and category. Prompts without an
outcome are left out of a rate, as AlpacaEval does, and stand beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from humpback.analysis.judgements.contest import contest_of
from humpback.analysis.judgements.formats import alpaca_eval
from humpback.analysis.judgements.formats.expected import expected
from humpback.analysis.judgements.formats.items import NO_ROW, Item, Judgement
from humpback.analysis.stats.evidence import against_verdict, few_different, half_unparsed
from humpback.analysis.stats.power import SignTest, sign_test
from humpback.analysis.stats.statistics import NONE, Estimate, Scores, crossed_mean, rate, standard_error


@dataclass(frozen=True)
class Numbers:
    """One system on one set of prompts. Rates are percent, shares 0 to 1; NaN where there is no number."""

    n: int
    """Prompts with an outcome: what the win rate is over."""
    prompts: int
    """Prompts that the files have a usable row for."""
    unusable: int
    """Rows that could not be used, less those whose prompt the other order's file has. They are not told by set: only
    those of all prompts count them."""
    expected: int | None
    """Prompts that the published set has; None where it is not known."""
    win_rate: float
    """Mean points of the prompts with an outcome, percent."""
    standard_error: float
    """Sample deviation of the points over root n, as AlpacaEval has it."""
    low: float
    """Lower end of the win rate's 95 % interval; NaN where there is none: for one prompt, or half of the calls
    unparsed."""
    high: float
    """Upper end of the same."""
    wins: int
    """Prompts that the format's rule calls won."""
    ties: int
    """Prompts that it calls tied."""
    losses: int
    """Prompts that it calls lost."""
    winning_score: float
    """AlpaGasus: (wins - losses) / N + 1 over prompts with a result; 1 is even."""
    flip_rate: float
    """Share of prompts, judged in both orders, on which exchanging the order exchanged the winner."""
    first_preferred: float
    """Share of decided calls won by the answer shown first."""
    unparsed: int
    """Calls without a verdict."""
    mean_length: float
    """Mean characters of the system's answers."""
    against_length: float
    """Mean characters of its opponent's answers."""
    longer_wins: float
    """Share of decided prompts with answers of different lengths on which the longer one won."""
    empty: tuple[int, int]
    """Empty answers of the system and of its opponent."""
    variance: float
    """Variance of one prompt's points, in squared points: what planning needs."""
    sign: SignTest
    """Test of wins against losses."""
    obstacle: str = ""
    """Why the rate has no interval; empty where it has one, or there is no rate."""
    order: str = ""
    """Says so where the judge follows the order in which answers are shown."""

    @property
    def shortfall(self) -> str:
        """What is amiss with the denominator, such as "804 of 805"; empty when nothing is."""
        whole = self.expected or self.prompts + self.unusable
        return "" if self.n == whole == self.prompts else f"{self.n:,} of {whole:,}"


@dataclass(frozen=True)
class System:
    """One judgement with its numbers."""

    judgement: Judgement
    overall: Numbers
    sets: dict[str, Numbers] = field(default_factory=dict)
    """By prompt set, where there are several."""
    categories: dict[str, Numbers] = field(default_factory=dict)
    """By category, where there are several."""
    absent: tuple[str, ...] = ()
    """Sets of the published prompts of which the files have none."""


@dataclass(frozen=True)
class Difference:
    """The first system's win rate minus the second's over the prompts that both have, in points."""

    first: str
    second: str
    n: int
    """Prompts with an outcome for both."""
    first_alone: int
    """Prompts that only the first has an outcome for."""
    second_alone: int
    estimate: Estimate | None
    """None when they have no prompt in common."""
    variance: float = NONE
    """Variance of one prompt's difference, in squared points."""
    same_opponent: bool = True
    """Whether both were held against the same one; otherwise the difference is of the rates, not of the systems."""
    obstacle: str = ""
    """Why it cannot be told whether they differ; empty where it can."""

    @property
    def told_apart(self) -> bool | None:
        """Whether the interval excludes zero; None where that cannot be told."""
        if self.obstacle:
            return None
        return self.estimate is not None and not self.estimate.low <= 0 <= self.estimate.high


def numbers(items: Sequence[Item], *, should_be: int | None = None, unusable: int = 0) -> Numbers:
    """Everything about these items."""
    found = contest_of(items)
    points = 100 * found.points
    there = points[~np.isnan(points)]
    rate_of_all = rate(points[None]) if len(there) else Estimate(NONE)
    obstacle = half_unparsed(found.unparsed, found.calls) or ("one prompt alone has an outcome" * (len(there) == 1))
    if obstacle:
        rate_of_all = Estimate(rate_of_all.mean)
    counted = found.wins + found.ties + found.losses
    lengths = np.array([one.characters for one in items if one.characters is not None]).reshape(-1, 2)
    mean_length, against_length = lengths.mean(axis=0) if len(lengths) else (NONE, NONE)
    longer = [
        (one.characters[0] > one.characters[1]) == (one.result == "win")
        for one in items
        if one.characters is not None and one.characters[0] != one.characters[1] and one.result in ("win", "lose")
    ]
    return Numbers(
        n=len(there),
        prompts=len(items),
        unusable=unusable,
        expected=should_be,
        win_rate=rate_of_all.mean,
        standard_error=standard_error(points),
        low=rate_of_all.low,
        high=rate_of_all.high,
        wins=found.wins,
        ties=found.ties,
        losses=found.losses,
        winning_score=(found.wins - found.losses) / counted + 1 if counted else NONE,
        flip_rate=found.flip_rate,
        first_preferred=found.first_preferred,
        unparsed=found.unparsed,
        mean_length=float(mean_length),
        against_length=float(against_length),
        longer_wins=sum(longer) / len(longer) if longer else NONE,
        empty=(int((lengths[:, 0] == 0).sum()), int((lengths[:, 1] == 0).sum())),
        variance=float(there.var(ddof=1)) if len(there) > 1 else NONE,
        # Of a remainder it would be a verdict on what could be parsed.
        sign=sign_test(found.wins, found.losses) if 2 * counted > len(items) and not obstacle else SignTest(NONE, NONE),
        obstacle=obstacle,
        order=found.follows_order,
    )


def system(judgement: Judgement, *, with_sets: bool = True) -> System:
    """A judgement's numbers: overall and, where there are several, by prompt set and by category."""
    items = judgement.items
    by_set, by_category = _grouped(items, "source"), _grouped(items, "category")
    published = judgement.format in (alpaca_eval.ONE, alpaca_eval.TWO)
    whole = expected((one.source for one in items), alpaca_eval=published)
    unusable = sum(row.place != NO_ROW for row in judgement.unreadable)
    overall = numbers(items, should_be=whole.get(""), unusable=unusable)
    if not with_sets:
        return System(judgement, overall)
    sets = {name: numbers(some, should_be=whole.get(name)) for name, some in by_set.items() if len(by_set) > 1}
    categories = {name: numbers(some) for name, some in by_category.items() if len(by_category) > 1}
    absent = tuple(name for name in whole if name and name not in by_set)
    return System(judgement, overall, sets, categories, absent)


def _grouped(items: Sequence[Item], by: str) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for one in items:
        groups.setdefault(getattr(one, by) or "(none)", []).append(one)
    return groups


def points_by_prompt(judgements: Sequence[Judgement]) -> Scores:
    """(systems, prompts) of points in percent over all prompts that any has; NaN where there is no outcome."""
    places: dict[str, int] = {}
    for one in judgements:
        for item in one.items:
            places.setdefault(item.prompt, len(places))
    points = np.full((len(judgements), len(places)), NONE)
    for row, one in enumerate(judgements):
        for item in one.items:
            if item.points is not None:
                points[row, places[item.prompt]] = 100 * item.points
    return points


def differences(judgements: Sequence[Judgement]) -> list[Difference]:
    """Every pair of systems, the earlier minus the later."""
    points = points_by_prompt(judgements)
    there = ~np.isnan(points)
    obstacles = [contest_of(one.items).obstacle for one in judgements]
    pairs = list(combinations(range(len(judgements)), 2))
    common = [(i, j) for i, j in pairs if (there[i] & there[j]).any()]
    margins = [(points[i] - points[j])[None] for i, j in common]
    estimates = dict(zip(common, map(crossed_mean, margins), strict=True))
    found = []
    for i, j in pairs:
        margin = points[i] - points[j]
        outcomes = margin[~np.isnan(margin)]
        estimate = estimates.get((i, j))
        if estimate and few_different(margin[None]):
            estimate = Estimate(estimate.mean)
        of_judge = next((f"{judgements[at].name}: {obstacles[at]}" for at in (i, j) if obstacles[at]), "")
        found.append(
            Difference(
                judgements[i].name,
                judgements[j].name,
                len(outcomes),
                int((there[i] & ~there[j]).sum()),
                int((there[j] & ~there[i]).sum()),
                estimate,
                float(outcomes.var(ddof=1)) if len(outcomes) > 1 else NONE,
                judgements[i].against == judgements[j].against,
                of_judge or against_verdict(margin[None]) if estimate else "",
            )
        )
    return found
