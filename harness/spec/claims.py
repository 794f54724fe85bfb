"""What an experiment is made of: arms, curves and measures, and what is claimed of them.

An experiment is a generator of these. Each value carries where the papers print its number, so a claim's number is the
difference of what its parts cite, looked up in `results/published` and never typed. What comes of a claim is decided by
`analysis/experiment/findings.py`, by one rule for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from humpback.core.expression import Artifact, Value, values_in
from humpback.spec.outcomes import Judged
from humpback.spec.paper_numbers import number
from humpback.spec.template import Model

WIN_RATE = "win rate, %"
"""The metric under which an arm's number is cited."""
ALPHA = "alpha"
"""The metric under which a curve's is."""


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


Pair = tuple[Paper | float | None, Paper | float | None]
"""Two numbers whose difference is a claim's; None where the paper prints none for this setup."""


@dataclass(frozen=True)
class Curve:
    """Arms that differ in their number of examples: one line of a figure of win rate against size."""

    name: str
    alpha: Paper | None = None
    """The paper's slope."""
    points: tuple[str, str] | None = None
    """Table and row of `results/published` whose points the paper draws."""

    def rises(self, claim: str, over: Curve | None = None, *, stated_in: str = "") -> Rising:
        """The claim that its slope is above another's, or above zero."""
        return Rising(claim, self, over, stated_in=stated_in)


@dataclass(frozen=True, repr=False)
class Arm:
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
    ) -> Comparison:
        """The claim that it beats another arm, from which it differs in the field `only` alone."""
        return Comparison(claim, self, other, only, head_to_head, paper, stated_in=stated_in)

    def beats_opponent(self, claim: str, *, stated_in: str = "") -> Above:
        """The claim that its win rate is above 50."""
        return Above(claim, self, stated_in=stated_in)


@dataclass(frozen=True)
class Measure(Value):
    """What an experiment counts or measures where no judge is asked.

    Like aggregation it is no stage: a length, a precision or a histogram is a pure function of rows. Each kind is a
    subclass that names the artifacts, and the function that reads them.
    """

    reader: ClassVar[str]
    """The function that turns it into numbers, as "module:function"."""

    name: str
    paper: tuple[tuple[str, Paper], ...] = field(default=(), kw_only=True)
    """The paper's number of each metric."""

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """The artifacts that it is read from."""
        return tuple(one for one in values_in(self) if isinstance(one, Artifact))

    def exceeds(
        self,
        other: Measure | float,
        metric: str,
        claim: str,
        *,
        matters: float,
        stated_in: str = "",
        paper: Pair | None = None,
    ) -> Greater:
        """The claim that its number is greater than another measure's of the same metric, or than a value."""
        return Greater(claim, self, other, metric, matters, paper, stated_in=stated_in)


@dataclass(frozen=True)
class Claim(ABC):
    """What is said of arms, curves or measures; true, false, or not to be told."""

    finding: ClassVar[str]
    """The function that finds what came of it, as "module:function"."""

    claim: str
    """What is said, in words."""
    stated_in: str = field(default="", kw_only=True)
    """Where the paper says so, such as "section 3.3"; empty where the claim is ours."""

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
    def paper_value(self) -> float | None:
        """The paper's number for the same; None where it prints none for this setup."""

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
    def paper_value(self) -> float | None:
        return _difference(*(self.paper or (self.first.paper, self.second.paper)))

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
    def paper_value(self) -> float | None:
        return _difference(self.arm.paper, 50.0)

    def concerns(self, arms: Iterable[Arm]) -> set[str]:
        return {self.arm.name}


@dataclass(frozen=True)
class Rising(Claim):
    """The curve's slope on log size is above another's, or above zero."""

    finding = "humpback.analysis.experiment.findings:slope"

    curve: Curve
    over: Curve | None = None
    """The other curve; None is a level line."""

    @property
    def sides(self) -> tuple[str, str]:
        return f"slope of {self.curve.name}", f"slope of {self.over.name}" if self.over else "level"

    @property
    def paper_value(self) -> float | None:
        return _difference(self.curve.alpha, self.over.alpha if self.over else 0.0)

    def concerns(self, arms: Iterable[Arm]) -> set[str]:
        return {arm.name for arm in arms if arm.curve and arm.curve in (self.curve, self.over)}


@dataclass(frozen=True)
class Greater(Claim):
    """One measured number is greater than another, or than a value."""

    finding = "humpback.analysis.experiment.measured:difference_of_measures"

    first: Measure
    second: Measure | float
    """Another measure, or a value in the metric's unit."""
    metric: str
    matters: float
    """A difference smaller than this does not matter; in the metric's unit."""
    paper: Pair | None = None
    """The paper's two numbers, where they are not those that the measures cite."""

    @property
    def sides(self) -> tuple[str, str]:
        second = self.second.name if isinstance(self.second, Measure) else f"{self.second:g}"
        return f"{self.metric}: {self.first.name}", second

    @property
    def paper_value(self) -> float | None:
        first, second = (
            dict(side.paper).get(self.metric) if isinstance(side, Measure) else side
            for side in (self.first, self.second)
        )
        return _difference(*(self.paper or (first, second)))

    def concerns(self, arms: Iterable[Arm]) -> set[str]:
        return {side.name for side in (self.first, self.second) if isinstance(side, Measure)}


def _difference(first: Paper | float | None, second: Paper | float | None) -> float | None:
    if first is None or second is None:
        return None
    one, other = (side.value if isinstance(side, Paper) else side for side in (first, second))
    return round(one - other, 2)
