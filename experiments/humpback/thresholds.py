"""How strict should self-curation be? A higher threshold keeps fewer and better examples.

The claim (Humpback, section 3.3): k = 5 beats k = 4, and both beat no curation. The paper selects at 4.5 and
describes no averaging, so two readings of it are set beside each other: the integer 5 of one reply, and a mean of
several replies of 4.5 or more. It is falsified when the setup's own threshold does not beat the lowest.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.experiments.cited import cited_humpback, known
from humpback.experiments.humpback.algorithm import arm, augmented_model, first_iteration, kept, rated
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.spec.claims import Cited, Claim, Comparison
from humpback.spec.curation import SampledScore
from humpback.spec.outcomes import Arm

SHOWS = "win rate and number of examples by threshold k; one reply's integer against a mean of replies"
_REPLIES = 5
"""Of the mean: an assumption of ours."""


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    if not isinstance(setup.keep, AtLeast):
        return ()
    own, lowest = setup.keep.score, setup.grid.thresholds[0]
    found = [
        Comparison(
            f"k = {own:g}",
            f"k = {other:g}",
            differ_in="examples.second.examples.at_least",
            claim=f"examples rated {own:g} or better beat examples rated {other:g} or better (section 3.3)",
        )
        for other in (lowest, setup.grid.looser)
    ]
    found.append(
        Comparison(
            "one reply of 5",
            f"mean of {_REPLIES} replies >= 4.5",
            differ_in="examples.second.examples",
            claim="which reading of the paper selects better (no claim of the paper's)",
        )
    )
    return tuple(found)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name. A threshold that nothing reaches leaves its arm without a number."""
    at = setup.at(seed)
    m1 = first_iteration(at)
    found = {}
    own = {at.keep.score} if isinstance(at.keep, AtLeast) else set()
    for k in sorted({*at.grid.thresholds, at.grid.looser, *own}):
        found[f"k = {k:g}"] = arm(at, augmented_model(at, kept(rated(at, by=m1), AtLeast(k))))
    asked = at.scoring if isinstance(at.scoring, SampledScore) else SampledScore(at.scoring.prompt, at.answering)
    for name, scoring, k in (
        ("one reply of 5", asked, 5.0),
        (f"mean of {_REPLIES} replies >= 4.5", replace(asked, n=_REPLIES), 4.5),
    ):
        found[name] = arm(at, augmented_model(at, kept(rated(at, by=m1, scoring=scoring), AtLeast(k))))
    return found


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The setup's own threshold is the one that Humpback is trained at; what the others reach as a whole is not
    printed."""
    return known({f"k = {setup.keep.score:g}": cited_humpback(setup)}) if isinstance(setup.keep, AtLeast) else {}
