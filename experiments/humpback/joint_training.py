"""Do seed data and augmented data complement each other? Joint training beats each alone.

The claim (Humpback, section 3.5, figure): at equal size seed data alone beat curated augmented data alone; uncurated
augmented data alone do not improve with size; both together are better than either. It is falsified when joint training
does not beat a part, or when the uncurated curve rises as the curated one does.
"""

from __future__ import annotations

from humpback.experiments.cited import cited_m0, has_humpback_s_sizes, known, win_rate
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
from humpback.spec.claims import Cited, Claim, Comparison, Point, Rising
from humpback.spec.data import Examples, Tagged
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Arm
from humpback.spec.prompts import S_W

SHOWS = "figure: win rate by size of seed data alone, augmented data alone (curated or not) and both"


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's text says; its figure's values are not known."""
    smallest, largest = setup.augmented_sizes[0], setup.augmented_sizes[-1]
    return (
        Comparison(
            f"seed alone {smallest}",
            f"curated alone {smallest}",
            differ_in="examples",
            claim="at equal size seed data alone beat curated augmented data alone",
        ),
        *(
            Comparison(
                f"joint {largest}",
                other,
                differ_in="examples",
                claim=f"joint training beats {other.rsplit(' ', 1)[0]}",
                head_to_head=True,
            )
            for other in ("M0", f"curated alone {largest}")
        ),
        Rising("curated alone", "curation is what makes augmented data alone worth adding", over="uncurated alone"),
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    good, whole = curated(at, by=first_iteration(at)), candidates(at)

    def alone(augmented: Examples) -> Finetuned:
        return Finetuned(at.base, Tagged(augmented, S_W), at.sft)

    smallest = at.augmented_sizes[0]
    found = {
        "M0": arm(at, seed_model(at)),
        f"seed alone {smallest}": arm(at, seed_model(with_seed_data(at, smallest))),
    }
    for n in at.augmented_sizes:
        some, any_ = subset(good, n, seed), subset(whole, n, seed)
        found[f"curated alone {n}"] = arm(at, alone(some), point=Point("curated alone", n))
        found[f"uncurated alone {n}"] = arm(at, alone(any_), point=Point("uncurated alone", n))
        found[f"joint {n}"] = arm(at, augmented_model(at, some), point=Point("joint", n))
    return found


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The figure could not be read; seed data alone and joint training stand in others."""
    found = {"M0": cited_m0(setup)}
    if has_humpback_s_sizes(setup):
        found[f"seed alone {setup.seed_size}"] = cited_m0(setup)
        for n in setup.augmented_sizes:
            found[f"joint {n}"] = win_rate("humpback-quality-vs-quantity", "A5", n)
    return known(found)
