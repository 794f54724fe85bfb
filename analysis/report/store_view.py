"""What lies in a store at this moment, for the pages of `humpback view`: judgements, experiments, what is being made.

Everything is read, nothing written. What was read is kept as long as the files are as they were.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from humpback.analysis.judgements.comparison import Numbers, numbers
from humpback.analysis.judgements.formats.artifact import judged_prompts
from humpback.analysis.judgements.formats.items import Item
from humpback.analysis.report.begun import FOLDER, ExperimentRun, read_runs
from humpback.analysis.report.provenance import provenance
from humpback.analysis.report.results_files import ResultsFiles, read_results
from humpback.analysis.tables.csv_files import finding_lines
from humpback.core.expression import below
from humpback.core.metrics import read_metrics
from humpback.core.store import METRICS, RECORD, Record, Store, StoreError, read_record
from humpback.core.tables import VERDICTS

_SHORT = 16
"""Digits of a fingerprint in the name of an artifact's folder."""


@dataclass(frozen=True)
class StoredJudgement:
    """A finished judgement."""

    folder: Path
    record: Record
    judge: str
    items: tuple[Item, ...]
    numbers: Numbers

    @property
    def id(self) -> str:
        """The head of its fingerprint, as addresses have it."""
        return self.record.fingerprint[:_SHORT]

    @property
    def systems(self) -> str:
        """Both systems, in words."""
        return self.record.name.split("/", 1)[1].removesuffix(f"-{self.id}").replace("-vs-", " against ")


@dataclass(frozen=True)
class Place:
    """Where a judgement stands in an experiment."""

    experiment: str
    """Setup and experiment."""
    arm: str
    seed: str

    @property
    def words(self) -> str:
        return f"{self.arm}, seed {self.seed}"


@dataclass(frozen=True)
class StoredExperiment:
    """An experiment that was run, or is being run."""

    key: str
    """Setup and experiment."""
    files: ResultsFiles
    judged: Mapping[str, Mapping[str, str]]
    """By arm and seed, the head of the judgement's fingerprint."""
    finished: int
    stages: int
    """What the run makes, and how many of them are finished; 0 of 0 where only its results are known."""
    live: bool = False
    """Whether its numbers are those so far, not those that a run wrote at its end."""

    @property
    def setup(self) -> str:
        return self.key.split("/", 1)[0]

    @property
    def name(self) -> str:
        return self.key.split("/", 1)[1]


@dataclass(frozen=True)
class Making:
    """An artifact that is being made, or whose maker died."""

    name: str
    alive: bool | None
    """Whether its maker holds its lock; None where that cannot be told."""
    seconds: float
    """Since its files last changed."""
    last: str
    """What was measured last, in words."""


class StoreView:
    """The store below one folder, with the results that its runs wrote."""

    def __init__(self, store: Store, results: Path) -> None:
        self.store = store
        self.results = results
        self.unusable: list[str] = []
        """What could not be read when it was last looked at."""
        self._judgements: dict[Path, tuple[int, StoredJudgement | str]] = {}
        self._live: dict[str, tuple[Any, ResultsFiles]] = {}
        self._lock = threading.RLock()

    def state(self) -> str:
        """A checksum that changes with what the pages would show, but for what is being made."""
        root, digest = self.store.root, hashlib.sha256()
        folders = [root, *(one for one in _entries(root) if one.is_dir() and one.name != ".partial")]
        watched = [*folders, *self.results.glob("*/*/*/made.json"), *(root / FOLDER).glob("*/*/*.json")]
        for path in sorted(watched):
            if (stamp := _stamp(path)) is not None:
                digest.update(f"{path} {stamp}\n".encode())
        return digest.hexdigest()[:_SHORT]

    def judgements(self) -> dict[str, StoredJudgement]:
        """Every finished judgement by the head of its fingerprint, the newest first."""
        with self._lock:
            folder, found = self.store.root / "judged", list[StoredJudgement]()
            self.unusable = []
            for path in folder.glob(f"*/{RECORD}"):
                one = self._judgement(path)
                if isinstance(one, str):
                    self.unusable.append(one)
                elif one is not None:
                    found.append(one)
            found.sort(key=lambda one: one.record.finished, reverse=True)
            return {one.id: one for one in found}

    def _judgement(self, path: Path) -> StoredJudgement | str | None:
        stamp = _stamp(path)
        known = self._judgements.get(path)
        if stamp is None or (known and known[0] == stamp):
            return known[1] if known and stamp is not None else None
        try:
            record = read_record(path)
            state = record.state(path.parent)
            items = judged_prompts(path.parent / VERDICTS).items if state.readable else ()
            judged: StoredJudgement | str = state.reason
            if state.readable:
                judged = StoredJudgement(path.parent, record, _judge(record), items, numbers(items))
        except (StoreError, OSError) as error:
            judged = str(error)
        self._judgements[path] = stamp, judged
        return judged

    def experiments(self) -> dict[str, StoredExperiment]:
        """Every experiment of which results were written or a run began, by setup and name."""
        with self._lock:
            written = {
                f"{folder.name}/{name}": (files, folder / name)
                for folder in _entries(self.results)
                if folder.is_dir()
                for name, files in read_results(folder).items()
            }
            found = {
                key: StoredExperiment(key, files, _judged(files.arms), 0, 0) for key, (files, _) in written.items()
            }
            for run, began in read_runs(self.store, self.unusable):
                found[run.key] = self._of_run(run, began, found.get(run.key))
            return dict(sorted(found.items()))

    def _of_run(self, run: ExperimentRun, began: float, written: StoredExperiment | None) -> StoredExperiment:
        stages = below(*run.targets).values()
        done = [one.name for one in stages if self.store.state(one, weights=False).readable]
        judged = _judged(run.resolved, run)
        made = _stamp(self.store.root / run.results / "made.json")
        if made is not None and made >= began * 1e9 and written:
            return replace(written, judged=judged, finished=len(done), stages=len(stages))
        known = self._live.get(run.key)
        if known is None or known[0] != (began, done):
            self._live[run.key] = known = (began, done), self._so_far(run)
        return StoredExperiment(run.key, known[1], judged, len(done), len(stages), live=True)

    def _so_far(self, run: ExperimentRun) -> ResultsFiles:
        found = run.gather(self.store, {})
        return ResultsFiles(
            name=run.experiment,
            made={**run.words, **provenance(self.store, run.targets)},
            arms=dict(run.resolved),
            results=replace(found, findings=()),
            comparisons=tuple(finding_lines(found.findings)),
            samples=[],
            figures={},
        )

    def making(self) -> list[Making]:
        """What is being made, those with the newest sign of life first."""
        found = []
        for path in (self.store.root / ".attempts").glob("*/*/running.json"):
            fingerprint = path.parent.name[-_SHORT:]
            partial = next(iter((self.store.root / ".partial").glob(f"{fingerprint}*")), None)
            newest = max(filter(None, map(_stamp, [path, *(partial.rglob("*") if partial else ())])), default=0)
            name = f"{path.parent.parent.name}/{path.parent.name.removesuffix(f'-{fingerprint}')}"
            alive = _locked(self.store.root / ".locks", fingerprint)
            last = _last(partial / METRICS) if partial else ""
            found.append(Making(name, alive, max(0.0, time.time() - newest / 1e9), last))
        return sorted(found, key=lambda one: one.seconds)


def places(experiments: Mapping[str, StoredExperiment]) -> dict[str, list[Place]]:
    """By the head of a judgement's fingerprint, where it stands in the experiments."""
    found: dict[str, list[Place]] = {}
    for one in experiments.values():
        for arm, by_seed in one.judged.items():
            for seed, judgement in by_seed.items():
                found.setdefault(judgement, []).append(Place(one.key, arm, seed))
    return found


def _judged(resolved: Mapping[str, Any], run: ExperimentRun | None = None) -> dict[str, dict[str, str]]:
    """By arm and seed the judgements of an arms.json; those head to head too where the run is known."""
    found: dict[str, dict[str, str]] = {}
    for seed, arms in (resolved.get("arms") or {}).items():
        for name, arm in arms.items():
            found.setdefault(name, {})[seed] = arm["judged"][:_SHORT]
    for claim in run.claims if run else ():
        if getattr(claim, "head_to_head", False):
            first, second = claim.sides
            for seed, named in run.arms.items() if run else ():
                direct = named[first].against(named[second]).fingerprint
                found.setdefault(f"{first} against {second}", {})[str(seed)] = direct[:_SHORT]
    return found


def _judge(record: Record) -> str:
    by = record.fields["by"]
    model = by.get("model")
    if isinstance(model, dict):
        fields = record.expression[model["artifact"]]["fields"]
        model = fields.get("name") or record.expression[model["artifact"]]["class"]
    return " ".join(str(one) for one in (by["class"], by.get("config"), model) if one)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _stamp(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _locked(folder: Path, fingerprint: str) -> bool | None:
    """Whether somebody holds the artifact's lock. Asked for shared and given back at once, so that no maker is kept
    from it for longer than it waits between two tries."""
    path = next(iter(folder.glob(f"{fingerprint}*.lock")), None)
    if path is None:
        return False
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(handle)


def _last(path: Path) -> str:
    """The last line of metrics, in words."""
    if not path.is_file():
        return ""
    rows: Sequence[Mapping[str, Any]] = read_metrics(path)[0][-1:]
    return "; ".join(_metrics(rows))


def _metrics(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        for name, value in row.items():
            yield f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
