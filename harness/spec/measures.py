"""The kinds of measurement: each names the artifacts that it is read from, and the function that reads them."""

from __future__ import annotations

from dataclasses import dataclass

from humpback.spec.benchmarks import Benchmarked
from humpback.spec.claims import Measure
from humpback.spec.curation import Best, BestOfSize, Rated, Selected
from humpback.spec.data import Examples
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Judged


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
    selected: Selected
    keywords: tuple[str, ...]
    """A row counts once for each that its instruction or output contains, case and all."""
