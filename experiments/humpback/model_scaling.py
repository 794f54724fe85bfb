"""Do larger models still gain? Data and model are scaled together.

The claim (Humpback, section 3.3, figure): the 65B seed model is a strong baseline, curated data still improve it, and
neither 7B nor 65B saturates at 40k examples. The figure's values are not known. It is falsified when the largest model
gains nothing from the most data, when a curve of three sizes or more is level at its end, or when a larger model is not
better with the same data. That the setup's own base gains from the most data is joint_training's claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.experiments.humpback.algorithm import (
    M0,
    arm,
    augmented_model,
    curated,
    first_iteration,
    seed_model,
    subset,
)
from humpback.experiments.setups.base import Base, Setup
from humpback.spec.claims import Arm, Claim, Curve, Paper

SHOWS = "figure: win rate against the number of augmented examples, by size of the model"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Every size of the base, which rates for itself. The paper's points are the 7B model's of the figure without the
    65B's, which could not be read."""
    seeds: dict[str, Arm] = {}
    for base in (Base("own", setup.base, setup.humpback), *setup.bases):
        name, curve = base.name, Curve(base.name)
        at = replace(setup, base=base.model, humpback=base.humpback)
        m0 = seeds[name] = arm(at, f"{name} M0", seed_model(at), M0)
        pool = curated(at, by=first_iteration(at))
        points = [
            arm(
                at,
                f"{name} {n}",
                augmented_model(at, subset(pool, n, seed)),
                Paper(M0.table, "A5", n, exact=True),
                curve=curve,
                n=n,
            )
            for n in at.scaled_sizes
        ]
        yield from (m0, *points)
        if name != "own":
            yield points[-1].beats(m0, f"curated data improve {name}", only="examples", stated_in="section 3.3")
            yield curve.rises(f"{name} improves with more data", stated_in="section 3.3")
        yield curve.keeps_rising(f"{name} does not saturate", stated_in="section 3.3")
    for larger, smaller in (("large", "own"), ("own", "small")):
        if {larger, smaller} <= set(seeds):
            better = "a larger model is better with the same seed data"
            yield seeds[larger].beats(seeds[smaller], better, only="base", stated_in="section 3.3")
