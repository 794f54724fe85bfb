"""Making one artifact here and now, in this process: what the data commands do. Experiments go through an executor."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from rich.console import Console

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.engines.serving.launch import check_server
from humpback.runs.build import build_artifact, source_state
from humpback.runs.progress import show_progress
from humpback.runs.quiet import quiet


def build_here(target: Artifact, machine: Machine, console: Console) -> Path:
    """The artifact's folder, what is missing of it made first, as `show_progress` shows it.

    Raises:
        StoreError: when the store, an input or the machine's server cannot be used, or a set that others need came out
            empty.
    """
    store = Store(Path(machine.store))
    steps = plan(store, [target])
    if steps.damaged:
        raise StoreError(*(step.state.reason for step in steps.damaged))
    if not steps.to_do:
        return store.open(target)
    check_server(machine)
    quiet(machine.threads)
    store.prepare()
    source = source_state()
    with show_progress(console, [step.artifact for step in steps.to_do]) as progress:
        for step in steps.to_do:
            progress.started(step.artifact)
            try:
                outcome = build_artifact(
                    step.artifact, store, machine, source, partial(progress.advanced, step.artifact)
                )
            except (ValueError, FloatingPointError) as error:
                raise StoreError(f"{step.artifact.name} was not made: {error}") from error
            if outcome.status == "stopped":
                raise StoreError(f"{step.artifact.name} was not made: {outcome.reason}")
            progress.ended(step.artifact, outcome)
    return store.open(target)
