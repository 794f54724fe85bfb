"""Where does Humpback stand on AlpacaEval? Above models of other data that were not distilled from a stronger one.

The claim (Humpback, section 3.4, table): against text-davinci-003 the 33B and 65B models are above LIMA, and below
Vicuna and WizardLLM, which are distilled from stronger ones; the 70B is above WizardLLM as well. The rows are of models
of other sizes; here each comparison set of the setup trains the same base as a whole. At 7B the last points of the
scaling figure (section 3.3) have Humpback above every set. Of the sets that have no row the claim is ours. It is
falsified for a set whose model is on the other side of Humpback's.
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

TABLE = "humpback-alpaca-eval"
_ABOVE = {"33B": ("Vicuna", "WizardLLM"), "65B": ("Vicuna", "WizardLLM"), "70B": ("Vicuna",)}
"""The sets whose rows are above Humpback's, by its size."""
_ROWS = {"LIMA": "LIMA 65B", "Vicuna": "Vicuna 33B", "WizardLLM": "WizardLLM 13B"}
"""The sets that have one, by the scaling figure's name of them."""


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """Humpback, its seed model, and each comparison set at its largest size."""
    seed_model, _, final = humpback(setup, iterations=2)
    human, own = arm(setup, "seed data", seed_model, M0), arm(setup, "humpback", final, *HUMPBACK)
    yield from (human, own)
    rivals: dict[str, Arm] = {}
    for rival in setup.rivals:
        whole = Tagged(subset(rival.examples, rival.sizes[-1], seed), S_A)
        papers = [Paper(FIGURE, rival.paper, rival.paper_largest)]
        if rival.paper == "LIMA":
            papers.append(Paper(TABLE, _ROWS["LIMA"], size="65B"))
        rivals[rival.paper] = arm(setup, rival.name, Finetuned(setup.base, whole, setup.sft), *papers)
    yield from rivals.values()

    for paper, other in rivals.items():
        if setup.humpback not in _ABOVE:
            yield own.beats(other, f"humpback beats {other.name}", only="examples", stated_in="section 3.3")
        elif paper not in _ROWS:
            yield own.beats(other, f"humpback beats {other.name}", only="examples")
        else:
            row, stated_in = Paper(TABLE, _ROWS[paper]), f"section 3.4; there {_ROWS[paper]}"
            pair = ((other, row), (own, own.paper))
            (above, high), (below, low) = pair if paper in _ABOVE[setup.humpback] else pair[::-1]
            words = f"{above.name} beats {below.name}"
            yield above.beats(below, words, only="examples", stated_in=stated_in, paper=(high, low))
