"""Benchmarks item by item, so that two models are compared on the very questions that both were asked.

Of lm-eval's metrics one is taken: accuracy where there is one, which is what the papers print, and else the first of
`METRICS`. A group such as mmlu or bbh is the mean over all of its items, as lm-eval has it; the groups inside it (the
humanities and so on of mmlu) are lm-eval's own values, since its record does not say which item is in which.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from humpback.analysis.experiment.measures.number import NotMeasured, Number, count
from humpback.core.store import Store
from humpback.spec.measures import BenchmarkAccuracy

BENCHMARKS, SAMPLES = "benchmarks.json", "samples.parquet"
"""What `harness/stages/benchmark.py` writes."""
METRICS = ("acc", "exact_match", "em", "f1", "pass@1", "pct_stereotype")
"""In order of preference; each a share from 0 to 1 of an item, and its mean the task's number. DROP has em and f1, and
which of them AlpaGasus prints is not said: exact match is an assumption."""
SAME = 1e-6
"""How near the mean over items has to come to lm-eval's own value."""


def benchmark_accuracy(store: Store, measure: BenchmarkAccuracy) -> tuple[Number, ...]:
    """A number for each task asked, such as "mmlu, acc, 5-shot, %", in percent an item; for the groups inside it; and
    how many requests were longer than the model's context, where some were.

    Raises:
        NotMeasured: when a task has none of `METRICS`, or its number is no mean of its items.
    """
    folder = store.open(measure.benchmarked)
    told = json.loads((folder / BENCHMARKS).read_text(encoding="utf-8"))
    items = _items(folder / SAMPLES)
    found = [number for task in measure.benchmarked.tasks for number in _numbers(task.name, told, items)]
    return (*found, count("requests cut", told["cut"])) if told["cut"] else tuple(found)


Items = dict[str, tuple[str, list[tuple[str, dict[str, Any]]]]]
"""By task: the filter of the replies, and each item's key and metrics."""


def _items(path: Path) -> Items:
    import pyarrow.parquet as pq

    found: Items = {}
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["task", "filter", "metrics", "doc_sha256", "doc_id"]):
            for row in batch.to_pylist():
                kept, rows = found.setdefault(row["task"], (row["filter"], []))
                # Where replies are read in several ways, every item stands once for each; the first way counts.
                if row["filter"] == kept:
                    key = f"{row['task']}/{row['doc_id']}/{row['doc_sha256']}"
                    rows.append((key, json.loads(row["metrics"])))
    return found


def _numbers(name: str, told: dict[str, Any], items: Items) -> list[Number]:
    described = told["tasks"]
    leaves = [leaf for leaf in items if leaf == name or described[leaf]["part_of"] == name]
    rows = [row for leaf in leaves for row in items[leaf][1]]
    metric = _metric(name, [metrics for _, metrics in rows])
    for leaf in leaves:
        _same(leaf, metric, told, items)
    shots = "/".join(str(one) for one in sorted({described[leaf]["shots"] for leaf in leaves}))
    values = np.array([100.0 * float(metrics[metric]) for _, metrics in rows])

    def called(task: str) -> str:
        return f"{task}, {metric}, {shots}-shot, %"

    inner = [
        count(called(row["task"]), 100.0 * row["value"], form=".1f")
        for row in told["rows"]
        if row["group"] and row["task"].startswith(f"{name}_") and row["metric"] == metric and row["value"] is not None
    ]
    return [Number(called(name), values, tuple(key for key, _ in rows)), *inner]


def _metric(name: str, items: list[dict[str, Any]]) -> str:
    numeric = [{one for one, value in metrics.items() if isinstance(value, int | float)} for metrics in items]
    shared = set.intersection(*numeric) if numeric else set()
    known = next((one for one in METRICS if one in shared), None)
    if known is None:
        raise NotMeasured(
            f"{name}: its {len(items)} items have {', '.join(sorted(shared)) or 'no number in common'}; one of "
            f"{', '.join(METRICS)} would do"
        )
    return known


def _same(leaf: str, metric: str, told: dict[str, Any], items: Items) -> None:
    kept, rows = items[leaf]
    mean = sum(float(metrics[metric]) for _, metrics in rows) / len(rows)
    for row in told["rows"]:
        if (row["task"], row["metric"], row["filter"]) == (leaf, metric, kept) and (
            row["value"] is None or abs(mean - row["value"]) > SAME
        ):
            raise NotMeasured(
                f"{leaf}: lm-eval's {metric} is {row['value']} and the mean of its items {mean:.4f}; it is no mean of "
                "items and cannot be compared item by item"
            )
