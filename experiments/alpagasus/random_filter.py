"""Is it the filter or the size? As many random examples do worse than the filtered ones.

The claim (AlpaGasus): a model of 9k random examples loses to the model of the 9k filtered ones. The counts are
printed in a figure only and are not known here. It is falsified when the filtered model does not beat the random one
head to head.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import FILTERED, against_whole, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.experiments.without_judge import without_judge
from humpback.spec.claims import Arm, Claim
from humpback.spec.curation import RandomControl
from humpback.spec.measures import Measure

SHOWS = "figure: win/tie/lose of the filtered against as many random examples"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Measure | Claim]:
    """Both against the whole set's model, and against each other. The random one's counts are not known. The losses on
    held-out answers, where there are any."""
    good = filtered(setup)
    control = RandomControl(filtering(setup).examples, same_size_as=good, draw=seed)
    best = against_whole(setup, "filtered", trained(setup, good), *FILTERED)
    random = against_whole(setup, "random", trained(setup, control))
    yield from (best, random)
    words = "filtered examples beat as many random ones"
    yield best.beats(random, words, only="examples", stated_in="figure of the random filter", head_to_head=True)
    lower = "filtered examples have a lower loss than as many random ones"
    yield from without_judge(setup, [best, random], (best, random, lower))
