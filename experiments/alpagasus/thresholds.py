"""How strict should the filter be? At 4.5 it helps; at 4.0 it keeps most of the set and helps less.

The claim (AlpaGasus): the 9k at 4.5 win more against the whole set than the 39k at 4.0. Wins less losses on the four
sets, read from the figure: 17, 4, 13, 14 at 4.5 and 1, -11, 10, -3 at 4.0. It is falsified when the stricter filter
is not the better one.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import against_whole, filtered, filtering, trained
from humpback.experiments.cited import alpagasus_size, cited_filtered, filtered_beats_whole, known, win_rate
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Above, Cited, Claim, Comparison
from humpback.spec.outcomes import Arm

SHOWS = "figure: win/tie/lose against the whole set by threshold"
REFERENCE = "whole set"
BY_SET = True


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper says."""
    strict, looser = filtering(setup).at_least, filtering(setup).looser
    of_7b = alpagasus_size(setup) == "7B"
    return (
        Above(f"at {strict:g}", f"filtering at {strict:g} beats the whole set", paper=filtered_beats_whole(setup)),
        Above(f"at {looser:g}", f"filtering at {looser:g} beats the whole set", paper=-0.2 if of_7b else None),
        Comparison(
            f"at {strict:g}",
            f"at {looser:g}",
            differ_in="examples.at_least",
            claim=f"{strict:g} is the better threshold",
            paper=3.5 if of_7b else None,
        ),
    )


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    both = (filtering(at).at_least, filtering(at).looser)
    return {f"at {k:g}": against_whole(at, trained(at, filtered(at, at_least=k))) for k in both}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The paper's 9k and 39k; the 39k were tried at 7B."""
    if setup.filtering is None:
        return {}
    strict, looser = f"at {setup.filtering.at_least:g}", f"at {setup.filtering.looser:g}"
    all_39k = win_rate("alpagasus-size", "7B all", 39_469) if alpagasus_size(setup) == "7B" else {}
    return known({strict: cited_filtered(setup), looser: all_39k})
