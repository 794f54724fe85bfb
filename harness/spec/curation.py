"""The vocabulary of curation: who rates candidates and how, and what is kept of them.

Humpback's self-curation (section 2.2), AlpaGasus's filter, the draws without curation that both are compared with, and
what is held out of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from humpback.core.expression import Value
from humpback.spec.data import Examples, Sampling
from humpback.spec.micro_world import World
from humpback.spec.models import Reward
from humpback.spec.prompts import Prompt, PromptFile
from humpback.spec.template import Model

SCORE_LABEL = "Score"
"""A rater's last line is "Score: N", or N alone."""
_GREEDY = Sampling(temperature=0.0, max_new_tokens=256)


@dataclass(frozen=True)
class SampledScore(Value):
    """Ask for a short reasoning and a last line "Score: N"; the score is the mean over n replies that parse.

    n = 1 is an integer score as in the paper's rubric; the paper selects at 4.5 and describes no averaging, so how many
    replies it took is an assumption.
    """

    prompt: Prompt | PromptFile
    sampling: Sampling
    n: int = 1


@dataclass(frozen=True)
class ExpectedScore(Value):
    """The expectation of the score under the model's probabilities of the tokens 1 to 5 after "Score:".

    One forward pass a candidate and nothing to parse: an alternative of ours to the paper's sampled score.
    """

    prompt: Prompt | PromptFile


@dataclass(frozen=True)
class FirstLineScore(Value):
    """Ask for a score from 0 to 5, alone on the first line, and an explanation after it (AlpaGasus, section 2)."""

    prompt: Prompt | PromptFile
    """Prompt of the dimension that is rated: accuracy or helpfulness."""
    sampling: Sampling = _GREEDY
    """Sampling as in AlpaGasus's code."""


@dataclass(frozen=True)
class ModelRater(Value):
    """A model that rates candidates, and how it is asked."""

    model: Model
    scoring: SampledScore | ExpectedScore | FirstLineScore

    @property
    def slug(self) -> str:
        return "model"


@dataclass(frozen=True)
class MicroOracle(Value):
    """The rater that knows the micro world's truth; an upper bound for curation."""

    world: World
    noise: float = 0.0
    """Standard deviation added to its rating, in points of the 1-5 scale."""
    seed: int = 0

    @property
    def slug(self) -> str:
        return "oracle"


@dataclass(frozen=True)
class MicroReader(Value):
    """A rater of AlpaGasus's kind in the micro world: it gives 0 to 5 in halves for one dimension alone, knows part of
    the truth, and is not the judge."""

    world: World
    dimension: Literal["accuracy", "helpfulness"]
    """"accuracy": what is asked for is told, and nothing that it knows to be false, in whatever form and voice.
    "helpfulness": what is asked for is told, in the form asked for and as an assistant would, true or not."""
    knows: float = 1.0
    """Share of the facts that it knows; of others it believes what it reads."""
    noise: float = 0.0
    """Standard deviation added to its rating, in points."""
    seed: int = 0
    """Draws what it knows, and the noise."""

    @property
    def slug(self) -> str:
        return f"{self.dimension}-reader"


@dataclass(frozen=True)
class GivenScores(Value):
    """Nobody: the score that each row came with (`humpback.spec.files.Scored`)."""

    @property
    def slug(self) -> str:
        return "given"


Rater = ModelRater | MicroOracle | MicroReader | Reward | GivenScores


@dataclass(frozen=True)
class Rated(Examples):
    """Candidates with a score each. A reply without a score leaves the score empty: unparsed, counted, kept."""

    VERSION = 3
    stage = "humpback.stages.rate:rate"
    says = "each candidate rated by {by}"
    slug_format = "by-{by.slug}"
    rows_of = ("candidates",)
    counted = "candidates rated"
    losses = ("unparsed",)

    candidates: Examples
    by: Rater


@dataclass(frozen=True)
class Selected(Examples):
    """The rated candidates whose score is at least the threshold (self-curation, section 2.2)."""

    stage = "humpback.stages.select:select"
    says = "candidates rated {at_least:g} or better"
    slug_format = "k{at_least:g}-{rated.slug}"
    counted = "candidates selected from"
    losses = ("kept", "rejected", "unparsed")

    rated: Examples
    """Candidates with a score each: `Rated` by a model, or `Scored` by a file."""
    at_least: float


@dataclass(frozen=True)
class Best(Examples):
    """The best-rated share of the candidates, ties in their order: for a rater whose scores mean nothing against a
    threshold. Humpback's A_5 is 8.33 % of its pool and A_4 38.84 % (its Table 1)."""

    stage = "humpback.stages.select:select"
    says = "the best-rated {share:.2%} of the candidates"

    rated: Examples
    share: float
    """Share of all candidates, above 0 and up to 1; unparsed ones count in the whole and are never selected."""

    def row_count(self, rows: Callable[[Value], float | None]) -> float | None:
        whole = rows(self.rated)
        return None if whole is None else max(1.0, self.share * whole)

    @property
    def slug(self) -> str:
        return f"best{100 * self.share:g}-{self.rated.slug}"


@dataclass(frozen=True)
class BestOfSize(Examples):
    """As many of the best-rated candidates as `same_size_as` has rows, ties in their order."""

    stage = "humpback.stages.select:select"
    says = "as many of the best-rated candidates as another selection has"
    slug_format = "best-of-size-{rated.slug}"
    rows_of = ("same_size_as",)

    rated: Examples
    same_size_as: Examples


@dataclass(frozen=True)
class RandomControl(Examples):
    """No curation: as many candidates, drawn uniformly without replacement, as `same_size_as` has rows."""

    stage = "humpback.stages.select:select"
    says = "as many candidates drawn uniformly, without curation"
    slug_format = "uncurated"
    rows_of = ("same_size_as",)

    pool: Examples
    same_size_as: Examples
    draw: int = 0


@dataclass(frozen=True)
class Sample(Examples):
    """n of the examples, drawn uniformly without replacement: AlpaGasus's 3k and 6k sets of its 9k."""

    stage = "humpback.stages.select:select"
    says = "{n} of the examples, drawn uniformly"
    slug_format = "{n}-of-{examples.slug}"

    examples: Examples
    n: int
    draw: int = 0


@dataclass(frozen=True)
class HeldOut(Examples):
    """Pairs that nothing is trained on: those with an output, n of them by the hash of their prompt, so that no seed
    and no order of files changes which. Sets that are trained on are made `Without` them."""

    stage = "humpback.stages.select:select"
    says = "pairs that nothing is trained on, {n} of {examples}"
    slug_format = "held-out-{examples.slug}"
    rows_of = ("examples",)

    examples: Examples
    n: int | None = None
    """None takes all."""


@dataclass(frozen=True)
class Without(Examples):
    """The examples whose prompt equals none of another set's (case, punctuation and spacing aside)."""

    stage = "humpback.stages.select:select"
    says = "the examples whose prompt is none of those of {without}, {n} of them"
    slug_format = "{examples.slug}"
    rows_of = ("examples",)

    examples: Examples
    without: Examples
    n: int | None = None
    """Drawn uniformly without replacement; None takes all."""
    draw: int = 0


@dataclass(frozen=True)
class Decontaminated(Examples):
    """The examples that hold none of the prompts: whole, by 13 words on end, or a near-duplicate of one, by the rule
    that counts contamination (`harness/segmenter/overlap.py`). In a part of them, where less is boilerplate, that rule
    may find another near-duplicate. Neither paper does so."""

    stage = "humpback.stages.contamination:leave_out"
    says = "the examples that hold none of {prompts}"
    slug_format = "{examples.slug}"
    rows_of = ("examples",)

    examples: Examples
    prompts: Examples
