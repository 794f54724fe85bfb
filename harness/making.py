"""Making one artifact here and now, in this process: what the data commands do. Experiments go through an executor."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from harness.fingerprint import Artifact
from harness.machine import Machine
from harness.plan import plan
from harness.run import make, source_state
from harness.store import Store, StoreError


def made(target: Artifact, machine: Machine, console: Console) -> Path:
    """The artifact's folder, what is missing of it made first, with progress bars where there is a terminal.

    Raises:
        StoreError: when the store cannot be used, an input cannot, or a set that others need came out empty.
    """
    store = Store(Path(machine.store))
    steps = plan(store, [target])
    if steps.damaged:
        raise StoreError("\n".join(step.state.reason for step in steps.damaged))
    if not steps.to_do:
        return store.open(target)
    store.prepare()
    source = source_state()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        for step in steps.to_do:
            task = bars.add_task(f"{type(step.artifact).__name__.lower()}/{step.artifact.slug}", total=None)

            def report(done: int, total: int, unit: str, task: TaskID = task) -> None:
                bars.update(task, completed=done, total=total)

            try:
                outcome = make(step.artifact, store, machine, source, report)
            except ValueError as error:
                raise StoreError(f"{step.artifact.name} was not made: {error}") from error
            bars.remove_task(task)
            if outcome.word == "stopped":
                raise StoreError(f"{step.artifact.name} was not made: {outcome.reason}")
    return store.open(target)
