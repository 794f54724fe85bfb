"""Setups: section 3.1 of the paper as one frozen value each. A setup is a previous one plus named differences."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from harness.data import (
    Examples,
    ExpectedScore,
    MicroOracle,
    MicroPages,
    MicroPrompts,
    MicroSeed,
    MicroTexts,
    SampledScore,
    Sampling,
    Segments,
)
from harness.fingerprint import Artifact, Value
from harness.micro.world import World
from harness.models import BatchBySize, LinearTo, Llama, Pretrained, Sft, StepsBySize
from harness.outcomes import LocalJudge, MicroJudge, MicroReference
from harness.prompts import MICRO_BACKWARD, MICRO_RATING, Prompt
from harness.templates import Model, Template


@dataclass(frozen=True)
class AtLeast(Value):
    """Candidates rated at this score or better: the paper's A_k."""

    score: float


@dataclass(frozen=True)
class BestShare(Value):
    """The best-rated share of the candidates, for raters whose scores mean nothing against a threshold."""

    share: float


@dataclass(frozen=True)
class Setup(Value):
    """Everything that an experiment does not vary."""

    name: str
    base: Model
    """One artifact whatever the seed of the run, as LLaMA is."""
    seed_data: Examples
    segments: Examples
    backward_prompt: Prompt
    backward: Sft
    """Recipe of M_yx."""
    augmentation: Sampling
    """How instructions are drawn from M_yx."""
    sft: Sft
    """Recipe of every M_t."""
    scoring: ExpectedScore | SampledScore
    keep: AtLeast | BestShare
    """Which rated candidates self-curation selects."""
    oracle: MicroOracle | None
    """The rater that is an upper bound for curation, where the truth is known."""
    prompts: Examples
    answering: Sampling
    reference: Examples
    """Answers that every arm is judged against."""
    judge: MicroJudge | LocalJudge

    def at(self, seed: int) -> Setup:
        """This setup with everything random drawn anew: data, order of training, sampling. Prompts, reference, judge
        and base stay, so that runs are paired over prompts."""
        return replace(
            self,
            seed_data=drawn(self.seed_data, seed),
            segments=drawn(self.segments, seed),
            backward=replace(self.backward, seed=seed),
            augmentation=replace(self.augmentation, seed=seed),
            sft=replace(self.sft, seed=seed),
            answering=replace(self.answering, seed=seed),
        )


Drawn = TypeVar("Drawn", bound=Artifact)


def drawn(artifact: Drawn, seed: int) -> Drawn:
    """The same data, drawn anew wherever it or what it is made of has a `draw`."""
    changes: dict[str, Any] = {}
    for field in fields(artifact):
        value = getattr(artifact, field.name)
        if field.name == "draw":
            changes["draw"] = seed
        elif isinstance(value, Artifact):
            changes[field.name] = drawn(value, seed)
    return replace(artifact, **changes) if changes else artifact


_WORLD = World()
_MICRO_PROMPTS = MicroPrompts(_WORLD, n=805)
"""As many as AlpacaEval's."""
_MICRO_SFT = Sft(
    learning_rate=1e-4,
    schedule=LinearTo(9e-5, warm_up=0.05),
    weight_decay=0.1,
    dropout=0.0,
    batch=BatchBySize(below=300, small=8, large=32),
    duration=StepsBySize(((64, 30), (800, 200))),
    longest=256,
)
"""The paper's recipe in proportion: the rate falls to nine tenths, small sets take small batches and few updates."""

MICRO = Setup(
    name="micro",
    base=Pretrained(
        MicroTexts(_WORLD, n=24_000),
        Llama(layers=3, width=128, heads=4, feed_forward=256, initializer_range=0.08),
        Template(system="{system}\n", instruction="Question: {instruction}\nAnswer:\n"),
        learning_rate=4e-3,
        schedule=LinearTo(2e-4, warm_up=0.03),
        beta2=0.95,
        batch=16,
        updates=3_000,
    ),
    seed_data=MicroSeed(_WORLD, n=64),
    segments=Segments(
        MicroPages(_WORLD, n=1_200),
        shortest=10,
        longest=400,
        repeats=None,
        language=None,
        boilerplate=None,
        between="\n",
    ),
    backward_prompt=MICRO_BACKWARD,
    backward=_MICRO_SFT,
    augmentation=Sampling(temperature=0.7, top_p=0.9, max_new_tokens=32),
    sft=_MICRO_SFT,
    scoring=ExpectedScore(MICRO_RATING),
    keep=AtLeast(4.25),
    oracle=MicroOracle(_WORLD),
    prompts=_MICRO_PROMPTS,
    answering=Sampling(temperature=0.7, top_p=0.9, max_new_tokens=64),
    reference=MicroReference(_MICRO_PROMPTS),
    judge=MicroJudge(_WORLD, noise=0.1, position_bias=0.1),
)
"""Everything made locally, on a CPU, in minutes."""

SETUPS: dict[str, Setup] = {setup.name: setup for setup in (MICRO,)}
