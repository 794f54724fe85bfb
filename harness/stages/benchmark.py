"""NLP benchmarks through lm-eval, with everything on record that a number depends on.

`benchmarks.json` holds a row for each task and metric with its standard error, and for each task the version, the
hashes of its files and of its data, and the shots that it was really given. `samples.parquet` holds every item with the
replies to it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lm_eval import simple_evaluate  # type: ignore[import-untyped]
from lm_eval.tasks import TaskManager  # type: ignore[import-untyped]

from humpback.core.store import StoreError
from humpback.core.work import Counts, Work
from humpback.engines.chat.chat_format import HIDER
from humpback.evals.checks import languages_drawn_alike
from humpback.evals.lm_eval_model import load_for_lm_eval, silence_lm_eval
from humpback.evals.pulled_tasks import nltk_data_below
from humpback.evals.sandbox import allow_code
from humpback.evals.tasks import LoadedTask, Missing, data_sha256, open_tasks
from humpback.inputs.locate import resolve_file
from humpback.spec.benchmarks import Benchmarked

BENCHMARKS = "benchmarks.json"
SAMPLES = "samples.parquet"
BOOTSTRAPS = 1_000
"""Resamples for the standard error of metrics that have no formula."""
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("task", "filter", "doc", "prompt", "target", "replies", "metrics", "doc_sha256")]
    + [("doc_id", pa.int64())]
)


def benchmark(node: Benchmarked, work: Work) -> Counts:
    """Evaluate; counts are of items (`in`, `kept`), tasks, and requests cut because they were too long.

    Raises:
        StoreError: when a task cannot be run here, naming each; no model has been loaded then.
        ValueError: when a task asks more of the model than it can do, such as more new tokens than its context.
    """
    with TemporaryDirectory() as place:
        tasks = _ready(node, work, Path(place))
        lm, how = load_for_lm_eval(node, work)
        code = allow_code(any(task.unsafe for task in tasks))
        with silence_lm_eval(), nltk_data_below(Path(place)), languages_drawn_alike(), code:
            try:
                found = simple_evaluate(
                    model=lm,
                    tasks=[part for task in tasks for part in task.parts],
                    num_fewshot=node.shots,
                    limit=node.limit,
                    apply_chat_template=node.chat_template,
                    task_manager=TaskManager(include_defaults=False),
                    bootstrap_iters=BOOTSTRAPS,
                    fewshot_random_seed=node.seed,
                    confirm_run_unsafe_code=node.run_model_code,
                )
            except AssertionError as error:
                raise ValueError(f"lm-eval: {error}") from error
        rows = _rows(found)
        described = {name: _described(task, name, found) for task in tasks for name in (*task.leaves, *_group(task))}
    record = {
        "lm_eval": metadata.version("lm-eval"),
        "datasets": metadata.version("datasets"),
        "model": node.model.name,
        "shots_asked": node.shots,
        "limit": node.limit,
        "seed": node.seed,
        "chat_template": how,
        "cut": lm.cut,
        "tasks": described,
        "rows": rows,
    }
    (work.out / BENCHMARKS).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    n = _write_samples(work.out / SAMPLES, found["samples"])
    items = sum(counted["effective"] for counted in found["n-samples"].values())
    return {"in": items, "kept": items, "samples": n, "tasks": len(described), "cut": lm.cut}


def _ready(node: Benchmarked, work: Work, place: Path) -> list[LoadedTask]:
    found = open_tasks(
        node.tasks,
        place,
        partial(resolve_file, machine=work.machine),
        chat_template=node.chat_template,
        run_model_code=node.run_model_code,
    )
    if missing := [str(one) for one in found if isinstance(one, Missing)]:
        raise StoreError("\n".join(missing))
    tasks = [one for one in found if isinstance(one, LoadedTask)]
    seen: dict[str, str] = {}
    for task in tasks:
        for name in task.leaves:
            if name in seen:
                raise StoreError(f"{name} is part of both {seen[name]} and {task.name}; ask for one of them at a time")
            seen[name] = task.name
    return tasks


def _group(task: LoadedTask) -> list[str]:
    return [task.name] if task.name not in task.leaves and task.name in task.yaml else []


def _described(task: LoadedTask, name: str, found: Any) -> dict[str, Any]:
    """What ran under that name."""
    files = {"version": found["versions"].get(name), "yaml_sha256": task.yaml.get(name)}
    if name not in task.leaves:
        return {**files, "members": sorted(task.leaves)}
    leaf, shots = task.leaves[name], int(found["n-shot"].get(name) or 0)
    data, n = data_sha256(leaf.eval_docs)
    return {
        **files,
        "part_of": task.name if task.name != name else None,
        "output_type": leaf.OUTPUT_TYPE,
        "dataset": leaf.config.dataset_path,
        "dataset_name": leaf.config.dataset_name,
        "data_sha256": data,
        "shots": shots,
        "shots_sha256": data_sha256(leaf.fewshot_docs())[0] if shots else None,
        "n": found["n-samples"][name]["effective"],
        "n_all": n,
    }


def _rows(found: Any) -> list[dict[str, Any]]:
    """A row for each task or group and each metric."""
    rows = []
    for name, values in found["results"].items():
        for key, value in values.items():
            metric, comma, filter_ = key.partition(",")
            if not comma or metric.endswith("_stderr") or not isinstance(value, int | float):
                continue
            rows.append(
                {
                    "task": name,
                    "group": name in (found.get("groups") or {}),
                    "metric": metric,
                    "filter": filter_,
                    "value": _finite(value),
                    "standard_error": _finite(values.get(f"{metric}_stderr,{filter_}")),
                    "n": values.get("sample_count", {}).get(key, values.get("sample_len")),
                    "version": found["versions"].get(name),
                    "shots": _shots(found, name),
                    "higher_is_better": (found["higher_is_better"].get(name) or {}).get(metric),
                }
            )
    return rows


def _shots(found: Any, name: str) -> int | None:
    """Of a group, what all its parts were given."""
    if name in found["n-shot"]:
        return int(found["n-shot"][name] or 0)
    below = {_shots(found, part) for part in found["group_subtasks"].get(name, ())}
    return below.pop() if len(below) == 1 else None


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _write_samples(path: Path, samples: dict[str, Sequence[dict[str, Any]]]) -> int:
    """Every item of every task: what was asked, what came back, how it was scored."""
    n = 0
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as out:
        for task, items in samples.items():
            rows = [
                {
                    "task": task,
                    "filter": item["filter"],
                    "doc": _json(item["doc"]),
                    "prompt": str(item["arguments"][0][0]).replace(HIDER, ""),
                    "target": _json(item["target"]),
                    "replies": _json(item["filtered_resps"]),
                    "metrics": _json({metric: item[metric] for metric in item["metrics"]}),
                    "doc_sha256": item["doc_hash"],
                    "doc_id": item["doc_id"],
                }
                for item in items
            ]
            out.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))
            n += len(rows)
    return n


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
