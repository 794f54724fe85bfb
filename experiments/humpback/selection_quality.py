"""Does a better model select better data? M1 finds more good candidates than M0, a strong rater most of them.

The claim (Humpback, section 3.5, table): against one author's labels of 250 candidates, 20 % of them good, M0 selects
with precision 0.44 and recall 0.09, M1 with 0.52 and 0.44, GPT-4 with 0.88 and 0.92; a 7B model trained on 100 selected
examples alone wins 35.7, 37.7 and 41.0 % (standard errors 3). It is falsified when M1 does not select with higher
precision and recall than M0, or the strong rater than M1.

The 250 labelled candidates were never published: precision and recall are measured where an oracle can label the whole
pool, and elsewhere the win rates alone. Good is what the oracle rates 5, "perfect", because finding what deserves a 5
is what the paper's self-curation is for; what its author called good is not said.
"""

from __future__ import annotations

from humpback.experiments.humpback.algorithm import arm, candidates, curated, humpback, kept, rated, subset
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Comparison, Greater
from humpback.spec.curation import Best, ModelRater, Rated, Selected
from humpback.spec.data import Examples, Tagged
from humpback.spec.measures import Measure, Picked
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Arm
from humpback.spec.prompts import S_W

SHOWS = "table: precision, recall and win rate of selection by M0, M1 and a strong rater"

_GOOD = 4.5
"""The oracle's labels are whole numbers, so this is its 5."""
_TRAINED_ON = 100
"""Selected examples a model is trained on, the paper's number, where the ablations have so many."""
_ASKED = 2_000
"""Candidates shown to a strong rater that is paid by the call: an assumption. At the share that the paper's A_5 keeps,
166 of them are selected, enough to train on."""
_M0, _M1, _STRONG = "M0", "M1", "a strong rater"
_PAPER = {_M0: "M0", _M1: "M1", _STRONG: "GPT-4"}


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's table shows."""
    n = _trained_on(setup)
    better = [
        Comparison(
            _arm(_M1, n),
            _arm(_M0, n),
            differ_in="examples.examples.examples.rated.by.model",
            claim=f"{n} examples selected by M1 beat as many selected by M0 (37.7 against 35.7)",
            paper=2.0,
        )
    ]
    if setup.strong:
        better.append(
            Comparison(
                _arm(_STRONG, n),
                _arm(_M1, n),
                differ_in="examples.examples.examples.rated",
                claim=f"{n} examples selected by a strong rater beat as many of M1's (41.0 against 37.7)",
                paper=3.3,
            )
        )
    return (*_of_labels(setup), *better)


def _trained_on(setup: Setup) -> int:
    return min(_TRAINED_ON, setup.augmented_sizes[-1])


def _of_labels(setup: Setup) -> list[Claim]:
    """Of precision and recall, where there are labels."""
    if setup.oracle is None:
        return []
    pairs = [(_M1, _M0, {"precision": 0.08, "recall": 0.35})]
    if setup.strong:
        pairs.append((_STRONG, _M1, {"precision": 0.36, "recall": 0.48}))
    return [
        Greater(
            metric,
            better,
            worse,
            f"{better} selects with higher {metric} than {worse}",
            matters=0.05,
            paper=paper[metric],
        )
        for better, worse, paper in pairs
        for metric in ("precision", "recall")
    ]


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """A model for each selector, trained on what it selected and on no seed data."""
    at = setup.at(seed)
    return {
        _arm(name, _trained_on(at)): arm(
            at, Finetuned(at.base, Tagged(subset(selected, _trained_on(at), seed), S_W), at.sft)
        )
        for name, selected in _selections(setup, seed).items()
    }


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """Each selection against the oracle's labels."""
    at = setup.at(seed)
    if at.oracle is None:
        return {}
    labels = rated(at, by=at.oracle)
    return {name: Picked(selected, labels, _GOOD) for name, selected in _selections(setup, seed).items()}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The table's rows: win rates of the 7B model and of its counterpart, precision and recall where they are
    measured."""
    found: dict[str, dict[str, Cited]] = {}
    for name in _selections(setup, 0):
        printed = _PAPER[name]
        if setup.oracle:
            found[name] = {metric: Cited("humpback-selection", printed, metric) for metric in ("precision", "recall")}
        if setup.name in ("micro", "llama-7b"):
            rate = Cited("humpback-selection", printed, "win_rate", n_examples=_TRAINED_ON)
            found[_arm(name, _TRAINED_ON)] = {"win rate, %": rate}
    return found


def _arm(selector: str, n: int) -> str:
    """The model trained on what a selector selects."""
    return f"{n} selected by {selector}"


def _selections(setup: Setup, seed: int) -> dict[str, Selected | Best]:
    """By selector, each at the setup's own threshold."""
    at = setup.at(seed)
    m0, m1 = humpback(at, iterations=1)
    found = {_M0: curated(at, by=m0), _M1: curated(at, by=m1)}
    if at.strong:
        pool: Examples = candidates(at)
        shown = subset(pool, _ASKED, seed) if isinstance(at.strong, ModelRater) else pool
        found[_STRONG] = kept(Rated(shown, by=at.strong), at.keep)
    return found
