"""The front door: `humpback list | plan | run | show`.

Heavy packages load inside the commands that need them. Whatever goes wrong for a reason that a user can mend ends in
one line on stderr and an exit code that is not 0.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.catalogue import Experiment, UnknownName, experiment, experiment_names
from experiments.catalogue import setup as setup_named
from harness.fingerprint import FieldError
from harness.machine import load_machine
from harness.store import Store, StoreError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Does instruction backtranslation work, on your data, your model and your budget?",
)

Name = Annotated[str, typer.Argument(help="An experiment, such as humpback/headline.", show_default=False)]
SetupName = Annotated[str, typer.Option("--setup", help="What the experiment runs on.")]
Seeds = Annotated[str, typer.Option("--seeds", help="Seeds of the run, such as 0,1,2.")]
MachineFile = Annotated[Path | None, typer.Option("--machine", help="A TOML file that says where stages run.")]
StoreFolder = Annotated[Path | None, typer.Option("--store", help="Folder of the artifacts.", show_default="artifacts")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The experiments, each with its claim and the table or figure it answers to."""
    found = [experiment(name) for name in experiment_names()]
    if as_json:
        typer.echo(json.dumps([{"name": e.name, "claim": e.claim, "shows": e.shows} for e in found], indent=1))
        return
    from experiments.setups import SETUPS

    for one in found:
        typer.echo(f"{one.name}\n    {one.claim}\n    shows: {one.shows}")
    typer.echo(f"setups: {', '.join(SETUPS)}")


@app.command()
def plan(
    name: Name,
    setup: SetupName = "micro",
    seeds: Seeds = "0",
    machine: MachineFile = None,
    store: StoreFolder = None,
    as_json: AsJson = False,
) -> None:
    """What is done, what a run would make, and why. Runs nothing."""
    from harness.plan import plan as planned
    from harness.show import plan_lines

    one = experiment(name)
    where = load_machine(machine)
    arms = one.arms(setup_named(setup), _seeds(seeds))
    result = planned(Store(store or Path(where.store)), one.targets(arms), explain=True)
    if as_json:
        rows = [
            {
                "artifact": step.artifact.name,
                "fingerprint": step.artifact.fingerprint,
                "state": step.state.word,
                "reason": step.state.reason,
                "nearest": step.nearest,
                "changed": [vars(change) for change in step.changed],
            }
            for step in result.steps
        ]
        typer.echo(json.dumps(rows, indent=1))
    else:
        typer.echo("\n".join(plan_lines(result)))
    if result.damaged:
        raise typer.Exit(1)


@app.command()
def run(
    name: Name,
    setup: SetupName = "micro",
    seeds: Seeds = "0",
    machine: MachineFile = None,
    store: StoreFolder = None,
    results: Annotated[
        Path | None, typer.Option("--results", help="Folder for tables and figures.", show_default="<store>/results")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make what is not made yet, then print the table and write it with its figure."""
    from harness.display import run_and_report

    one = experiment(name)
    where = load_machine(machine, **({"store": str(store)} if store else {}))
    numbers = _seeds(seeds)
    ok = run_and_report(
        one,
        setup_named(setup),
        numbers,
        where,
        results or Path(where.store) / "results",
        _command(one, setup, seeds),
        as_json,
    )
    if not ok:
        raise typer.Exit(1)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="An artifact's folder, or a file in it.", show_default=False)],
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows of each table.")] = 3,
    as_json: AsJson = False,
) -> None:
    """An artifact as a person would want to read it: what made it, its counts, its first rows."""
    from harness.show import artifact_lines, as_table

    if as_json:
        typer.echo(json.dumps(as_table(path, rows), indent=1, ensure_ascii=False))
    else:
        typer.echo("\n".join(artifact_lines(path, rows)))


def _seeds(text: str) -> list[int]:
    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        raise FieldError(f"--seeds is {text!r}; it takes whole numbers with commas between, such as 0,1,2") from None
    if len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise FieldError(f"--seeds is {text!r}; each seed is 0 or more and stands once")
    return seeds


def _command(one: Experiment, setup: str, seeds: str) -> str:
    return f"humpback run {one.name} --setup {setup} --seeds {seeds}"


def main() -> Any:
    """Entry point: errors that a user can mend become one line, everything else a traceback."""
    try:
        app()
    except (UnknownName, FieldError, StoreError, FileNotFoundError, NotADirectoryError) as error:
        print(f"humpback: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, (UnknownName, FieldError)) else 1)


if __name__ == "__main__":
    main()
