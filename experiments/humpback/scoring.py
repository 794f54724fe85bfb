"""Does it matter how a rating is read? One sampled score, as in the paper, against expectations and means of several.

The paper selects at 4.5 and describes neither an average nor an expectation, so its reading is taken to be one reply's
integer, 5. Against it stand, as ablations of ours and all rated by M1: the mean of several replies at 4.5; the expected
score under the model's own probabilities at 4.5; and the best by expected score, as many as the one reply selects, so
that only the order differs and not the number. That one reply selects better is falsified for a reading whose model is
not worse. Where an oracle knows what is good, precision and recall of each reading stand beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.experiments.humpback.algorithm import HUMPBACK, arm, augmented_model, first_iteration, rated, select
from humpback.experiments.humpback.selection_quality import GOOD
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.spec.claims import Arm, Claim
from humpback.spec.curation import BestOfSize, ExpectedScore, SampledScore
from humpback.spec.measures import Measure, SelectionQuality

SHOWS = "win rate, precision and recall by how the model's rating is read"
_REPLIES = 5
"""Of the mean: an assumption of ours."""


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Measure | Claim]:
    """A model for each reading of M1's ratings. A threshold that nothing reaches leaves its arm without a number."""
    m1, asked, rule = first_iteration(setup), setup.scoring, setup.selection
    papers = HUMPBACK
    if not isinstance(asked, SampledScore) or not isinstance(rule, AtLeast):
        asked, rule, papers = SampledScore(asked.prompt, setup.answering), AtLeast(4.5), ()
    single = select(rated(setup, by=m1, scoring=replace(asked, n=1)), rule)
    expected = rated(setup, by=m1, scoring=ExpectedScore(asked.prompt))
    several = rated(setup, by=m1, scoring=replace(asked, n=_REPLIES))
    readings = {
        "one reply": single,
        f"mean of {_REPLIES} replies >= 4.5": select(several, AtLeast(4.5)),
        "expected score >= 4.5": select(expected, AtLeast(4.5)),
        "best by expected score, as many": BestOfSize(expected, same_size_as=single),
    }
    arms = {
        name: arm(setup, name, augmented_model(setup, selected), *(papers if selected is single else ()))
        for name, selected in readings.items()
    }
    yield from arms.values()
    if setup.oracle:
        labels = rated(setup, by=setup.oracle)
        for name, selected in readings.items():
            yield SelectionQuality(f"selected by {name}", selected, labels, GOOD)
    one, *others = arms.values()
    for other in others:
        yield one.beats(other, f"one sampled score selects better than {other.name}", only="examples.second.examples")
