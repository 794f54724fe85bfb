"""Where does Humpback stand on AlpacaEval? Above models of other data that were not distilled from a stronger one.

The claim (Humpback, section 3.4, table): against text-davinci-003 the 65B model is above Guanaco and LIMA, and below
models distilled from stronger ones or trained by their makers. Here each comparison set of the setup trains the same
base as a whole. It is falsified for a set of human data whose model is not below Humpback.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import HUMPBACK, M0, arm, humpback, subset
from humpback.experiments.humpback.data_scaling import FIGURE
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Paper
from humpback.spec.data import Tagged
from humpback.spec.models import Finetuned
from humpback.spec.prompts import S_A

SHOWS = "table: AlpacaEval, Humpback beside models of other data"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Humpback, its seed model, and each comparison set at its largest size. The paper's numbers are the leaderboard's
    rows; of a 7B model, the last points of the scaling figure."""
    seed_model, _, final = humpback(setup, iterations=2)
    human, own = arm(setup, "seed data", seed_model, M0), arm(setup, "humpback", final, *HUMPBACK)
    yield from (human, own)
    rivals = []
    for rival in setup.rivals:
        whole = Tagged(subset(rival.examples, rival.sizes[-1], seed), S_A)
        papers = [Paper(FIGURE, rival.paper, rival.paper_largest)]
        if rival.paper == "LIMA":
            papers.append(Paper("humpback-alpaca-eval", "LIMA 65B", size="65B"))
        rivals.append(arm(setup, rival.name, Finetuned(setup.base, whole, setup.sft), *papers))
    yield from rivals

    yield own.beats(human, "Humpback beats its own seed data", only="examples")
    for other in rivals:
        yield own.beats(other, f"Humpback beats {other.name} (section 3.4)", only="examples")
