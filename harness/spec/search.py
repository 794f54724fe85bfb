"""The vocabulary of sweeps: which fields of a setup are searched, in what range, and what is to be best.

    SPACE = Space(
        arm="M1",
        axes=(
            Float("sft.learning_rate", 3e-5, 3e-4, log=True, scaled=(("sft.schedule.final", 0.9),)),
            Float("selection.score", 3.5, 4.75),
        ),
    )

An axis names a field by its path from the setup (`humpback.spec.paths`). What a sweep is judged by (prompts, reference,
judge) and what is random (seeds, draws) are no axes: to search them would be to choose the ruler, or the luck.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from humpback.core.expression import FieldError, Value
from humpback.spec.paths import SAID, put

Setting = int | float | str | bool | Value | None
"""What an axis can be set to."""
RULERS = ("prompts", "reference", "judge", "filtering", "benchmarks", "sensitive", "rivals", "grid", "bases")
"""Fields of a setup that say what is judged and by whom."""
FIXED = (*SAID, *RULERS)
"""Fields that are no axes."""


@dataclass(frozen=True)
class Float(Value):
    """A number between two others."""

    path: str
    """Path of fields from the setup, such as "sft.learning_rate"."""
    low: float
    high: float
    log: bool = False
    """Whether the orders of magnitude are equally likely, and not the numbers."""
    scaled: tuple[tuple[str, float], ...] = ()
    """(path, factor) of fields that are set to that multiple of it, such as the rate at the end of a schedule."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _ascending(self, least=0.0 if self.log else None)


@dataclass(frozen=True)
class Int(Value):
    """A whole number, both ends included."""

    path: str
    low: int
    high: int
    step: int = 1
    log: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _ascending(self, least=0.0 if self.log else None)
        if self.step < 1 or (self.log and self.step != 1):
            raise FieldError(f"Int({self.path!r}).step is {self.step}; it takes 1 or more, and 1 where log is set")


@dataclass(frozen=True)
class Choice(Value):
    """One of several values, such as Lora(8), Lora(16) and None."""

    path: str
    options: tuple[Setting, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len({repr(one) for one in self.options}) != len(self.options) or not self.options:
            raise FieldError(f"Choice({self.path!r}).options takes one or more, each once; it is {self.options!r}")


Axis = Float | Int | Choice


@dataclass(frozen=True)
class Space(Value):
    """What a sweep of an experiment goes through."""

    arm: str
    """Name of the arm whose win rate on dev prompts is to be highest."""
    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        paths = [axis.path for axis in self.axes]
        paths += [path for axis in self.axes if isinstance(axis, Float) for path, _ in axis.scaled]
        twice = sorted({path for path in paths if paths.count(path) > 1})
        if twice or not paths:
            raise FieldError(f"Space.axes set each field once, and at least one; twice: {', '.join(twice) or 'none'}")


def _ascending(axis: Float | Int, least: float | None) -> None:
    if axis.low >= axis.high:
        raise FieldError(f"{type(axis).__name__}({axis.path!r}) goes from {axis.low} to {axis.high}; low is below high")
    if least is not None and axis.low <= least:
        raise FieldError(f"{type(axis).__name__}({axis.path!r}).low is {axis.low}; with log it is above 0")


Root = TypeVar("Root", bound=Value)
Values = Mapping[str, Setting]
"""What each axis is set to, by path."""


def apply(root: Root, space: Space, values: Values) -> Root:
    """The setup with every axis of the space set, and what is scaled with it.

    Raises:
        FieldError: for a path that is none of the setup's, with close ones; for a field that is no axis of a sweep; for
            a value that its field does not take.
    """
    for path, value in assignments(space, values).items():
        top = path.split(".")[0]
        if top in RULERS:
            raise FieldError(
                f"axis {path!r}: {top} is no axis, because a sweep would choose what it is judged by or on"
            )
        try:
            root = put(root, path, value, fixed=FIXED)
        except FieldError as error:
            raise FieldError(f"axis {path!r}: {error}") from error
    return root


def assignments(space: Space, values: Values) -> dict[str, Setting]:
    """Every field that the values set, by path, those scaled with an axis included."""
    found: dict[str, Setting] = {}
    for axis in space.axes:
        value = values[axis.path]
        found[axis.path] = value
        if isinstance(axis, Float):
            assert isinstance(value, (int, float))
            found.update({path: value * factor for path, factor in axis.scaled})
    return found


def first(axis: Axis) -> Setting:
    """The lower end, or the first option."""
    return axis.options[0] if isinstance(axis, Choice) else axis.low


def grid(space: Space) -> list[dict[str, Setting]]:
    """Every combination once, the last axis fastest.

    Raises:
        FieldError: for a `Float`, which has no end of values.
    """
    columns: list[tuple[Setting, ...]] = []
    for axis in space.axes:
        if isinstance(axis, Float):
            raise FieldError(
                f"a grid takes Choice and Int, and {axis.path!r} is a Float; "
                f"write Choice({axis.path!r}, ({axis.low:g}, ..., {axis.high:g}))"
            )
        columns.append(axis.options if isinstance(axis, Choice) else tuple(range(axis.low, axis.high + 1, axis.step)))
    names = [axis.path for axis in space.axes]
    return [dict(zip(names, row, strict=True)) for row in itertools.product(*columns)]


def enumerable(space: Space) -> bool:
    """Whether every axis is a choice: such a space is enumerated and not sampled."""
    return all(isinstance(axis, Choice) for axis in space.axes)
