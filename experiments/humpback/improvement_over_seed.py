"""Where does Humpback succeed and its seed model fail? On more prompts than the other way round.

The claim (Humpback, section 3.5, table of examples): of 251 test prompts there are 41 (16.3 %) on which the seed model
fails and Humpback does not: 3 of reasoning, 15 of information seeking, 15 of advice, 6 of writing, 2 recipes. The paper
does not say how often it is the other way round, nor what it is to fail; here it is to lose to the reference in both
orders. It is falsified when Humpback does not mend more prompts than it breaks.
"""

from __future__ import annotations

from humpback.experiments.humpback.algorithm import arm, humpback
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Greater
from humpback.spec.measures import Measure, Mended
from humpback.spec.outcomes import Arm

SHOWS = "table: test prompts on which the seed model fails and Humpback succeeds"

_BOTH = "M2 over M0"


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's table implies."""
    return (
        Greater(
            "mended less broken, % of prompts",
            _BOTH,
            0.0,
            "Humpback mends more of the seed model's failures than it adds (41 of 251 mended; broken are not reported)",
            matters=5.0,
        ),
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The seed model and Humpback's final model."""
    at = setup.at(seed)
    m0, _, m2 = humpback(at, iterations=2)
    return {"M0": arm(at, m0), "M2": arm(at, m2)}


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """Prompt by prompt, both against the same reference."""
    both = arms(setup, seed)
    return {_BOTH: Mended(before=both["M0"].judged, after=both["M2"].judged)}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """41 of 251."""
    return {_BOTH: {"mended, % of prompts": Cited("humpback-improvement", "all", "share_of_prompts")}}
