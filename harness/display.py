"""A run as a person watches it: progress bars in a terminal, then the table; and what is written of it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from experiments.catalogue import Experiment, resolved
from harness.executors.local import Progress, Result, StageFailed, execute
from harness.fingerprint import Artifact
from harness.machine import Machine
from harness.plan import plan
from harness.run import Outcome
from harness.store import Store, StoreError


def run_and_report(
    experiment: Experiment,
    setup: Any,
    seeds: list[int],
    machine: Machine,
    results: Path,
    command: str,
    as_json: bool,
) -> bool:
    """Run an experiment to its table. False when a stage failed; what does not depend on it is reported all the same.

    Raises:
        StoreError: when the store, or the results folder, cannot be used.
    """
    console = Console(stderr=as_json)
    arms, claims = experiment.arms(setup, seeds), experiment.claims(setup)
    store = Store(Path(machine.store))
    targets = experiment.targets(arms, claims)
    to_do = plan(store, targets)
    started = time.monotonic()
    console.print(
        f"{experiment.name} on {setup.name}, seeds {', '.join(map(str, seeds))}: {len(to_do.to_do)} stages to run, "
        f"{len(to_do.steps) - len(to_do.to_do)} done; store {store.root}",
        highlight=False,
    )
    result = _watched(console, to_do, store, machine)
    ok = _complaints(console, store, result)
    from analysis.gather import gather

    reasons = {key: outcome.reason for key, outcome in result.outcomes.items() if outcome.reason}
    found = gather(store, arms, claims, reasons, reference=experiment.reference, by_set=experiment.by_set)
    folder = results / setup.name / experiment.name
    written = _write(folder, experiment, arms, claims, command, found)
    if machine.tracking == "wandb":
        _mirrored(console, store, [step.artifact for step in to_do.steps], experiment.name)
    if as_json:
        from analysis import tables

        print(tables.as_json(command, found))
    else:
        _print(console, experiment, found)
    console.print(f"{time.monotonic() - started:.0f} s; wrote {written}", highlight=False)
    return ok


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
    from analysis.tables import CURVE_HEADS, FINDING_HEADS, HEADS, cells, curve_cells, finding_cells

    wide = console if console.is_terminal else Console(width=180, file=sys.stdout)
    seeds = {row.seed for row in found.rows} - {"all"}
    table = Table(title=experiment.claim, title_justify="left", title_style="bold")
    for head in HEADS:
        table.add_column(head, justify="left" if head in ("arm", "against") else "right")
    for row in found.rows:
        if row.set != "all":
            table.add_row(f"· {row.set}", *cells(row)[1:], style="dim")
        elif row.seed == "all":
            table.add_row(*cells(row), style="bold" if len(seeds) > 1 else None)
            if len(seeds) == 1:
                continue
        elif len(seeds) > 1:
            table.add_row(*cells(row), style="dim")
    wide.print(table)
    if found.curves:
        wide.print(_table(CURVE_HEADS, [curve_cells(one) for one in found.curves]))
    wide.print(_table(FINDING_HEADS, [finding_cells(one) for one in found.findings]))
    wide.print("on the way: " + "; ".join(found.losses), highlight=False)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table()
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _write(folder: Path, experiment: Experiment, arms: Any, claims: Any, command: str, found: Any) -> str:
    from analysis import figures, tables

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "arms.json").write_text(
            json.dumps({"command": command, **resolved(arms, claims)}, indent=1, sort_keys=True) + "\n"
        )
        (folder / "rows.csv").write_text(tables.tidy(found))
        (folder / "comparisons.csv").write_text(tables.tidy_findings(found))
        (folder / "table.md").write_text(tables.markdown(f"{experiment.name}: {experiment.claim}", command, found))
        figures.save(figures.arms_figure(experiment.claim, command, found), folder, "figure", command)
        _draw_curves(folder, experiment, arms, command, found)
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror}; give another folder with --results") from error
    return f"{folder}/ (table.md, rows.csv, comparisons.csv, arms.json, figure.svg, .png, .pdf)"


def _draw_curves(folder: Path, experiment: Experiment, arms: Any, command: str, found: Any) -> None:
    """Win rate against size, where arms lie on curves."""
    curves = {name: arm.point.curve for name, arm in next(iter(arms.values())).items() if arm.point}
    if not curves:
        return
    from analysis import figures
    from analysis.curves import points_of
    from analysis.scaling_figures import scaling_figure
    from analysis.scaling_tables import summarise

    if points := points_of(found, curves):
        value = f"win rate against {found.reference}, %"
        figures.save(
            scaling_figure(summarise(points), command, title=experiment.claim, value=value), folder, "curves", command
        )
