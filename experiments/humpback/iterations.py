"""Does it pay to go round again? Each iteration's model rates the pool for the next, and the ratings get better.

The claim (Humpback, section 2.2): a better model selects better data, and the second iteration is better than the
first, which the headline asks. The paper stops at two; the third is ours. It is falsified when that does not beat the
second.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import HUMPBACK, M0, arm, humpback
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim

SHOWS = "win rate of M0, M1, M2 and M3"
_PAPERS = {0: (M0,), 2: HUMPBACK}


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Each iteration's model, and the third against the second."""
    arms = [arm(setup, f"M{i}", model, *_PAPERS.get(i, ())) for i, model in enumerate(humpback(setup, iterations=3))]
    yield from arms
    third = "a third iteration is better than the second"
    yield arms[3].beats(arms[2], third, only="examples.second.examples", head_to_head=True)
