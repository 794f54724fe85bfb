"""How little is enough? Random draws of the filtered set, against the whole set.

The claim (AlpaGasus): more of the filtered data are better, and 6k of them are as good as all 52k. Wins less losses
on the four sets, read from the figure: 0, -31, -13, -31 at 3k; 16, -22, 5, -8 at 6k; 17, 4, 13, 14 at 9k. It is
falsified when the curve does not rise.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import against_whole, filtered, filtering, trained
from humpback.experiments.cited import alpagasus_size, cited_filtered, filtered_beats_whole, known, win_rate
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Above, Cited, Claim, Comparison, Point, Rising
from humpback.spec.curation import Sample
from humpback.spec.data import Examples
from humpback.spec.outcomes import Arm

SHOWS = "figure: win/tie/lose against the whole set by number of filtered examples"
REFERENCE = "whole set"
BY_SET = True

_PAPER = {3_000: -5.1, 6_000: -0.6}
"""Win rate less 50 against the 52k on all 730 prompts, from wins less losses."""


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    sizes = setup.grid.training
    paper = _PAPER if alpagasus_size(setup) == "7B" else {}
    return (
        Rising("filtered", "more filtered examples are better"),
        *(Above(f"filtered {n}", f"{n:,} filtered examples beat the whole set", paper=paper.get(n)) for n in sizes),
        Above("filtered, all", "all filtered examples beat the whole set", paper=filtered_beats_whole(setup)),
        Comparison(
            "filtered, all",
            f"filtered {sizes[0]}",
            differ_in="examples",
            claim=f"all filtered examples beat {sizes[0]:,} of them",
            paper=8.4 if sizes[0] in paper else None,
        ),
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name. How many all filtered examples are is not known beforehand, so that arm lies on no
    curve."""
    at = setup.at(seed)
    good = filtered(at)

    def judged(examples: Examples, point: Point | None = None) -> Arm:
        return against_whole(at, trained(at, examples), point)

    found = {f"filtered {n}": judged(Sample(good, n, draw=seed), Point("filtered", n)) for n in at.grid.training}
    chance = Sample(filtering(at).examples, at.grid.training[-1], draw=seed)
    return {**found, "filtered, all": judged(good), f"random {at.grid.training[-1]}": judged(chance)}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The 7B model's sizes, and all filtered examples."""
    found = {"filtered, all": cited_filtered(setup)}
    if alpagasus_size(setup) == "7B":
        sizes = [n for n in setup.grid.training if n in _PAPER]
        found |= {f"filtered {n}": win_rate("alpagasus-size", "7B all", n) for n in sizes}
    return known(found)
