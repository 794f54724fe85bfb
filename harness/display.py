"""A run as a person watches it: progress bars in a terminal, then the table; and what is written of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from experiments.catalogue import Declared, Experiment
from harness.display_files import write
from harness.executors.local import Progress, Result, StageFailed, execute
from harness.fingerprint import Artifact
from harness.machine import Machine
from harness.plan import plan
from harness.run import Outcome
from harness.store import Store


def run_and_report(
    chosen: list[tuple[Declared, str]],
    machine: Machine,
    results: Path,
    as_json: bool,
) -> bool:
    """Run experiments, each with the command that makes it alone, to their tables. Stages that several share are run
    once. False when a stage failed; what does not depend on it is reported all the same.

    Raises:
        StoreError: when the store, or the results folder, cannot be used.
    """
    console = Console(stderr=as_json)
    store = Store(Path(machine.store))
    to_do = plan(store, [target for declared, _ in chosen for target in declared.targets])
    started = time.monotonic()
    first, _ = chosen[0]
    what = first.experiment.name if len(chosen) == 1 else f"{len(chosen)} experiments"
    console.print(
        f"{what} on {first.setup.name}, seeds {', '.join(map(str, first.seeds))}: {len(to_do.to_do)} stages to run, "
        f"{len(to_do.steps) - len(to_do.to_do)} done; store {store.root}",
        highlight=False,
    )
    result = _watched(console, to_do, store, machine)
    ok = _complaints(console, store, result)
    reasons = {key: outcome.reason for key, outcome in result.outcomes.items() if outcome.reason}
    printed = []
    for declared, command in chosen:
        found, written = _report(declared, command, store, reasons, results)
        if as_json:
            from analysis import tables

            printed.append(tables.as_json(command, found))
        else:
            _print(console, declared.experiment, found)
        console.print(f"wrote {written}", highlight=False, soft_wrap=True)
    if as_json:
        print(printed[0] if len(printed) == 1 else "[" + ",\n".join(printed) + "]")
    if machine.tracking == "wandb":
        for declared, _ in chosen:
            steps = plan(store, declared.targets).steps
            _mirrored(console, store, [step.artifact for step in steps], declared.experiment.name)
    console.print(f"{time.monotonic() - started:.0f} s", highlight=False)
    return ok


def _report(declared: Declared, command: str, store: Store, reasons: dict[str, str], results: Path) -> tuple[Any, str]:
    from analysis.cited import resolve, values
    from analysis.gather import gather

    experiment = declared.experiment
    found = gather(
        store,
        declared.arms,
        declared.claims,
        reasons,
        measures=declared.measures,
        paper=values(resolve(experiment.cited(declared.setup))),
        reference=experiment.reference,
        by_set=experiment.by_set,
    )
    return found, write(results / declared.setup.name / experiment.name, declared, command, found, store)


def _watched(console: Console, to_do: Any, store: Store, machine: Machine) -> Result:
    if not console.is_terminal:
        return execute(to_do, store, machine, _lines(console))
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        overall = bars.add_task("stages", total=len(to_do.to_do), rate="")
        tasks: dict[str, tuple[TaskID, float]] = {}

        def started(artifact: Artifact) -> None:
            tasks[artifact.fingerprint] = (bars.add_task(_short(artifact), total=None, rate=""), time.monotonic())

        def advanced(artifact: Artifact, done: int, total: int, unit: str) -> None:
            task, since = tasks[artifact.fingerprint]
            rate = done / max(time.monotonic() - since, 1e-9)
            left = (total - done) / rate if rate else 0.0
            bars.update(task, completed=done, total=total, rate=f"{rate:,.1f} {unit}/s, {left:.0f} s left")

        def ended(artifact: Artifact, outcome: Outcome) -> None:
            bars.advance(overall)
            if artifact.fingerprint in tasks:
                bars.remove_task(tasks.pop(artifact.fingerprint)[0])
            bars.console.print(_line(artifact, outcome), highlight=False)

        def failed(artifact: Artifact, error: Exception) -> None:
            bars.advance(overall)
            bars.remove_task(tasks.pop(artifact.fingerprint)[0])

        return execute(to_do, store, machine, Progress(started, advanced, ended, failed))


def _lines(console: Console) -> Progress:
    """Where there is no terminal: nothing but what stopped."""

    def ended(artifact: Artifact, outcome: Outcome) -> None:
        if outcome.word == "stopped":
            console.print(_line(artifact, outcome), highlight=False, soft_wrap=True)

    return Progress(ended=ended)


def _short(artifact: Artifact) -> str:
    return artifact.name.rsplit("-", 1)[0][:56]


def _line(artifact: Artifact, outcome: Outcome) -> str:
    if outcome.word == "stopped":
        return f"  stopped {_short(artifact)}: {outcome.reason}"
    return (
        f"  {outcome.seconds:6.1f} s  {_short(artifact)}"
        if outcome.word == "made"
        else f"  found     {_short(artifact)}"
    )


def _mirrored(console: Console, store: Store, artifacts: list[Artifact], experiment: str) -> None:
    from harness import tracking

    waiting = tracking.unmirrored(store, artifacts)
    if not waiting:
        return
    if not tracking.available():
        console.print(
            "[yellow]wandb is not installed: nothing is mirrored; metrics.jsonl beside each artifact has it all"
        )
        return
    with console.status(f"mirroring {len(waiting)} runs to W&B"):
        tracking.mirror(store, waiting, experiment, lambda done, total, unit: None)


def _complaints(console: Console, store: Store, result: Result) -> bool:
    for error in result.failures.values():
        console.print(f"[red]failed[/red] {error}", highlight=False)
        if isinstance(error, StageFailed) and error.trace:
            folder = store.root / ".failed"
            folder.mkdir(exist_ok=True)
            path = folder / f"{str(error).split(':')[0].replace('/', '-')}.txt"
            path.write_text(error.trace, encoding="utf-8")
            console.print(f"       the traceback is in {path}", highlight=False)
    return not result.failures


def _print(console: Console, experiment: Experiment, found: Any) -> None:
    from analysis.tables import (
        CURVE_HEADS,
        FINDING_HEADS,
        HEADS,
        MEASURED_HEADS,
        cells,
        curve_cells,
        finding_rows,
        measured_cells,
        not_measured,
        shown,
        without,
    )

    wide = console if console.is_terminal else Console(width=180, file=sys.stdout)
    wide.print(experiment.claim, style="bold", highlight=False)
    seeds = {row.seed for row in found.rows} - {"all"}
    rows, styles = [], []
    for row in found.rows:
        one = cells(row)
        if row.set != "all":
            one = (f"· {row.set}", *one[1:])
        elif len(seeds) == 1 and row.seed != "all":
            continue
        rows.append(one)
        together = row.seed == "all" and row.set == "all"
        styles.append("dim" if not together else "bold" if len(seeds) > 1 else None)
    if rows:
        wide.print(_table(*shown(HEADS, rows), styles))
    if measured := [measured_cells(row) for row in found.measured if row.seed == "all"]:
        wide.print(_table(*without(*shown(MEASURED_HEADS, measured), "seed")))
        for line in not_measured(found.measured):
            wide.print(line, highlight=False, soft_wrap=True)
    if found.curves:
        wide.print(_table(*shown(CURVE_HEADS, [curve_cells(one) for one in found.curves])))
    if found.findings:
        wide.print(_table(*shown(FINDING_HEADS, finding_rows(found.findings))))
    if found.losses:
        wide.print("on the way: " + "; ".join(found.losses), highlight=False)


_LEFT = ("arm", "against", "what", "metric", "curve", "sizes", "compared", "verdict", "claim")
"""Columns of words; numbers stand to the right."""


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], styles: Sequence[str | None] = ()) -> Table:
    table = Table()
    for head in heads:
        table.add_column(head, overflow="fold", justify="left" if head in _LEFT else "right")
    for row, style in zip(rows, styles or [None] * len(rows), strict=True):
        table.add_row(*row, style=style)
    return table
