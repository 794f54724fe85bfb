"""Does a better model select better data? M1 finds more good candidates than M0, a strong rater most of them.

The claim (Humpback, section 3.5, table): against one author's labels of 250 candidates, M1 selects with higher
precision and recall than M0, and GPT-4 than M1; a 7B model trained on 100 selected examples alone wins in the same
order, within a standard error. It is falsified when M1 does not select with higher precision and recall than M0, or the
strong rater than M1.

The 250 labelled candidates were never published: precision and recall are measured where an oracle can label the whole
pool, and elsewhere the win rates alone. Good is what the oracle rates 5, "perfect", because finding what deserves a 5
is what the paper's self-curation is for; what its author called good is not said.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from humpback.experiments.humpback.algorithm import arm, candidates, curated, humpback, rated, select, subset
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Paper
from humpback.spec.curation import Best, ModelRater, Rated, Selected
from humpback.spec.data import Examples, Tagged
from humpback.spec.measures import Measure, SelectionQuality
from humpback.spec.models import Finetuned
from humpback.spec.prompts import S_W

SHOWS = "table: precision, recall and win rate of selection by M0, M1 and a strong rater"

_TABLE = "humpback-selection"
_STATED = "table of data selection"
GOOD = 4.5
"""The oracle's labels are whole numbers, so this is its 5."""
_TRAINED_ON = 100
"""Selected examples a model is trained on, the paper's number, where the ablations have so many."""
_ASKED = 2_000
"""Candidates shown to a strong rater that is paid by the call: an assumption. At the share that the paper's A_5 keeps,
166 of them are selected, enough to train on."""


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Measure | Claim]:
    """For each selector a model trained on what it selected and on no seed data; where an oracle can label the whole
    pool, also its precision and recall."""
    n = min(_TRAINED_ON, setup.augmented_sizes[-1])
    arms: list[Arm] = []
    qualities: list[Measure] = []
    for selector, row, selected in _selections(setup, seed):
        model = Finetuned(setup.base, Tagged(subset(selected, n, seed), S_W), setup.sft)
        papers = [Paper(_TABLE, row, n)] if n == _TRAINED_ON else []
        arms.append(arm(setup, f"{n} selected by {selector}", model, *papers))
        if setup.oracle:
            papers_of = {metric: Paper(_TABLE, row, metric=metric, size="") for metric in ("precision", "recall")}
            labels = rated(setup, by=setup.oracle)
            qualities.append(SelectionQuality(selector, selected, labels, GOOD, paper=setup.cites_each(papers_of)))
    yield from arms
    yield from qualities

    for worse, better in pairwise(qualities):
        for metric in ("precision", "recall"):
            claim = f"{better.name} selects with higher {metric} than {worse.name}"
            yield better.exceeds(worse, metric, claim, matters=0.05, stated_in=_STATED)
    selection = "examples.examples.examples.rated"
    m0, m1, *strong = arms
    by_m1 = f"{n} examples selected by M1 beat as many selected by M0"
    yield m1.beats(m0, by_m1, only=f"{selection}.by.model", stated_in=_STATED)
    for other in strong:
        by_strong = f"{n} examples selected by a strong rater beat as many of M1's"
        yield other.beats(m1, by_strong, only=selection, stated_in=_STATED)


def _selections(setup: Setup, seed: int) -> Iterator[tuple[str, str, Selected | Best]]:
    """Each selector with the paper's name of it, at the setup's own threshold."""
    m0, m1 = humpback(setup, iterations=1)
    yield "M0", "M0", curated(setup, by=m0)
    yield "M1", "M1", curated(setup, by=m1)
    if setup.strong:
        pool: Examples = candidates(setup)
        shown = subset(pool, _ASKED, seed) if isinstance(setup.strong, ModelRater) else pool
        yield "a strong rater", "GPT-4", select(Rated(shown, by=setup.strong), setup.selection)
