"""Does the filter work on other data? On Dolly, written by people, the filtered part beats the whole as well.

The claim (AlpaGasus): the model of those of Dolly's 15k examples that are rated 4.5 or better beats the model of all
15k. The counts are printed in figures only and are not known here. It is falsified when it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.experiments.alpagasus.algorithm import against_whole, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim
from humpback.spec.curation import RandomControl

SHOWS = "figure: win/tie/lose of the filtered against the whole of another set (Dolly)"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """The filter and the random control on the other set."""
    others = filtering(setup).other_examples
    at = replace(setup, filtering=replace(filtering(setup), examples=others))
    good = filtered(at)
    control = RandomControl(others, same_size_as=good, draw=seed)
    arms = {name: trained(at, examples) for name, examples in (("filtered", good), ("random", control))}
    best, random = (replace(against_whole(at, *arm), opponent="whole other set") for arm in arms.items())
    yield from (best, random)
    yield best.beats_opponent("the filtered part of the other set beats the whole of it")
    yield best.beats(random, "and as many random examples of it", only="examples", head_to_head=True)
