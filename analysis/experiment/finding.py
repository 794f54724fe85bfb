"""What came of a claim: a number with its interval, and a verdict by one rule for all kinds of claim."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from humpback.analysis.experiment.measures.number import Number
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.stats.multiplicity import p_of
from humpback.analysis.stats.statistics import Estimate, Scores, crossed_mean
from humpback.analysis.stats.verdict import (
    FAILS,
    HOLDS,
    REVERSED,
    THERE_IS_ONE,
    Size,
    against_runs,
    size_beside,
    sized,
    verdict_of,
)
from humpback.core.functions import load_function
from humpback.spec.claims import POINTS_THAT_MATTER, Arm, Claim

REPLICATED, NOT_REPLICATED = "replicated", "not replicated"
"""What "holds" and "does not hold" are called where model, data and judge are the paper's."""


@dataclass(frozen=True)
class Finding:
    """What came of one claim."""

    first: str
    """An arm or a curve."""
    second: str
    """What it is compared with."""
    claim: str
    paper: float | None
    """The paper's number for the same."""
    difference: Estimate | None
    """In points, paired over prompts and seeds: of the win rates against the reference, above 50, or of slopes; None
    when an arm is missing."""
    by_seed: tuple[float, ...]
    """The same for each seed."""
    n: int
    """Prompts times seeds."""
    head_to_head: Estimate | None = None
    """Win rate of the first against the second, in points above 50; None where they were not judged directly."""
    matters: float = POINTS_THAT_MATTER
    """A difference smaller than this does not matter."""
    form: str = ".1f"
    """How its numbers are printed."""
    obstacle: str = ""
    """Why the sample cannot carry a verdict; empty where it can."""
    paper_error: float = 0.0
    """Standard error of the paper's number; 0 where it is not known."""
    absent: bool = False
    """Whether the claim is that there is no difference that matters."""
    repeats: bool = False
    """Whether model, data and judge are the paper's."""

    @property
    def shown(self) -> tuple[Estimate, ...]:
        """Every measure that there is: the difference, the head to head."""
        return tuple(one for one in (self.difference, self.head_to_head) if one is not None)

    @property
    def p(self) -> float | None:
        """Two-sided, of there being no difference; of two measures the larger, since both have to hold, and 1 where
        they point to different sides. Of the claim that there is no difference that matters it is of there being just
        that one, unless there is one. None without an interval, and where the sample carries no verdict."""
        if self.obstacle:
            return None
        shown = self.shown
        if self.absent and self._word != THERE_IS_ONE:
            shown = tuple(replace(one, mean=one.mean - self.matters) for one in shown)
        found = [p_of(one) for one in shown]
        known = [p for p in found if p is not None]
        if not known or len(known) < len(found):
            return None
        return max(known) if len({one.mean > 0 for one in shown}) == 1 else 1.0

    @property
    def _word(self) -> str:
        return verdict_of(self.shown, matters=self.matters, obstacle=self.obstacle, absent=self.absent)

    @property
    def verdict(self) -> str:
        """In words, by `humpback.analysis.stats.verdict.verdict_of`: "holds", "does not hold: ...", "cannot be told",
        "not measured"; where model, data and judge are the paper's, "replicated" and "not replicated: ..."."""
        word = self._word
        if not self.repeats:
            return word
        return REPLICATED if word == HOLDS else word.replace(FAILS, NOT_REPLICATED)

    @property
    def tells(self) -> bool:
        """Whether the verdict is one that p speaks of, and a correction of p may take: the claim holds, or the reverse
        of it does."""
        return self._word in (HOLDS, REVERSED, THERE_IS_ONE)

    @property
    def beside_paper(self) -> Size:
        """How large the difference is beside the paper's, where the verdict goes with a size."""
        if self.difference is None or not sized(self._word):
            return ""
        return size_beside(self.difference, self.paper, self.paper_error)


Runs = Mapping[int, Scores]
"""By seed, (prompts,) of what a claim is about."""


@dataclass(frozen=True)
class Outcomes:
    """What was judged and measured, for claims to be held against."""

    arms: Mapping[str, Arm]
    """By name."""
    contests: Mapping[str, Mapping[int, Contest]]
    """By arm and seed, against its opponent."""
    direct: Mapping[tuple[str, str], Mapping[int, Contest]] = field(default_factory=dict)
    """Heads to heads, by the names of two arms, and seed."""
    numbers: Mapping[str, Mapping[str, Mapping[int, Number]]] = field(default_factory=dict)
    """By the name of a measure, metric and seed."""
    bases: Mapping[int, int] = field(default_factory=dict)
    """By seed, which of several bases its run started from; empty where there is one base."""
    varying: Collection[str] = ()
    """Names of the arms and measures that another seed makes anew."""

    def bases_of(self, seeds: Iterable[int]) -> list[int]:
        """The base of each seed's run."""
        return [self.bases.get(seed, 0) for seed in seeds]

    def mean(self, runs: Runs) -> Estimate | None:
        """Over runs and prompts; None where there is no outcome."""
        if all(np.isnan(row).all() for row in runs.values()):
            return None
        return crossed_mean(np.stack(list(runs.values())), bases=self.bases_of(runs))

    def against_seeds(self, concerned: Collection[str], seeds: Sequence[int]) -> str:
        """Why runs of these seeds carry no verdict about these arms and measures: too few of what another seed would
        make anew. Empty where they do."""
        if not set(self.varying).intersection(concerned):
            return ""
        return against_runs(len(seeds), self.bases_of(seeds))


def findings(claims: Iterable[Claim], outcomes: Outcomes) -> list[Finding]:
    """What came of each claim, by the function that its class names."""
    return [load_function(claim.finding)(claim, outcomes) for claim in claims]
