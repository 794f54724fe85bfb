"""How strict should self-curation be? A higher threshold keeps fewer and better examples.

The claim (Humpback, section 3.3): k = 5 beats k = 4, and both beat no curation. The paper selects at 4.5 and
describes no averaging, so two readings of it are set beside each other: the integer 5 of one reply, and a mean of
several replies of 4.5 or more. It is falsified when the setup's own threshold does not beat the lowest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.experiments.humpback.algorithm import HUMPBACK, arm, augmented_model, first_iteration, rated, select
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.spec.claims import Arm, Claim
from humpback.spec.curation import SampledScore

SHOWS = "win rate and number of examples by threshold k; one reply's integer against a mean of replies"
_REPLIES = 5
"""Of the mean: an assumption of ours."""


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """A model for each threshold, and one for each reading of the rule. A threshold that nothing reaches leaves its arm
    without a number. The setup's own is the one that Humpback is trained at; what the others reach is not printed."""
    m1, grid = first_iteration(setup), setup.grid
    own = setup.selection.score if isinstance(setup.selection, AtLeast) else None
    at = {}
    for k in sorted({*grid.thresholds, grid.looser, *([own] if own is not None else [])}):
        model = augmented_model(setup, select(rated(setup, by=m1), AtLeast(k)))
        at[k] = arm(setup, f"k = {k:g}", model, *(HUMPBACK if k == own else ()))
    asked = setup.scoring
    if not isinstance(asked, SampledScore):
        asked = SampledScore(asked.prompt, setup.answering)
    integer, mean = (
        arm(setup, name, augmented_model(setup, select(rated(setup, by=m1, scoring=scoring), AtLeast(k))))
        for name, scoring, k in (
            ("one reply of 5", asked, 5.0),
            (f"mean of {_REPLIES} replies >= 4.5", replace(asked, n=_REPLIES), 4.5),
        )
    )
    yield from (*at.values(), integer, mean)

    if own is None:
        return
    for k in (grid.thresholds[0], grid.looser):
        claim = f"examples rated {own:g} or better beat examples rated {k:g} or better"
        yield at[own].beats(at[k], claim, only="examples.second.examples.at_least")
    yield integer.beats(mean, "one reply of 5 selects better than a mean of replies", only="examples.second.examples")
