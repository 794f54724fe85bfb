"""A trial as the rest of the house sees it, and what goes between it and Optuna."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from humpback.spec.search import Choice, Float, Int, Setting, Space


@dataclass(frozen=True)
class Trial:
    """One setting of the axes and what came of it."""

    number: int
    values: Mapping[str, Setting]
    status: Literal["finished", "stopped early", "unusable", "failed", "lost", "repeat", "running", "waiting"]
    """Lost: its worker died or a stage of it failed, and another trial took its place. Repeat: suggested before and not
    run again."""
    objective: float | None = None
    """Mean of its points, 0 to 1."""
    points: int = 0
    reason: str = ""


def best(trials: list[Trial]) -> Trial | None:
    """The finished trial with the highest objective; the earlier of equals."""
    finished = [one for one in trials if one.status == "finished" and one.objective is not None]
    return max(finished, key=lambda one: (one.objective or 0.0, -one.number), default=None)


def trial_of(one: FrozenTrial, space: Space, *, replaced: bool = False) -> Trial:
    """The trial as Optuna has it; whether another takes its place."""
    attrs = one.user_attrs
    values = one.params or one.system_attrs.get("fixed_params", {})
    without = "repeat" if attrs.get("repeat") else "failed" if "reason" in attrs and not replaced else "lost"
    status: Any = {
        TrialState.COMPLETE: "stopped early" if attrs.get("early") else "finished",
        TrialState.PRUNED: "unusable",
        TrialState.FAIL: without,
        TrialState.RUNNING: "running",
        TrialState.WAITING: "waiting",
    }[one.state]
    objective = one.value if one.state == TrialState.COMPLETE else None
    return Trial(one.number, decode(values, space), status, objective, attrs.get("points", 0), attrs.get("reason", ""))


def encode(values: Mapping[str, Setting], space: Space) -> dict[str, Any]:
    """Choices by their writing: Optuna's categories are texts and numbers."""
    return {
        axis.path: values[axis.path] if isinstance(axis, (Float, Int)) else repr(values[axis.path])
        for axis in space.axes
    }


def decode(params: Mapping[str, Any], space: Space) -> dict[str, Setting]:
    """What `encode` was given; of the axes that are there."""
    found: dict[str, Setting] = {}
    for axis in space.axes:
        if axis.path not in params:
            continue
        value = params[axis.path]
        found[axis.path] = {repr(one): one for one in axis.options}[value] if isinstance(axis, Choice) else value
    return found


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """What Optuna draws each axis from."""
    found: dict[str, BaseDistribution] = {}
    for axis in space.axes:
        match axis:
            case Float():
                found[axis.path] = FloatDistribution(axis.low, axis.high, log=axis.log)
            case Int():
                found[axis.path] = IntDistribution(axis.low, axis.high, log=axis.log, step=axis.step)
            case _:
                found[axis.path] = CategoricalDistribution([repr(one) for one in axis.options])
    return found
