"""How many human examples does it take? More seed data help, and augmentation helps at every size.

The claim (Humpback, section 3.3): the seed model improves with its data. The paper varies the seed data of the seed
model only; what another seed does to the whole loop is a question of ours (at the setup's own size it is the
headline's). It is falsified when the seed model's curve is level, or M1 does not beat M0 at a size.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import M0, alpha, arm, first_iteration, seed_model, with_seed_data
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Curve, Paper

SHOWS = "figure: win rate against the number of seed examples, of the seed model and of one iteration"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Both models at each number of seed examples."""
    human, once = Curve("M0", alpha=setup.cites(alpha("Open Assistant"))), Curve("M1")
    pairs = {}
    for n in setup.seed_sizes:
        at = with_seed_data(setup, n)
        papers = [Paper("humpback-data-efficiency", "Open Assistant", n, exact=True)]
        papers += [M0] if n == setup.seed_size else []
        pairs[n] = (
            arm(at, f"M0 {n}", seed_model(at), *papers, curve=human, n=n),
            arm(at, f"M1 {n}", first_iteration(at), curve=once, n=n),
        )
        yield from pairs[n]

    yield human.rises("a seed model with more seed data is better", stated_in="table of scaling coefficients")
    yield once.rises("one iteration with more seed data is better")
    for n, (m0, m1) in pairs.items():
        if n != setup.seed_size:
            yield m1.beats(m0, f"one iteration beats its seed model with {n:,} seed examples", only="examples")
