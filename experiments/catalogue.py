"""Finding experiments and setups by name, and what a run of one has to make.

An experiment is a module one folder below this one, with `SHOWS` and `claims(setup)`, and with `arms(setup, seed)`
(what is judged), `measures(setup, seed)` (what is counted), or both. Its name is its path, such as humpback/headline.
Nothing is registered: the folder is the list.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

from humpback.core.errors import UnknownName
from humpback.core.expression import Artifact, FieldError, expression
from humpback.spec.claims import Cited, Claim, Comparison
from humpback.spec.measures import Measure
from humpback.spec.outcomes import Arm

NOTHING = "this setup has nothing for it to measure"


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
    def reference(self) -> str:
        """What the arms are judged against, in a word."""
        return str(getattr(self.module, "REFERENCE", "reference"))

    @property
    def by_set(self) -> bool:
        """Whether the table also has a line for each set of prompts."""
        return bool(getattr(self.module, "BY_SET", False))

    @property
    def paper_curves(self) -> dict[str, tuple[str, str]]:
        """By curve, the table and arm of `results/published` whose points the paper draws."""
        return dict(getattr(self.module, "PAPER_CURVES", {}))

    def claims(self, setup: Any) -> tuple[Claim, ...]:
        """What is said of the arms."""
        return tuple(self.module.claims(setup))

    @property
    def falsified(self) -> str:
        """The rest of the docstring: what the paper says, where, and what would falsify it."""
        return "\n".join((self.module.__doc__ or "").strip().splitlines()[1:]).strip()

    def arms(self, setup: Any, seeds: Iterable[int]) -> dict[int, dict[str, Arm]]:
        """The arms by seed and name."""
        make = getattr(self.module, "arms", None)
        return {seed: make(setup, seed) if make else {} for seed in seeds}

    def measures(self, setup: Any, seeds: Iterable[int]) -> dict[int, dict[str, Measure]]:
        """The measures by seed and name."""
        make = getattr(self.module, "measures", None)
        return {seed: make(setup, seed) if make else {} for seed in seeds}

    def cited(self, setup: Any) -> dict[str, dict[str, Cited]]:
        """Where the paper prints its numbers for this setup, by arm or measure, and metric."""
        make = getattr(self.module, "cited", None)
        return make(setup) if make else {}

    def on(self, setup: Any, seeds: Iterable[int]) -> Declared:
        """The experiment on a setup, as values.

        Raises:
            FieldError: when the setup lacks what the experiment is about.
        """
        seeds = tuple(seeds)
        found = Declared(self, setup, self.arms(setup, seeds), self.measures(setup, seeds), self.claims(setup))
        if not any(found.arms.values()) and not any(found.measures.values()):
            raise FieldError(f"{self.name} on {setup.name}: {NOTHING}; {self.shows}")
        return found


@dataclass(frozen=True)
class Declared:
    """An experiment on a setup and seeds: everything that a run of it makes, and what is said of that."""

    experiment: Experiment
    setup: Any
    arms: dict[int, dict[str, Arm]]
    measures: dict[int, dict[str, Measure]]
    claims: tuple[Claim, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the run."""
        return tuple(self.arms)

    @property
    def varying(self) -> frozenset[str]:
        """The arms and measures that another seed makes anew."""
        seed = min(self.seeds, default=0)
        other = max(self.seeds, default=0) + 1
        arms = self.experiment.arms(self.setup, [other])[other]
        measures = self.experiment.measures(self.setup, [other])[other]
        judged = {name for name, arm in arms.items() if self.arms[seed][name].judged != arm.judged}
        return frozenset(
            judged | {name for name, one in measures.items() if self.measures[seed][name].needs != one.needs}
        )

    @property
    def targets(self) -> list[Artifact]:
        """What a run has to make: every arm against the reference, the heads to heads, and what is measured."""
        direct = [claim for claim in self.claims if isinstance(claim, Comparison) and claim.head_to_head]
        found: list[Artifact] = []
        for by_name in self.arms.values():
            found += [arm.judged for arm in by_name.values()]
            found += [by_name[c.first].against(by_name[c.second]) for c in direct]
        return found + [one for named in self.measures.values() for measure in named.values() for one in measure.needs]


def experiment_names() -> list[str]:
    """All experiments, without importing any."""
    package = importlib.import_module("humpback.experiments")
    names = []
    for folder in pkgutil.iter_modules(package.__path__):
        if folder.ispkg and folder.name != "setups":
            inner = importlib.import_module(f"humpback.experiments.{folder.name}")
            names += [
                f"{folder.name}/{one.name}" for one in pkgutil.iter_modules(inner.__path__) if one.name != "algorithm"
            ]
    return sorted(names)


def experiment(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        UnknownName: with the closest names.
    """
    closest("experiment", name, experiment_names())
    return Experiment(name, importlib.import_module("humpback.experiments." + name.replace("/", ".")))


def setup(name: str) -> Any:
    """The setup of that name.

    Raises:
        UnknownName: with the closest names.
    """
    setups: dict[str, Any] = importlib.import_module("humpback.experiments.setups").SETUPS
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


def resolved(declared: Declared) -> dict[str, Any]:
    """The contents of arms.json: for each seed its arms (model and judgement) and measures (what they read) by
    fingerprint, the claims, and every expression."""
    arms, measures = declared.arms, declared.measures
    roots: list[Artifact] = [
        part for named in arms.values() for arm in named.values() for part in (arm.model, arm.judged)
    ]
    roots += [one for named in measures.values() for measure in named.values() for one in measure.needs]
    return {
        "arms": {
            str(seed): {
                name: {"model": arm.model.fingerprint, "judged": arm.judged.fingerprint}
                for name, arm in by_name.items()
            }
            for seed, by_name in arms.items()
        },
        "measures": {
            str(seed): {
                name: {"kind": type(measure).__name__, "reads": [one.fingerprint for one in measure.needs]}
                for name, measure in by_name.items()
            }
            for seed, by_name in measures.items()
        },
        "claims": [
            {"kind": type(claim).__name__.lower(), **{k: v for k, v in asdict(claim).items() if v is not None}}
            for claim in declared.claims
        ],
        "artifacts": expression(*roots),
    }
