"""How near do filtered data come to stronger systems? Beside the whole set, against the same systems.

The claim (AlpaGasus): the 13B model reaches a large part of text-davinci-003, Claude and ChatGPT; by which formula is
not said, nor how far the whole set's model comes. What is shown here is win/tie/lose against each system, of the
filtered and of the whole set, and that filtering helps is a claim of ours. It is falsified for a system against which
it does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import against, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim

SHOWS = "figure: win/tie/lose of the filtered and of the whole set against other systems"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Both models against each system."""
    models = {"filtered": trained(setup, filtered(setup)), "whole": trained(setup, filtering(setup).examples)}
    for name, answers in filtering(setup).systems:
        good, whole = (
            against(setup, f"{kind}, against {name}", model, answers, "the system named")
            for kind, model in models.items()
        )
        yield from (good, whole)
        yield good.beats(whole, f"filtered data come nearer to {name} than the whole set", only="examples")
