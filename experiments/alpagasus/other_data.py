"""Does the filter work on other data? On Dolly, written by people, the filtered part beats the whole as well.

The claim (AlpaGasus): the model of those of Dolly's 15k examples that are rated 4.5 or better beats the model of all
15k. The counts are printed in figures only and are not known here. It is falsified when it does not. That it beats as
many random examples is a claim of ours, and so is everything about the models of GPT4LLM, of which the paper says how
much the filter keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.experiments.alpagasus.algorithm import against_whole, filtered, filtering, on, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim
from humpback.spec.curation import RandomControl

SHOWS = "figure: win/tie/lose of the filtered against the whole of another set (Dolly)"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """The filter and the random control on each of the other sets."""
    for other in filtering(setup).others:
        at = on(setup, other.examples)
        good = filtered(at)
        control = RandomControl(other.examples, same_size_as=good, draw=seed)
        best, random = (
            replace(against_whole(at, f"{name}, {other.name}", trained(at, examples)), opponent="the whole of its set")
            for name, examples in (("filtered", good), ("random", control))
        )
        yield from (best, random)
        stated_in = "figure of Dolly" if other.paper == "Dolly" else ""
        yield best.beats_opponent(f"the filtered part of {other.name} beats the whole of it", stated_in=stated_in)
        as_many = f"the filtered part of {other.name} beats as many random examples of it"
        yield best.beats(random, as_many, only="examples", head_to_head=True)
