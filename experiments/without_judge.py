"""What is measured of an experiment's models without a judge: the loss on held-out answers, and claims about it."""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim
from humpback.spec.data import Examples
from humpback.spec.measures import HeldOutLoss, Measure, RefusalRate
from humpback.spec.outcomes import AnswerLosses, Responses, Unjudged
from humpback.spec.template import Model

LOSS_THAT_MATTERS = 0.02
"""Nats a token: 2 % of perplexity. The choice is ours."""
Expected = tuple[Arm, Arm, str]
"""The arm whose loss is said to be lower, the other, and the claim."""


def without_judge(setup: Setup, arms: list[Arm], *expected: Expected) -> Iterator[Measure | Claim]:
    """The loss of the base and of each arm's model on the setup's held-out pairs, asked as the arm answers prompts; and
    that one is lower than another. Nothing where no pairs are held out. Where nobody judges the answers, how many of
    them refuse. The papers measure none of it."""
    if isinstance(setup.judge, Unjudged):
        yield from (RefusalRate(f"refusals of {arm.name}", arm.judged.answers) for arm in arms)
    if setup.held_out is None:
        return
    losses = {arm.name: _loss(setup.held_out, arm.name, arm.model, _system(arm)) for arm in arms}
    yield _loss(setup.held_out, "base", setup.base, ())
    yield from losses.values()
    for lower, other, words in expected:
        higher = losses[other.name]
        yield higher.exceeds(losses[lower.name], HeldOutLoss.METRIC, words, matters=LOSS_THAT_MATTERS)


def _loss(pairs: Examples, name: str, model: Model, system: tuple[str, ...]) -> HeldOutLoss:
    return HeldOutLoss(f"held-out loss of {name}", AnswerLosses(model, pairs, system))


def _system(arm: Arm) -> tuple[str, ...]:
    answers = arm.judged.answers
    return answers.system if isinstance(answers, Responses) else ()
