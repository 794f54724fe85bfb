"""`humpback list | plan | run`: the experiments, what a run of them would make, and their tables."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option, echo

from humpback.cli.app import (
    HERE,
    W_AND_B,
    AsJson,
    ExperimentsFolder,
    Locations,
    ResultsFolder,
    SetupName,
    WandbOptions,
    command,
    name_files,
    option_words,
    print_json,
    setting_words,
    whole_numbers,
)
from humpback.cli.settings import ArmNames, GridValues, ModelReader, SetValues, axes, given, hold_only_settings
from humpback.core.expression import FieldError
from humpback.core.machine import Machine
from humpback.core.store import Store
from humpback.experiments.catalogue import Declared, experiment, experiment_names
from humpback.experiments.catalogue import setup as setup_named

if TYPE_CHECKING:
    from humpback.core.plan import Plan
    from humpback.experiments.settings import Settings
    from humpback.experiments.setups.base import Setup
    from humpback.inputs.file_index import Places
    from humpback.spec.outcomes import AlpacaEvalJudge

Names = Annotated[list[str], Argument(help="Experiments, such as humpback/headline; or all.")]


@dataclass(frozen=True)
class SetupOptions:
    """What experiments run on: a setup by its name, or the user's own files; and with which seeds."""

    setup: SetupName = "micro"
    seeds: Annotated[str, Option(help="Seeds of the run, such as 0,1,2.")] = "0"
    files: Annotated[Path | None, Option(help="For --setup files: a TOML file; docs/data.md says what is in it.")] = (
        None
    )
    seed_data: Annotated[list[str] | None, Option(help="For --setup files: a file of seed data.")] = None
    pages: Annotated[
        list[str] | None, Option(help="Web pages, in ClueWeb22's place: WARC, HTML, JSON Lines, Parquet.")
    ] = None
    texts: Annotated[list[str] | None, Option(help="For --setup files: outputs, in place of pages.")] = None
    prompts: Annotated[list[str] | None, Option(help="For --setup files: prompts to answer.")] = None
    rating: Annotated[
        Path | None,
        Option(help="A TOML file of the prompt of self-curation: file, sha256, instruction, output."),
    ] = None
    base: Annotated[str | None, Option(help="For --setup files: a folder, a hub name, or tiny.")] = None
    judge: Annotated[str | None, Option(help="For --setup files: a model, an annotator, base, or none.")] = None
    pretrain: Annotated[
        bool, Option("--pretrain", help="For --setup micro: train its bases here; trained ones come with it.")
    ] = False
    settings: SetValues = None
    grids: GridValues = None
    arms: ArmNames = None
    own: ExperimentsFolder = None

    def experiments(self, names: list[str], machine: Machine) -> tuple[list[Declared], Machine]:
        """The experiments, and the machine with what was found of the user's files. Of several experiments, those that
        the setup has nothing for are left out, and named.

        Raises:
            FieldError: for an experiment, a setup or a file that is not there.
        """
        from humpback.experiments.grids import Ablation

        every = [] if "all" not in names else experiment_names(self.own)
        chosen = [experiment(name, self.own) for name in every or dict.fromkeys(names)]
        made, machine = self.settings_on(machine)
        setup, seeds, found = made.plain, list(whole_numbers(self.seeds)), []
        grid = axes(self.grids)
        if self.arms and not grid:
            raise FieldError(f"--arm {self.arms[0]}: goes with --grid, which says what is done to it")
        for one in chosen:
            try:
                found.append(
                    Ablation(one, made, grid, tuple(self.arms or ())).on(seeds) if grid else made.on(one, seeds)
                )
            except FieldError as error:
                if len(chosen) == 1:
                    raise
                echo(f"left out: {one.name}: {str(error).removeprefix(f'{one.name} on {setup.name}: ')}", err=True)
        if not found:
            raise FieldError(f"the setup {setup.name!r} has nothing for any of these experiments")
        for line in dict.fromkeys(line for one in found for line in one.departure.lines):
            echo(f"set: {line}", err=True)
        return found, machine

    def setup_on(self, machine: Machine) -> tuple[Setup, Machine]:
        """The setup with what was set, and the machine with what was found of the user's files. Raises as
        `settings_on`."""
        made, machine = self.settings_on(machine)
        return made.setup, machine

    def settings_on(self, machine: Machine) -> tuple[Settings, Machine]:
        """The setup and what was set in it, and the machine with what was found of the user's files.

        Raises:
            FieldError: for a setup or a file that is not there, for options that do not go together, and for a setting
                that cannot be.
        """
        from humpback.experiments.settings import settings

        setup, machine = self._plain(machine)
        models = ModelReader()
        made = settings(setup, given(self.settings, self.files), models)
        for axis in axes(self.grids):
            for one in axis:  # so that a value is refused before any other is looked at, and its model's place known
                settings(setup, (*(other for other in made.given if other.path != one.path), one), models)
        return made, replace(machine, files=(*machine.files, *models.places))

    def _plain(self, machine: Machine) -> tuple[Setup, Machine]:
        """Before anything is set."""
        options = {name: getattr(self, name) for name in ("seed_data", "pages", "texts", "prompts", "base", "judge")}
        from humpback.experiments.setups.substitutions import on_pages, pretrained_here, with_rating

        if self.setup == "files":
            if self.pretrain:
                raise FieldError("--pretrain goes with --setup micro; the setup here is 'files'")
            from humpback.experiments.setups.files import files as files_setup
            from humpback.inputs.user_file import load_user_setup

            loaded = load_user_setup(
                self.files, options, Path(machine.data), rating=self.rating, read_annotator=read_annotator
            )
            for note in loaded.notes:
                echo(f"note: {note}", err=True)
            return files_setup(loaded.data), replace(machine, files=loaded.files)
        if self.files:
            hold_only_settings(self.files, self.setup)
        for name, value in {**options, "pages": None}.items():
            if value:
                raise FieldError(
                    f"--{name.replace('_', '-')} goes with --setup files; the setup here is {self.setup!r}"
                )
        setup = setup_named(self.setup)
        if self.pretrain:
            setup = pretrained_here(setup)
        from humpback.spec.files import WebPages

        if self.pages:
            found, machine = name_files(self.pages, machine)
            setup = on_pages(setup, WebPages(found))
        if self.rating:
            from humpback.core.toml_file import read_toml
            from humpback.inputs.file_index import FileIndex
            from humpback.inputs.prompt_file import named_prompt
            from humpback.spec.prompts import PromptFile

            index = FileIndex()
            table = read_toml(self.rating)
            prompt = named_prompt(str(self.rating), table, self.rating.parent, index, Path(machine.data), PromptFile)
            setup, machine = with_rating(setup, prompt), replace(machine, files=(*machine.files, *index.places))
        return setup, machine

    def command(self, one: Declared) -> str:
        """What makes the results of one experiment, without folders of this machine."""
        paths = {"--files": self.files, "--rating": self.rating, "--experiments": self.own}
        data = {"seed_data": self.seed_data, "pages": self.pages, "texts": self.texts, "prompts": self.prompts}
        places = [(f"--{name.replace('_', '-')}", Path(one)) for name, given in data.items() for one in given or ()]
        named = "".join(option_words(option, path) for option, path in (*paths.items(), *places))
        for option, name in (("--base", self.base), ("--judge", self.judge)):
            if name:
                named += option_words(option, Path(name)) if Path(name).exists() else f" {option} {shlex.quote(name)}"
        named += " --pretrain" if self.pretrain else ""
        words = {"--set": self.settings, "--grid": self.grids, "--arm": self.arms}
        named += "".join(setting_words(option, word) for option, said in words.items() for word in said or ())
        name = one.departure.ablated or one.experiment.name
        return f"humpback run {name} --setup {self.setup}{named} --seeds {self.seeds}"


def read_annotator(name: str, model: str | None) -> tuple[AlpacaEvalJudge, Places]:
    """The judge of alpaca-eval's name, or of somebody's file. Raises as `judge_named`."""
    from humpback.judging.annotators import judge_named, place_of

    judge = judge_named(name, model)
    return judge, place_of(judge, name)


MICRO = SetupOptions()


@command("list")
def list_(own: ExperimentsFolder = None, as_json: AsJson = False) -> None:
    """The experiments: what each claims, and what it answers to."""
    found = [experiment(name, own) for name in experiment_names(own)]
    if as_json:
        print_json([{"name": one.name, "claim": one.claim, "shows": one.shows} for one in found])
        return
    from humpback.experiments.setups import SETUPS

    for one in found:
        echo(f"{one.name}\n    {one.claim}\n    shows: {one.shows}")
    echo(f"setups: {', '.join(SETUPS)}, files (your own data and model)")


@command()
def plan(
    names: Names,
    options: SetupOptions = MICRO,
    locations: Locations = HERE,
    accelerator: Annotated[
        str | None, Option(help="Cost on A100-80G, H100, H200 or CPU.", show_default="by the base")
    ] = None,
    steps: Annotated[bool, Option("--steps", help="List every step, however many.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is done, what a run would make, why, and what it costs. Runs nothing.

    What a run would lack on this machine is said on stderr."""
    from humpback.cli.show import plan_lines
    from humpback.core.plan import explain
    from humpback.core.plan import plan as planned
    from humpback.costs.plan_cost import cost
    from humpback.costs.show import as_json as plan_json
    from humpback.costs.show import cost_lines

    experiments, machine = options.experiments(names, locations.load())
    store = Store(Path(machine.store))
    targets = [target for one in experiments for target in one.targets]
    result = planned(store, targets)
    every = steps or as_json or len(result.to_do) <= 40
    if every:  # The reasons take longer than all the rest, so they are looked for only where they are shown.
        result = explain(result, store)
    costs = cost(result, store, machine, accelerator, described=locations.machine is not None)
    if as_json:
        print_json(plan_json(result, costs))
    else:
        echo("\n".join([*plan_lines(result, every=every), *cost_lines(costs)]))
        if not every:
            echo("--steps lists every step")
    _say_what_is_lacking(result, store, machine)


@command()
def run(
    names: Names,
    options: SetupOptions = MICRO,
    locations: Locations = HERE,
    results: ResultsFolder = None,
    wandb: WandbOptions = W_AND_B,
    dry: Annotated[
        bool, Option("--dry", help="Say where each stage would run and what launches it, and run nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make what is not made yet, then print and write the table."""
    from humpback.cli.display import run_and_report

    experiments, machine = options.experiments(names, locations.load())
    if dry:
        _say_what_would_run(experiments, machine, as_json)
        return
    wandb.take(machine.tracking)
    commands = [(one, options.command(one)) for one in experiments]
    if not run_and_report(commands, machine, results or Path(machine.store) / "results", as_json):
        raise Exit(1)


def _say_what_would_run(experiments: list[Declared], machine: Machine, as_json: bool) -> None:
    from humpback.cli.dry import stage_lines, stages
    from humpback.core.plan import plan as planned

    store = Store(Path(machine.store))
    result = planned(store, [target for one in experiments for target in one.targets])
    found = stages(result, store, machine)
    if as_json:
        print_json(found)
    else:
        echo("\n".join(stage_lines(found)))
    _say_what_is_lacking(result, store, machine)


def _say_what_is_lacking(plan: Plan, store: Store, machine: Machine) -> None:
    """On stderr; what is damaged ends the command."""
    from humpback.runs.needs import needs

    for one in needs(plan, store, machine):
        echo(f"{'a run here would be refused' if one.stops else 'lacking here'}: {one}", err=True)
    if plan.damaged:
        raise Exit(1)
