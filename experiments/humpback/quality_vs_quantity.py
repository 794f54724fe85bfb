"""Is it quality or quantity? Curated data improve the model as they grow in number; uncurated data do not.

The claim (Humpback, section 3.3): trained jointly with the seed data, A_5^(2) is better than A_4^(2) at every size,
both rise with size, and uncurated data stay below the seed model however many there are. It is falsified when the
curated curve's slope is not above the uncurated one's, when that rises, or when uncurated data match curated data of
the same number.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import (
    M0,
    arm,
    augmented_model,
    candidates,
    curated,
    first_iteration,
    rated,
    seed_model,
    select,
    subset,
)
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.spec.claims import Arm, Claim, Curve, Paper
from humpback.spec.data import Examples

SHOWS = "figure: win rate against the number of augmented examples, without curation, A_4 and A_5"
_AUGMENTED = "examples.second.examples"
_SECTION = "section 3.3"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """The seed model, and a curve for each way of selecting."""
    m0 = arm(setup, "M0", seed_model(setup), M0)
    yield m0
    m1 = first_iteration(setup)
    curves = {
        row: Curve(name, points=(M0.table, row))
        for name, row in (("uncurated", "no curation"), ("curated (A5)", "A5"), ("less curated (A4)", "A4"))
    }
    pools: dict[str, tuple[str, Examples]] = {
        "uncurated": ("no curation", candidates(setup)),
        "A5": ("A5", curated(setup, by=m1)),
    }
    if isinstance(setup.selection, AtLeast):
        pools["A4"] = ("A4", select(rated(setup, by=m1), AtLeast(setup.grid.looser)))
    at: dict[tuple[str, int], Arm] = {}
    for name, (row, pool) in pools.items():
        for n in setup.augmented_sizes:
            model = augmented_model(setup, subset(pool, n, seed))
            at[name, n] = arm(setup, f"{name} {n}", model, Paper(M0.table, row, n, exact=True), curve=curves[row], n=n)
    yield from at.values()

    strict, none = curves["A5"], curves["no curation"]
    yield strict.rises("curation is what makes more data better", over=none, stated_in=_SECTION)
    yield none.does_not_rise("more uncurated data beside the seed data are no better", stated_in=_SECTION)
    for n in setup.augmented_sizes:
        a5, uncurated = at["A5", n], at["uncurated", n]
        beat = f"{n:,} curated examples beat as many uncurated ones"
        yield a5.beats(uncurated, beat, only=_AUGMENTED, stated_in=_SECTION)
        if ("A4", n) in at:
            better = f"the stricter threshold is the better one at {n:,}"
            yield a5.beats(at["A4", n], better, only=f"{_AUGMENTED}.examples.at_least", stated_in=_SECTION)
        below = f"{n:,} uncurated examples with the seed data fall below the seed data alone"
        yield m0.beats(uncurated, below, only="examples", stated_in=_SECTION)
