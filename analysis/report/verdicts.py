"""Verdicts by kind: how each is counted, styled and marked on the page, so that colour is never all there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of verdict."""

    key: str
    """Its class in the style sheet."""
    words: str
    mark: str


HOLDS = Kind("yes", "holds", "✓")
REPLICATED = Kind("yes", "replicated", "✓")
BEFORE_CORRECTION = Kind("untold", "holds before correction", "✓")
"""Of a claim that holds by itself, and not after the correction for all that were asked with it."""
NOT_MEASURED = Kind("none", "not measured", "–")
NOT_RUN = Kind("unrun", "not run", "○")
KINDS = (
    HOLDS,
    REPLICATED,
    BEFORE_CORRECTION,
    Kind("no", "does not hold", "✗"),
    Kind("no", "not replicated", "✗"),
    Kind("untold", "cannot be told", "?"),
    NOT_MEASURED,
    NOT_RUN,
)


def kind_of(verdict: str) -> Kind:
    """The kind of one of `Finding.verdict`'s phrases."""
    return next((kind for kind in KINDS if verdict.startswith(kind.words)), NOT_MEASURED)


def tally(kinds: Iterable[Kind]) -> tuple[tuple[Kind, int], ...]:
    """How often each kind occurs, in the order of `KINDS`, those that do not left out."""
    found = list(kinds)
    return tuple((kind, found.count(kind)) for kind in KINDS if kind in found)
