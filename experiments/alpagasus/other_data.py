"""Does the filter work on other data? On Dolly, written by people, the filtered part beats the whole as well.

The claim (AlpaGasus): of Dolly's 15k examples 2,996 are rated 4.5 or better, and their model beats the model of all
15k. The counts are printed in figures only and are not known here. It is falsified when it does not.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.experiments.alpagasus.algorithm import against_whole, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Above, Claim, Comparison
from humpback.spec.curation import Uniform
from humpback.spec.outcomes import Arm

SHOWS = "figure: win/tie/lose of the filtered against the whole of another set (Dolly)"
REFERENCE = "whole other set"
BY_SET = True


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    return (
        Above("filtered", "the filtered part of the other set beats the whole of it"),
        Comparison(
            "filtered",
            "random",
            differ_in="examples",
            claim="and as many random examples of it",
            head_to_head=True,
        ),
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    given = filtering(at)
    at = replace(at, filtering=replace(given, examples=given.other_examples))
    good = filtered(at)
    chance = Uniform(given.other_examples, as_many_as=good, draw=seed)
    return {"filtered": against_whole(at, trained(at, good)), "random": against_whole(at, trained(at, chance))}
