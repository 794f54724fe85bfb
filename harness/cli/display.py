"""A run as a person meets it: how it goes, then the table; and what is written of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from humpback.cli.terminal import Terminal
from humpback.cli.write_results import write
from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.schedule import Share
from humpback.core.store import Store
from humpback.core.text import one_line
from humpback.experiments.catalogue import Declared
from humpback.runs.executor import Result, StageFailed, execute
from humpback.runs.progress import show_progress
from humpback.spec.outcomes import Unjudged

if TYPE_CHECKING:
    from humpback.analysis.experiment.gather import Results
    from humpback.analysis.report.begun import ExperimentRun


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
    console = Terminal(stderr=as_json)
    store = Store(Path(machine.store))
    started = time.monotonic()
    first, _ = chosen[0]
    what = first.experiment.name if len(chosen) == 1 else f"{len(chosen)} experiments"
    begin = partial(_begin, chosen, store, results)
    ok, reasons = make(console, what, [declared for declared, _ in chosen], store, machine, begin)
    printed = []
    for declared, command in chosen:
        found = report_on(declared, store, reasons)
        written = write(results / declared.setup.name / declared.experiment.name, declared, command, found, store)
        if as_json:
            from humpback.analysis.tables.csv_files import as_json as results_as_json

            printed.append(results_as_json(command, found, declared.departure.held))
        else:
            print_sheets(console, declared.experiment.claim, found)
        console.print(f"wrote {written}")
        if isinstance(declared.setup.judge, Unjudged):
            console.print("the answers are kept, and are judged by the same command with --judge NAME", highlight=False)
    if as_json:
        print(printed[0] if len(printed) == 1 else "[" + ",\n".join(printed) + "]")
    if machine.tracking == "wandb":
        made = {
            declared.experiment.name: [step.artifact for step in plan(store, declared.targets).steps]
            for declared, _ in chosen
        }
        _mirrored(console, store, made)
    console.print(f"{time.monotonic() - started:.0f} s")
    return ok


def make(
    console: Console,
    what: str,
    chosen: list[Declared],
    store: Store,
    machine: Machine,
    begun: Callable[[], None] = lambda: None,
) -> tuple[bool, dict[str, str]]:
    """Make what is missing of these experiments, as a person watches it; `what` names them. False when a stage failed,
    and by fingerprint why an artifact was not made. `begun` is called before the first stage, unless the run is
    refused.

    Raises:
        StoreError: when the store cannot be used.
    """
    to_do, first = plan(store, [target for declared in chosen for target in declared.targets]), chosen[0]
    console.print(
        f"{what} on {first.setup.name}, seeds {', '.join(map(str, first.seeds))}: {len(to_do.to_do)} stages to run, "
        f"{len(to_do.steps) - len(to_do.to_do)} done; store {store.root}",
        highlight=False,
    )

    def expected() -> dict[str, Share]:
        if not to_do.to_do:
            return {}
        from humpback.costs.plan_cost import cost
        from humpback.costs.wall_time import shares_of

        return shares_of(cost(to_do, store, machine, described=True))

    stages = [step.artifact for step in to_do.to_do]
    if not stages:
        begun()
    shown = Terminal(stderr=True)
    with show_progress(shown, stages, machine.workers, expected) as progress:
        progress.begun = begun
        progress.lacking = lambda finding: shown.print(f"lacking here: {finding}", style="yellow")
        result = execute(to_do, store, machine, progress)
    ok = _complaints(console, store, result)
    return ok, {key: outcome.reason for key, outcome in result.outcomes.items() if outcome.reason}


def report_on(declared: Declared, store: Store, reasons: dict[str, str]) -> Results:
    """What an experiment came to. `reasons` says, by fingerprint, why an artifact was not made."""
    return experiment_run(declared, "", "").gather(store, reasons)


def experiment_run(declared: Declared, command: str, results: str) -> ExperimentRun:
    """The experiment with all that its results are gathered by."""
    from humpback.analysis.report.begun import ExperimentRun
    from humpback.experiments.setups.papers import compares, repeats

    return ExperimentRun(
        experiment=declared.experiment.name,
        setup=declared.setup.name,
        words=declared.words | {"command": command},
        resolved={"command": command, **declared.resolved},
        arms=declared.arms,
        measures=declared.measures,
        claims=declared.claims,
        targets=tuple(dict.fromkeys(declared.targets)),
        bases=declared.bases,
        varying=declared.varying,
        beside_paper=compares(declared.setup) and not declared.departure,
        repeats=repeats(declared.setup) and not declared.departure,
        settings=declared.departure.lines if declared.departure else (),
        results=results,
    )


def _begin(chosen: list[tuple[Declared, str]], store: Store, results: Path) -> None:
    """Say in the store what is to come, for `humpback view`. A store that is only read goes without."""
    for declared, command in chosen:
        folder = (results / declared.setup.name / declared.experiment.name).resolve()
        inside = folder.is_relative_to(store.root.resolve())
        place = folder.relative_to(store.root.resolve()) if inside else folder
        with suppress(OSError):
            experiment_run(declared, command, str(place)).write(store)


def _mirrored(console: Console, store: Store, made: dict[str, list[Artifact]]) -> None:
    """Mirror what each experiment needs. Whatever goes wrong is one line: the results are there already."""
    from humpback import tracking

    waiting = {name: there for name, artifacts in made.items() if (there := tracking.without_run(store, artifacts))}
    if not waiting:
        return
    if not tracking.available():
        console.print(
            "wandb is not installed: nothing is mirrored; metrics.jsonl beside each artifact has it all",
            style="yellow",
        )
        return
    with console.status(f"mirroring {sum(map(len, waiting.values()))} runs to W&B"):
        wrong = tracking.mirror(store, waiting)
    if wrong:
        console.print(wrong, style="yellow")


def _complaints(console: Console, store: Store, result: Result) -> bool:
    for error in result.failures.values():
        console.print(f"failed {one_line(str(error))}", style="red")
        if isinstance(error, StageFailed) and error.trace:
            folder = store.root / ".failed"
            folder.mkdir(exist_ok=True)
            path = folder / f"{str(error).split(':')[0].replace('/', '-')}.txt"
            path.write_text(error.trace, encoding="utf-8")
            console.print(f"       the traceback is in {path}")
    return not result.failures


def print_sheets(console: Console, title: str, found: Results) -> None:
    """The tables of results on the terminal."""
    from humpback.analysis.tables.cells import not_measured
    from humpback.analysis.tables.sheets import WORDS, on_screen

    wide = console if console.is_terminal else Terminal(width=180)
    wide.print(title, style="bold")
    for sheet in on_screen(found):
        table = Table()
        for head in sheet.heads:
            table.add_column(head, overflow="fold", justify="left" if head in WORDS else "right")
        for place, row in enumerate(sheet.rows):
            style = "dim" if place in sheet.details else "bold" if sheet.details else None
            table.add_row(*map(one_line, row), style=style)
        wide.print(table, soft_wrap=False)
        if sheet.title == "Measured":
            for line in not_measured(found.measured):
                wide.print(line)
    for line in found.settings:
        wide.print(f"set: {line}")
    if found.losses:
        wide.print("on the way: " + "; ".join(found.losses))
