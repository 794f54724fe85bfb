"""An ablation: an experiment's arms at each value of a setting, or at each combination of several, as an experiment."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from humpback.core.expression import FieldError
from humpback.experiments.catalogue import Declared, Experiment, closest
from humpback.experiments.departures import Departure, Gridded
from humpback.experiments.settings import Given, Settings, makes, same, settings, unprinted
from humpback.spec.claims import Above, Arm, Claim
from humpback.spec.measures import Measure
from humpback.spec.outcomes import Judged

Values = tuple[Given, ...]
"""One value of each axis."""


@dataclass(frozen=True)
class Ablation:
    """What a grid makes of an experiment."""

    one: Experiment
    base: Settings
    """The setup that it is made on."""
    axes: tuple[Values, ...]
    """For each path its values."""
    arms: tuple[str, ...] = ()
    """Names of the arms that are gone through the grid; empty for all that it changes."""

    def on(self, seeds: Sequence[int]) -> Declared:
        """The ablation as an experiment of its own, without the papers' numbers.

        Raises:
            FieldError: for a grid that changes nothing in the experiment, a value that breaks it, and an arm that is
                not there.
        """
        module = ModuleType("ablation", self._words)
        module.SHOWS = f"win rate at each value of {' and '.join(self.paths)}"  # type: ignore[attr-defined]
        module.experiment = lambda setup, seed: self._parts(seed)[0]  # type: ignore[attr-defined]
        name = f"{self.one.name}-by-{'-and-'.join(self.paths)}"
        changes = self.base.departure(self.one, seeds[0]).changes
        declared = Experiment(name, module).on(self.base.setup, seeds)
        return replace(declared, departure=Departure(changes, tuple(self._parts(seeds[0])[1]), self.one.name))

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the axes."""
        return tuple(axis[0].path for axis in self.axes)

    @property
    def _words(self) -> str:
        values = "; ".join(f"{axis[0].path} = {', '.join(one.text for one in axis)}" for axis in self.axes)
        own = ", ".join(f"{path} = {self._own[path].text}" for path in self.paths)
        return (
            f"What does {' and '.join(self.paths)} do? An ablation of {self.one.name} at {values}.\n\n"
            f"Each value is compared with {own}, by the arms that it changes; nothing is claimed beforehand about the "
            "direction, so that a reversal tells as much as a claim that holds. It is falsified for a value whose arm "
            "is not the better one."
        )

    @cached_property
    def _cells(self) -> dict[Values, Settings]:
        """The setup at each combination, the last axis fastest."""
        found: dict[Values, Settings] = {}
        for values in itertools.product(*self.axes):
            cell = settings(self.base.plain, (*self._kept, *values), self.base.read_model)
            if twin := next((at for at, other in found.items() if same(cell.setup, other.setup)), None):
                differ = next(pair for pair in zip(twin, values, strict=True) if pair[0] is not pair[1])
                raise FieldError(f"{values[0].where}: {' and '.join(one.text for one in differ)} are the same value")
            found[values] = cell
        return found

    @property
    def _kept(self) -> Values:
        """The settings that hold for the whole grid."""
        return tuple(one for one in self.base.given if one.path not in self.paths)

    @cached_property
    def _own(self) -> dict[str, Given]:
        """For each path the value that the others are compared with: the setup's own where it is one of them, else the
        first."""
        made, found = makes(self.one.parts(self.base.setup, 0)), {}
        for axis in self.axes:
            at = {one: settings(self.base.plain, (*self._kept, one), self.base.read_model).setup for one in axis}
            found[axis[0].path] = next((one for one in axis if makes(self.one.parts(at[one], 0)) == made), axis[0])
        return found

    def _parts(self, seed: int) -> tuple[list[Arm | Measure | Claim], list[Gridded]]:
        at = {values: self.one.parts(cell.setup, seed) for values, cell in self._cells.items()}
        named = {values: _by_name(parts) for values, parts in at.items()}
        names = list(dict.fromkeys(name for parts in named.values() for name in parts))
        for name in self.arms:
            closest(f"arm of {self.one.name} on {self.base.plain.name}", name, names)
        deciding = {name: self._deciding(name, named) for name in self.arms or names}
        if not any(deciding.values()):
            why = "; ".join(next(iter(self._cells.values())).unused) or "what it makes is the same at every value"
            raise FieldError(
                f"{self.axes[0][0].where} changes nothing in {self.one.name} on {self.base.plain.name}: {why}"
            )
        made: dict[str, Any] = {}
        places: dict[str, Gridded] = {}
        there = [(name, values) for name in deciding for values in named if name in named[values]]
        for name, values in there:
            label = self._label(name, values, deciding[name])
            made.setdefault(label, _labelled(named[values][name], label))
            if deciding[name]:
                places[label] = self._place(name, label, values, deciding[name])
        claims: dict[tuple[str, str], Claim] = {}
        for name, values in there:
            arm, paths = made[self._label(name, values, deciding[name])], deciding[name]
            if not paths or not isinstance(arm, Arm):
                continue
            for claim in at[values]:
                if isinstance(claim, Above) and claim.arm.name == name:
                    above = f"{claim.claim}, at {_said(values, paths)}"
                    claims[arm.name, arm.opponent] = arm.beats_opponent(above, matters=claim.matters)
            for path in paths:
                other = self._beside(values, path)
                if name not in named[other]:
                    continue
                second = made[self._label(name, other, paths)]
                if comparable(arm.judged, second.judged):
                    words = f"{name} is better with {_said(values, (path,))} than with {_said(other, (path,))}"
                    claims[arm.name, second.name] = arm.beats(second, words, only=path)
        return [*made.values(), *claims.values()], list(places.values())

    def _deciding(self, name: str, named: Mapping[Values, Mapping[str, Arm | Measure]]) -> tuple[str, ...]:
        """The paths that change the part of this name."""
        found = []
        for number, path in enumerate(self.paths):
            by_others: dict[Values, set[object]] = {}
            for values, parts in named.items():
                others = values[:number] + values[number + 1 :]
                by_others.setdefault(others, set()).add(makes([parts[name]]) if name in parts else None)
            if any(len(made) > 1 for made in by_others.values()):
                found.append(path)
        return tuple(found)

    def _beside(self, values: Values, path: str) -> Values:
        """The combination with the path at the value that others are compared with."""
        return tuple(self._own[path] if one.path == path else one for one in values)

    def _label(self, name: str, values: Values, paths: Sequence[str]) -> str:
        return f"{name}, {_said(values, paths)}" if paths else name

    def _place(self, name: str, label: str, values: Values, paths: Sequence[str]) -> Gridded:
        numeric = next((path for path in paths if path in self._numeric), "")
        at = tuple((one.path, self._numeric.get(one.path, {}).get(one.text, one.text)) for one in values)
        line = self._label(name, values, [path for path in paths if path != numeric])
        return Gridded(label, tuple((path, value) for path, value in at if path in paths), line)

    @cached_property
    def _numeric(self) -> dict[str, dict[str, float]]:
        """The axes of numbers: by path each value's text with its number."""
        found = {}
        for path, axis in zip(self.paths, self.axes, strict=True):
            try:
                found[path] = {one.text: float(one.text) for one in axis}
            except ValueError:
                continue
        return found


def comparable(first: Judged, second: Judged) -> bool:
    """Whether two different judgements are of answers to the same prompts, by the same judge against the same ones."""
    prompts, others = (getattr(one.answers, "prompts", None) for one in (first, second))
    return first != second and prompts == others and first.by == second.by and first.against == second.against


def _said(values: Values, paths: Sequence[str]) -> str:
    return ", ".join(f"{one.path} = {one.text}" for one in values if one.path in paths)


def _by_name(parts: Sequence[Arm | Measure | Claim]) -> dict[str, Arm | Measure]:
    return {part.name: part for part in parts if isinstance(part, (Arm, Measure))}


def _labelled(part: Arm | Measure, label: str) -> Arm | Measure:
    plain: Arm | Measure = unprinted(part)
    return replace(plain, name=label, curve=None, n=0) if isinstance(plain, Arm) else replace(plain, name=label)
