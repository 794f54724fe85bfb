"""What do augmented data look like? Curated pairs are shorter than the pool; both have longer outputs than seed data.

The claim (Humpback, section 3.2, Table 1; characters): the pool of 502,133 candidates has instructions of 352 and
outputs of 1,722 on average, the 41,821 of A_5^(2) 115 and 1,663, and the 3,200 seed examples 148 and 1,072.
It is falsified when the curated instructions or outputs are not shorter than the pool's, or the outputs of the pool or
of the curated part are not longer than the seed's. (A_4^(2) has the longest outputs of all, 1,985: of it the paper
claims nothing.)
"""

from __future__ import annotations

from humpback.experiments.humpback.algorithm import candidates, curated, first_iteration, kept, rated
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.spec.claims import Cited, Claim, Greater
from humpback.spec.data import Examples
from humpback.spec.measures import Described, Measure

SHOWS = "table 1: examples and lengths of seed data, A_5, A_4 and all augmented data"

_SEED, _A5, _A4, _ALL = "seed", "A5", "A4", "all augmented"
_INSTRUCTION, _OUTPUT = "instruction, characters", "output, characters"
_MATTERS = 10.0
"""Characters: about two words."""
_PRINTED = {
    "examples": "examples",
    _INSTRUCTION: "instruction_length",
    "instruction, sd": "instruction_length_sd",
    _OUTPUT: "output_length",
    "output, sd": "output_length_sd",
}


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's table shows."""
    return (
        Greater(
            _INSTRUCTION,
            _ALL,
            _A5,
            "the pool's instructions are longer than the curated ones (352 against 115)",
            _MATTERS,
            paper=237.0,
        ),
        Greater(
            _OUTPUT,
            _ALL,
            _A5,
            "the pool's outputs are longer than the curated ones (1,722 against 1,663)",
            _MATTERS,
            59.0,
        ),
        Greater(
            _OUTPUT,
            _ALL,
            _SEED,
            "augmented outputs are longer than the seed's (1,722 against 1,072)",
            _MATTERS,
            paper=650.0,
        ),
        Greater(
            _OUTPUT,
            _A5,
            _SEED,
            "curated outputs are longer than the seed's (1,663 against 1,072)",
            _MATTERS,
            paper=591.0,
        ),
    )


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """The sets of one seed, curated by M_1."""
    return {name: Described(examples) for name, examples in _sets(setup, seed).items()}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """Table 1."""
    return {
        name: {
            metric: Cited("humpback-data-statistics", "augmented" if name == _ALL else name, printed)
            for metric, printed in _PRINTED.items()
        }
        for name in _sets(setup, 0)
    }


def _sets(setup: Setup, seed: int) -> dict[str, Examples]:
    """By the table's names; a best share has no lower threshold."""
    at = setup.at(seed)
    m1 = first_iteration(at)
    found: dict[str, Examples] = {_SEED: at.seed_data, _A5: curated(at, by=m1)}
    if isinstance(at.keep, AtLeast):
        found[_A4] = kept(rated(at, by=m1), AtLeast(at.grid.looser))
    return {**found, _ALL: candidates(at)}
