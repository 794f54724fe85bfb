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
    """Binomial: twice the smaller tail, at most 1."""
    normal: float
    """By the normal approximation without correction, which is what gives AlpaGasus's .035 and .019."""


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


def prompts_needed(variance: float, difference: float, power: float = POWER) -> int:
    """How many prompts show a difference (two-sided, 5 %) with the given power, by the normal approximation.

    variance: of one prompt's points, or of one prompt's difference between two systems, in squared units of
    `difference`.

    Raises:
        ValueError: for a difference that is not above 0, a negative variance, or a power outside 0.05 to 1.
    """
    if not difference > 0 or not variance >= 0 or not SIGNIFICANCE < power < 1:
        raise ValueError(
            f"difference {difference}, variance {variance}, power {power}: the difference is above 0, the variance 0 "
            "or more, the power between 0.05 and 1"
        )
    reach = float(ndtri(1 - SIGNIFICANCE / 2) + ndtri(power))
    return max(2, math.ceil(reach**2 * variance / difference**2))


def needed(variance: float, points: float) -> int | None:
    """`prompts_needed`, or None where the variance is not known: NaN, or none at all, which no sample shows."""
    return prompts_needed(variance, points) if variance > 0 else None
