"""How much does a doubling of data buy? Win rate grows with the logarithm of size, and Humpback's data buy the most.

The claim (Humpback, section 3.3 and its table of coefficients): w = alpha log N + C, with alpha 6.95 for Humpback
against 5.69 (WizardLLM), 5.40 (Alpaca-GPT4), 4.53 (Vicuna), 4.43 (Open Assistant), 2.86 (LIMA), 1.99 (Alpaca) and 0.22
(FLAN v2).
It is falsified for a comparison set whose slope is not below Humpback's.
"""

from __future__ import annotations

from experiments.humpback.algorithm import (
    arm,
    augmented_model,
    curated,
    first_iteration,
    seed_model,
    subset,
    with_seed_data,
)
from experiments.setup import Setup
from harness.claims import Claim, Point, Rising
from harness.data import Tagged
from harness.models import Finetuned
from harness.outcomes import Arm
from harness.prompts import S_A

SHOWS = "table of scaling coefficients; figure: win rate against the number of training examples, by data set"

_ALPHA = {
    "humpback": 6.95,
    "wizardlm": 5.69,
    "alpaca-gpt4": 5.40,
    "vicuna": 4.53,
    "seed data": 4.43,
    "lima": 2.86,
    "alpaca": 1.99,
    "flan-v2": 0.22,
}


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says of the slopes."""
    own = _ALPHA["humpback"]
    found: list[Claim] = [Rising("humpback", "more of Humpback's data are better (section 3.3)", paper=own)]
    for name in ("seed data", *(one.name for one in setup.rivals)):
        paper = _ALPHA.get(name)
        found.append(
            Rising(
                "humpback",
                f"Humpback's data scale better than {name}",
                over=name,
                paper=None if paper is None else round(own - paper, 2),
            )
        )
    return tuple(found)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name. Humpback's size counts the seed data, as the paper's figure does."""
    at = setup.at(seed)
    pool = curated(at, by=first_iteration(at))
    human = at.seed_size
    found = {}
    for n in at.grid.augmented:
        model = augmented_model(at, subset(pool, n, seed))
        found[f"humpback {human + n}"] = arm(at, model, point=Point("humpback", human + n))
    for n in at.grid.seed_data:
        found[f"seed data {n}"] = arm(at, seed_model(with_seed_data(at, n)), point=Point("seed data", n))
    for rival in at.rivals:
        for n in rival.sizes:
            model = Finetuned(at.base, Tagged(subset(rival.examples, n, seed), S_A), at.sft)
            found[f"{rival.name} {n}"] = arm(at, model, point=Point(rival.name, n))
    return found
