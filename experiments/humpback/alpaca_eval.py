"""Where does Humpback stand on AlpacaEval? Above models of other data that were not distilled from a stronger one.

The claim (Humpback, section 3.4, table): 83.7 % against text-davinci-003 at 65B, above Guanaco (71.8) and LIMA
(62.7), and below models distilled from stronger ones or trained by their makers. Here each comparison set of the
setup trains the same base as a whole. It is falsified for a set of human data whose model is not below Humpback.
"""

from __future__ import annotations

from humpback.experiments.cited import cited_humpback, cited_m0, humpback_size, known, win_rate
from humpback.experiments.humpback.algorithm import arm, humpback, subset
from humpback.experiments.humpback.data_scaling import PAPER_CURVES
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Comparison
from humpback.spec.data import Tagged
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Arm
from humpback.spec.prompts import S_A

SHOWS = "table: AlpacaEval, Humpback beside models of other data"

_LEADERBOARD = {"lima": 21.0}
"""At 65B: 83.71 less LIMA's 62.70. The table has no other of the comparison sets on the same base, and no 7B model."""
_FIGURE = {
    "seed data": 20.5,
    "wizardlm": 17.9,
    "alpaca-gpt4": 11.3,
    "vicuna": 5.6,
    "lima": 44.3,
    "alpaca": 50.5,
    "flan-v2": 69.3,
    "machine-made": 50.5,
    "narrow": 44.3,
    "terse": 69.3,
}
"""At 7B, from the last points of the scaling figure: 74.1 less theirs. The last three are the micro world's
counterparts of Alpaca, LIMA and FLAN."""


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's table says; of a 7B model, what its scaling figure does."""
    paper = {"7B": _FIGURE, "65B": _LEADERBOARD}.get(humpback_size(setup), {})
    return (
        Comparison(
            "humpback",
            "seed data",
            differ_in="examples",
            claim="Humpback beats its own seed data",
            paper=paper.get("seed data"),
        ),
        *(
            Comparison(
                "humpback",
                rival.name,
                differ_in="examples",
                claim=f"Humpback beats {rival.name} (section 3.4)",
                paper=paper.get(rival.name),
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


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The leaderboard's rows (its LIMA has 1,000 examples); of a 7B model, the last points of the scaling figure."""
    found = {"seed data": cited_m0(setup), "humpback": cited_humpback(setup)}
    names = [rival.name for rival in setup.rivals]
    if humpback_size(setup) == "65B" and "lima" in names:
        found["lima"] = win_rate("humpback-alpaca-eval", "LIMA 65B")
    if humpback_size(setup) == "7B":
        for name in names:
            found[name] = win_rate(*PAPER_CURVES[name], 800 if name in ("lima", "narrow") else 51_200)
    return known(found)
