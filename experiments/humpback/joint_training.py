"""Do seed data and augmented data complement each other? Joint training beats each alone.

The claim (Humpback, section 3.5, figure): at equal size seed data alone beat curated augmented data alone; uncurated
augmented data alone do not improve with size; both together are better than either. It is falsified when joint training
does not beat a part, or when the uncurated curve rises, or the curated one no more than it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import (
    M0,
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
from humpback.spec.claims import Arm, Claim, Curve, Paper
from humpback.spec.data import Examples, Tagged
from humpback.spec.models import Finetuned
from humpback.spec.prompts import S_W

SHOWS = "figure: win rate by size of seed data alone, augmented data alone (curated or not) and both"
_SECTION = "section 3.5"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Seed data alone, augmented data alone, and both. The figure could not be read; seed data alone and joint training
    stand in others."""
    sizes = setup.augmented_sizes
    smallest, largest = sizes[0], sizes[-1]
    curated_alone, uncurated_alone, joint = (Curve(name) for name in ("curated alone", "uncurated alone", "joint"))

    def alone(curve: Curve, n: int, examples: Examples) -> Arm:
        return arm(
            setup,
            f"{curve.name} {n}",
            Finetuned(setup.base, Tagged(examples, S_W), setup.sft),
            curve=curve,
            n=n,
        )

    m0 = arm(setup, "M0", seed_model(setup), M0)
    own_size = [M0] if setup.papers_sizes and smallest == setup.seed_size else []
    seed_alone = arm(setup, f"seed alone {smallest}", seed_model(with_seed_data(setup, smallest)), *own_size)
    yield from (m0, seed_alone)
    good, whole = curated(setup, by=first_iteration(setup)), candidates(setup)
    at = {}
    for n in sizes:
        some = subset(good, n, seed)
        paper = Paper("humpback-quality-vs-quantity", "A5", n, exact=True)
        at[n] = (
            alone(curated_alone, n, some),
            alone(uncurated_alone, n, subset(whole, n, seed)),
            arm(setup, f"joint {n}", augmented_model(setup, some), paper, curve=joint, n=n),
        )
        yield from at[n]

    better = "at equal size seed data alone beat curated augmented data alone"
    yield seed_alone.beats(at[smallest][0], better, only="examples", stated_in=_SECTION)
    for other, name in ((m0, "seed data alone"), (at[largest][0], "curated data alone")):
        words = f"joint training beats {name}"
        yield at[largest][2].beats(other, words, only="examples", stated_in=_SECTION, head_to_head=True)
    worth = "curation is what makes augmented data alone worth adding"
    yield curated_alone.rises(worth, over=uncurated_alone, stated_in=_SECTION)
    yield uncurated_alone.does_not_rise("uncurated data alone do not improve with their number", stated_in=_SECTION)
