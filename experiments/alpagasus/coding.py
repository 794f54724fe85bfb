"""What does the filter thin out? Examples about code more than others.

The claim (AlpaGasus, analysis of coding): of 718 hits of keywords that name programming languages the filter leaves out
88.16 %, of all rows 82.25 %, which is why the model of the rest writes code no better. It is falsified when the filter
leaves out no more of the hits than of all rows. What a hit is stands in `analysis/datasets/coding.py`. In the micro
world nothing is about code, and so nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import filtered, filtering
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim, Paper
from humpback.spec.datasets import CODING
from humpback.spec.measures import KeywordsLeftOut, Measure

SHOWS = "analysis of coding: keywords found and kept"

MATTERS = 2.0
"""Points of the share that is left out."""
_PRINTED = {
    "hits": ("coding", "hits"),
    "hits kept": ("coding", "kept"),
    "hits left out, %": ("coding", "share_filtered"),
    "all rows left out, %": ("all", "share_filtered"),
}


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """The filter on the rows that name a language. The paper's numbers depend on no setup's model."""
    papers = {name: Paper("alpagasus-coding", row, metric=metric, size="") for name, (row, metric) in _PRINTED.items()}
    code = KeywordsLeftOut("coding", filtering(setup).examples, filtered(setup), CODING, paper=setup.cites_each(papers))
    yield code
    more = "the filter leaves out more of what is about code"
    pair = papers["hits left out, %"], papers["all rows left out, %"]
    metric, stated_in = "hits less all rows left out, points", "analysis of coding"
    yield code.exceeds(0.0, metric, more, matters=MATTERS, stated_in=stated_in, paper=pair)
