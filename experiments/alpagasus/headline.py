"""Does less data do better? A model of the best-rated sixth beats the model of the whole set.

The claim (AlpaGasus): trained on the 9,229 of Alpaca's 52,002 examples that ChatGPT rates 4.5 or better, a 7B model
wins 284, ties 210 and loses 236 of 730 prompts against the model of all 52k (two-sided sign test p = .035); a 13B model
wins 293, ties 198 and loses 239. It is falsified when the filtered model does not beat the whole set's.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import against_whole, filtered, trained
from humpback.experiments.cited import cited_filtered, filtered_beats_whole, known
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Above, Cited, Claim
from humpback.spec.outcomes import Arm

SHOWS = "figure: win/tie/lose of the filtered against the whole set, on four test sets"
REFERENCE = "whole set"
BY_SET = True


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    return (Above("filtered", "the filtered set's model beats the whole set's", paper=filtered_beats_whole(setup)),)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    return {"filtered": against_whole(at, trained(at, filtered(at)))}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The paper's 730 prompts together."""
    return known({"filtered": cited_filtered(setup)})
