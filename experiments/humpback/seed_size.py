"""How many human examples does it take? More seed data help, and augmentation helps at every size.

The claim (Humpback, sections 3.3 and 3.5): the seed model improves with its data, and M1 improves on it. The paper
varies the seed data of the seed model only; what a smaller seed does to the whole loop is a question of ours. It is
falsified when the seed model's curve is level, or M1 does not beat M0 at a size.
"""

from __future__ import annotations

from humpback.experiments.cited import cited_m0, has_humpback_s_sizes, known, of_7b, win_rate
from humpback.experiments.humpback.algorithm import arm, first_iteration, seed_model, with_seed_data
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Comparison, Point, Rising
from humpback.spec.outcomes import Arm

SHOWS = "figure: win rate against the number of seed examples, of the seed model and of one iteration"


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says, and what we ask."""
    found: tuple[Claim, ...] = (
        Rising("M0", "a seed model with more seed data is better (Open Assistant's curve)", paper=4.43),
        Rising("M1", "one iteration with more seed data is better (our question)"),
        *(
            Comparison(
                f"M1 {n}",
                f"M0 {n}",
                differ_in="examples",
                claim=f"one iteration beats its seed model with {n:,} seed examples (section 3.5)",
            )
            for n in setup.seed_sizes
        ),
    )
    return of_7b(setup, found)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    found = {}
    for n in setup.seed_sizes:
        at = with_seed_data(setup.at(seed), n)
        found[f"M0 {n}"] = arm(at, seed_model(at), point=Point("M0", n))
        found[f"M1 {n}"] = arm(at, first_iteration(at), point=Point("M1", n))
    return found


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """Open Assistant's curve; on setups of other sizes the seed model's point, where it lies on the curve."""
    if has_humpback_s_sizes(setup):
        return {f"M0 {n}": win_rate("humpback-data-efficiency", "Open Assistant", n) for n in setup.seed_sizes}
    size = setup.seed_size
    return known({f"M0 {size}": cited_m0(setup)} if size in setup.seed_sizes else {})
