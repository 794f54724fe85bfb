"""The front door: `humpback list | plan | run | show`, and what the other `cli_*` modules add.

Heavy packages load inside the commands that need them. Whatever goes wrong for a reason that a user can mend ends in
one line on stderr and an exit code that is not 0.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from humpback.core.expression import FieldError
from humpback.core.machine import Machine, load_machine
from humpback.core.store import Store, StoreError
from humpback.core.text import one_line
from humpback.experiments.catalogue import Declared, UnknownName, experiment, experiment_names
from humpback.experiments.catalogue import setup as setup_named
from humpback.readers.unusable import UnusableFile
from humpback.spec.sources import UnknownSource

_FIRST = ("list", "plan", "run", "show", "--version")
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Does instruction backtranslation work, on your data, your model and your budget?",
)


def _version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    from humpback.runs.build import source_state

    source = source_state()
    commit = f", commit {source['commit'][:12]}{' and changes' if source['diff'] else ''}" if source["commit"] else ""
    typer.echo(f"humpback {version('humpback-harness')}{commit}")
    raise typer.Exit()


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version, and the commit in a checkout.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    """What stands before every command."""


Names = Annotated[list[str], typer.Argument(help="Experiments, such as humpback/headline; or all.", show_default=False)]
SetupName = Annotated[str, typer.Option("--setup", help="What the experiment runs on.")]
Seeds = Annotated[str, typer.Option("--seeds", help="Seeds of the run, such as 0,1,2.")]
MachineFile = Annotated[Path | None, typer.Option("--machine", help="A TOML file that says where stages run.")]
StoreFolder = Annotated[Path | None, typer.Option("--store", help="Folder of the artifacts.", show_default="artifacts")]
FilesFile = Annotated[
    Path | None,
    typer.Option("--files", help="For --setup files: a TOML file with seed_data, pages, prompts, base, judge."),
]
SeedData = Annotated[list[str] | None, typer.Option("--seed-data", help="For --setup files: a file of seed data.")]
PageFiles = Annotated[
    list[str] | None, typer.Option("--pages", help="Web pages, in ClueWeb22's place: WARC, HTML, JSON Lines, Parquet.")
]
TextFiles = Annotated[list[str] | None, typer.Option("--texts", help="For --setup files: outputs, in place of pages.")]
PromptFiles = Annotated[list[str] | None, typer.Option("--prompts", help="For --setup files: prompts to answer.")]
Base = Annotated[str | None, typer.Option("--base", help="For --setup files: a folder, a hub name, or tiny.")]
Judge = Annotated[str | None, typer.Option("--judge", help="For --setup files: a folder, a hub name, or base.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The experiments: what each claims, and what it answers to."""
    found = [experiment(name) for name in experiment_names()]
    if as_json:
        typer.echo(json.dumps([{"name": e.name, "claim": e.claim, "shows": e.shows} for e in found], indent=1))
        return
    from humpback.experiments.setups import SETUPS

    for one in found:
        typer.echo(f"{one.name}\n    {one.claim}\n    shows: {one.shows}")
    typer.echo(f"setups: {', '.join(SETUPS)}, files (your own data and model)")


@app.command()
def plan(
    names: Names,
    setup: SetupName = "micro",
    seeds: Seeds = "0",
    files: FilesFile = None,
    seed_data: SeedData = None,
    pages: PageFiles = None,
    texts: TextFiles = None,
    prompts: PromptFiles = None,
    base: Base = None,
    judge: Judge = None,
    machine: MachineFile = None,
    store: StoreFolder = None,
    accelerator: Annotated[
        str | None,
        typer.Option("--accelerator", help="Cost on A100-80G, H100, H200 or CPU.", show_default="by the base"),
    ] = None,
    steps: Annotated[bool, typer.Option("--steps", help="List every step, however many.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is done, what a run would make, why, and what it costs. Runs nothing."""
    from humpback.cli.show import plan_lines
    from humpback.core.plan import plan as planned
    from humpback.costs.plan_cost import cost
    from humpback.costs.show import as_json as plan_json
    from humpback.costs.show import cost_lines

    options = {"seed_data": seed_data, "pages": pages, "texts": texts, "prompts": prompts, "base": base, "judge": judge}
    every_name = _names(names)
    chosen, where = _setup(setup, files, options, load_machine(machine))
    kept = Store(store or Path(where.store))
    targets = [target for one in _declared(every_name, chosen, seeds) for target in one.targets]
    result = planned(kept, targets)
    every = steps or as_json or len(result.to_do) <= 40
    if every:  # The reasons take longer than all the rest, so they are looked for only where they are shown.
        result = planned(kept, targets, explain=True)
    costs = cost(result, kept, where, accelerator, described=machine is not None)
    if as_json:
        typer.echo(json.dumps(plan_json(result, costs), indent=1))
    else:
        typer.echo("\n".join([*plan_lines(result, every=every), *cost_lines(costs)]))
        if not every:
            typer.echo("--steps lists every step")
    if result.damaged:
        raise typer.Exit(1)


@app.command()
def run(
    names: Names,
    setup: SetupName = "micro",
    seeds: Seeds = "0",
    files: FilesFile = None,
    seed_data: SeedData = None,
    pages: PageFiles = None,
    texts: TextFiles = None,
    prompts: PromptFiles = None,
    base: Base = None,
    judge: Judge = None,
    machine: MachineFile = None,
    store: StoreFolder = None,
    results: Annotated[
        Path | None, typer.Option("--results", help="Folder for tables and figures.", show_default="<store>/results")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make what is not made yet, then print and write the table."""
    from humpback.cli.display import run_and_report

    options = {"seed_data": seed_data, "pages": pages, "texts": texts, "prompts": prompts, "base": base, "judge": judge}
    every_name = _names(names)
    chosen, where = _setup(setup, files, options, load_machine(machine, **({"store": str(store)} if store else {})))
    declared = [(one, _command(one, setup, seeds, files)) for one in _declared(every_name, chosen, seeds)]
    if not run_and_report(declared, where, results or Path(where.store) / "results", as_json):
        raise typer.Exit(1)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="An artifact's folder, or a file in it.", show_default=False)],
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows of each table.")] = 3,
    as_json: AsJson = False,
) -> None:
    """An artifact for people: what made it, counts, first rows."""
    from humpback.cli.show import artifact_lines, as_table

    if as_json:
        typer.echo(json.dumps(as_table(path, rows), indent=1, ensure_ascii=False))
    else:
        typer.echo("\n".join(artifact_lines(path, rows)))


@cache
def complete() -> typer.Typer:
    """The app with every command. The four above start without the others' imports, which take longer than they do."""
    from humpback.cli import agree as cli_agree
    from humpback.cli import annotate as cli_annotate
    from humpback.cli import benchmark as cli_benchmark
    from humpback.cli import compare as cli_compare
    from humpback.cli import fit as cli_fit
    from humpback.cli import judge as cli_judge
    from humpback.cli import mirror as cli_mirror
    from humpback.cli import report as cli_report
    from humpback.cli import responses as cli_responses
    from humpback.cli import sweep as cli_sweep
    from humpback.cli.data_stats import data

    for module in (
        cli_judge,
        cli_compare,
        cli_agree,
        cli_annotate,
        cli_benchmark,
        cli_fit,
        cli_responses,
        cli_sweep,
        cli_report,
        cli_mirror,
    ):
        module.add_to(app)
    app.add_typer(data, name="data")
    return app


def _seeds(text: str) -> list[int]:
    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        raise FieldError(f"--seeds is {text!r}; it takes whole numbers with commas between, such as 0,1,2") from None
    if len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise FieldError(f"--seeds is {text!r}; each seed is 0 or more and stands once")
    return seeds


def _setup(name: str, files: Path | None, options: dict[str, Any], machine: Machine) -> tuple[Any, Machine]:
    """The setup of that name, and the machine with what the setup `files` found on it."""
    if name != "files":
        others = {**options, "files": files, "pages": None}
        if given := [f"--{key.replace('_', '-')}" for key, value in others.items() if value]:
            raise FieldError(f"{given[0]} goes with --setup files; the setup here is {name!r}")
        if not options["pages"]:
            return setup_named(name), machine
        from humpback.experiments.setups.base import on_pages
        from humpback.inputs.user_file import named_files
        from humpback.spec.files import WebPages

        found, places = named_files(options["pages"], Path(machine.data))
        return on_pages(setup_named(name), WebPages(found)), replace(machine, files=(*machine.files, *places))
    from humpback.experiments.setups.files import files as files_setup
    from humpback.inputs.user_file import load_given

    located = load_given(files, options, Path(machine.data))
    for note in located.notes:
        typer.echo(f"note: {note}", err=True)
    return files_setup(located.given), replace(machine, files=located.files)


def _names(names: list[str]) -> list[str]:
    """The names, each of an experiment; `all` is every one."""
    if "all" in names:
        return experiment_names()
    return [experiment(name).name for name in dict.fromkeys(names)]


def _declared(names: list[str], chosen: Any, seeds: str) -> list[Declared]:
    """The experiments on the setup. Of several, those that the setup has nothing for are left out, and named."""
    numbers, found = _seeds(seeds), []
    for name in names:
        try:
            found.append(experiment(name).on(chosen, numbers))
        except FieldError as error:
            if len(names) == 1:
                raise
            typer.echo(f"left out: {name}: {str(error).removeprefix(f'{name} on {chosen.name}: ')}", err=True)
    return found


def _command(one: Declared, setup: str, seeds: str, files: Path | None) -> str:
    """What made the results, without folders of this machine."""
    on = f" --files {shlex.quote(one_line(files.name))}" if files else ""
    return f"humpback run {one.experiment.name} --setup {setup}{on} --seeds {seeds}"


def main() -> None:
    """Run the command that was typed: errors that a user can mend become one line, everything else a traceback."""
    try:
        (app if sys.argv[1:2] and sys.argv[1] in _FIRST else complete())()
    except (UnknownName, UnknownSource, FieldError) as error:
        _fail(2, error)
    except (StoreError, UnusableFile) as error:
        _fail(1, error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read along has gone: nothing is wrong
        sys.exit(1)
    except OSError as error:
        _fail(1, f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error)


def _fail(code: int, error: Exception | str) -> NoReturn:
    for told in error.args if isinstance(error, StoreError) else (error,):
        print(f"humpback: {one_line(str(told))}", file=sys.stderr)
    sys.exit(code)
