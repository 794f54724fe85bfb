"""`humpback doctor`: what is on this machine, and what each setup would lack on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

from rich.table import Table
from rich.text import Text
from typer import Option

from humpback.cli.app import HERE, AsJson, Locations, command, print_json
from humpback.cli.terminal import Terminal
from humpback.core.expression import FieldError, below
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.catalogue import setup as setup_named
from humpback.experiments.setups.base import Setup
from humpback.runs.needs import Finding, needs

_STYLES = {"ok": "green", "note": "yellow", "lacks": "red"}


@command()
def doctor(
    setup: Annotated[str | None, Option(help="Of setups this one alone.", show_default="all of them")] = None,
    locations: Locations = HERE,
    as_json: AsJson = False,
) -> None:
    """What this machine has, and what each setup would lack on it.

    Each thing that is lacking with its remedy. Runs nothing and changes nothing. The exit code is 0 whatever is
    lacking, for what one setup lacks another may not need; it is 2 where the machine file is wrong.
    """
    from humpback.experiments.setups import SETUPS
    from humpback.runs import environment as here

    if setup == "files":
        raise FieldError(
            "--setup files is made of your own files: humpback plan EXPERIMENT --setup files --files my.toml says what "
            "it would lack here"
        )
    setups = [setup_named(setup)] if setup else list(SETUPS.values())
    machine = locations.load()
    key = os.environ.get(machine.endpoint.key_variable, "").strip()
    asked: dict[str, Callable[[], Finding]] = {
        "hub": here.hub,
        "endpoint": partial(here.endpoint, machine.endpoint, key),
    }
    found = [*here.findings(machine), *here.ask_all({**asked, "W&B": partial(_tracking, machine)})]
    online = next(one.status for one in found if one.about == "hub") == "ok"
    lacking = {one.name: list(_of_setup(one, machine, online=online)) for one in setups}
    if as_json:
        print_json(
            {
                "machine": [asdict(one) for one in found],
                "setups": {name: [asdict(one) for one in each] for name, each in lacking.items()},
            }
        )
        return
    _print("this machine", [(one, "") for one in found])
    by_finding: dict[Finding, list[str]] = {}
    for name, each in lacking.items():
        for one in each or [Finding("", "ok", "nothing is lacking")]:
            by_finding.setdefault(one, []).append(name)
    abouts = list(dict.fromkeys(one.about for one in by_finding))
    lines = sorted(by_finding.items(), key=lambda pair: abouts.index(pair[0].about))
    _print("what a run of all experiments would lack, by setup", [(one, ", ".join(names)) for one, names in lines])


def _of_setup(setup: Setup, machine: Machine, *, online: bool) -> Iterator[Finding]:
    """What a run of all experiments that the setup has something for would lack here."""
    from humpback.costs.retired import retired_of
    from humpback.costs.show import retired_line
    from humpback.inputs.locate import model_folder
    from humpback.spec.models import HubModel

    store, targets = Store(Path(machine.store)), []
    for name in experiment_names():
        try:
            targets += experiment(name).on(setup, [0]).targets
        except FieldError:
            continue  # the setup has nothing for it, as `humpback run all` says
    steps = plan(store, targets)
    for step in steps.damaged:
        yield Finding("store", "lacks", step.state.reason, stops=True)
    yield from needs(steps, store, machine)
    for model in below(*(step.artifact for step in steps.to_do)).values():
        if isinstance(model, HubModel):
            try:
                model_folder(model, machine)
            except StoreError as error:
                text, _, remedy = str(error).partition("; ")
                if online:
                    yield Finding("model", "note", f"{text}: a run downloads it", f"or {remedy}")
                else:
                    yield Finding("model", "lacks", text, remedy)
    if retired := retired_of(steps):
        text, _, remedy = retired_line(retired).partition("; asking them fails: ")
        yield Finding("models", "lacks", text, remedy)


def _tracking(machine: Machine) -> Finding:
    """Where runs are mirrored to."""
    from humpback import tracking

    how = tracking.mode()
    if machine.tracking == "off" or how == "disabled":
        return Finding("W&B", "ok", "off: metrics.jsonl beside each artifact has it all")
    if not tracking.available():
        return Finding("W&B", "note", "not installed: nothing is mirrored", "pip install 'humpback-harness[tracking]'")
    if how == "online":
        from humpback.tracking.server import hold_reachable

        hold_reachable()
        return Finding("W&B", "ok", "online: the server takes the key")
    return Finding("W&B", "ok", "offline: runs lie below the store, and humpback mirror --online sends them")


def _print(title: str, findings: list[tuple[Finding, str]]) -> None:
    """As a table; each with the setups that it is of, where it is of some."""
    console = Terminal()
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one, setups in findings:
        lines = [one.text, f"-> {one.remedy}" if one.remedy else "", setups and f"setups: {setups}"]
        table.add_row(one.about, Text(one.status, _STYLES[one.status]), "\n".join(filter(None, lines)))
    (console if console.is_terminal else Terminal(width=180)).print(table, soft_wrap=False)
