"""Section 2 of the paper, as expressions: self-augmentation, self-curation, and the models that come of them."""

from __future__ import annotations

from experiments.setups import BestShare, Setup
from harness.data import (
    Backtranslated,
    Best,
    Examples,
    Joined,
    MicroOracle,
    ModelRater,
    Rated,
    Reversed,
    Selected,
    Tagged,
)
from harness.models import Finetuned
from harness.outcomes import Arm, Judged, Responses
from harness.prompts import S_A, S_W


def seed_model(setup: Setup) -> Finetuned:
    """M_0: the base model finetuned on the seed data."""
    return Finetuned(setup.base, Tagged(setup.seed_data, S_A), setup.sft)


def candidates(setup: Setup) -> Backtranslated:
    """A: an instruction for every web segment, by the backward model M_yx. Augmentation runs once."""
    backward = Finetuned(setup.base, Reversed(setup.seed_data, setup.backward_prompt), setup.backward)
    return Backtranslated(setup.segments, by=backward, sampling=setup.augmentation)


def curated(setup: Setup, by: Finetuned | MicroOracle) -> Selected | Best:
    """A_k: the candidates that the rater scores at k or better. The whole pool is scored every time."""
    rater = ModelRater(by, setup.scoring) if isinstance(by, Finetuned) else by
    rated = Rated(candidates(setup), by=rater)
    if isinstance(setup.keep, BestShare):
        return Best(rated, share=setup.keep.share)
    return Selected(rated, at_least=setup.keep.score)


def augmented_model(setup: Setup, augmented: Examples) -> Finetuned:
    """A model that starts from the base, trained on seed data (S_a) and augmented data (S_w) together."""
    return Finetuned(setup.base, Joined(Tagged(setup.seed_data, S_A), Tagged(augmented, S_W)), setup.sft)


def humpback(setup: Setup, iterations: int = 2) -> tuple[Finetuned, ...]:
    """M_0, M_1, ..., M_iterations: each rates the pool for the next."""
    models = [seed_model(setup)]
    for _ in range(iterations):
        models.append(augmented_model(setup, curated(setup, by=models[-1])))
    return tuple(models)


def arm(setup: Setup, model: Finetuned) -> Arm:
    """The model's answers to the setup's prompts, judged against the reference's. They are given under both system
    sentences joined, the paper's choice at inference."""
    answers = Responses(model, setup.prompts, setup.answering, system=(S_A, S_W))
    return Arm(model, Judged(answers, against=setup.reference, by=setup.judge))
