"""Are augmented instructions more varied than the seed's? They ask for more different things, in a long tail.

The claim (Humpback, section 3.2, figure of root verbs and their nouns): augmented data are diverse, in the long tail
above all, and complement the seed data. The figure shows the 8 % of seed and the 13 % of augmented instructions from
which a verb and a noun were parsed; it has no counts. The paper's parser was another, so its shares are no measure for
ours.
It is falsified when as many augmented instructions as seed ones do not have more distinct pairs of verb and noun.
"""

from __future__ import annotations

from humpback.experiments.humpback.algorithm import candidates, curated, first_iteration
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Greater
from humpback.spec.measures import Diverse, Measure

SHOWS = "figure: root verbs and their noun objects, of seed and of augmented instructions"

_SEED, _ALL, _CURATED = "seed", "all augmented", "A5"
_PAIRS = "distinct verb-noun pairs"


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says of its figure, counted."""
    n = _instructions(setup)
    return tuple(
        Greater(
            _PAIRS,
            name,
            _SEED,
            f"{n:,} {told} instructions have more distinct pairs of verb and noun than {n:,} of the seed's",
            # One more in twenty instructions.
            matters=n / 20,
        )
        for name, told in ((_ALL, "augmented"), (_CURATED, "curated"))
    )


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """The sets of one seed, at one number of instructions."""
    at, n = setup.at(seed), _instructions(setup)
    return {
        _SEED: Diverse(at.seed_data, n),
        _ALL: Diverse(candidates(at), n),
        _CURATED: Diverse(curated(at, by=first_iteration(at)), n),
    }


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The shares that the figure is drawn from."""
    return {
        name: {"instructions with a verb and noun, %": Cited("humpback-diversity", arm, "share_parsed")}
        for name, arm in ((_SEED, "seed"), (_ALL, "augmented"))
    }


def _instructions(setup: Setup) -> int:
    """As many as there are seed examples, or the fewest that ablations draw of seed data of unknown number; and not
    more than the ablations draw of curated data."""
    return min(setup.seed_size or setup.seed_sizes[0], setup.augmented_sizes[-1])
