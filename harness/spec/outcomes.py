"""The vocabulary of outcomes: answers, judgements, and judges.

A judgement is keyed (prompt, a, b, judge, order) and both orders are always asked. How verdicts become a win rate is
`analysis/judgements/verdicts.py`: rules are functions of rows and need no artifact of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from humpback.core.expression import Artifact, Value
from humpback.spec.data import Examples, MicroPrompts, Sampling
from humpback.spec.micro_world import World
from humpback.spec.models import Reward
from humpback.spec.prompts import PairPrompt
from humpback.spec.template import Model


@dataclass(frozen=True)
class Responses(Examples):
    """The model's answer to each prompt."""

    VERSION = 2
    stage = "humpback.stages.respond:respond"
    says = "an answer to each prompt by the model"
    slug_format = "{model.slug}"
    rows_of = ("prompts",)
    counted = "answers"
    losses = ("empty", "cut", "prompt_too_long")

    model: Model
    prompts: Examples
    sampling: Sampling
    system: tuple[str, ...] = ()
    """System sentences, joined by a space; Humpback answers under S_a and S_w together (section 3.4)."""


@dataclass(frozen=True)
class AnswerLosses(Artifact):
    """How improbable the model finds the answer of each pair after its prompt: the sum over the answer's tokens, the
    end of its turn among them, of the negative log-likelihood, in nats."""

    stage = "humpback.stages.answer_losses:measure_losses"
    says = "the loss of the model on the answers of {pairs}"
    slug_format = "{model.slug}-on-{pairs.slug}"
    rows_of = ("pairs",)
    counted = "held-out pairs read"
    losses = ("cut", "no_target")

    model: Model
    pairs: Examples
    system: tuple[str, ...] = ()
    """System sentences, joined by a space, in the place of the pairs' own."""
    longest: int = 2_048
    """Tokens of prompt and answer at most, or the base's context where that is less, whatever was trained on; what is
    longer is cut at the end."""


@dataclass(frozen=True)
class MicroReference(Examples):
    """Answers of a system of middling quality, made by spoiling true answers of the micro world."""

    stage = "humpback.stages.micro:make"
    says = "answers of middling quality by rule, in the micro world"
    slug_format = "reference"
    rows_of = ("prompts",)

    prompts: MicroPrompts


@dataclass(frozen=True)
class MicroJudge(Value):
    """A pairwise judge that knows the micro world's truth, with faults that can be set."""

    world: World
    noise: float = 0.0
    """Standard deviation added to each grade (0 to 1) at each call."""
    position_bias: float = 0.0
    """Share of the prompts on which it prefers whatever is shown first."""
    seed: int = 0


@dataclass(frozen=True)
class LocalJudge(Value):
    """A model on this machine as pairwise judge: whichever verdict it finds more probable after both answers."""

    model: Model


@dataclass(frozen=True)
class PromptedJudge(LocalJudge):
    """The same, asked in somebody's own words."""

    prompt: PairPrompt


@dataclass(frozen=True)
class Unjudged(Value):
    """No judge yet: the answers are made and kept, and whoever is named later judges these."""


@dataclass(frozen=True)
class AlpacaEvalJudge(Value):
    """A model behind an endpoint as pairwise judge, asked and read as one of alpaca-eval's annotator configurations
    says. Where the endpoint is, and what it charges, is the machine's."""

    config: str
    """Name of the configuration, such as "alpaca_eval_gpt4"; of one's own, the name in its file."""
    sha256: str
    """First 16 hexadecimal digits over what the configuration holds: prompt, sampling, parser."""
    model: str
    """Name by which the server is asked for it; the server says in each row which one answered."""
    samples: int = 3
    """Most times that a pair is asked about, while the reply cannot be parsed and another one can be hoped for: at
    temperature 0 once."""
    send: tuple[tuple[str, str], ...] = ()
    """Fields of the request in the place of the configuration's, or beside them: names, and values as JSON."""
    drop: tuple[str, ...] = ()
    """Fields of the configuration that are not sent."""


Judge = MicroJudge | LocalJudge | AlpacaEvalJudge | Reward | Unjudged


@dataclass(frozen=True)
class Matched(Examples):
    """The answers of one set to another's prompts: rows whose prompt is the same text, or else the same but for case,
    punctuation and spacing, under the other's ids and in its order. The rest is kept aside, each with its reason."""

    stage = "humpback.stages.match:match"
    says = "the answers of {examples} to the prompts of {to}"
    slug_format = "{examples.slug}"
    rows_of = ("to",)

    examples: Examples
    to: Examples


@dataclass(frozen=True)
class Judged(Artifact):
    """`answers` against `against`, prompt by prompt, in both orders: two rows a prompt."""

    VERSION = 2
    stage = "humpback.stages.judge:judge"
    says = "the answers of {answers} against those of {against}, by {by} in both orders"
    slug_format = "{answers.slug}-vs-{against.slug}"
    rows_of = ("answers",)

    answers: Examples
    against: Examples
    by: Judge

    @property
    def parts(self) -> tuple[Artifact, ...]:
        """What can be made of it: itself, or, as long as there is no judge, both sides' answers."""
        return (self.answers, self.against) if isinstance(self.by, Unjudged) else (self,)
