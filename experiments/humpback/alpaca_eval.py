"""Where does Humpback stand on AlpacaEval? Above models of other data that were not distilled from a stronger one.

The claim (Humpback, section 3.4, table): 83.7 % against text-davinci-003 at 65B, above Guanaco (71.8) and LIMA
(62.7), and below models distilled from stronger ones or trained by their makers. Here each comparison set of the
setup trains the same base as a whole. It is falsified for a set of human data whose model is not below Humpback.
"""

from __future__ import annotations

from experiments.humpback.algorithm import arm, humpback, subset
from experiments.setup import Setup
from harness.claims import Claim, Comparison
from harness.data import Tagged
from harness.models import Finetuned
from harness.outcomes import Arm
from harness.prompts import S_A

SHOWS = "table: AlpacaEval, Humpback beside models of other data"

_PAPER = {"lima": 21.0}
"""83.71 less LIMA 65B's 62.70; the table has no other of the comparison sets on the same base."""


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's table says."""
    return (
        Comparison("humpback", "seed data", differ_in="examples", claim="Humpback beats its own seed data"),
        *(
            Comparison(
                "humpback",
                rival.name,
                differ_in="examples",
                claim=f"Humpback beats {rival.name} (section 3.4)",
                paper=_PAPER.get(rival.name),
            )
            for rival in setup.rivals
        ),
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name; each comparison set at its largest size."""
    at = setup.at(seed)
    seed_model, _, final = humpback(at, iterations=2)
    found = {"seed data": arm(at, seed_model), "humpback": arm(at, final)}
    for rival in at.rivals:
        whole = Tagged(subset(rival.examples, rival.sizes[-1], seed), S_A)
        found[rival.name] = arm(at, Finetuned(at.base, whole, at.sft))
    return found
