"""Where does Humpback succeed and its seed model fail? On more prompts than the other way round.

The claim (Humpback, section 3.5, table of examples): on a part of the test prompts the seed model fails and Humpback
does not, in reasoning, information seeking, advice, writing and recipes. The paper does not say how often it is the
other way round, nor what it is to fail; here it is to lose to the reference in both orders. That Humpback mends more
than it breaks is so a claim of ours, and falsified when it does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import arm, humpback
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Paper
from humpback.spec.measures import ImprovementOver, Measure

SHOWS = "table: test prompts on which the seed model fails and Humpback succeeds"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Measure | Claim]:
    """The seed model and Humpback's final model, prompt by prompt, both against the same reference."""
    first, _, final = humpback(setup, iterations=2)
    m0, m2 = arm(setup, "M0", first), arm(setup, "M2", final)
    yield from (m0, m2)
    share = {"mended, % of prompts": Paper("humpback-improvement", "all", metric="share_of_prompts", size="")}
    both = ImprovementOver("M2 over M0", before=m0.judged, after=m2.judged, paper=setup.cites_each(share))
    yield both
    more = "Humpback mends more of the seed model's failures than it adds"
    yield both.exceeds(0.0, "mended less broken, % of prompts", more, matters=5.0)
