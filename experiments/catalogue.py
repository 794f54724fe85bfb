"""Finding experiments and setups by name, and what a run of one has to make.

An experiment is a module one folder below this one, or in a folder of one's own, with `SHOWS` (the paper's table or
figure) and `experiment(setup, seed)`, a generator of arms, measures and claims. Its name is its path, such as
humpback/headline. Nothing is registered: the folder is the list.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from humpback.core.errors import UnknownName
from humpback.core.expression import Artifact, FieldError, below, expression
from humpback.experiments.departures import Departure
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import ALPHA, WIN_RATE, Arm, Claim, Comparison, Curve
from humpback.spec.contamination import asked
from humpback.spec.measures import Measure
from humpback.spec.user_data import NotGiven

NOTHING = "this setup has nothing for it to measure"
_INNER = ("algorithm",)
"""Modules of a paper's folder that are no experiments."""


@dataclass(frozen=True)
class Experiment:
    """An experiment module, by name."""

    name: str
    module: ModuleType

    @property
    def claim(self) -> str:
        """The first line of the module's docstring."""
        return (self.module.__doc__ or "").strip().splitlines()[0]

    @property
    def shows(self) -> str:
        """The table or figure that it answers to."""
        return str(self.module.SHOWS)

    @property
    def falsified(self) -> str:
        """The rest of the docstring: what the paper says, where, and what would falsify it."""
        return "\n".join((self.module.__doc__ or "").strip().splitlines()[1:]).strip()

    def parts(self, setup: Setup, seed: int) -> list[Arm | Measure | Claim]:
        """What the module yields for a run of this seed. Raises FieldError when the setup lacks what it is about."""
        return list(self.module.experiment(setup.at(seed), seed))

    def on(self, setup: Setup, seeds: Iterable[int]) -> Declared:
        """The experiment on a setup, as values.

        Raises:
            FieldError: when the setup lacks what the experiment is about; when two parts have one name.
        """
        parts = {seed: self.parts(setup, seed) for seed in seeds}
        declared = Declared(
            self,
            setup,
            {seed: self._by_name(Arm, parts[seed]) for seed in parts},
            {seed: self._by_name(Measure, parts[seed]) for seed in parts},
            tuple(part for part in next(iter(parts.values())) if isinstance(part, Claim)),
        )
        if not any(declared.arms.values()) and not any(declared.measures.values()):
            raise FieldError(f"{self.name} on {setup.name}: {NOTHING}; {self.shows}")
        if isinstance(setup.segments, NotGiven) or isinstance(setup.seed_data, NotGiven):
            lacking = [one for one in below(*declared.targets).values() if isinstance(one, NotGiven)]
            if lacking:
                raise FieldError(f"{self.name} on {setup.name}: needs {lacking[0].what}; {lacking[0].REMEDY}")
        return declared

    def _by_name(self, kind: type[Any], parts: list[Any]) -> dict[str, Any]:
        chosen = [part for part in parts if isinstance(part, kind)]
        named = {part.name: part for part in chosen}
        if len(named) < len(chosen):
            twice = next(part.name for part in chosen if named[part.name] is not part)
            raise FieldError(f"{self.name}: two {kind.__name__.lower()}s are called {twice!r}; each has its own name")
        return named


@dataclass(frozen=True)
class Declared:
    """An experiment on a setup and seeds: everything that a run of it makes, and what is said of that."""

    experiment: Experiment
    setup: Setup
    arms: dict[int, dict[str, Arm]]
    """By seed and name."""
    measures: dict[int, dict[str, Measure]]
    """By seed and name."""
    claims: tuple[Claim, ...]
    """About the first seed's arms and measures, and by their names about every seed's."""
    departure: Departure = field(default_factory=Departure)
    """From the setup of that name."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the run."""
        return tuple(self.arms)

    @property
    def bases(self) -> dict[int, int]:
        """By seed, which of the setup's pretrainings it starts from; 0 where there is one base."""
        return {seed: seed % max(1, len(self.setup.pretrainings)) for seed in self.seeds}

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Each curve that an arm lies on."""
        arms = self.arms[self.seeds[0]].values()
        return tuple(dict.fromkeys(arm.curve for arm in arms if arm.curve))

    @property
    def printed(self) -> dict[str, dict[str, float]]:
        """The papers' numbers beside this setup's, by arm, curve or measure, and metric."""
        arms, measures = self.arms[self.seeds[0]].values(), self.measures[self.seeds[0]].values()
        return {
            **{arm.name: {WIN_RATE: arm.paper.value} for arm in arms if arm.paper},
            **{curve.name: {ALPHA: curve.alpha.value} for curve in self.curves if curve.alpha},
            **{one.name: {metric: paper.value for metric, paper in one.paper} for one in measures if one.paper},
        }

    @property
    def varying(self) -> frozenset[str]:
        """The arms and measures that another seed makes anew."""
        seed, other = min(self.seeds), max(self.seeds) + 1
        again = self.experiment.on(self.setup, [other])
        arms = {name for name, arm in self.arms[seed].items() if again.arms[other][name].judged != arm.judged}
        measures = {name for name, one in self.measures[seed].items() if again.measures[other][name].needs != one.needs}
        return frozenset(arms | measures)

    @property
    def targets(self) -> list[Artifact]:
        """What a run has to make: every arm against its opponent, the heads to heads, what is measured, and which of
        the prompts the models were trained on."""
        judged = [arm.judged for by_name in self.arms.values() for arm in by_name.values()]
        judged += [
            first[claim.first.name].against(first[claim.second.name])
            for first in self.arms.values()
            for claim in self.claims
            if isinstance(claim, Comparison) and claim.head_to_head
        ]
        needed = [one for by_name in self.measures.values() for m in by_name.values() for one in m.needs]
        parts = [one for each in (self.arms, self.measures) for by_name in each.values() for one in by_name.values()]
        seen = [one for part in parts for pair in asked(part) for one in pair.contaminations]
        return [part for one in judged for part in one.parts] + needed + list(dict.fromkeys(seen))

    @property
    def words(self) -> dict[str, Any]:
        """What made.json says of it beside how it was made."""
        return {
            "experiment": self.experiment.name,
            "question": self.experiment.claim,
            "falsified": self.experiment.falsified,
            "shows": self.experiment.shows,
            "setup": self.setup.name,
            "seeds": list(self.seeds),
            **self.departure.held,
        }

    @property
    def resolved(self) -> dict[str, Any]:
        """The contents of arms.json: for each seed its arms (model and judgement) and measures (what they read) by
        fingerprint, the claims, and every expression."""
        roots: list[Artifact] = [
            part for by_name in self.arms.values() for arm in by_name.values() for part in (arm.model, arm.judged)
        ]
        roots += [one for by_name in self.measures.values() for measure in by_name.values() for one in measure.needs]
        return {
            "arms": {
                str(seed): {
                    name: {"model": arm.model.fingerprint, "judged": arm.judged.fingerprint}
                    for name, arm in by_name.items()
                }
                for seed, by_name in self.arms.items()
            },
            "measures": {
                str(seed): {
                    name: {"kind": type(measure).__name__, "reads": [one.fingerprint for one in measure.needs]}
                    for name, measure in by_name.items()
                }
                for seed, by_name in self.measures.items()
            },
            "claims": [claim.described() for claim in self.claims],
            **self.departure.held,
            "artifacts": expression(*roots),
        }


def experiment_names(own: Path | None = None) -> list[str]:
    """All experiments, without importing any; with those of one's own folder where one is given.

    Raises:
        UnknownName: when there is no such folder, or no module in it.
    """
    package = importlib.import_module("humpback.experiments")
    names = []
    for folder in pkgutil.iter_modules(package.__path__):
        if folder.ispkg and folder.name != "setups":
            inner = importlib.import_module(f"humpback.experiments.{folder.name}")
            names += [
                f"{folder.name}/{one.name}" for one in pkgutil.iter_modules(inner.__path__) if one.name not in _INNER
            ]
    mine = _own_names(own) if own else []
    if twice := sorted({*names} & {*mine}):
        raise UnknownName(
            f"--experiments {own}: {twice[0]} is the name of another experiment; give the folder another name"
        )
    return sorted(names) + mine


def _own_names(own: Path) -> list[str]:
    modules = sorted(path.stem for path in own.glob("*.py") if not path.stem.startswith("_"))
    if not modules:
        raise UnknownName(f"--experiments {own}: no module in it; an experiment is a file such as {own}/my_question.py")
    return [f"{own.resolve().name}/{stem}" for stem in modules]


def experiment(name: str, own: Path | None = None) -> Experiment:
    """The experiment of that name, in this package or in one's own folder.

    Raises:
        UnknownName: with the closest names.
        FieldError: when a module of one's own is no experiment.
    """
    closest("experiment", name, experiment_names(own))
    if own is None or name not in _own_names(own):
        return Experiment(name, importlib.import_module("humpback.experiments." + name.replace("/", ".")))
    return Experiment(name, _own_module(own / f"{name.rsplit('/', 1)[-1]}.py"))


def _own_module(path: Path) -> ModuleType:
    """The module, imported by its name, so that what it defines is found again in the processes of stages."""
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        module = importlib.import_module(path.stem)
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
        where = f"{path}, line {line}" if line else str(path)
        raise FieldError(f"{where}: {type(error).__name__}: {error}") from error
    if Path(module.__file__ or "").resolve() != path.resolve():
        raise FieldError(
            f"{path}: another module is called {path.stem!r} ({module.__file__}); give the file another name"
        )
    for part, words in _PARTS.items():
        if not getattr(module, part, None):
            raise FieldError(
                f"{path}: has no {words}; docs/extending.md shows an experiment, and a module that is none has a name "
                "that begins with _"
            )
    return module


_PARTS = {
    "__doc__": "docstring, whose first line asks the question",
    "SHOWS": "SHOWS, the table or figure that it answers to",
    "experiment": "generator experiment(setup, seed) of arms, measures and claims",
}


def setup(name: str) -> Setup:
    """The setup of that name.

    Raises:
        UnknownName: with the closest names.
    """
    setups: dict[str, Setup] = importlib.import_module("humpback.experiments.setups").SETUPS
    closest("setup", name, list(setups))
    return setups[name]


def closest(kind: str, name: str, names: list[str]) -> None:
    """Nothing when `name` is among `names`.

    Raises:
        UnknownName: with the closest names, or all of them where none is close.
    """
    if name not in names:

        def likeness(one: str) -> float:
            """Of the whole name, or of what stands behind its folder."""
            return max(difflib.SequenceMatcher(None, name, part).ratio() for part in (one, one.rsplit("/", 1)[-1]))

        close = sorted((one for one in names if likeness(one) > 0.5), key=likeness, reverse=True)
        near = [one for one in close[:3] if likeness(one) > 0.8] or close[:3]
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
        raise UnknownName(f"no {kind} {name!r}; {hint}")
