"""What does filtering save? Training on the filtered set takes a fraction of the time.

The claim (AlpaGasus, table of training costs): on four A100-80G the 7B model takes a fraction of the time on the 9k
that it takes on the 52k, and so does the 13B on eight. It is falsified when the filtered set takes no less time.

Minutes are those of the machine that trained, whatever else it did meanwhile. Updates, which the paper does not count,
are the recipe's: so many epochs of either set, so they follow from the number of examples. Money is what `humpback
plan` says, by the hours of a named accelerator.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim, Paper
from humpback.spec.measures import Measure, TrainingCost

SHOWS = "table: time and cost of training on the filtered and on the whole set"


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """Both trainings."""
    size = setup.alpagasus
    filtered_cost, whole_cost = (
        TrainingCost(
            name,
            trained(setup, examples),
            paper=setup.cites_each(
                {"training, minutes": Paper("alpagasus-training", size, n, "minutes", size)} if size else {}
            ),
        )
        for name, examples, n in (
            ("filtered", filtered(setup), 9_229),
            ("whole", filtering(setup).examples, 52_002),
        )
    )
    yield from (filtered_cost, whole_cost)
    longer, table = "the whole set takes longer to train on", "table of training costs"
    yield whole_cost.exceeds(filtered_cost, "training, minutes", longer, matters=0.1, stated_in=table)
    yield whole_cost.exceeds(filtered_cost, "updates", "the whole set takes more updates", matters=1.0)
