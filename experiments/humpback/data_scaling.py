"""How much does a doubling of data buy? Win rate grows with the logarithm of size, and Humpback's data buy the most.

The claim (Humpback, section 3.3 and its table of coefficients): w = alpha log N + C, with a greater alpha for Humpback
than for any other set. It is falsified when Humpback's slope is not above zero, or for a set whose slope is not below
it.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import (
    HUMPBACK,
    M0,
    alpha,
    arm,
    augmented_model,
    curated,
    first_iteration,
    seed_model,
    subset,
    with_seed_data,
)
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Curve, Paper
from humpback.spec.data import Tagged
from humpback.spec.models import Finetuned
from humpback.spec.prompts import S_A

SHOWS = "table of scaling coefficients; figure: win rate against the number of training examples, by data set"
FIGURE = "humpback-data-efficiency"
_TABLE = "table of scaling coefficients"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """A curve for each set. Humpback's size counts the seed data, as the paper's figure does; its last point is of all
    that is curated (the paper's 45,021), which is as many as there are."""

    def curve(name: str, row: str) -> Curve:
        return Curve(name, setup.cites(alpha(row)), (FIGURE, row))

    def point(on: Curve, n: int, model: Finetuned, *papers: Paper) -> Arm:
        exact = [Paper(FIGURE, on.points[1], n, exact=True)] if on.points else []
        return arm(setup, f"{on.name} {n}", model, *exact, *papers, curve=on, n=n)

    own, pool = curve("humpback", "Humpback"), curated(setup, by=first_iteration(setup))
    for n in setup.augmented_sizes:
        yield point(own, setup.seed_size + n, augmented_model(setup, subset(pool, n, seed)))
    yield arm(setup, "humpback, all", augmented_model(setup, pool), *HUMPBACK, curve=own)
    human = curve("seed data", "Open Assistant")
    for n in setup.seed_sizes:
        own_size = [M0] if n == setup.seed_size else []
        yield point(human, n, seed_model(with_seed_data(setup, n)), *own_size)
    rivals = {rival.name: curve(rival.name, rival.paper) for rival in setup.rivals}
    for rival in setup.rivals:
        for n in rival.sizes:
            tagged = Tagged(subset(rival.examples, n, seed), S_A)
            yield point(rivals[rival.name], n, Finetuned(setup.base, tagged, setup.sft))

    yield own.rises("more of Humpback's data are better", stated_in=_TABLE)
    for other in (human, *rivals.values()):
        yield own.rises(f"Humpback's data scale better than {other.name}", over=other, stated_in=_TABLE)
