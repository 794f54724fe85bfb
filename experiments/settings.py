"""Settings: fields of a setup set to something else for one run, and what that does to an experiment.

A setting has to change what the experiment makes, and may not break what its claims compare. The papers' numbers are of
their own settings, so they stand beside nothing that departs from the setup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from hashlib import sha256
from typing import Any

from humpback.core.expression import FieldError, Value
from humpback.experiments.catalogue import Declared, Experiment
from humpback.experiments.comparisons import hold_comparable
from humpback.experiments.departures import Departure
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Curve, Paper
from humpback.spec.measures import Measure
from humpback.spec.paths import Change, place, put, value_at
from humpback.spec.typed_text import ReadModel, convert, read, shown

COUNTERPARTS = (
    ("sft", "filtering.sft"),
    ("selection.at_least", "filtering.at_least"),
    ("selection.score", "filtering.at_least"),
    ("selection.share", "filtering.at_least.share"),
)
"""Fields of Humpback's loop, and those of AlpaGasus's filter that mean the same: the first sets both."""
_LONGEST_NAME = 120
_UNTOLD = re.compile(r"[^ -~]")
"""Letters that a folder is not called by: of two settings that differ in these alone, each has a folder."""


@dataclass(frozen=True)
class Given:
    """A setting as somebody wrote it."""

    path: str
    value: Any
    """Text of a command, or what a TOML file holds."""
    where: str
    """For messages, such as "--set sft.learning_rate=2e-4"."""
    quoted: bool = False
    """Whether the value comes from a TOML file, with the type that it has there."""

    @property
    def text(self) -> str:
        """The value in words: the same for the same number."""
        value = tuple(self.value) if isinstance(self.value, list) else self.value
        try:
            return shown(float(value) if isinstance(value, str) else value)
        except ValueError:
            return str(value)


@dataclass(frozen=True)
class Settings:
    """A setup with some of its fields set."""

    plain: Setup
    setup: Setup
    """With every setting; its name says which."""
    changes: tuple[Change, ...] = ()
    given: tuple[Given, ...] = ()
    read_model: ReadModel | None = None
    unused: tuple[str, ...] = ()
    """Why settings reach only a part of what they could mean."""

    def on(self, one: Experiment, seeds: Sequence[int]) -> Declared:
        """The experiment with these settings.

        Raises:
            FieldError: for a setting that changes nothing in it, or breaks what a claim of it compares; and as
                `Experiment.on`.
        """
        departure = self.departure(one, seeds[0])
        if not departure:
            return replace(one.on(self.plain, seeds), departure=departure)
        before, after = (
            [part for part in one.parts(setup, seeds[0]) if isinstance(part, Claim)]
            for setup in (self.plain, self.setup)
        )
        hold_comparable(before, after, ", ".join(setting.where for setting in self.given))
        return replace(without_papers(one.on(self.setup, seeds)), departure=departure)

    def departure(self, one: Experiment, seed: int) -> Departure:
        """What of the settings the experiment hangs on.

        Raises:
            FieldError: for a setting that changes nothing in it.
        """
        if not any(change.departs for change in self.changes):
            return Departure(self.changes)
        made = makes(one.parts(self.setup, seed))
        own = {change.said for change in self.changes if not change.departs}
        for setting in self.given:
            if setting.where in own or makes(one.parts(self._without(setting), seed)) != made:
                continue
            why = "; ".join(self.unused)
            raise FieldError(f"{setting.where} changes nothing in {one.name} on {self.plain.name}{why and f': {why}'}")
        return Departure(tuple(change for change in self.changes if self._used(change, one, seed, made)))

    def _used(self, change: Change, one: Experiment, seed: int, made: frozenset[object]) -> bool:
        """Whether the experiment hangs on the change, of a setting that made several."""
        if not change.departs or sum(other.said == change.said for other in self.changes) == 1:
            return True
        return makes(one.parts(put(self.setup, change.path, change.before), seed)) != made

    def _without(self, setting: Given) -> Setup:
        """The setup with the others; the plain one where they mean nothing without it."""
        try:
            return settings(self.plain, (one for one in self.given if one is not setting), self.read_model).setup
        except FieldError:
            return self.plain


def settings(plain: Setup, given: Iterable[Given], read_model: ReadModel | None = None) -> Settings:
    """The setup with the settings, outer fields before what is inside them.

    Raises:
        FieldError: naming the setting: for a path that leads nowhere, a value of another type or out of its range, and
            a field that is set twice.
    """
    given = tuple(given)
    for number, one in enumerate(given):
        if one.path in (other.path for other in given[:number]):
            raise FieldError(f"{one.where}: {one.path} is set twice")
    setup, unused = plain, list[str]()
    changes: dict[str, Change] = {}
    for one in sorted(given, key=lambda one: one.path.count(".")):
        errors = []
        done = 0
        for path in _paths(one.path, plain, [other.path for other in given]):
            try:
                setup, change = _set(setup, plain, path, one, given, read_model or _no_model)
            except FieldError as error:
                errors.append(str(error))
            else:
                done += 1
                if change.path in changes:
                    raise FieldError(f"{one.where}: {change.path} is set by {changes[change.path].said} too")
                changes[change.path] = change
        if not done:
            raise FieldError(f"{one.where}: {errors[0]}")
        unused += errors
    made = tuple(replace(change, to=value_at(setup, change.path)) for change in changes.values())
    named = replace(setup, name=_name(plain, setup, given))
    return Settings(plain, named, made, given, read_model, tuple(unused))


def _no_model(name: str) -> Any:
    raise FieldError(f"{name!r} is a model, which is not looked for here")


def _paths(path: str, plain: Setup, given: Sequence[str]) -> list[str]:
    """The path and, where the setup has one that nobody set, its counterpart."""
    found = [path]
    for own, other in COUNTERPARTS:
        if plain.filtering is not None and (path == own or path.startswith(f"{own}.")):
            counterpart = other + path.removeprefix(own)
            found += [counterpart] if counterpart not in given else []
    return found


def _set(
    setup: Setup, plain: Setup, path: str, one: Given, given: Sequence[Given], read_model: ReadModel
) -> tuple[Setup, Change]:
    at = place(setup, path)
    take = convert if one.quoted else read
    changed = put(setup, path, take(one.value, at.takes, value_at(setup, at.path), read_model))
    along = []
    rate, final = value_at(setup, at.path), f"{at.path.rpartition('.')[0]}.schedule.final"
    said = any(f"{final}.".startswith(f"{other.path}.") for other in given if ".schedule" in other.path)
    if at.path.endswith(".learning_rate") and value_at(setup, final) and not said:
        # A rate that falls to a share of itself falls to that share still.
        scaled = float(f"{value_at(setup, final) * value_at(changed, at.path) / rate:.12g}")
        changed = put(changed, final, scaled)
        along.append(f"{final} = {shown(scaled)}")
    top = at.path.split(".")[0]
    held = [name for name in _moved(setup, changed) if name not in (top, "pretrainings")]
    along += [f"{' and '.join(held)} with it"] if held else []
    return changed, Change(at.path, value_at(changed, at.path), value_at(plain, at.path), tuple(along), one.where)


def _moved(setup: Setup, other: Setup) -> list[str]:
    return [one.name for one in fields(Setup) if getattr(setup, one.name) != getattr(other, one.name)]


def same(setup: Setup, other: Setup) -> bool:
    """Whether they differ in their name at most."""
    return not [name for name in _moved(setup, other) if name != "name"]


def _name(plain: Setup, setup: Setup, given: Sequence[Given]) -> str:
    """The plain one's and the settings, as a folder can be called."""
    if same(plain, setup):
        return plain.name
    words = "+".join(f"{one.path}={one.text}" for one in given)
    name = f"{plain.name}+{re.sub(r'[^A-Za-z0-9._=,()+-]+', '-', words)}"
    if len(name) <= _LONGEST_NAME and not _UNTOLD.search(words):
        return name
    return f"{name[: _LONGEST_NAME - 9]}-{sha256(words.encode()).hexdigest()[:8]}"


def makes(parts: Iterable[Arm | Measure | Claim]) -> frozenset[object]:
    """What the parts of an experiment make, by the names that they have."""
    arms = {(one.name, one.judged.fingerprint) for one in parts if isinstance(one, Arm)}
    measures = {
        (one.name, type(one).__name__, *(artifact.fingerprint for artifact in one.needs), repr(_settings_of(one)))
        for one in parts
        if isinstance(one, Measure)
    }
    return frozenset((*arms, *measures))


def _settings_of(measure: Measure) -> list[Any]:
    values = (getattr(measure, one.name) for one in fields(measure) if one.name != "paper")
    return [value for value in values if not isinstance(value, Value)]


def without_papers(declared: Declared) -> Declared:
    """The same without the papers' numbers."""
    return replace(
        declared,
        arms={seed: {name: unprinted(arm) for name, arm in arms.items()} for seed, arms in declared.arms.items()},
        measures={
            seed: {name: unprinted(one) for name, one in named.items()} for seed, named in declared.measures.items()
        },
        claims=tuple(unprinted(claim) for claim in declared.claims),
    )


def unprinted(part: Any) -> Any:
    """An arm, a measure or a claim without the papers' numbers, in itself and in what it is about."""
    if isinstance(part, Paper):
        return None
    if isinstance(part, Curve):
        return replace(part, alpha=None, points=None)
    declared = isinstance(part, Arm | Claim | Curve | Measure)
    if not is_dataclass(part) or isinstance(part, type) or (isinstance(part, Value) and not declared):
        return part
    changes = {one.name: unprinted(getattr(part, one.name)) for one in fields(part)}
    if isinstance(part, Measure):
        changes["paper"] = ()
    elif isinstance(changes.get("paper"), tuple):
        changes["paper"] = (None, None)
    return replace(part, **changes)
