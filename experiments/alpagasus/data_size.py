"""How little is enough? Random draws of the filtered set, against the whole set.

The claim (AlpaGasus): more of the filtered data are better. By the counts of its figure, on four test sets at 7B, 3k of
them lose to all 52k, 6k come out even, and all 9k win. It is falsified when the curve does not rise, or when all of
them are not better than the fewest.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import FILTERED, against_whole, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Curve, Paper
from humpback.spec.curation import Sample

SHOWS = "figure: win/tie/lose against the whole set by number of filtered examples"
_PRINTED = (3_000, 6_000)
_FIGURE = "figure of data sizes"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Draws of the filtered set, all of it (the paper's 9k), and a random control."""
    good, curve, sizes = filtered(setup), Curve("filtered"), setup.training_sizes
    draws = [
        against_whole(
            setup,
            f"filtered {n}",
            trained(setup, Sample(good, n, draw=seed)),
            *([Paper("alpagasus-size", "7B all", n)] if n in _PRINTED else []),
            curve=curve,
            n=n,
        )
        for n in sizes
    ]
    whole = against_whole(setup, "filtered, all", trained(setup, good), *FILTERED, curve=curve)
    control = Sample(filtering(setup).examples, sizes[-1], draw=seed)
    yield from (*draws, whole, against_whole(setup, f"random {sizes[-1]}", trained(setup, control)))

    yield curve.rises("more filtered examples are better", stated_in=_FIGURE)
    yield whole.beats(draws[0], f"all filtered examples beat {sizes[0]:,} of them", only="examples", stated_in=_FIGURE)
