"""What came of a claim: a number with its interval, and a verdict by one rule for all kinds of claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from humpback.analysis.experiment.measures.number import Number
from humpback.analysis.judgements.contest import Contest
from humpback.analysis.stats.multiplicity import p_above
from humpback.analysis.stats.statistics import Estimate
from humpback.core.functions import load_function
from humpback.spec.claims import Arm, Claim

MARGIN = 5.0
"""Points of win rate that matter: about what 805 prompts show four times in five."""
SLOPE_MARGIN = 1.0
"""The same for a slope, in points for a factor of e: over the papers' sizes (100 to 51,200) it comes to six points."""


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
    margin: float = MARGIN
    """A difference smaller than this does not matter."""
    form: str = ".1f"
    """How its numbers are printed."""
    obstacle: str = ""
    """Why the sample cannot carry a verdict; empty where it can."""

    @property
    def shown(self) -> tuple[Estimate, ...]:
        """Every measure that there is: the difference, the head to head."""
        return tuple(one for one in (self.difference, self.head_to_head) if one is not None)

    @property
    def p(self) -> float | None:
        """Two-sided, by `humpback.analysis.stats.multiplicity.p_above`; of two measures the larger, since both have to
        hold. Below .05 exactly where the verdict is "replicated". None without an interval, and where the sample
        carries no verdict."""
        if self.obstacle:
            return None
        found = [p_above(one) for one in self.shown]
        known = [p for p in found if p is not None]
        return max(known) if known and len(known) == len(found) else None

    @property
    def verdict(self) -> str:
        """In words. "Replicated" wants every measure that there is (the difference through the reference, as the papers
        report it, and the direct contest) above zero with its whole interval. Where zero is inside, the claim is "not
        replicated" if the interval has no room for a difference that matters, and else nothing can be told."""
        shown = self.shown
        if not shown:
            return "not measured"
        if self.obstacle:
            return f"cannot be told: {self.obstacle}"
        if all(one.low > 0 for one in shown):
            return "replicated"
        if all(one.high < 0 for one in shown):
            return "not replicated: reversed"
        if all(one.high < self.margin for one in shown):
            return "not replicated: no difference shown"
        return "cannot be told at this n"


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


def findings(claims: Iterable[Claim], outcomes: Outcomes) -> list[Finding]:
    """What came of each claim, by the function that its class names."""
    return [load_function(claim.finding)(claim, outcomes) for claim in claims]
