"""What an experiment is made of: arms and curves, and what is claimed of them; `measures.py` has what needs no judge.

An experiment is a generator of these. Each value carries where the papers print its number, so a claim's number is the
difference of what its parts cite, looked up in `results/published` and never typed. What comes of a claim is decided by
`analysis/experiment/findings.py`, by one rule for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import hypot
from typing import Any, ClassVar, Literal

from humpback.core.expression import Value
from humpback.spec.outcomes import Judged
from humpback.spec.paper_numbers import number
from humpback.spec.template import Model

WIN_RATE = "win rate, %"
"""The metric under which an arm's number is cited."""
ALPHA = "alpha"
"""The metric under which a curve's is."""
POINTS_THAT_MATTER = 5.0
"""Points of win rate: about what 805 prompts show four times in five."""
SLOPE_THAT_MATTERS = 1.0
"""Points for a factor of e: over the papers' sizes (100 to 51,200) it comes to six points."""


@dataclass(frozen=True)
class Paper(Value):
    """A number that a paper prints: one row of `results/published`, and beside which setups it stands."""

    table: str
    """Name of the file, without `.csv`; it begins with the paper's name."""
    row: str
    """The row's `arm`."""
    n: int | None = None
    """The row's number of examples, where several rows differ in it."""
    metric: str = "win_rate"
    size: str = "7B"
    """The model whose number it is. It stands beside the setups that answer to that model."""
    exact: bool = False
    """A point of a curve, which stands only where the numbers of examples are the paper's own."""

    @property
    def value(self) -> float:
        """The number.

        Raises:
            FieldError: when there is no such row, or several; with the closest names.
            StoreError: when the published numbers are not found.
        """
        return number(self.table, self.row, self.metric, self.n).value

    @property
    def error(self) -> float:
        """Its standard error; 0 where none is given. Raises as `value`."""
        return number(self.table, self.row, self.metric, self.n).error or 0.0


Pair = tuple[Paper | float | None, Paper | float | None]
"""Two numbers whose difference is a claim's; None where the paper prints none for this setup."""


@dataclass(frozen=True)
class Curve(Value):
    """Arms that differ in their number of examples: one line of a figure of win rate against size."""

    name: str
    alpha: Paper | None = None
    """The paper's slope."""
    points: tuple[str, str] | None = None
    """Table and row of `results/published` whose points the paper draws."""

    def rises(
        self, claim: str, over: Curve | None = None, *, stated_in: str = "", matters: float = SLOPE_THAT_MATTERS
    ) -> Rising:
        """The claim that its slope is above another's, or above zero."""
        return Rising(claim, self, over, stated_in=stated_in, matters=matters)

    def does_not_rise(self, claim: str, *, stated_in: str = "", matters: float = SLOPE_THAT_MATTERS) -> Level:
        """The claim that its slope is not as much as matters above zero."""
        return Level(claim, self, stated_in=stated_in, matters=matters)

    def keeps_rising(self, claim: str, *, stated_in: str = "", matters: float = SLOPE_THAT_MATTERS) -> Unsaturated:
        """The claim that it still rises at its largest size."""
        return Unsaturated(claim, self, stated_in=stated_in, matters=matters)


@dataclass(frozen=True, repr=False)
class Arm(Value):
    """A model, and how its answers were judged."""

    name: str
    model: Model
    judged: Judged
    curve: Curve | None = None
    """The curve that it lies on."""
    n: int = 0
    """Its place there: examples, as the figure's axis counts them; 0 for as many as its model was trained on, which is
    known when that is made (the mean over seeds)."""
    paper: Paper | None = None
    """The paper's win rate, ties half."""
    opponent: str = "reference"
    """What it is judged against, in a word."""
    told_by: Literal["", "set", "skill"] = ""
    """By what its win rate is also told: each set of prompts, or each skill that prompts carry, as AlpaGasus does."""

    def __repr__(self) -> str:
        return f"Arm({self.name!r})"

    def against(self, other: Arm) -> Judged:
        """Its answers head to head with another's, by the same judge."""
        return Judged(self.judged.answers, against=other.judged.answers, by=self.judged.by)

    def beats(
        self,
        other: Arm,
        claim: str,
        *,
        only: str,
        stated_in: str = "",
        head_to_head: bool = False,
        paper: Pair | None = None,
        matters: float = POINTS_THAT_MATTER,
    ) -> Comparison:
        """The claim that it beats another arm, from which it differs in the field `only` alone."""
        return Comparison(claim, self, other, only, head_to_head, paper, stated_in=stated_in, matters=matters)

    def beats_opponent(self, claim: str, *, stated_in: str = "", matters: float = POINTS_THAT_MATTER) -> Above:
        """The claim that its win rate is above 50."""
        return Above(claim, self, stated_in=stated_in, matters=matters)


@dataclass(frozen=True)
class Claim(Value, ABC):
    """What is said of arms, curves or measures; true, false, or not to be told."""

    finding: ClassVar[str]
    """The function that finds what came of it, as "module:function"."""

    claim: str
    """What is said, in words."""
    stated_in: str = field(default="", kw_only=True)
    """Where the paper says so, such as "section 3.3"; empty where the claim is ours."""
    matters: float = field(default=POINTS_THAT_MATTER, kw_only=True)
    """The smallest difference that matters, in the unit of the claim's number, above 0."""

    @property
    def told(self) -> str:
        """The words, and whose they are."""
        return f"{self.claim} ({self.stated_in or 'ours'})"

    @property
    @abstractmethod
    def sides(self) -> tuple[str, str]:
        """What is set against what, in words."""

    @property
    @abstractmethod
    def paper_pair(self) -> Pair:
        """The paper's two numbers, whose difference is the claim's."""

    @property
    def paper_value(self) -> float | None:
        """The paper's number for the same; None where it prints none for this setup."""
        first, second = (one.value if isinstance(one, Paper) else one for one in self.paper_pair)
        return None if first is None or second is None else round(first - second, 2)

    @property
    def paper_error(self) -> float:
        """Standard error of the paper's number, as far as the errors of its two are given: those of runs on the same
        prompts have something in common, which makes it too large rather than too small."""
        return hypot(*(one.error for one in self.paper_pair if isinstance(one, Paper)))

    @abstractmethod
    def concerns(self, arms: Iterable[Arm]) -> set[str]:
        """Names of the arms and measures that it is about."""

    def described(self) -> dict[str, Any]:
        """For arms.json: its kind and its fields, parts by name, without what is not set."""
        told = {key: getattr(value, "name", value) for key, value in vars(self).items()}
        told["paper"] = self.paper_value
        return {"kind": type(self).__name__.lower()} | {
            key: value for key, value in told.items() if value not in (None, "")
        }


@dataclass(frozen=True)
class Comparison(Claim):
    """The first arm beats the second, and the only field in which they may differ."""

    finding = "humpback.analysis.experiment.findings:difference_of_arms"

    first: Arm
    second: Arm
    differ_in: str
    """Path of fields from the arm's model, such as "examples.second"; or, where it begins with "answers.", from its
    judgement. Held by a test."""
    head_to_head: bool = False
    """Also judged directly against each other."""
    paper: Pair | None = None
    """The paper's two numbers, where they are not those that the arms cite."""

    @property
    def sides(self) -> tuple[str, str]:
        return self.first.name, self.second.name

    @property
    def paper_pair(self) -> Pair:
        return self.paper or (self.first.paper, self.second.paper)

    def concerns(self, arms: Iterable[Arm]) -> set[str]:
        return {self.first.name, self.second.name}


@dataclass(frozen=True)
class Above(Claim):
    """The arm beats what it is judged against: its win rate is above 50."""

    finding = "humpback.analysis.experiment.findings:above_even"

    arm: Arm

    @property
    def sides(self) -> tuple[str, str]:
        return self.arm.name, self.arm.opponent

    @property
    def paper_pair(self) -> Pair:
        return self.arm.paper, 50.0

    def concerns(self, arms: Iterable[Arm]) -> set[str]:
        return {self.arm.name}


@dataclass(frozen=True)
class OfCurve(Claim, ABC):
    """What is said of a curve's slope on log size, in points for a factor of e."""

    curve: Curve
    matters: float = field(default=SLOPE_THAT_MATTERS, kw_only=True)

    def concerns(self, arms: Iterable[Arm]) -> set[str]:
        return {arm.name for arm in arms if arm.curve and arm.curve in (self.curve, getattr(self, "over", None))}


@dataclass(frozen=True)
class Rising(OfCurve):
    """The curve's slope on log size is above another's, or above zero."""

    finding = "humpback.analysis.experiment.findings:slope"

    over: Curve | None = None
    """The other curve; None is a level line."""

    @property
    def sides(self) -> tuple[str, str]:
        return f"slope of {self.curve.name}", f"slope of {self.over.name}" if self.over else "level"

    @property
    def paper_pair(self) -> Pair:
        return self.curve.alpha, self.over.alpha if self.over else 0.0


@dataclass(frozen=True)
class Level(OfCurve):
    """The curve does not rise: its slope on log size is less than matters, or below zero.

    That something is absent is shown by an interval without room for it, and not by one that holds zero.
    """

    finding = "humpback.analysis.experiment.findings:levelness"

    @property
    def sides(self) -> tuple[str, str]:
        return f"slope of {self.curve.name}", f"less than {self.matters:g}"

    @property
    def paper_pair(self) -> Pair:
        return self.curve.alpha, 0.0


@dataclass(frozen=True)
class Unsaturated(OfCurve):
    """The curve still rises at its largest size: so does a parabola in log size through its points there."""

    finding = "humpback.analysis.experiment.findings:slope_at_end"

    @property
    def sides(self) -> tuple[str, str]:
        return f"slope of {self.curve.name} at its largest size", "level"

    @property
    def paper_pair(self) -> Pair:
        return None, None
