"""How much does a doubling of data buy? Win rate grows with the logarithm of size, and Humpback's data buy the most.

The claim (Humpback, section 3.3 and its table of coefficients): w = alpha log N + C, with alpha 6.95 for Humpback
against 5.69 (WizardLLM), 5.40 (Alpaca-GPT4), 4.53 (Vicuna), 4.43 (Open Assistant), 2.86 (LIMA), 1.99 (Alpaca) and 0.22
(FLAN v2). The same pool without curation is beside them here; the paper has its points in the figure of quality
against quantity. It is falsified for a set whose slope is not below Humpback's.
"""

from __future__ import annotations

from humpback.experiments.cited import cited_m0, has_humpback_s_sizes, humpback_size, known, of_7b, win_rate
from humpback.experiments.humpback.algorithm import (
    arm,
    augmented_model,
    candidates,
    curated,
    first_iteration,
    seed_model,
    subset,
    with_seed_data,
)
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Point, Rising
from humpback.spec.data import Tagged
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Arm
from humpback.spec.prompts import S_A

SHOWS = "table of scaling coefficients; figure: win rate against the number of training examples, by data set"

PAPER_CURVES = {
    "humpback": ("humpback-data-efficiency", "Humpback"),
    "seed data": ("humpback-data-efficiency", "Open Assistant"),
    "wizardlm": ("humpback-data-efficiency", "WizardLLM"),
    "alpaca-gpt4": ("humpback-data-efficiency", "Alpaca-GPT4"),
    "vicuna": ("humpback-data-efficiency", "Vicuna"),
    "lima": ("humpback-data-efficiency", "LIMA"),
    "alpaca": ("humpback-data-efficiency", "Alpaca"),
    "flan-v2": ("humpback-data-efficiency", "FLAN v2"),
    "machine-made": ("humpback-data-efficiency", "Alpaca"),
    "narrow": ("humpback-data-efficiency", "LIMA"),
    "terse": ("humpback-data-efficiency", "FLAN v2"),
}
"""The last three are the micro world's counterparts."""

_ALPHA = {
    "humpback": 6.95,
    "wizardlm": 5.69,
    "alpaca-gpt4": 5.40,
    "vicuna": 4.53,
    "seed data": 4.43,
    "lima": 2.86,
    "alpaca": 1.99,
    "flan-v2": 0.22,
    "machine-made": 1.99,
    "narrow": 2.86,
    "terse": 0.22,
}
"""The last three are the micro world's counterparts."""


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
    found.append(Rising("humpback", "Humpback's data scale better than the pool without curation", over="uncurated"))
    return of_7b(setup, found)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name. Humpback's size counts the seed data, as the paper's figure does."""
    at = setup.at(seed)
    pools = {"humpback": curated(at, by=first_iteration(at)), "uncurated": candidates(at)}
    human = at.seed_size
    found = {}
    for name, pool in pools.items():
        for n in at.augmented_sizes:
            model = augmented_model(at, subset(pool, n, seed))
            found[f"{name} {human + n}"] = arm(at, model, point=Point(name, human + n))
    for n in at.seed_sizes:
        found[f"seed data {n}"] = arm(at, seed_model(with_seed_data(at, n)), point=Point("seed data", n))
    for rival in at.rivals:
        for n in rival.sizes:
            model = Finetuned(at.base, Tagged(subset(rival.examples, n, seed), S_A), at.sft)
            found[f"{rival.name} {n}"] = arm(at, model, point=Point(rival.name, n))
    return found


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The table's coefficients at 7B, and the points of the paper's figure; on setups of other sizes only the seed
    model's, where it lies on the curve."""
    curves = ["humpback", "seed data", *(rival.name for rival in setup.rivals)] if humpback_size(setup) == "7B" else []
    table = {name: {"alpha": Cited("humpback-alpha", PAPER_CURVES[name][1], "alpha")} for name in curves}
    if not has_humpback_s_sizes(setup):
        size = setup.seed_size
        return known({**table, **({f"seed data {size}": cited_m0(setup)} if size in setup.seed_sizes else {})})
    sizes = {
        "humpback": tuple(setup.seed_size + n for n in setup.augmented_sizes),
        "seed data": setup.seed_sizes,
        **{rival.name: rival.sizes for rival in setup.rivals},
    }
    return table | {f"{name} {n}": win_rate(*PAPER_CURVES[name], n) for name in sizes for n in sizes[name]}
