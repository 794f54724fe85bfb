"""The judge: the oracle's preference between two answers, with noise and a liking for what is shown first.

Every draw is keyed by what is shown and in which place, never by whose answer it is: exchanging the names of two
systems changes nothing.
"""

import random
from typing import Literal

from humpback.micro.oracle import grade
from humpback.spec.micro_world import World

Verdict = Literal["first", "second", "tie"]

TIE_MARGIN = 0.02
"""Scores (0 to 1) that differ by no more than this are a tie."""


def verdict(
    world: World, instruction: str, first: str, second: str, *, noise: float, position_bias: float, seed: int
) -> Verdict:
    """Which of the answers, shown in this order, the judge prefers.

    noise: standard deviation of the Gaussian noise on each answer's score, drawn anew for each call.
    position_bias: share of the prompts on which whatever is shown first is preferred. They are drawn by the unordered
    pair of answers, so that on them the two orders always disagree: without noise the flip rate is this share.
    """
    one, two = sorted((first, second))
    if random.Random(f"biased/{seed}/{instruction}/{one}/{two}").random() < position_bias:
        return "first"
    rng = random.Random(f"noise/{seed}/{instruction}/{first}/{second}")
    difference = grade(world, instruction, first).score - grade(world, instruction, second).score
    difference += rng.gauss(0, noise) - rng.gauss(0, noise)
    if abs(difference) <= TIE_MARGIN:
        return "tie"
    return "first" if difference > 0 else "second"
