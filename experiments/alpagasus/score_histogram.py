"""How much of a machine-made set is good? At 4.5 a rater keeps a minority of it, at 4.0 most.

The claim (AlpaGasus, figure of the score distribution): ChatGPT gives 9,229 of Alpaca's 52,002 examples 4.5 or better
(17.75 %) and 39,469 of them 4.0 or better (75.9 %). By helpfulness 2,022 are kept at 4.5 (3.9 %), by Claude 8k as the
text has it and 5,305 in the released file, of Dolly's 15k 2,996. It is falsified when half of the set or more is kept
at 4.5, or half or less at 4.0, or when helpfulness is not the stricter dimension.

On micro three in ten answers of the set are made as they should be, and the raters know it up to noise: what comes out
is how the set was made, as seen by the raters, and says nothing of real sets.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import filtering
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Greater
from humpback.spec.curation import Rated
from humpback.spec.measures import Measure, ScoresOf

SHOWS = "figure: histogram of the rater's scores, by dimension, rater and set"

MATTERS = 5.0
"""Points of the share that is kept."""
_HISTOGRAM = {
    "scored below 3, %": "below 3",
    "scored 3, %": "3",
    "scored 3.5, %": "3.5",
    "scored 4, %": "4",
    "scored 4.5, %": "4.5",
    "scored 5, %": "5",
    "rated 4.5 or better, %": "at least 4.5",
    "rated 4 or better, %": "at least 4",
}


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    given = filtering(setup)
    strict, looser = f"{given.at_least:g}", f"{given.looser:g}"
    figure = "figure of the score distribution"
    return (
        Greater(
            f"rated below {strict}, %",
            "accuracy",
            50.0,
            claim=f"at {strict} a minority is kept (17.75 %; {figure})",
            matters=MATTERS,
            paper=32.25,
        ),
        Greater(
            f"rated {looser} or better, %",
            "accuracy",
            50.0,
            claim=f"at {looser} most of the set is kept (75.9 %; {figure})",
            matters=MATTERS,
            paper=25.9,
        ),
        Greater(
            f"rated {strict} or better, %",
            "accuracy",
            "helpfulness",
            claim="helpfulness keeps less than accuracy (3.9 % against 17.75 %)",
            matters=MATTERS,
            paper=13.86,
        ),
        Greater(
            f"rated below {strict}, %",
            "other data",
            50.0,
            claim=f"of data written by people a minority is kept at {strict}, too (20 % of Dolly)",
            matters=MATTERS,
            paper=30.03,
        ),
    )


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """Each rating of a whole set."""
    given = filtering(setup.at(seed))
    thresholds = (given.looser, given.at_least)
    rated = {
        "accuracy": Rated(given.examples, by=given.rater),
        "helpfulness": Rated(given.examples, by=given.helpfulness),
        "another rater": Rated(given.examples, by=given.another),
        "other data": Rated(given.other_examples, by=given.rater),
    }
    return {name: ScoresOf(scores, thresholds) for name, scores in rated.items()}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The paper's figure, and what it says of the other ratings: they depend on no setup's model."""
    others = {
        "helpfulness": "Alpaca by helpfulness",
        "another rater": "Alpaca by Claude",
        "other data": "Dolly",
    }
    return {
        "accuracy": {metric: Cited("alpagasus-score-histogram", arm, "share") for metric, arm in _HISTOGRAM.items()},
        **{
            name: {"rated 4.5 or better, %": Cited("alpagasus-other-sets", arm, "share_kept")}
            for name, arm in others.items()
        },
    }
