"""Is it quality or quantity? Curated data improve the model as they grow in number; uncurated data do not.

The claim (Humpback, section 3.3): trained jointly with the seed data, A_5^(2) is better than A_4^(2) at every size,
both rise with size, and uncurated data stay below the seed model however many there are. It is falsified when the
curated curve's slope is not above the uncurated one's, or when uncurated data match curated data of the same number.
"""

from __future__ import annotations

from humpback.experiments.cited import cited_m0, has_humpback_s_sizes, known, win_rate
from humpback.experiments.humpback.algorithm import (
    arm,
    augmented_model,
    candidates,
    curated,
    first_iteration,
    kept,
    rated,
    seed_model,
    subset,
)
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.spec.claims import Cited, Claim, Comparison, Point, Rising
from humpback.spec.outcomes import Arm

SHOWS = "figure: win rate against the number of augmented examples, without curation, A_4 and A_5"

PAPER_CURVES = {
    "uncurated": ("humpback-quality-vs-quantity", "no curation"),
    "less curated (A4)": ("humpback-quality-vs-quantity", "A4"),
    "curated (A5)": ("humpback-quality-vs-quantity", "A5"),
}

_PAPER = {
    3_200: (51.6, 55.7, 61.5),
    6_400: (49.2, 60.2, 67.2),
    12_800: (51.2, 65.9, 69.8),
    25_600: (51.8, 67.7, 71.3),
}
"""Read from the figure, 7B: no curation, A_4, A_5; one standard error is about 3."""
_UNKNOWN = (None, None, None)


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says of the curves."""
    found: list[Claim] = [
        Rising("curated (A5)", "curated data: more is better (section 3.3)"),
        Rising("curated (A5)", "curation is what makes more data better (section 3.3)", over="uncurated"),
    ]
    for n in setup.augmented_sizes:
        none, looser, strict = _PAPER.get(n, _UNKNOWN) if has_humpback_s_sizes(setup) else _UNKNOWN
        found.append(
            Comparison(
                f"A5 {n}",
                f"uncurated {n}",
                differ_in="examples.second.examples",
                claim=f"{n:,} curated examples beat as many uncurated ones",
                paper=round(strict - none, 1) if strict and none else None,
            )
        )
        found.append(
            Comparison(
                f"A5 {n}",
                f"A4 {n}",
                differ_in="examples.second.examples.examples.at_least",
                claim=f"the stricter threshold is the better one at {n:,}",
                paper=round(strict - looser, 1) if strict and looser else None,
            )
        )
        found.append(
            Comparison(
                "M0",
                f"uncurated {n}",
                differ_in="examples",
                claim=f"{n:,} uncurated examples with the seed data fall below the seed data alone",
                paper=round(53.6 - none, 1) if none else None,
            )
        )
    if not isinstance(setup.keep, AtLeast):
        return tuple(one for one in found if "A4" not in getattr(one, "second", ""))
    return tuple(found)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    m1 = first_iteration(at)
    pools = {"uncurated": ("uncurated", candidates(at)), "A5": ("curated (A5)", curated(at, by=m1))}
    if isinstance(at.keep, AtLeast):
        pools["A4"] = ("less curated (A4)", kept(rated(at, by=m1), AtLeast(at.grid.looser)))
    found = {"M0": arm(at, seed_model(at))}
    for name, (curve, pool) in pools.items():
        for n in at.augmented_sizes:
            found[f"{name} {n}"] = arm(at, augmented_model(at, subset(pool, n, seed)), point=Point(curve, n))
    return found


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The points of the paper's figure."""
    found = {"M0": cited_m0(setup)}
    if has_humpback_s_sizes(setup):
        for name, curve in (("uncurated", "no curation"), ("A4", "A4"), ("A5", "A5")):
            for n in setup.augmented_sizes:
                found[f"{name} {n}"] = win_rate("humpback-quality-vs-quantity", curve, n)
    return known(found)
