"""Files and folders to the logs of systems: which program wrote a file is told by its content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.logs import inspect_ai, lm_eval, lm_eval_run
from humpback.analysis.judgements.logs.items import SystemLog, TaskLog
from humpback.core.tables import VERDICTS
from humpback.readers.records import FileRecord, UnusableFile, records

_LOOKED_AT = 5
_SUFFIXES = (".eval", ".json", ".jsonl", ".gz")
_BEGINNING = 4_096


def is_log(path: Path) -> bool:
    """Whether a file, or a folder with such files below it, is a log of samples."""
    if path.is_dir():
        return not (path / VERDICTS).is_file() and next(_below(path), None) is not None
    return path.is_file() and _kind(path) is not None


def _kind(path: Path) -> str | None:
    """What kind of log a file is: "eval", "samples" or "results"."""
    if inspect_ai.is_zip(path):
        return "eval"
    if path.suffix == ".json":
        # A log of inspect's can be large, and its fields stand in an order: the first ones tell.
        with path.open("rb") as file:
            begins = file.read(_BEGINNING)
        if b'"eval"' in begins and b'"status"' in begins and b'"version"' in begins:
            return "eval"
        return "results" if path.name.startswith("results_") and _holds_results(path) else None
    if ".jsonl" not in path.suffixes:
        return None
    try:
        looked = zip(records(path, nan=True), range(_LOOKED_AT), strict=False)
        found = [one.value for one, _ in looked if isinstance(one, FileRecord)]
    except UnusableFile:
        found = []
    named = path.name.startswith("samples_")
    return "samples" if any(map(lm_eval.is_row, found)) or (named and not found) else None


def _holds_results(path: Path) -> bool:
    try:
        return lm_eval_run.is_results(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError):
        return True  # damaged: it is read, and its error names it


def _is_benchmarked(folder: Path) -> bool:
    return (folder / lm_eval.BENCHMARKS).is_file() and (folder / lm_eval.SAMPLES).is_file()


def _below(folder: Path) -> Iterator[Path]:
    """Logs below a folder; of what `humpback benchmark` made, its folder."""
    if _is_benchmarked(folder):
        yield folder
    for path in sorted(folder.rglob("*")):
        if (path.is_dir() and _is_benchmarked(path)) or (
            path.is_file() and path.suffix in (".eval", ".json", ".jsonl", ".gz") and _kind(path) in ("eval", "samples")
        ):
            yield path


@dataclass(frozen=True)
class _Read:
    root: Path
    """The folder that was named, or that of the named file."""
    named: bool
    """Whether the file itself was named."""
    log: TaskLog
    run: lm_eval_run.Run | None = None


def read_systems(paths: Sequence[Path]) -> list[SystemLog]:
    """The systems whose logs the paths hold, in their order, each with a name of its own. The logs of one model in one
    folder are one system; where files are named and two of them are of one model and task, each is a system.

    Raises:
        NoJudgements: for a file that is damaged or no log, or a folder with two logs of one model and task.
    """
    found = [one for path in paths for one in _read(path)]
    systems: dict[tuple[Path, str, str], list[_Read]] = {}
    for one in found:
        twice = [
            other
            for other in found
            if (other.root, other.log.model, other.log.task) == (one.root, one.log.model, one.log.task)
        ]
        alone = one.log.file if len(twice) > 1 and all(other.named for other in twice) else ""
        systems.setdefault((one.root, one.log.model, alone), []).append(one)
    made = [_system(model, some) for (_, model, _), some in systems.items()]
    names = _told_apart([(model, root, alone or some[0].log.file) for (root, model, alone), some in systems.items()])
    return [replace(one, name=name) for name, one in zip(names, made, strict=True)]


def _read(path: Path) -> list[_Read]:
    if not path.exists():
        raise NoJudgements(f"{path}: there is no such file")
    if path.is_dir():
        return [one for inner in _below(path) for one in _of_file(inner, path, named=False)]
    return _of_file(path, path.parent, named=True)


def _of_file(path: Path, root: Path, *, named: bool) -> list[_Read]:
    if path.is_dir():
        return [_Read(root, named, one) for one in lm_eval.read_benchmarked(path)]
    kind = _kind(path)
    if kind == "eval":
        return [_Read(root, named, inspect_ai.read_log(path))]
    files = lm_eval_run.samples_of(path) if kind == "results" else [path]
    runs = [(one, lm_eval_run.run_of(one)) for one in files]
    return [_Read(root, named, lm_eval.read_samples(one, run), run) for one, run in runs]


def _system(model: str, reads: Sequence[_Read]) -> SystemLog:
    tasks: dict[str, TaskLog] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for one in reads:
        if (before := tasks.get(one.log.task)) is not None:
            raise NoJudgements(
                f"{one.root}: two logs of {model} on {one.log.task}: {before.file} and {one.log.file}; name the files "
                "that are to be compared, each is a system then"
            )
        tasks[one.log.task] = one.log
        groups |= one.run.groups if one.run else {}
    return SystemLog(model, tasks, groups, frozenset().union(*(one.run.tasks_alike for one in reads if one.run)))


_MORE: tuple[Callable[[Path, str], str], ...] = (lambda root, file: root.name, lambda root, file: file.split("/")[-1])


def _told_apart(systems: Sequence[tuple[str, Path, str]]) -> list[str]:
    """Names of systems: the model's, with the folder's or else the file's, or a number, where models are the same."""
    names = [model for model, _, _ in systems]
    for more in _MORE:
        said = [more(root, file) for _, root, file in systems]
        groups = {name: {other for other, of in zip(said, names, strict=True) if of == name} for name in names}
        names = [f"{name} ({one})" if len(groups[name]) > 1 else name for name, one in zip(names, said, strict=True)]
    times = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name} {n + 1}" if n else name for name, n in zip(names, times, strict=True)]
