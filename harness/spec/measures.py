"""The vocabulary of measurements: what an experiment counts or measures where no judge is asked.

A measure names artifacts and what is read off them; `analysis/measures/` reads. Like aggregation it is no stage: a
length, a precision or a histogram is a pure function of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from humpback.core.expression import Artifact, Value
from humpback.spec.benchmarks import Benchmarked
from humpback.spec.curation import Best, Rated, Selected
from humpback.spec.data import Examples
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Judged


@dataclass(frozen=True)
class Described(Value):
    """A set's rows and their lengths in characters: Humpback's Table 1."""

    examples: Examples

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.examples,)


@dataclass(frozen=True)
class Diverse(Value):
    """Verbs and nouns of a set's instructions: Humpback's diversity figure."""

    examples: Examples
    n: int
    """So many instructions, evenly spaced through the set: more of them have more pairs, so sets are compared at
    one number."""

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.examples,)


@dataclass(frozen=True)
class ScoresOf(Value):
    """How a rater's scores are spread: AlpaGasus's histogram."""

    rated: Rated
    thresholds: tuple[float, ...]
    """The share at or above each is a number of its own."""

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.rated,)


@dataclass(frozen=True)
class Picked(Value):
    """A selection against labels: precision and recall, Humpback's data-selection table."""

    selected: Selected | Best
    labels: Rated
    """The same candidates, rated by who knows."""
    good: float
    """A label of so much or more is good."""

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.selected, self.labels)


@dataclass(frozen=True)
class Scored(Value):
    """A model on one benchmark."""

    on: Benchmarked

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.on,)


@dataclass(frozen=True)
class Refused(Value):
    """How often the answers refuse, by `analysis/datasets/refusals.py`."""

    answers: Examples

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.answers,)


@dataclass(frozen=True)
class Mended(Value):
    """Prompts on which one model fails and the other does not: Humpback's improvement over the seed model."""

    before: Judged
    after: Judged
    """Against the same opponent."""

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.before, self.after)


@dataclass(frozen=True)
class Cost(Value):
    """What training took: seconds from the record, and money by the machine's price."""

    model: Finetuned

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.model,)


@dataclass(frozen=True)
class Voted(Value):
    """People's choices between two sets of answers, from files of votes below the store's `votes` folder."""

    answers: Examples
    against: Examples

    @property
    def needs(self) -> tuple[Artifact, ...]:
        """What has to be finished first."""
        return (self.answers, self.against)


Measure = Described | Diverse | ScoresOf | Picked | Scored | Refused | Mended | Cost | Voted
