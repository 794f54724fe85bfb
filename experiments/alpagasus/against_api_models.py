"""How near do filtered data come to stronger systems? Beside the whole set, against the same systems.

The claim (AlpaGasus): the 13B model reaches 90 % of text-davinci-003, 81 % of Claude and 78 % of ChatGPT; by which
formula is not said, so what is shown here is win/tie/lose against each system, of the filtered and of the whole set.
It is falsified for a system against which filtering does not help.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import against, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim, Comparison
from humpback.spec.outcomes import Arm

SHOWS = "figure: win/tie/lose of the filtered and of the whole set against other systems"
REFERENCE = "the system named"
BY_SET = True


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    return tuple(
        Comparison(
            f"filtered, against {name}",
            f"whole, against {name}",
            differ_in="examples",
            claim=f"filtered data come nearer to {name} than the whole set",
        )
        for name, _ in filtering(setup).systems
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    models = {"filtered": trained(at, filtered(at)), "whole": trained(at, filtering(at).examples)}
    return {
        f"{kind}, against {name}": against(at, model, answers)
        for name, answers in filtering(at).systems
        for kind, model in models.items()
    }
