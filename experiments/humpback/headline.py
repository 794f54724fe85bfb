"""Does the whole loop work? Curated backtranslation beats the seed model, and curation is what makes it so.

The claim (Humpback, sections 3.3 and 3.5): finetuning on seed data plus self-curated augmented data beats the seed
data alone; as many augmented examples without curation do not; a second iteration rates better than the first.
It is falsified when M1 does not beat the uncurated arm, or M2 does not beat M0, by an interval that excludes zero.
Where the truth is known, the oracle arm replaces the model's ratings by it, and shows how far better curation could go.
"""

from __future__ import annotations

from humpback.experiments.cited import cited_humpback, cited_m0, known, of_7b
from humpback.experiments.humpback.algorithm import arm, augmented_model, candidates, curated, humpback
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Comparison
from humpback.spec.curation import Uniform
from humpback.spec.outcomes import Arm
from humpback.spec.search import Float, Space

SHOWS = "win rate of each arm against the reference; M2 head to head with M0 and with uncurated"

_CLAIMS = (
    Comparison(
        "M1",
        "uncurated",
        differ_in="examples.second.examples",
        claim="curated augmented data beat as much uncurated data (section 3.5; 61.5 against 51.6 at 3,200 on 7B)",
        paper=9.9,
    ),
    Comparison(
        "M2",
        "M0",
        differ_in="examples",
        claim="Humpback beats the model of seed data alone (section 3.5; 74.1 against 53.6 on 7B)",
        paper=20.5,
        head_to_head=True,
    ),
    Comparison(
        "M2",
        "uncurated",
        differ_in="examples.second.examples",
        claim="the second iteration beats uncurated data (section 3.5)",
        head_to_head=True,
    ),
    Comparison(
        "M1",
        "M0",
        differ_in="examples",
        claim="one iteration beats the model of seed data alone (section 3.5)",
    ),
    Comparison(
        "M2",
        "M1",
        differ_in="examples.second.examples.rated.by.model",
        claim="a better model curates better (section 2.2)",
    ),
    Comparison(
        "M0",
        "uncurated",
        differ_in="examples",
        claim="uncurated data with seed data fall below seed data alone (section 3.5; 51.6 against 53.6 on 7B)",
        paper=2.0,
    ),
)


SPACE = Space(
    arm="M1",
    axes=(
        Float("sft.learning_rate", 3e-5, 3e-4, log=True, scaled=(("sft.schedule.final", 0.9),)),
        Float("keep.score", 3.5, 4.75),
        Float("augmentation.temperature", 0.3, 1.0),
    ),
)
"""What `humpback sweep` goes through. M1, because one iteration tells settings apart at half the price of two; the rate
at the end stays nine tenths of the first, as in the paper."""


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says of the arms."""
    return of_7b(setup, _CLAIMS)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    m0, m1, m2 = humpback(at, iterations=2)
    uncurated = Uniform(candidates(at), as_many_as=curated(at, by=m0), draw=seed)
    best = {"oracle": arm(at, augmented_model(at, curated(at, by=at.oracle)))} if at.oracle else {}
    return {
        "M0": arm(at, m0),
        "uncurated": arm(at, augmented_model(at, uncurated)),
        "M1": arm(at, m1),
        "M2": arm(at, m2),
        **best,
    }


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The paper's numbers of the same arms. What M_1 and the uncurated arm of as many examples reach is not printed."""
    return known({"M0": cited_m0(setup), "M2": cited_humpback(setup)})
