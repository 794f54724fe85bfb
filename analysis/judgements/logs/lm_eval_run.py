"""lm-eval's `results_DATE.json`: what a run was, whose samples lie beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import mul
from pathlib import Path
from typing import Any

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.logs.items import measure, read_json

FILE_NAME = re.compile(r"samples_(?P<task>.+?)_(?P<date>\d{4}-\d\d-\d\dT[^.]+\.\d+)\.jsonl(?:\.gz)?")
_ROUNDED = 1e-9


@dataclass(frozen=True)
class Run:
    """What a results file says of its run."""

    model: str
    versions: Mapping[str, str]
    shots: Mapping[str, str]
    lower: Mapping[str, frozenset[str]]
    counts: Mapping[str, int]
    """By task, how many samples were asked."""
    groups: Mapping[str, tuple[str, ...]]
    tasks_alike: frozenset[tuple[str, str]]
    """Groups and metrics whose value is the mean of the tasks' values, and not of their samples."""
    about: Mapping[str, str]


def is_results(value: Any) -> bool:
    """Whether a JSON file looks like the results of a run."""
    return isinstance(value, dict) and {"results", "versions"} <= value.keys()


def samples_of(results: Path) -> list[Path]:
    """The samples files of the run that a results file is of.

    Raises:
        NoJudgements: when there is none beside it.
    """
    date = results.name.removeprefix("results_").removesuffix(".json")
    found = sorted(results.parent.glob(f"samples_*_{date}.jsonl*"))
    if not found:
        raise NoJudgements(
            f"{results}: means of tasks, and beside it no samples_*_{date}.jsonl; a paired difference needs the "
            "samples, which lm-eval writes with --log_samples"
        )
    return found


def run_of(samples: Path) -> Run | None:
    """The run that a samples file is of; None where its results do not lie beside it.

    Raises:
        NoJudgements: when they do and are no results.
    """
    named = FILE_NAME.fullmatch(samples.name)
    path = samples.parent / f"results_{named['date']}.json" if named else None
    if path is None or not path.is_file():
        return None
    value = read_json(path)
    if not is_results(value):
        raise NoJudgements(f"{path}: no results of lm-eval: it has no fields 'results' and 'versions'")
    return _run(value, samples.parent.name)


def _run(value: dict[str, Any], folder: str) -> Run:
    def table(name: str) -> dict[str, Any]:
        found = value.get(name)
        return found if isinstance(found, dict) else {}

    lower = {
        task: frozenset(name for name, higher in of.items() if higher is False)
        for task, of in table("higher_is_better").items()
        if isinstance(of, dict)
    }
    counts = {
        task: of["effective"]
        for task, of in table("n-samples").items()
        if isinstance(of, dict) and isinstance(of.get("effective"), int)
    }
    subtasks = {name: tuple(of) for name, of in table("group_subtasks").items() if isinstance(of, list) and of}
    groups = {name: tuple(_leaves(name, subtasks)) for name in subtasks}
    about = {
        "chat template": str(value.get("chat_template_sha") or "none"),
        "system message": str(value.get("system_instruction_sha") or "none"),
        "limit": str(table("config").get("limit")),
    }
    return Run(
        str(value.get("model_name") or folder),
        {task: str(found) for task, found in table("versions").items() if found not in (None, "N/A", "Yaml")},
        {task: str(found) for task, found in table("n-shot").items()},
        lower,
        counts,
        groups,
        frozenset(_tasks_alike(table("results"), groups, counts)),
        about,
    )


def _tasks_alike(
    results: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]], counts: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """A results file does not say how a group weighs its tasks (`weight_by_size`); the values do."""
    for group, tasks in groups.items():
        published = results.get(group)
        for key, value in published.items() if isinstance(published, dict) else ():
            metric, comma, filter_ = key.partition(",")
            values = [results[task].get(key) if isinstance(results.get(task), dict) else None for task in tasks]
            numbers = [one for one in values if isinstance(one, float | int)]
            if not comma or not isinstance(value, float | int) or len(numbers) < len(tasks):
                continue
            sizes = [counts.get(task, 0) for task in tasks]
            plain = sum(numbers) / len(numbers)
            pooled = sum(map(mul, numbers, sizes)) / sum(sizes) if all(sizes) else plain
            if abs(value - plain) <= _ROUNDED < abs(value - pooled):
                yield group, measure(metric, filter_)


def _leaves(name: str, subtasks: Mapping[str, tuple[str, ...]], above: tuple[str, ...] = ()) -> list[str]:
    if name not in subtasks or name in above:
        return [name]
    return list(dict.fromkeys(leaf for one in subtasks[name] for leaf in _leaves(one, subtasks, (*above, name))))
