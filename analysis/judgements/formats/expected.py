"""How many prompts a published set has, so that a shortfall is seen beside the rate.

AlpacaEval's and AlpaGasus's Koala and Vicuna share names; a set that only AlpacaEval has tells them apart.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources

from humpback.core.same_prompt import fold

ALPACA_EVAL = {"selfinstruct": 252, "oasst": 188, "koala": 156, "helpful_base": 129, "vicuna": 80}
"""AlpacaEval's 805 by `dataset`."""
ALPAGASUS = {"vicuna": 80, "koala": 180, "wizardlm": 218, "sinstruct": 252}
"""AlpaGasus, section 4.1."""
_SPELLINGS = {"selfinstruct": "sinstruct", "self_instruct": "sinstruct", "self-instruct": "sinstruct"}


def alpaca_eval_place(prompt: str) -> int | None:
    """Where a prompt stands among AlpacaEval's 805, from 0; None where it is none of them."""
    return alpaca_eval_places().get(_digest(prompt))


@cache
def alpaca_eval_places() -> dict[str, int]:
    """The place of each of the 805 by the digest of its text: the texts are not ours to ship."""
    listed = resources.files("humpback.analysis.judgements.formats").joinpath("alpaca_eval_prompts.txt")
    return {digest: place for place, digest in enumerate(listed.read_text("ascii").split())}


def _digest(prompt: str) -> str:
    return hashlib.sha256(fold(prompt).encode()).hexdigest()[:12]


def set_named(stem: str) -> str:
    """Which of AlpaGasus's sets a file's name speaks of; empty when none."""
    lower = stem.lower()
    spelled = next((ours for theirs, ours in _SPELLINGS.items() if theirs in lower), "")
    return spelled or next((name for name in ALPAGASUS if name in lower), "")


def expected(sources: Iterable[str], *, alpaca_eval: bool) -> dict[str, int]:
    """Prompts that each set should have, "" for all together; a set that is not known has no entry.

    `sources` are the sets of the judged prompts. `alpaca_eval` says that the file is AlpacaEval's.
    """
    found = Counter(sources)
    if alpaca_eval or {"oasst", "helpful_base"} & set(found):
        if not set(found) <= {*ALPACA_EVAL, ""}:
            return {}  # AlpacaEval's tool on somebody's own prompts
        return {**ALPACA_EVAL, "": sum(ALPACA_EVAL.values())}
    known = {name: ALPAGASUS[_spelled(name)] for name in found if _spelled(name) in ALPAGASUS}
    if known and len(known) == len(found):
        known[""] = sum(known.values())
    return known


def _spelled(name: str) -> str:
    lower = name.lower()
    return _SPELLINGS.get(lower, lower)
