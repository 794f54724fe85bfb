"""Do larger models still gain? Data and model are scaled together.

The claim (Humpback, section 3.3, figure): the 65B seed model is a strong baseline, curated data still improve it, and
neither 7B nor 65B saturates at 40k examples. The figure's values are not known. It is falsified when the largest model
gains nothing from the most data, or a larger model is not better with the same data.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.experiments.cited import cited_m0, known, win_rate
from humpback.experiments.humpback.algorithm import arm, augmented_model, curated, first_iteration, seed_model, subset
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Comparison, Point, Rising
from humpback.spec.outcomes import Arm
from humpback.spec.template import Model

SHOWS = "figure: win rate against the number of augmented examples, by size of the model"


def _bases(setup: Setup) -> dict[str, Model]:
    """Every size by name; the setup's own is called "own"."""
    return {"own": setup.base, **dict(setup.bases)}


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's text says."""
    most = setup.scaled_sizes[-1]
    found: list[Claim] = []
    for name in _bases(setup):
        found.append(
            Comparison(f"{name} {most}", f"{name} M0", "examples", f"curated data improve {name} (section 3.3)")
        )
        found.append(Rising(name, f"{name} improves with more data (section 3.3)"))
    if "large" in _bases(setup):
        found.append(Comparison("large M0", "own M0", "base", "a larger model is better with the same seed data"))
    return tuple(found)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name: each size rates for itself."""
    found = {}
    for name, base in _bases(setup).items():
        at = replace(setup.at(seed), base=base)
        found[f"{name} M0"] = arm(at, seed_model(at))
        pool = curated(at, by=first_iteration(at))
        for n in at.scaled_sizes:
            model = augmented_model(at, subset(pool, n, seed))
            found[f"{name} {n}"] = arm(at, model, point=Point(name, n))
    return found


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The 7B model's points of the figure without the 65B's, which could not be read."""
    name = {"llama-7b": "own", "llama-65b": "small"}.get(setup.name)
    if name is None:
        return known({"own M0": cited_m0(setup)})
    points = {f"{name} {n}": win_rate("humpback-quality-vs-quantity", "A5", n) for n in setup.scaled_sizes}
    return {f"{name} M0": win_rate("humpback-quality-vs-quantity", "M0"), **points}
