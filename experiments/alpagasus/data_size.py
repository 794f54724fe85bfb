"""How little is enough? Random draws of the filtered set, against the whole set.

The claim (AlpaGasus): more of the filtered data are better, and 6k of them are as good as all 52k (counts read from the
figure, on four test sets). It is falsified when the curve does not rise.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import FILTERED, against_whole, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Curve, Paper
from humpback.spec.curation import Sample

SHOWS = "figure: win/tie/lose against the whole set by number of filtered examples"
_PRINTED = (3_000, 6_000)


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Draws of the filtered set, all of it, and a random control. How many all filtered examples are is not known
    beforehand, so that arm lies on no curve."""
    good, curve, sizes = filtered(setup), Curve("filtered"), setup.grid.training
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
    whole = against_whole(setup, "filtered, all", trained(setup, good), *FILTERED)
    control = Sample(filtering(setup).examples, sizes[-1], draw=seed)
    yield from (*draws, whole, against_whole(setup, f"random {sizes[-1]}", trained(setup, control)))

    yield curve.rises("more filtered examples are better")
    for arm in draws:
        yield arm.beats_opponent(f"{arm.n:,} filtered examples beat the whole set")
    yield whole.beats_opponent("all filtered examples beat the whole set")
    yield whole.beats(draws[0], f"all filtered examples beat {sizes[0]:,} of them", only="examples")
