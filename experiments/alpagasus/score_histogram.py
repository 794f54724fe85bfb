"""How much of a machine-made set is good? At 4.5 a rater keeps a minority of it, at 4.0 most.

The claim (AlpaGasus, figure of the score distribution): ChatGPT gives a minority of Alpaca's 52,002 examples 4.5 or
better, and most of them 4.0 or better; by helpfulness fewer are kept at 4.5, by Claude 8k as the text has it and 5,305
in the released file, of Dolly's 15k and of GPT4LLM's 52k a minority. It is falsified when half of a set or more is kept
at 4.5, or half or less of the first at 4.0, or when helpfulness is not the stricter dimension.

On micro three in ten answers of the set are made as they should be, and the raters know it up to noise: what comes out
is how the set was made, as seen by the raters, and says nothing of real sets.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import filtering
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim, Paper
from humpback.spec.curation import Rated
from humpback.spec.measures import Measure, ScoreDistribution

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
_STATED = "figure and text on the scores"


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """Each rating of a whole set. The paper's numbers depend on no setup's model."""
    given = filtering(setup)
    figure = {metric: Paper("alpagasus-score-histogram", bar, None, "share", "") for metric, bar in _BARS.items()}

    def scores(name: str, rated: Rated, row: str = "") -> ScoreDistribution:
        papers = {_KEPT: Paper("alpagasus-other-sets", row, None, "share_kept", "")} if row else figure
        return ScoreDistribution(name, rated, (given.looser, given.threshold), paper=setup.cites_each(papers))

    accuracy = scores("accuracy", Rated(given.examples, by=given.rater))
    others = [scores(one.name, Rated(one.examples, by=given.rater), one.paper) for one in given.others]
    yield accuracy
    if given.helpfulness:
        helpfulness = scores("helpfulness", Rated(given.examples, by=given.helpfulness), "Alpaca by helpfulness")
        yield helpfulness
    if given.another:
        yield scores("another rater", Rated(given.examples, by=given.another), "Alpaca by Claude")
    yield from others

    strict, looser = f"{given.threshold:g}", f"{given.looser:g}"
    below = f"rated below {strict}, %"
    for one in (accuracy, *others):
        minority, pair = f"at {strict} a minority is kept ({one.name})", (50.0, dict(one.paper)[_KEPT])
        yield one.exceeds(50.0, below, minority, matters=MATTERS, stated_in=_STATED, paper=pair)
    most, less = f"at {looser} most of the set is kept", "helpfulness keeps less than accuracy"
    yield accuracy.exceeds(50.0, f"rated {looser} or better, %", most, matters=MATTERS, stated_in=_STATED)
    if given.helpfulness:
        yield accuracy.exceeds(helpfulness, f"rated {strict} or better, %", less, matters=MATTERS, stated_in=_STATED)
