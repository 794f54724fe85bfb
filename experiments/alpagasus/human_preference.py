"""Do people prefer the answers of the filtered set's model? More often than those of the whole set's.

The claim (AlpaGasus, human study): of 160 prompts, judged by three people at 13B, the model of the 9k wins 63, ties 64
and loses 33 against the model of the 52k. It is falsified when people find the whole set's answers the better ones as
often or more often. The votes are people's: without any, the table says how to collect them. Which 160 of the test
prompts were asked is not known; here votes count on any of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import answers, filtered, filtering, trained
from humpback.experiments.humpback.human_preference import preferred, printed
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim
from humpback.spec.measures import Measure, VoteShare

SHOWS = "human study: the filtered against the whole set"


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """Both models' answers to the test sets."""
    good, whole = (answers(setup, trained(setup, data)) for data in (filtered(setup), filtering(setup).examples))
    votes = VoteShare("filtered against whole", good, whole, paper=printed(setup, "alpagasus-human", "13B", "13B"))
    yield votes
    yield preferred(votes, "people prefer the filtered set's model to the whole set's", "human study")
