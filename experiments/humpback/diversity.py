"""Are augmented instructions more varied than the seed's? They ask for more different things, in a long tail.

The claim (Humpback, section 3.2, figure of root verbs and their nouns): augmented data are diverse, in the long tail
above all, and complement the seed data. The figure shows the small share of instructions from which a verb and a noun
were parsed; it has no counts. The paper's parser was another, so its shares are no measure for ours. It is falsified
when as many augmented instructions as seed ones do not have more distinct pairs of verb and noun.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import candidates, curated, first_iteration
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim, Paper
from humpback.spec.data import Examples
from humpback.spec.measures import InstructionDiversity, Measure

SHOWS = "figure: root verbs and their noun objects, of seed and of augmented instructions"


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """The sets of one seed, at one number of instructions: as many as there are seed examples, or the fewest that
    ablations draw of seed data of unknown number; and not more than the ablations draw of curated data."""
    n = min(setup.seed_size or setup.seed_sizes[0], setup.augmented_sizes[-1])

    def diversity(name: str, examples: Examples, row: str = "") -> InstructionDiversity:
        shares = {"instructions with a verb and noun, %": Paper("humpback-diversity", row, None, "share_parsed", "")}
        return InstructionDiversity(name, examples, n, paper=setup.cites_each(shares) if row else ())

    human = diversity("seed", setup.seed_data, "seed")
    pool = diversity("all augmented", candidates(setup), "augmented")
    strict = diversity("A5", curated(setup, by=first_iteration(setup)))
    yield from (human, pool, strict)
    for measure, kind in ((pool, "augmented"), (strict, "curated")):
        more = f"{n:,} {kind} instructions have more distinct pairs of verb and noun than {n:,} of the seed's"
        # One more in twenty instructions.
        yield measure.exceeds(human, "distinct verb-noun pairs", more, matters=n / 20, stated_in="section 3.2")
