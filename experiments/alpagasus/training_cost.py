"""What does filtering save? Training on the filtered set takes a fraction of the time.

The claim (AlpaGasus, table of training costs): on four A100-80G the 7B model takes 14 minutes on the 9k and 80 on the
52k ($4.78 and $27.31), which the paper calls 5.7 times faster; on eight the 13B takes 1 h and 5.5 h ($40.96 and
$225.28). It is falsified when the filtered set takes no less time or no fewer updates.

Minutes are those of the machine that trained, whatever else it did meanwhile; updates are the recipe's. With the
paper's recipe, in epochs, updates follow from the number of examples. Micro's recipe is Humpback's, in steps by size,
under which a set of 800 examples takes as many as any larger one: there the time need not fall. Money is what
`humpback plan` says, by the hours of a named accelerator.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import filtered, filtering, trained
from humpback.experiments.cited import alpagasus_size
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Greater
from humpback.spec.measures import Cost, Measure

SHOWS = "table: time and cost of training on the filtered and on the whole set"

_SAVED = {"7B": 66.0, "13B": 270.0}
"""Minutes: 80 less 14, 330 less 60."""


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's table says."""
    return (
        Greater(
            "training, minutes",
            "whole",
            "filtered",
            claim="the whole set takes longer to train on (table of training costs)",
            matters=0.1,
            paper=_SAVED.get(alpagasus_size(setup)),
        ),
        Greater(
            "updates",
            "whole",
            "filtered",
            claim="and more updates (three epochs of either; the paper does not count them)",
            matters=1.0,
        ),
    )


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """Both trainings."""
    at = setup.at(seed)
    return {"filtered": Cost(trained(at, filtered(at))), "whole": Cost(trained(at, filtering(at).examples))}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The paper's minutes, for its two sizes."""
    size = alpagasus_size(setup)
    if not size:
        return {}
    return {
        name: {"training, minutes": Cited("alpagasus-training", size, "minutes", n_examples=n)}
        for name, n in (("filtered", 9_229), ("whole", 52_002))
    }
