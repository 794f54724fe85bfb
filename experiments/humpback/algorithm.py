"""Section 2 of the paper, as expressions: self-augmentation, self-curation, and the models that come of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from humpback.experiments.setups.base import BestShare, SelectionRule, Setup
from humpback.spec.claims import Arm, Curve, Paper
from humpback.spec.curation import (
    Best,
    Decontaminated,
    ExpectedScore,
    MicroOracle,
    ModelRater,
    Rated,
    Sample,
    SampledScore,
    Selected,
)
from humpback.spec.data import Backtranslated, Examples, Joined, Reversed, Tagged
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Judged, Responses
from humpback.spec.prompts import S_A, S_W
from humpback.spec.template import Model

Scoring = ExpectedScore | SampledScore


def seed_model(setup: Setup) -> Finetuned:
    """M_0: the base model finetuned on the seed data."""
    return Finetuned(setup.base, Tagged(setup.seed_data, S_A), setup.sft)


def candidates(setup: Setup) -> Backtranslated | Decontaminated:
    """A: an instruction for every web segment, by the backward model M_yx. Augmentation runs once. Where the setup has
    candidates decontaminated, those without the prompts of the evaluation."""
    backward = Finetuned(setup.base, Reversed(setup.seed_data, setup.backward_prompt), setup.backward)
    found = Backtranslated(setup.segments, by=backward, sampling=setup.augmentation, rating=setup.scoring.prompt)
    return Decontaminated(found, setup.prompts) if setup.decontaminated else found


def rated(setup: Setup, by: Finetuned | MicroOracle, scoring: Scoring | None = None) -> Rated:
    """Every candidate with the rater's score. The whole pool is scored every time."""
    rater = ModelRater(by, scoring or setup.scoring) if isinstance(by, Finetuned) else by
    return Rated(candidates(setup), by=rater)


def select(rated: Rated, rule: SelectionRule) -> Selected | Best:
    """A_k: what the rater scores at k or better, or the best-rated share."""
    if isinstance(rule, BestShare):
        return Best(rated, share=rule.share)
    return Selected(rated, at_least=rule.score)


def curated(setup: Setup, by: Finetuned | MicroOracle) -> Selected | Best:
    """The candidates that the setup's self-curation selects."""
    return select(rated(setup, by), setup.selection)


def augmented_model(setup: Setup, augmented: Examples) -> Finetuned:
    """A model that starts from the base, trained on seed data (S_a) and augmented data (S_w) together."""
    return Finetuned(setup.base, Joined(Tagged(setup.seed_data, S_A), Tagged(augmented, S_W)), setup.sft)


def humpback(setup: Setup, iterations: int = 2) -> tuple[Finetuned, ...]:
    """M_0, M_1, ..., M_iterations: each rates the pool for the next."""
    models = [seed_model(setup)]
    for _ in range(iterations):
        models.append(augmented_model(setup, curated(setup, by=models[-1])))
    return tuple(models)


def first_iteration(setup: Setup) -> Finetuned:
    """M_1, which rates the pool for the paper's A_5^(2) and A_4^(2)."""
    return humpback(setup, iterations=1)[1]


def subset(examples: Examples, n: int, seed: int) -> Sample:
    """n of the examples."""
    return Sample(examples, n, draw=seed)


def with_seed_data(setup: Setup, n: int) -> Setup:
    """The setup with n seed pairs. Whatever draws seed data has a field `n`."""
    changed: Any = setup.seed_data
    return replace(setup, seed_data=replace(changed, n=n))


def arm(
    setup: Setup,
    name: str,
    model: Model,
    *papers: Paper,
    system: tuple[str, ...] = (S_A, S_W),
    curve: Curve | None = None,
    n: int = 0,
) -> Arm:
    """The model's answers to the setup's prompts, judged against the reference's. They are given under both system
    sentences joined, the paper's choice at inference. Of the papers' numbers it cites the first that stands beside the
    setup's."""
    answers = Responses(model, setup.prompts, setup.answering, system=system)
    judged = Judged(answers, against=setup.reference, by=setup.judge)
    return Arm(name, model, judged, curve, n, setup.cites(*papers))


M0 = Paper("humpback-quality-vs-quantity", "M0")
HUMPBACK = (
    Paper("humpback-data-efficiency", "Humpback", 45_021),
    *(Paper("humpback-alpaca-eval", f"Humpback {size}", size=size) for size in ("33B", "65B", "70B")),
)
"""M_2: the last point of the 7B curve, and the leaderboard's rows of the larger models."""


def alpha(row: str) -> Paper:
    """The paper's slope of a set of its scaling figure."""
    return Paper("humpback-alpha", row, metric="alpha")
