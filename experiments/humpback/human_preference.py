"""Do people prefer Humpback's answers? More often than not, to every system that it was set beside.

The claim (Humpback, section 3.3, human evaluation on 250 prompts): people find the 65B model's answer the better one
more often than that of LIMA 65B, Claude, Guanaco 65B, text-davinci-003 and Falcon-Instruct 40B.
It is falsified for a system whose answers people find the better ones as often or more often. The votes are people's:
without any, the table says how to collect them, and nothing stands in for them. In LIMA 65B's place is the setup's own
base trained on LIMA; Guanaco and Falcon-Instruct are in no setup; the seed model is an opponent of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.experiments.humpback.algorithm import humpback, subset
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim, Paper
from humpback.spec.data import Examples, Tagged
from humpback.spec.measures import Measure, VoteShare
from humpback.spec.models import Finetuned, ServedModel
from humpback.spec.outcomes import Responses
from humpback.spec.prompts import S_A, S_W

SHOWS = "figure: human preference, Humpback against other systems"

_DIFFERENCE = "first better less second, points"
_SHARES = {"first better, %": "win_share", "no difference, %": "tie_share", "second better, %": "lose_share"}


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """Humpback's final model against each opponent."""
    first, *_, final = humpback(setup, iterations=2)
    answers = _answers(setup, final)
    opponents: dict[str, tuple[Examples, str]] = {
        "against the reference": (setup.reference, "text-davinci-003"),
        "against the seed model": (_answers(setup, first), ""),
        **dict(_others(setup, seed)),
    }
    for name, (other, row) in opponents.items():
        votes = VoteShare(name, answers, other, paper=printed(setup, "humpback-human", row, "65B") if row else ())
        yield votes
        prefer, stated_in = f"people prefer Humpback's answers, {name}", f"section 3.3; there {row}" if row else ""
        yield preferred(votes, prefer, stated_in)


def printed(setup: Setup, table: str, row: str, size: str) -> tuple[tuple[str, Paper], ...]:
    """The shares of a human study that stand beside the setup's."""
    return setup.cites_each({metric: Paper(table, row, metric=share, size=size) for metric, share in _SHARES.items()})


def preferred(votes: VoteShare, claim: str, stated_in: str) -> Claim:
    """The claim that people find the first answer the better one more often than the second."""
    shares = dict(votes.paper)
    pair = (shares.get("first better, %"), shares.get("second better, %"))
    # As much as five points of a win rate with ties half.
    return votes.exceeds(0.0, _DIFFERENCE, claim, matters=10.0, stated_in=stated_in, paper=pair)


def _others(setup: Setup, seed: int) -> Iterator[tuple[str, tuple[Examples, str]]]:
    """The same base on LIMA, and Claude, where a setup has them; each with the paper's name of it."""
    for rival in setup.rivals:
        if rival.name == "lima":
            whole = Tagged(subset(rival.examples, rival.sizes[-1], seed), S_A)
            yield "against lima", (_answers(setup, Finetuned(setup.base, whole, setup.sft)), "LIMA 65B")
    for name, other in setup.filtering.systems if setup.filtering else ():
        if name == "Claude" and isinstance(other, Responses) and isinstance(other.model, ServedModel):
            # Of the setup and not of the seed: a system behind an endpoint is asked once.
            sampling = replace(setup.answering, seed=0)
            yield "against Claude", (Responses(other.model, setup.prompts, sampling), "Claude")


def _answers(setup: Setup, model: Finetuned) -> Responses:
    return Responses(model, setup.prompts, setup.answering, system=(S_A, S_W))
