"""Finding experiments and setups by name, and what a run of one has to make.

An experiment is a module one folder below this one, with `SHOWS`, `arms(setup, seed)` and `claims(setup)`. Its name is
its path, such as humpback/headline. Nothing is registered: the folder is the list.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

from harness.claims import Claim, Comparison
from harness.fingerprint import Artifact, expression
from harness.outcomes import Arm


class UnknownName(LookupError):
    """A name that is not there. The message has the closest ones that are."""


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

    def claims(self, setup: Any) -> tuple[Claim, ...]:
        """What is said of the arms."""
        return tuple(self.module.claims(setup))

    def arms(self, setup: Any, seeds: Iterable[int]) -> dict[int, dict[str, Arm]]:
        """The arms by seed and name."""
        return {seed: self.module.arms(setup, seed) for seed in seeds}

    def targets(self, arms: dict[int, dict[str, Arm]], claims: Iterable[Claim]) -> list[Artifact]:
        """The judgements that a run has to make: every arm against the reference, and the heads to heads."""
        direct = [claim for claim in claims if isinstance(claim, Comparison) and claim.head_to_head]
        found: list[Artifact] = []
        for by_name in arms.values():
            found += [arm.judged for arm in by_name.values()]
            found += [by_name[c.first].against(by_name[c.second]) for c in direct]
        return found


def experiment_names() -> list[str]:
    """All experiments, without importing any."""
    package = importlib.import_module("experiments")
    names = []
    for folder in pkgutil.iter_modules(package.__path__):
        if folder.ispkg:
            inner = importlib.import_module(f"experiments.{folder.name}")
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
    return Experiment(name, importlib.import_module("experiments." + name.replace("/", ".")))


def setup(name: str) -> Any:
    """The setup of that name.

    Raises:
        UnknownName: with the closest names.
    """
    setups: dict[str, Any] = importlib.import_module("experiments.setups").SETUPS
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


def resolved(arms: dict[int, dict[str, Arm]], claims: Iterable[Claim]) -> dict[str, Any]:
    """The contents of arms.json: for each seed and arm its model and judgement by fingerprint, and every expression."""
    roots = [part for by_name in arms.values() for arm in by_name.values() for part in (arm.model, arm.judged)]
    return {
        "arms": {
            str(seed): {
                name: {"model": arm.model.fingerprint, "judged": arm.judged.fingerprint}
                for name, arm in by_name.items()
            }
            for seed, by_name in arms.items()
        },
        "claims": [
            {"kind": type(claim).__name__.lower(), **{k: v for k, v in asdict(claim).items() if v is not None}}
            for claim in claims
        ],
        "artifacts": expression(*roots),
    }
