"""Logs compared, as text, Markdown and JSON. Scores are in the logs' own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from humpback.analysis.judgements.comparison_tables import SHOWN
from humpback.analysis.judgements.logs.items import SystemLog, TaskLog
from humpback.analysis.judgements.logs.paired import MCNEMAR, STUDENT, Difference, Pair
from humpback.analysis.layout import text_table as layout
from humpback.analysis.layout.text_table import DASH, between, cell, json_value, without_empty
from humpback.analysis.stats.power import POWER, prompts_needed

HEADS = ("task", "metric", "n", "first", "second", "difference", "95 % interval", "only first", "only second", "p")
TOLD = {True: "yes", False: "no", None: "cannot be told"}
_LEGENDS = {
    MCNEMAR: "p: McNemar's exact test; only first, only second: samples that one alone has right",
    STUDENT: "p *: Student's t over the samples' differences (scores other than 0 and 1, or several times a sample)",
}


def as_text(systems: Sequence[SystemLog], pairs: Sequence[Pair], *, as_markdown: bool = False) -> str:
    """What each log is, what is amiss with it, and a table for each pair; of one system its means."""
    table = layout.markdown if as_markdown else layout.aligned
    parts = ["\n".join(line for one in systems for line in _described(one))]
    if lines := [line for one in systems for log in one.tasks.values() for line in _amiss(one.name, log)]:
        parts.append("\n".join(lines))
    if len(systems) == 1:
        parts += [table(("task", "metric", "n", "mean"), _means(systems[0]), words=2)]
        parts.append("one system: give a second one's logs for the difference")
    tests = sum(row.p is not None for pair in pairs for row in pair.differences)
    heads = (*HEADS, f"Holm p of {tests}", "told apart")
    for pair in pairs:
        parts.append(f"{pair.first} (first) - {pair.second} (second), over the samples that both have")
        if pair.differences:
            parts.append(table(*without_empty(heads, [_row(row) for row in pair.differences]), words=2))
        untold = [
            f"{row.task}, {row.metric}: cannot be told: {row.obstacle}" for row in pair.differences if row.obstacle
        ]
        grouped = list(dict.fromkeys(_counted(row) for row in pair.differences if row.members))
        if lines := [*untold, *grouped, *pair.notes]:
            parts.append("\n".join(lines))
    used = {row.test for pair in pairs for row in pair.differences}
    parts += ["\n".join(words for test, words in _LEGENDS.items() if test in used)] if used - {""} else []
    return "\n\n".join(parts)


def _counted(group: Difference) -> str:
    tasks = f"its {len(group.members)} tasks"
    if group.tasks_alike:
        return f"{group.task}: the mean of {tasks}, whatever their sizes, as the value in its results is"
    return f"{group.task}: the samples of {tasks}, each counting the same"


def power_lines(pairs: Sequence[Pair], points: float) -> list[str]:
    """How many samples show a difference of so many hundredths, by the variances seen."""
    lines = [f"samples needed to see {points / 100:g} (two-sided 5 %, power {POWER:.0%}), by the variance seen here:"]
    for row in (row for pair in pairs for row in pair.differences):
        needed = prompts_needed(row.variance, points / 100) if row.variance == row.variance else None
        words = "not known" if needed is None else f"{needed:,}"
        lines.append(f"    {row.first} against {row.second}, {row.task}, {row.metric}: {words} (here {row.n:,})")
    return lines


def _described(one: SystemLog) -> list[str]:
    kinds = list(dict.fromkeys(log.kind for log in one.tasks.values()))
    files = [log.file for log in one.tasks.values()]
    more = f" and {len(files) - SHOWN:,} more" if len(files) > SHOWN else ""
    return [f"{one.name}: {' and '.join(kinds)}; {', '.join(files[:SHOWN])}{more}"]


def _amiss(name: str, log: TaskLog) -> list[str]:
    lines = [f"{row.file}, {row.place}: {row.reason} ({row.raw[:60]!r})" for row in log.unreadable[:SHOWN]]
    if len(log.unreadable) > SHOWN:
        lines.append(f"and {len(log.unreadable) - SHOWN:,} more rows that could not be used")
    return [f"{name}, {log.task}: {line}" for line in (*lines, *log.notes)]


def _mean(log: TaskLog, metric: str) -> float:
    return float(np.mean([np.mean(times) for times in log.scores[metric].values()]))


def _means(one: SystemLog) -> list[list[str]]:
    return [
        [task, metric, f"{len(of):,}", f"{_mean(log, metric):.4f}"]
        for task, log in one.tasks.items()
        for metric, of in log.scores.items()
    ]


def _row(row: Difference) -> tuple[str, ...]:
    times = "" if row.repeats == (1, 1) else f" x {max(row.repeats)}"
    star = " *" if row.test == STUDENT else ""
    return (
        row.task,
        row.metric + (" (less is better)" if row.lower else ""),
        f"{row.n:,}{times}",
        cell(row.first_mean, ".4f"),
        cell(row.second_mean, ".4f"),
        cell(row.estimate.mean, "+.4f"),
        between(row.estimate.low, row.estimate.high, "+.4f"),
        DASH if row.only_first is None else f"{row.only_first:,}",
        DASH if row.only_second is None else f"{row.only_second:,}",
        cell(row.p, ".2g") + star,
        cell(row.adjusted, ".2g"),
        TOLD[row.told_apart],
    )


def as_json(systems: Sequence[SystemLog], pairs: Sequence[Pair], *, points: float | None = None) -> dict[str, Any]:
    """Systems by name with their tasks, and the differences of every pair; null is no number."""
    found = {
        "systems": {one.name: {task: _of_task(log) for task, log in one.tasks.items()} for one in systems},
        "pairs": [
            {
                "first": pair.first,
                "second": pair.second,
                "differences": [of_difference(row, points) for row in pair.differences],
                "notes": list(pair.notes),
            }
            for pair in pairs
        ],
    }
    return found if points is None else {**found, "power": {"points": points, "power": POWER}}


def _of_task(log: TaskLog) -> dict[str, Any]:
    return {
        "model": log.model,
        "format": log.kind,
        "file": log.file,
        "version": log.version or None,
        "samples": len(log.samples),
        "metrics": {name: {"n": len(of), "mean": _mean(log, name)} for name, of in log.scores.items()},
        "unreadable": [{"file": row.file, "place": row.place, "reason": row.reason} for row in log.unreadable],
        "notes": list(log.notes),
    }


def of_difference(row: Difference, points: float | None = None) -> dict[str, Any]:
    """Every field by its name."""
    fields = {
        name: value for name, value in asdict(row).items() if name not in ("first", "second", "estimate", "variance")
    }
    estimate = row.estimate
    fields |= {
        "members": list(row.members),
        "difference": estimate.mean,
        "standard_error": estimate.standard_error,
        "interval": [estimate.low, estimate.high],
        "told_apart": row.told_apart,
        "cannot_be_told": fields.pop("obstacle") or None,
    }
    if points is not None:
        known = row.variance == row.variance
        fields["samples_needed"] = prompts_needed(row.variance, points / 100) if known else None
    found: dict[str, Any] = json_value(fields)
    return found
