"""Is it the filter or the size? As many random examples do worse than the filtered ones.

The claim (AlpaGasus): a model of 9k random examples loses to the model of the 9k filtered ones. The counts are
printed in a figure only and are not known here. It is falsified when the filtered model does not beat the random one
head to head.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import against_whole, filtered, filtering, trained
from humpback.experiments.cited import cited_filtered, known
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Comparison
from humpback.spec.curation import Uniform
from humpback.spec.outcomes import Arm

SHOWS = "figure: win/tie/lose of the filtered against as many random examples"
REFERENCE = "whole set"
BY_SET = True


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    claim = "filtered examples beat as many random ones"
    return (Comparison("filtered", "random", differ_in="examples", claim=claim, head_to_head=True),)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    good = filtered(at)
    chance = Uniform(filtering(at).examples, as_many_as=good, draw=seed)
    return {"filtered": against_whole(at, trained(at, good)), "random": against_whole(at, trained(at, chance))}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The filtered set's model against the whole set's; the random one's counts are not known."""
    return known({"filtered": cited_filtered(setup)})
