"""The kinds of measurement: each names the artifacts that it is read from, and the function that reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from humpback.core.expression import Artifact, Value, values_in
from humpback.spec.benchmarks import Benchmarked
from humpback.spec.claims import Arm, Claim, Pair, Paper
from humpback.spec.curation import Best, BestOfSize, Rated, Selected
from humpback.spec.data import Examples
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import AnswerLosses, Judged


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
        return Greater(claim, self, other, metric, paper, stated_in=stated_in, matters=matters)


@dataclass(frozen=True)
class Greater(Claim):
    """One measured number is greater than another, or than a value."""

    finding = "humpback.analysis.experiment.measured:difference_of_measures"

    first: Measure
    second: Measure | float
    """Another measure, or a value in the metric's unit."""
    metric: str
    paper: Pair | None = None
    """The paper's two numbers, where they are not those that the measures cite."""

    @property
    def sides(self) -> tuple[str, str]:
        second = self.second.name if isinstance(self.second, Measure) else f"{self.second:g}"
        return f"{self.metric}: {self.first.name}", second

    @property
    def paper_pair(self) -> Pair:
        first, second = (
            dict(side.paper).get(self.metric) if isinstance(side, Measure) else side
            for side in (self.first, self.second)
        )
        return self.paper or (first, second)

    def concerns(self, arms: Iterable[Arm]) -> set[str]:
        return {side.name for side in (self.first, self.second) if isinstance(side, Measure)}


@dataclass(frozen=True)
class LengthStatistics(Measure):
    """A set's rows and their lengths in characters: Humpback's Table 1."""

    reader = "humpback.analysis.experiment.measures.lengths:length_statistics"

    examples: Examples


@dataclass(frozen=True)
class InstructionDiversity(Measure):
    """Verbs and nouns of a set's instructions: Humpback's diversity figure."""

    reader = "humpback.analysis.experiment.measures.diversity:instruction_diversity"

    examples: Examples
    n: int
    """Instructions that are looked at, evenly spaced through the set: more of them have more pairs, so sets are
    compared at one number."""


@dataclass(frozen=True)
class ScoreDistribution(Measure):
    """How a rater's scores are spread: AlpaGasus's histogram."""

    reader = "humpback.analysis.experiment.measures.scores:score_distribution"

    rated: Rated
    thresholds: tuple[float, ...]
    """The share at or above each is a number of its own."""


@dataclass(frozen=True)
class SelectionQuality(Measure):
    """A selection against labels: precision and recall, Humpback's data-selection table."""

    reader = "humpback.analysis.experiment.measures.selection:selection_quality"

    selected: Selected | Best | BestOfSize
    labels: Rated
    """The same candidates, rated by who knows."""
    good: float
    """The label from which on a candidate is good."""


@dataclass(frozen=True)
class BenchmarkAccuracy(Measure):
    """A model on one benchmark."""

    reader = "humpback.analysis.experiment.measures.benchmarks:benchmark_accuracy"

    benchmarked: Benchmarked


@dataclass(frozen=True)
class RefusalRate(Measure):
    """How often the answers refuse, by `analysis/datasets/refusals.py`."""

    reader = "humpback.analysis.experiment.measures.refusals:refusal_rate"

    answers: Examples


@dataclass(frozen=True)
class HeldOutLoss(Measure):
    """How improbable a model finds answers that people wrote and nothing was trained on: mean negative log-likelihood a
    token. It needs no judge, and says how near the model is to those answers, not how good its own are."""

    reader = "humpback.analysis.experiment.measures.held_out:held_out_loss"
    METRIC: ClassVar[str] = "nats a token"

    losses: AnswerLosses


@dataclass(frozen=True)
class ImprovementOver(Measure):
    """Prompts on which one model fails and the other does not: Humpback's improvement over the seed model."""

    reader = "humpback.analysis.experiment.measures.improvement:improvement_over"

    before: Judged
    after: Judged
    """Against the same opponent."""


@dataclass(frozen=True)
class TrainingCost(Measure):
    """What training took: seconds from the record, and money by the machine's price."""

    reader = "humpback.analysis.experiment.measures.training_cost:training_cost"

    model: Finetuned


@dataclass(frozen=True)
class VoteShare(Measure):
    """People's choices between two sets of answers, from files of votes below the store's `votes` folder."""

    reader = "humpback.analysis.experiment.measures.votes:vote_share"

    answers: Examples
    against: Examples


@dataclass(frozen=True)
class KeywordsLeftOut(Measure):
    """What a filter leaves out of the rows that name a keyword, and of all rows: AlpaGasus's analysis of coding."""

    reader = "humpback.analysis.experiment.measures.keywords:keywords_left_out"

    examples: Examples
    """Before the filter."""
    selected: Selected | Best
    keywords: tuple[str, ...]
    """A row counts once for each that its instruction or output contains, case and all."""
