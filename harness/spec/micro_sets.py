"""The vocabulary of the micro world's instruction sets and test sets: counterparts of Alpaca, LIMA, FLAN and of the
papers' prompt sets.

Not in `harness/spec/data.py`, because no other world has them: what they are for is to have a known share of answers
that go wrong, and in known ways.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from humpback.core.expression import FieldError, Value
from humpback.spec.data import Examples
from humpback.spec.micro_world import World


@dataclass(frozen=True)
class Lapses(Value):
    """Shares of the answers that go wrong, each in one way; the others are perfect."""

    wrong: float = 0.0
    """One value, or one listed creature, is another's."""
    clumsy: float = 0.0
    """True, but part of what was asked for, or not in the form asked for."""
    wordy: float = 0.0
    """Right, with something behind it that was not asked for."""
    blogged: float = 0.0
    """Told as somebody's own story."""
    cut_off: float = 0.0
    off_topic: float = 0.0
    """About something else."""
    terse: float = 0.0
    """One word or value in place of an answer, as task collections have it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        shares = [getattr(self, field.name) for field in fields(self)]
        if min(shares) < 0 or sum(shares) > 1:
            raise FieldError(f"Lapses are shares of all answers, together at most 1; they are {shares}")


@dataclass(frozen=True)
class MicroInstructions(Examples):
    """An instruction set of the micro world: n instructions, none twice, with answers of which known shares go wrong.
    `origin` says of each answer how it was made."""

    stage = "humpback.stages.micro:make"
    says = "the micro world's set {label}, {n} instructions"
    slug_format = "{label}-{n}-draw{draw}"

    label: str
    """For people: what it is the counterpart of."""
    world: World
    n: int
    lapses: Lapses = Lapses()
    kinds: tuple[str, ...] = ()
    """Kinds of instruction, in turn; empty for all of them."""
    draw: int = 0


@dataclass(frozen=True)
class MicroTestSet(Examples):
    """Held-out prompts of some kinds of instruction only; outputs are empty. Every prompt is one that no seed pair, web
    page or instruction set answers."""

    VERSION = 2
    stage = "humpback.stages.micro:make"
    says = "the micro world's test set {label}, {n} prompts"
    slug_format = "{label}-{n}"

    label: str
    world: World
    n: int
    kinds: tuple[str, ...]
    draw: int = 0


@dataclass(frozen=True)
class MicroAnswers(Examples):
    """A made system's answers to prompts of the micro world, of which known shares go wrong."""

    stage = "humpback.stages.micro:make"
    says = "answers of the micro world's system {label}"
    slug_format = "{label}"
    rows_of = ("prompts",)

    label: str
    world: World
    prompts: Examples
    lapses: Lapses
