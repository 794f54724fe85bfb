"""How much of a machine-made set is good? At 4.5 a rater keeps a minority of it, at 4.0 most.

The claim (AlpaGasus, figure of the score distribution): ChatGPT gives a minority of Alpaca's 52,002 examples 4.5 or
better, and most of them 4.0 or better; by helpfulness fewer are kept at 4.5, by Claude 8k as the text has it and 5,305
in the released file, of Dolly's 15k a minority. It is falsified when half of the set or more is kept at 4.5, or half or
less at 4.0, or when helpfulness is not the stricter dimension.

On micro three in ten answers of the set are made as they should be, and the raters know it up to noise: what comes out
is how the set was made, as seen by the raters, and says nothing of real sets.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import filtering
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim, Measure, Paper
from humpback.spec.curation import Rated
from humpback.spec.measures import ScoreDistribution

SHOWS = "figure: histogram of the rater's scores, by dimension, rater and set"

MATTERS = 5.0
"""Points of the share that is kept."""
_BARS = {
    "scored below 3, %": "below 3",
    "scored 3, %": "3",
    "scored 3.5, %": "3.5",
    "scored 4, %": "4",
    "scored 4.5, %": "4.5",
    "scored 5, %": "5",
    "rated 4.5 or better, %": "at least 4.5",
    "rated 4 or better, %": "at least 4",
}
_KEPT = "rated 4.5 or better, %"


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """Each rating of a whole set. The paper's numbers depend on no setup's model."""
    given = filtering(setup)
    figure = {metric: Paper("alpagasus-score-histogram", bar, None, "share", "") for metric, bar in _BARS.items()}

    def scores(name: str, rated: Rated, row: str = "") -> ScoreDistribution:
        papers = {_KEPT: Paper("alpagasus-other-sets", row, None, "share_kept", "")} if row else figure
        return ScoreDistribution(name, rated, (given.looser, given.at_least), paper=setup.cites_each(papers))

    accuracy = scores("accuracy", Rated(given.examples, by=given.rater))
    helpfulness = scores("helpfulness", Rated(given.examples, by=given.helpfulness), "Alpaca by helpfulness")
    other_data = scores("other data", Rated(given.other_examples, by=given.rater), "Dolly")
    yield from (accuracy, helpfulness)
    yield scores("another rater", Rated(given.examples, by=given.another), "Alpaca by Claude")
    yield other_data

    strict, looser = f"{given.at_least:g}", f"{given.looser:g}"
    below = f"rated below {strict}, %"
    source = "(figure of the score distribution)"
    minority = f"at {strict} a minority is kept {source}"
    yield accuracy.exceeds(50.0, below, minority, matters=MATTERS, paper=(50.0, dict(accuracy.paper)[_KEPT]))
    most = f"at {looser} most of the set is kept {source}"
    yield accuracy.exceeds(50.0, f"rated {looser} or better, %", most, matters=MATTERS)
    less = "helpfulness keeps less than accuracy"
    yield accuracy.exceeds(helpfulness, f"rated {strict} or better, %", less, matters=MATTERS)
    people = f"of data written by people a minority is kept at {strict}, too"
    yield other_data.exceeds(50.0, below, people, matters=MATTERS, paper=(50.0, dict(other_data.paper)[_KEPT]))
