"""How strict should the filter be? At 4.5 it helps; at 4.0 it keeps most of the set and does not.

The claim (AlpaGasus): the 9k at 4.5 win more against the whole set than the 39k at 4.0, which come out even (counts
read from the figure, on four test sets). It is falsified when the stricter filter is not the better one.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import FILTERED, against_whole, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Paper

SHOWS = "figure: win/tie/lose against the whole set by threshold"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """A model for each threshold. The paper's 39k at the lower one were tried at 7B."""
    given = filtering(setup)
    strict, looser = (
        against_whole(setup, f"at {k:g}", trained(setup, filtered(setup, at_least=k)), *papers)
        for k, papers in (
            (given.threshold, FILTERED),
            (given.looser, (Paper("alpagasus-size", "7B all", 39_469),)),
        )
    )
    yield from (strict, looser)
    better = f"{given.threshold:g} is a better threshold than {given.looser:g}"
    yield strict.beats(looser, better, only="examples.at_least", stated_in="figure of data sizes")
