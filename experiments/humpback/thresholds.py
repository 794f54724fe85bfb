"""How strict should self-curation be? A higher threshold keeps fewer and better examples.

The paper (Humpback, section 3.3) sets k = 5 against k = 4 and against no curation at equal numbers of examples, which
quality_vs_quantity asks. Here each threshold keeps all that it selects, as training does, and that the setup's own is
the best is a claim of ours: falsified when it does not beat a lower one.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import HUMPBACK, arm, augmented_model, first_iteration, rated, select
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.spec.claims import Arm, Claim

SHOWS = "win rate and number of examples by threshold k"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """A model for each threshold. One that nothing reaches leaves its arm without a number. The setup's own is the one
    that Humpback is trained at; what the others reach is not printed."""
    m1, grid = first_iteration(setup), setup.grid
    own = setup.selection.score if isinstance(setup.selection, AtLeast) else None
    at = {}
    for k in sorted({*grid.thresholds, grid.looser, *([own] if own is not None else [])}):
        model = augmented_model(setup, select(rated(setup, by=m1), AtLeast(k)))
        at[k] = arm(setup, f"k = {k:g}", model, *(HUMPBACK if k == own else ()))
    yield from at.values()
    if own is None:
        return
    for k in (grid.thresholds[0], grid.looser):
        claim = f"examples rated {own:g} or better beat examples rated {k:g} or better"
        yield at[own].beats(at[k], claim, only="examples.second.examples.at_least")
