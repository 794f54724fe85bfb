"""How many prompts a difference needs, and whether wins outnumber losses: tests and planning."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import bdtr, ndtri

SIGNIFICANCE, POWER = 0.05, 0.8


@dataclass(frozen=True)
class SignTest:
    """Two-sided, of wins against losses, ties dropped."""

    exact: float
    """Exact binomial p: twice the smaller tail, at most 1."""
    normal: float
    """p by the normal approximation without correction, which is what gives AlpaGasus's .035 and .019."""


def sign_test(wins: int, losses: int) -> SignTest:
    """p that as uneven a split, or a more uneven one, comes of chance alone. 1 without a decided prompt.

    Raises:
        ValueError: for a negative count.
    """
    if wins < 0 or losses < 0:
        raise ValueError(f"{wins} wins and {losses} losses; counts are 0 or more")
    n = wins + losses
    if n == 0:
        return SignTest(1.0, 1.0)
    exact = min(1.0, 2 * float(bdtr(min(wins, losses), n, 0.5)))
    return SignTest(exact, math.erfc(abs(wins - losses) / math.sqrt(2 * n)))


def prompts_needed(variance: float, difference: float) -> int | None:
    """How many prompts show a difference (two-sided, 5 %) four times in five, by the normal approximation; None where
    the variance is not known: NaN, or none at all, which no sample shows.

    variance: of one prompt's points, or of one prompt's difference between two systems, in squared units of
    `difference`.

    Raises:
        ValueError: for a difference that is not above 0, or a negative variance.
    """
    if not difference > 0 or variance < 0:
        raise ValueError(f"difference {difference}, variance {variance}: the one is above 0, the other 0 or more")
    reach = float(ndtri(1 - SIGNIFICANCE / 2) + ndtri(POWER))
    return max(2, math.ceil(reach**2 * variance / difference**2)) if variance > 0 else None
