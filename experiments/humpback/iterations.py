"""Does it pay to go round again? Each iteration's model rates the pool for the next, and the ratings get better.

The claim (Humpback, section 2.2): a better model selects better data, and the second iteration is better than the
first. The paper stops at two; the third is ours. It is falsified when a model does not beat the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import HUMPBACK, M0, arm, humpback
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim

SHOWS = "win rate of M0, M1, M2 and M3"
_SAID = {1: "section 3.5", 2: "section 2.2", 3: "not in the paper"}
_PAPERS = {0: (M0,), 2: HUMPBACK}


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Each iteration's model, and each against the one before it."""
    arms = [arm(setup, f"M{i}", model, *_PAPERS.get(i, ())) for i, model in enumerate(humpback(setup, iterations=3))]
    yield from arms
    for i, said in _SAID.items():
        only = "examples" if i == 1 else "examples.second.examples"
        claim = f"iteration {i} improves on the model before it ({said})"
        yield arms[i].beats(arms[i - 1], claim, only=only, head_to_head=True)
