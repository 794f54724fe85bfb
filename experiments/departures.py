"""Where a run departs from the setup of its name: what was set, and what each arm of a grid has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from humpback.spec.paths import Change
from humpback.spec.typed_text import shown


@dataclass(frozen=True)
class Gridded:
    """An arm or a measure of a grid."""

    arm: str
    """Its name."""
    at: tuple[tuple[str, Any], ...]
    """What is set for it, by path."""
    line: str
    """What it has in common with those from which it differs in the first number of these alone."""


@dataclass(frozen=True)
class Departure:
    """What was set for a run, and its grid."""

    changes: tuple[Change, ...] = ()
    grid: tuple[Gridded, ...] = ()
    ablated: str = ""
    """Name of the experiment that the grid is of."""

    def __bool__(self) -> bool:
        """Whether it is another experiment than the setup's own."""
        return bool(self.grid) or any(one.departs for one in self.changes)

    @property
    def lines(self) -> tuple[str, ...]:
        """What was set, a line each."""
        return tuple(
            "; ".join((f"{one.path} = {shown(one.to)}, where the setup has {shown(one.before)}", *one.along))
            for one in self.changes
        )

    @property
    def held(self) -> dict[str, Any]:
        """For files: what was set and what the setup has in its place, by path, and the settings of each arm of a
        grid; nothing where nothing was set."""
        found = {
            "set": {one.path: _literal(one.to) for one in self.changes},
            "instead_of": {one.path: _literal(one.before) for one in self.changes},
            "grid": {one.arm: dict(one.at) for one in self.grid},
        }
        return {name: values for name, values in found.items() if values}


def _literal(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float, str)) else shown(value)
