"""The vocabulary of claims: what an experiment says of its arms, so that it can be found true, false, or untold.

Every claim names what the paper says and, where it prints one, the paper's own number. What comes of it is decided by
`analysis/experiment/findings.py`, by one rule for all.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """Where an arm lies on a curve of win rate against size."""

    curve: str
    n: int
    """Examples, as the figure's axis counts them."""


@dataclass(frozen=True)
class Comparison:
    """The first arm beats the second, and the only field in which they may differ."""

    first: str
    """Name of an arm."""
    second: str
    differ_in: str
    """Path of fields from the arm's model, such as "examples.second"; or, where it begins with "answers.", from its
    judgement. Held by a test."""
    claim: str
    """What the paper says, with where."""
    head_to_head: bool = False
    """Also judged directly against each other."""
    paper: float | None = None
    """The paper's difference of win rates, in points."""


@dataclass(frozen=True)
class Above:
    """The arm beats what it is judged against: its win rate is above 50."""

    arm: str
    claim: str
    paper: float | None = None
    """The paper's win rate less 50, ties half."""


@dataclass(frozen=True)
class Rising:
    """The curve's slope on log size is above another's, or above zero."""

    curve: str
    claim: str
    over: str | None = None
    """The other curve; None is a level line."""
    paper: float | None = None
    """The paper's slope (or difference of slopes), in points for a factor of e."""


@dataclass(frozen=True)
class Greater:
    """One measured number is greater than another, or than a value."""

    metric: str
    first: str
    """Name of a measure."""
    second: str | float
    """Another measure of the same metric, or a value."""
    claim: str
    matters: float
    """A difference smaller than this does not matter; in the metric's unit."""
    paper: float | None = None
    """The paper's difference."""


@dataclass(frozen=True)
class Cited:
    """Where the papers' number stands: one row of `results/published`."""

    table: str
    """The file's name without `.csv`."""
    arm: str
    metric: str
    n_examples: int | None = None
    """Chooses a point of a curve."""


Claim = Comparison | Above | Rising | Greater
