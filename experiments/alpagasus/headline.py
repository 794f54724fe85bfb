"""Does less data do better? A model of the best-rated sixth beats the model of the whole set.

The claim (AlpaGasus): trained on the examples of Alpaca's 52,002 that ChatGPT rates 4.5 or better, a 7B model wins more
of 730 prompts than it loses against the model of all 52k (two-sided sign test p = .035), and a 13B model likewise. It
is falsified when the filtered model does not beat the whole set's.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import FILTERED, against_whole, filtered, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim

SHOWS = "figure: win/tie/lose of the filtered against the whole set, on four test sets"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """The filtered set's model against the whole set's."""
    arm = against_whole(setup, "filtered", trained(setup, filtered(setup)), *FILTERED)
    yield arm
    yield arm.beats_opponent("the filtered set's model beats the whole set's", stated_in="figure of the four test sets")
