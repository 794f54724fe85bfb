"""Do people prefer Humpback's answers? More often than not, to every system that it was set beside.

The claim (Humpback, section 3.3, human evaluation on 250 prompts): people find the 65B model's answer the better one
more often than that of LIMA 65B (55.6 % against 37.8), Claude (59.4 against 33.1), Guanaco 65B (59.6 against 29.4),
text-davinci-003 (66.7 against 19.8) and Falcon-Instruct 40B (81.4 against 14.9).
It is falsified for a system whose answers people find the better ones as often or more often. The votes are people's:
without any, the table says how to collect them, and nothing stands in for them. In LIMA 65B's place is the setup's own
base trained on LIMA; Guanaco and Falcon-Instruct are in no setup; the seed model is an opponent of ours.
"""

from __future__ import annotations

from humpback.experiments.humpback.algorithm import humpback, subset
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Greater
from humpback.spec.data import Examples, Tagged
from humpback.spec.measures import Measure, Voted
from humpback.spec.models import Finetuned, ServedModel
from humpback.spec.outcomes import Responses
from humpback.spec.prompts import S_A, S_W

SHOWS = "figure: human preference, Humpback against other systems"

_REFERENCE, _SEED = "against the reference", "against the seed model"
_PAPER = {
    _REFERENCE: ("text-davinci-003", 46.9),
    "against lima": ("LIMA 65B", 17.8),
    "against Claude": ("Claude", 26.3),
}
"""Whose answers they are at 65B, and the paper's share for Humpback less the share for them, in points."""
_DIFFERENCE = "first better less second, points"


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says, and the same of the seed model."""
    printed = _PAPER if setup.name in ("micro", "llama-65b") else {}
    return tuple(
        Greater(
            _DIFFERENCE,
            name,
            0.0,
            f"people prefer Humpback's answers, {name} "
            + (f"(section 3.3; there {_PAPER[name][0]})" if name in _PAPER else "(no claim of the paper's)"),
            # As much as five points of a win rate with ties half.
            matters=10.0,
            paper=printed[name][1] if name in printed else None,
        )
        for name in _opponents(setup, 0)
    )


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """Humpback's final model against each opponent."""
    final = humpback(setup.at(seed), iterations=2)[-1]
    answers = _answers(setup, seed, final)
    return {name: Voted(answers, other) for name, other in _opponents(setup, seed).items()}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The figure's shares at 65B; on micro against the reference, which is AlpacaEval's counterpart."""
    there = {"llama-65b": tuple(_PAPER), "micro": (_REFERENCE,)}.get(setup.name, ())
    return {
        name: {
            metric: Cited("humpback-human", _PAPER[name][0], share)
            for metric, share in (
                ("first better, %", "win_share"),
                ("no difference, %", "tie_share"),
                ("second better, %", "lose_share"),
            )
        }
        for name in there
    }


def _opponents(setup: Setup, seed: int) -> dict[str, Examples]:
    """The reference's answers, the seed model's, those of the same base on LIMA, and Claude's, where a setup has
    them."""
    at = setup.at(seed)
    found: dict[str, Examples] = {
        _REFERENCE: at.reference,
        _SEED: _answers(setup, seed, humpback(at, iterations=0)[0]),
    }
    for rival in at.rivals:
        if rival.name == "lima":
            whole = Tagged(subset(rival.examples, rival.sizes[-1], seed), S_A)
            found["against lima"] = _answers(setup, seed, Finetuned(at.base, whole, at.sft))
    for name, other in at.filtering.systems if at.filtering else ():
        if name == "Claude" and isinstance(other, Responses) and isinstance(other.model, ServedModel):
            # Of the setup and not of the seed: a system behind an endpoint is asked once.
            found["against Claude"] = Responses(other.model, setup.prompts, setup.answering)
    return found


def _answers(setup: Setup, seed: int, model: Finetuned) -> Responses:
    return Responses(model, setup.prompts, setup.at(seed).answering, system=(S_A, S_W))
