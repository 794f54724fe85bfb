"""Does it matter who rates, and what for? Other raters and helpfulness in place of accuracy also give better data.

The claim (AlpaGasus): filtering by helpfulness, or by Claude in place of ChatGPT, beats the whole set as well. The
counts are printed in figures only and are not known here. It is falsified for a filter whose model does not beat the
whole set's. That accuracy is the better criterion is a claim of ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.core.expression import FieldError
from humpback.experiments.alpagasus.algorithm import FILTERED, against_whole, filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim

SHOWS = "figures: win/tie/lose against the whole set by dimension and by rater"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """A model for each rater and dimension. The paper's number is accuracy's, by ChatGPT; the others' counts are not
    known."""
    given = filtering(setup)
    others = {"helpfulness": given.helpfulness, "another rater": given.another}
    if not any(others.values()):
        raise FieldError(f"the setup {setup.name!r} has neither another rater of its set nor another dimension")
    accuracy, *arms = (
        against_whole(setup, name, trained(setup, filtered(setup, by=rater)), *(FILTERED if name == "accuracy" else ()))
        for name, rater in {"accuracy": given.rater, **others}.items()
        if rater
    )
    yield from (accuracy, *arms)
    for arm in arms:
        too = f"filtering by {arm.name} beats the whole set, too"
        yield arm.beats_opponent(too, stated_in="figures of other filters")
        yield accuracy.beats(arm, f"filtering by accuracy beats filtering by {arm.name}", only="examples.rated.by")
