"""Does it pay to go round again? Each iteration's model rates the pool for the next, and the ratings get better.

The claim (Humpback, section 2.2): a better model selects better data, and the second iteration is better than the
first. The paper stops at two; the third is ours. It is falsified when a model does not beat the one before it.
"""

from __future__ import annotations

from humpback.experiments.cited import cited_humpback, cited_m0, known
from humpback.experiments.humpback.algorithm import arm, humpback
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Comparison
from humpback.spec.outcomes import Arm

SHOWS = "win rate of M0, M1, M2 and M3"


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says of each step."""
    step = "examples.second.examples"
    told = {1: "section 3.5", 2: "section 2.2", 3: "not in the paper"}
    return tuple(
        Comparison(
            f"M{i}",
            f"M{i - 1}",
            differ_in="examples" if i == 1 else step,
            claim=f"iteration {i} improves on the model before it ({told[i]})",
            head_to_head=True,
        )
        for i in (1, 2, 3)
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    return {f"M{i}": arm(at, model) for i, model in enumerate(humpback(at, iterations=3))}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The paper's numbers of the same arms; M_1's is not printed."""
    return known({"M0": cited_m0(setup), "M2": cited_humpback(setup)})
