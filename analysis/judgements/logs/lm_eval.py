"""lm-eval's `--log_samples`: `samples_TASK_DATE.jsonl`, a row for each sample and filter, and beside it the run's
`results_DATE.json`, which knows the model, the versions, the shots and the groups.

lm-eval below 0.4.8 does not write which filter a row went through: it writes all samples with the first one, then all
with the second, and so on. Scores that are no number a sample (lists, pairs for a corpus metric) have no difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.logs.items import NONE, Sample, TaskLog, digest, measure, number
from humpback.analysis.judgements.logs.lm_eval_run import FILE_NAME, Run
from humpback.core.tables import Unreadable
from humpback.readers.records import FileRecord, UnusableFile, records, unreadable

KIND, OURS = "lm-eval samples", "humpback benchmark"
BENCHMARKS, SAMPLES = "benchmarks.json", "samples.parquet"
_OF_A_ROW = frozenset(
    (
        *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
        *("doc_hash", "prompt_hash", "target_hash"),
    )
)


@dataclass(frozen=True)
class _Scored:
    """One row of a samples file."""

    place: str
    id: str
    filter: str | None
    sample: Sample
    found: Mapping[str, Any]
    """By metric, as it stands there."""
    raw: str


def is_row(value: Mapping[str, Any]) -> bool:
    """Whether a row looks like one of a samples file."""
    return "doc_id" in value and not value.keys().isdisjoint(("filtered_resps", "resps", "doc_hash", "arguments"))


def read_samples(path: Path, run: Run | None) -> TaskLog:
    """One task of one model.

    Raises:
        NoJudgements: when no row of it can be used.
    """
    named = FILE_NAME.fullmatch(path.name)
    task = named["task"] if named else path.name.split(".jsonl")[0].removeprefix("samples_")
    rows: list[_Scored] = []
    aside: list[Unreadable] = []
    try:
        for one in records(path, nan=True):
            if isinstance(one, Unreadable):
                aside.append(one)
            elif reason := _unfit(one.value):
                aside.append(unreadable(one, reason))
            else:
                rows.append(_scored(one))
    except UnusableFile as error:
        raise NoJudgements(str(error)) from error
    if not rows:
        why = f"; {aside[0].place}: {aside[0].reason}" if aside else ""
        raise NoJudgements(f"{path}: no row of lm-eval's samples in it{why}")
    notes = []
    if not run:
        notes.append("no results_*.json of its run beside it: version, shots and template are not known")
    elif (asked := run.counts.get(task)) is not None and asked != len({row.id for row in rows}):
        notes.append(f"{len({row.id for row in rows}):,} of {asked:,} samples that its run asked are there")
    about = {} if run is None else {**run.about, "shots": run.shots.get(task, "")}
    return _log(
        path.name,
        rows,
        TaskLog(
            run.model if run else path.parent.name,
            task,
            KIND,
            f"{path.parent.name}/{path.name}",
            {},
            {},
            run.versions.get(task, "") if run else "",
            about,
            run.lower.get(task, frozenset()) if run else frozenset(),
            tuple(aside),
            tuple(notes),
        ),
    )


def _unfit(value: dict[str, Any]) -> str:
    found = value.get("doc_id")
    if isinstance(found, bool) or not isinstance(found, int | str):
        return f"field doc_id is {str(found)[:40]!r}; it is the sample's number"
    for name, of, what in (("filter", str, "a name"), ("metrics", list, "a list of names")):
        if name in value and not isinstance(value[name], of):
            return f"field {name} is {str(value[name])[:40]!r}; it is {what}"
    for metric in value.get("metrics", ()):
        if metric not in value:
            return f"there is no field {metric!r}, which its metrics name"
    return ""


def _scored(record: FileRecord) -> _Scored:
    value = record.value
    question = value.get("doc_hash") or (
        sha256(json.dumps(value["doc"], indent=2, ensure_ascii=False).encode()).hexdigest() if "doc" in value else ""
    )
    target = value.get("target_hash") or (digest(str(value["target"])) if "target" in value else "")
    metrics = value.get("metrics") or [
        name for name, found in value.items() if name not in _OF_A_ROW and isinstance(found, bool | int | float)
    ]
    return _Scored(
        record.place,
        str(value["doc_id"]),
        value.get("filter"),
        Sample(str(question), str(target), str(value.get("prompt_hash") or "")),
        {str(name): value[name] for name in metrics},
        json.dumps(value, sort_keys=True, ensure_ascii=False),
    )


def _log(name: str, rows: list[_Scored], empty: TaskLog) -> TaskLog:
    rows, notes = _with_filters(rows)
    samples: dict[str, Sample] = {}
    scores: dict[str, dict[str, tuple[float, ...]]] = {}
    seen: dict[tuple[str, str], _Scored] = {}
    aside: list[Unreadable] = []
    no_number: Counter[str] = Counter()
    unscored: Counter[str] = Counter()
    for row in rows:
        filter_ = row.filter or NONE
        if before := seen.get((row.id, filter_)):
            how = "the same row" if before.raw == row.raw else "another row"
            reason = f"doc_id {row.id} stands already in {before.place}, filter {filter_}: {how}; the first is taken"
            aside.append(Unreadable(name, row.place, reason, row.raw[:2_000]))
            continue
        seen[row.id, filter_] = row
        samples.setdefault(row.id, row.sample)
        for metric, found in row.found.items():
            label = measure(metric, filter_)
            try:
                score = number(found)
            except ValueError:
                no_number[label] += 1
                continue
            if score is None:
                unscored[label] += 1
            else:
                scores.setdefault(label, {})[row.id] = (score,)
    notes += [f"{label}: {n:,} samples without a score (null or NaN)" for label, n in unscored.items()]
    notes += [
        f"{label}: {n:,} values are no number (a list or an object): no difference of them"
        for label, n in no_number.items()
    ]
    if any(not one.question for one in samples.values()):
        notes.append("no doc and no doc_hash in it: samples are matched by doc_id alone")
    lower = frozenset(label for label in scores if label.split(" (")[0] in empty.lower)
    return TaskLog(
        empty.model,
        empty.task,
        empty.kind,
        empty.file,
        samples,
        scores,
        empty.version,
        empty.about,
        lower,
        (*empty.unreadable, *aside),
        (*empty.notes, *notes),
    )


def _with_filters(rows: list[_Scored]) -> tuple[list[_Scored], list[str]]:
    """Rows whose filter is not written, by which time their sample comes."""
    if any(row.filter is not None for row in rows):
        return rows, []
    times = Counter(row.id for row in rows)
    several = max(times.values())
    if several == 1 or set(times.values()) != {several}:
        return rows, []
    came: Counter[str] = Counter()
    named = []
    for row in rows:
        came[row.id] += 1
        named.append(_Scored(row.place, row.id, f"filter {came[row.id]}", row.sample, row.found, row.raw))
    return named, [
        f"each sample stands {several} times without its filter's name: they are called filter 1 to {several}"
    ]


def read_benchmarked(folder: Path) -> list[TaskLog]:
    """What `humpback benchmark` keeps of a model, task by task.

    Raises:
        NoJudgements: when a file of it is damaged.
    """
    try:
        record = json.loads((folder / BENCHMARKS).read_text(encoding="utf-8"))
        # `pq.read_table` imports pandas, which takes longer than reading does.
        rows = pq.ParquetFile(folder / SAMPLES).read().to_pylist()
        about = {
            "limit": str(record["limit"]),
            "chat template": str(record["chat_template"].get("sha256", "none")),
        }
        of_task: dict[str, list[_Scored]] = {}
        for number_, row in enumerate(rows):
            target = digest(str(json.loads(row["target"])))
            sample = Sample(row["doc_sha256"], target, digest(row["prompt"]))
            metrics = json.loads(row["metrics"])
            of_task.setdefault(row["task"], []).append(
                _Scored(f"row {number_}", str(row["doc_id"]), row["filter"], sample, metrics, "")
            )
        lower: dict[str, set[str]] = {}
        for row in record["rows"]:
            if row["higher_is_better"] is False:
                lower.setdefault(row["task"], set()).add(row["metric"])
        made = []
        for task, some in of_task.items():
            said = record["tasks"][task]
            empty = TaskLog(
                record["model"],
                task,
                OURS,
                f"{folder.name}/{SAMPLES}",
                {},
                {},
                str(said["version"]),
                {**about, "shots": str(said["shots"])},
                frozenset(lower.get(task, ())),
            )
            made.append(_log(SAMPLES, some, empty))
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise NoJudgements(
            f"{folder}: {BENCHMARKS} or {SAMPLES} is damaged ({error!r}); make the benchmark again"
        ) from error
    return made
