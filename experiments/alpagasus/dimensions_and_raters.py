"""Does it matter who rates, and what for? Other raters and helpfulness in place of accuracy also give better data.

The claim (AlpaGasus): filtering by helpfulness, or by Claude in place of ChatGPT, beats the whole set as well. The
counts are printed in figures only and are not known here. It is falsified for a filter whose model does not beat the
whole set's.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import against_whole, filtered, filtering, trained
from humpback.experiments.cited import cited_filtered, filtered_beats_whole, known
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Above, Cited, Claim, Comparison
from humpback.spec.outcomes import Arm

SHOWS = "figures: win/tie/lose against the whole set by dimension and by rater"
REFERENCE = "whole set"
BY_SET = True


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    rater, ours = "examples.rated.by", "which is better (no claim of the paper's)"
    return (
        Above("accuracy", "filtering by accuracy beats the whole set", paper=filtered_beats_whole(setup)),
        Above("helpfulness", "filtering by helpfulness beats the whole set"),
        Above("another rater", "filtering by another rater beats the whole set"),
        Comparison("accuracy", "helpfulness", differ_in=rater, claim=ours),
        Comparison("accuracy", "another rater", differ_in=rater, claim=ours),
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    given = filtering(at)
    raters = {"accuracy": given.rater, "helpfulness": given.helpfulness, "another rater": given.another}
    return {name: against_whole(at, trained(at, filtered(at, by=rater))) for name, rater in raters.items()}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """Accuracy's, by ChatGPT; the others' counts are not known."""
    return known({"accuracy": cited_filtered(setup)})
