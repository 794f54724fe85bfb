"""Experiments as they stood when a run of them began, so that whoever looks at the store sees what is to come.

    <store>/.runs/micro/humpback/headline.json    arms, measures and claims, with every expression; the last run's

Written before the first stage, and whole: with what is finished in the store it gives the numbers so far, by the rules
that the run itself reports by.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from humpback.analysis.experiment.gather import Results, gather
from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact, canonical, expression
from humpback.core.store import Store
from humpback.spec.claims import Arm, Claim
from humpback.spec.measures import Measure
from humpback.spec.vocabulary import rebuilder

FOLDER = ".runs"
"""Below the store."""


@dataclass(frozen=True)
class ExperimentRun:
    """An experiment on a setup and seeds, with all that its results are gathered by."""

    experiment: str
    setup: str
    words: Mapping[str, Any]
    """What made.json says of it: question, seeds, command and so on."""
    resolved: Mapping[str, Any]
    """What arms.json holds."""
    arms: Mapping[int, Mapping[str, Arm]]
    """By seed and name."""
    measures: Mapping[int, Mapping[str, Measure]]
    claims: tuple[Claim, ...]
    targets: tuple[Artifact, ...]
    """What the run makes."""
    bases: Mapping[int, int]
    """By seed, which of several bases it starts from."""
    varying: Collection[str]
    """The arms and measures that another seed makes anew."""
    beside_paper: bool
    repeats: bool
    settings: tuple[str, ...]
    """What was set to something else than the setup has, a line each."""
    results: str
    """Folder that its tables are written to, relative to the store where it lies below it."""

    @property
    def key(self) -> str:
        """Setup and experiment, as the results' folders are named."""
        return f"{self.setup}/{self.experiment}"

    def gather(self, store: Store, reasons: Mapping[str, str]) -> Results:
        """What it came to so far. `reasons` says, by fingerprint, why an artifact was not made."""
        found = gather(
            store,
            self.arms,
            self.claims,
            reasons,
            measures=self.measures,
            bases=self.bases,
            varying=self.varying,
            beside_paper=self.beside_paper,
            repeats=self.repeats,
        )
        return replace(found, settings=self.settings)

    def write(self, store: Store) -> None:
        """Keep it in the store, in the place of the run before."""
        path = store.root / FOLDER / f"{self.key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".writing")
        unfinished.write_text(json.dumps(self._held(), ensure_ascii=False), encoding="utf-8")
        os.replace(unfinished, path)

    def _held(self) -> dict[str, Any]:
        def by_seed(parts: Mapping[int, Mapping[str, Arm | Measure]]) -> dict[str, Any]:
            return {str(seed): [canonical(one, name) for name, one in named.items()] for seed, named in parts.items()}

        return {
            "experiment": self.experiment,
            "setup": self.setup,
            "words": dict(self.words),
            "resolved": {key: value for key, value in self.resolved.items() if key != "artifacts"},
            "arms": by_seed(self.arms),
            "measures": by_seed(self.measures),
            "claims": [canonical(one, one.claim) for one in self.claims],
            "targets": [canonical(one, one.name) for one in self.targets],
            "bases": {str(seed): base for seed, base in self.bases.items()},
            "varying": sorted(self.varying),
            "beside_paper": self.beside_paper,
            "repeats": self.repeats,
            "settings": list(self.settings),
            "results": self.results,
            "artifacts": expression(*self.targets),
        }


def read_runs(store: Store, unusable: list[str]) -> Iterator[tuple[ExperimentRun, float]]:
    """Every experiment of which a run began in the store, and when, in seconds since 1970. `unusable` gets a message
    for each that cannot be read."""
    for path in sorted((store.root / FOLDER).glob("*/*/*.json")):
        try:
            began = path.stat().st_mtime
            yield _read(json.loads(path.read_text(encoding="utf-8"))), began
        except FileNotFoundError:
            continue
        except KeyError as error:
            unusable.append(f"{path}: {error} is not known here; --experiments names the folder of classes of your own")
        except (OSError, ValueError, TypeError, AttributeError, HumpbackError) as error:
            unusable.append(f"{path}: not as a run of this version wrote it ({error}); the next run writes it anew")


def _read(held: dict[str, Any]) -> ExperimentRun:
    rebuilt = rebuilder(held["artifacts"])

    def by_seed(parts: Mapping[str, Sequence[Any]]) -> dict[int, dict[str, Any]]:
        return {int(seed): {one.name: one for one in map(rebuilt, those)} for seed, those in parts.items()}

    return ExperimentRun(
        experiment=held["experiment"],
        setup=held["setup"],
        words=held["words"],
        resolved=held["resolved"] | {"artifacts": held["artifacts"]},
        arms=by_seed(held["arms"]),
        measures=by_seed(held["measures"]),
        claims=tuple(map(rebuilt, held["claims"])),
        targets=tuple(map(rebuilt, held["targets"])),
        bases={int(seed): base for seed, base in held["bases"].items()},
        varying=frozenset(held["varying"]),
        beside_paper=held["beside_paper"],
        repeats=held["repeats"],
        settings=tuple(held["settings"]),
        results=held["results"],
    )
