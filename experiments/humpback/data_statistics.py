"""What do augmented data look like? Curated pairs are shorter than the pool; both have longer outputs than seed data.

The claim (Humpback, section 3.2, Table 1; characters): A_5^(2) has shorter instructions and outputs than the whole pool
of candidates, and longer outputs than the seed examples. It is falsified when the curated instructions or outputs are
not shorter than the pool's, or the outputs of the pool or of the curated part are not longer than the seed's. (A_4^(2)
has the longest outputs of all: of it the paper claims nothing.)
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import candidates, curated, first_iteration, rated, select
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.spec.claims import Claim, Paper
from humpback.spec.data import Examples
from humpback.spec.measures import LengthStatistics, Measure

SHOWS = "table 1: examples and lengths of seed data, A_5, A_4 and all augmented data"

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


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """The sets of one seed, curated by M_1; a best share has no lower threshold."""

    def statistics(name: str, examples: Examples, row: str = "") -> LengthStatistics:
        table = "humpback-data-statistics"
        papers = {metric: Paper(table, row or name, metric=key, size="") for metric, key in _PRINTED.items()}
        return LengthStatistics(name, examples, paper=setup.cites_each(papers))

    m1 = first_iteration(setup)
    human, strict = statistics("seed", setup.seed_data), statistics("A5", curated(setup, by=m1))
    pool = statistics("all augmented", candidates(setup), "augmented")
    yield from (human, strict)
    if isinstance(setup.selection, AtLeast):
        yield statistics("A4", select(rated(setup, by=m1), AtLeast(setup.grid.looser)))
    yield pool

    for long, short, metric, words in (
        (pool, strict, _INSTRUCTION, "the pool's instructions are longer than the curated ones"),
        (pool, strict, _OUTPUT, "the pool's outputs are longer than the curated ones"),
        (pool, human, _OUTPUT, "augmented outputs are longer than the seed's"),
        (strict, human, _OUTPUT, "curated outputs are longer than the seed's"),
    ):
        yield long.exceeds(short, metric, words, matters=_MATTERS, stated_in="table 1")
