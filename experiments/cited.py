"""Which of a paper's numbers stand beside a setup's: those of the same size on the papers' setups, and the 7B model's,
by meaning, on setups that stand in for them (`micro`, `smollm-135m`, `files`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.papers import ALPAGASUS_7B, ALPAGASUS_13B, LLAMA2_70B, LLAMA_7B, LLAMA_33B, LLAMA_65B
from humpback.spec.claims import Cited, Claim

_PAPERS = (LLAMA_7B, LLAMA_33B, LLAMA_65B, LLAMA2_70B, ALPAGASUS_7B, ALPAGASUS_13B)
_SHARED = ("base", "judge", "reference", "prompts")
_HUMPBACK = {"llama-33b": "33B", "llama-65b": "65B", "llama2-70b": "70B", "alpagasus-7b": "", "alpagasus-13b": ""}
_ALPAGASUS = {"alpagasus-7b": "7B", "alpagasus-13b": "13B", "micro": "7B", "smollm-135m": "7B"}
ByArm = dict[str, dict[str, Cited]]


def papers_own(setup: Setup) -> bool:
    """Whether ours less the paper's is a number: base, judge, reference and prompts are those of one of the papers'
    setups. A win rate against another reference, by another judge, has another zero."""
    return any(all(getattr(setup, name) == getattr(one, name) for name in _SHARED) for one in _PAPERS)


def humpback_size(setup: Setup) -> str:
    """Of Humpback's models, the one that the setup answers to; empty where the recipe is AlpaGasus's."""
    return _HUMPBACK.get(setup.name, "7B")


def alpagasus_size(setup: Setup) -> str:
    """Of AlpaGasus's models, the one that the setup answers to; empty where the recipe is Humpback's."""
    return _ALPAGASUS.get(setup.name, "")


def has_humpback_s_sizes(setup: Setup) -> bool:
    """Whether the points of the paper's curves, which are all of its 7B model, are the setup's."""
    return setup.name == "llama-7b"


def win_rate(table: str, arm: str, n: int | None = None) -> dict[str, Cited]:
    """An arm's win rate, as `cited` gives it; `n` chooses a point of a curve."""
    return {"win rate, %": Cited(table, arm, "win_rate", n)}


def cited_m0(setup: Setup) -> dict[str, Cited]:
    """M_0's; nothing at a size for which the paper does not print it."""
    return win_rate("humpback-quality-vs-quantity", "M0") if humpback_size(setup) == "7B" else {}


def cited_humpback(setup: Setup) -> dict[str, Cited]:
    """Humpback's, M_2: the last point of the 7B curve, and the leaderboard's row of the larger models."""
    match humpback_size(setup):
        case "":
            return {}
        case "7B":
            return win_rate("humpback-data-efficiency", "Humpback", 45_021)
        case size:
            return win_rate("humpback-alpaca-eval", f"Humpback {size}")


def cited_filtered(setup: Setup) -> dict[str, Cited]:
    """AlpaGasus's filtered set against the whole one, on all test sets together."""
    size = alpagasus_size(setup)
    return win_rate("alpagasus-win-tie-lose", f"{size} all") if size else {}


def filtered_beats_whole(setup: Setup) -> float | None:
    """The same as points above 50: 284 wins, 210 ties and 236 losses at 7B; 293, 198 and 239 at 13B."""
    return {"7B": 3.3, "13B": 3.7}.get(alpagasus_size(setup))


def of_7b(setup: Setup, claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """The claims, whose numbers are those of Humpback's 7B model; without them on setups that answer to another."""
    if humpback_size(setup) == "7B":
        return tuple(claims)
    return tuple(replace(one, paper=None) for one in claims)


def known(cited: ByArm) -> ByArm:
    """Without the arms for which nothing is printed."""
    return {name: numbers for name, numbers in cited.items() if numbers}
