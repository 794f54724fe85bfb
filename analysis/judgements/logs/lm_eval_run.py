"""lm-eval's `results_DATE.json`: what a run was, whose samples lie beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.logs.items import read_json

FILE_NAME = re.compile(r"samples_(?P<task>.+?)_(?P<date>\d{4}-\d\d-\d\dT[^.]+\.\d+)\.jsonl(?:\.gz)?")


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
        {name: tuple(_leaves(name, subtasks)) for name in subtasks},
        about,
    )


def _leaves(name: str, subtasks: Mapping[str, tuple[str, ...]], above: tuple[str, ...] = ()) -> list[str]:
    if name not in subtasks or name in above:
        return [name]
    return list(dict.fromkeys(leaf for one in subtasks[name] for leaf in _leaves(one, subtasks, (*above, name))))
