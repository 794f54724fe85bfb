"""`humpback sweep EXPERIMENT --setup S`: settings tried on dev prompts, the best of them as a literal to paste.

The stages are those of a run, in the same store, so what trials have in common is made once. What is searched is the
experiment's `SPACE`; what a setting is worth is the win rate of one arm on dev prompts, never on test prompts.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shlex
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from humpback.cli.app import (
    HERE,
    ExperimentsFolder,
    Locations,
    ResultsFolder,
    SetupName,
    command,
    option_words,
    whole_numbers,
    writing,
)
from humpback.cli.settings import ModelReader, SetValues, axes, given, hold_only_settings
from humpback.cli.terminal import Terminal
from humpback.core.expression import FieldError, canonical
from humpback.core.machine import Machine
from humpback.core.store import Store, StoreError
from humpback.experiments.catalogue import Experiment, experiment
from humpback.experiments.catalogue import setup as setup_named
from humpback.experiments.settings import settings as set_fields
from humpback.experiments.setups.base import Setup
from humpback.experiments.sweeps import PARTS, SEED, dev, refuse_reported, refuse_tests
from humpback.spec.paths import place, value_at
from humpback.spec.search import FIXED, Choice, Setting, Space, Values, apply, enumerable, first, grid
from humpback.spec.typed_text import ReadModel, read, shown

if TYPE_CHECKING:
    from humpback.sweeps.trials import Trial
    from humpback.sweeps.workers import Sweep


@command()
def sweep(
    name: Annotated[str, Argument(help="An experiment with a SPACE, such as humpback/headline.")],
    setup: SetupName = "micro",
    trials: Annotated[int, Option(min=1, help="Settings to try, those of earlier calls counted.")] = 20,
    workers: Annotated[int, Option(min=1, help="Trials at a time.")] = 1,
    seeds: Annotated[str, Option(help=f"Seeds of each trial, {SEED} or more.")] = str(SEED),
    settings: SetValues = None,
    files: Annotated[Path | None, Option(help="A TOML file with a table [set], as --set takes it.")] = None,
    every: Annotated[bool, Option("--every", help="Every combination once.")] = False,
    grids: Annotated[
        list[str] | None,
        Option("--grid", metavar="PATH=V1,V2,...", help="In the SPACE's place: each value once, of several each pair."),
    ] = None,
    arm: Annotated[str | None, Option(help="The arm whose win rate counts.", show_default="the SPACE's")] = None,
    own: ExperimentsFolder = None,
    locations: Locations = HERE,
    results: ResultsFolder = None,
) -> None:
    """Search an experiment's SPACE on dev prompts. What is wanted is the setting with the highest win rate.

    Stopped or killed, it goes on where it was. A space of choices alone is enumerated."""
    if importlib.util.find_spec("optuna") is None:
        raise StoreError('the package optuna is not installed: pip install "humpback-harness[sweeps]"')
    if setup == "files":
        raise FieldError("the setup 'files' has no dev prompts, and settings are never chosen on its test prompts")
    if files:
        hold_only_settings(files, setup)
    models = ModelReader()
    made = set_fields(setup_named(setup), given(settings, files), models)
    one, chosen = experiment(name, own), made.setup
    space = _space(one, chosen, grids, arm, models)
    numbers = whole_numbers(seeds, str(SEED))
    refuse_reported(list(numbers))
    machine = locations.load()
    machine = replace(machine, files=(*machine.files, *models.places))
    for line in made.on(one, numbers[:1]).departure.lines:
        Terminal(stderr=True).print(f"set: {line}", highlight=False)
    if machine.device == "cuda" and machine.executor == "local" and min(machine.workers, workers) > 1:
        raise FieldError(
            f"--workers is {workers} on {machine.workers} GPUs: every worker would take the first; with --workers 1 "
            "the stages of a trial spread over all of them"
        )
    worth = OnDev(name, chosen, space, numbers, replace(machine, workers=max(1, machine.workers // workers)), own=own)
    worth.check()
    wanted = _wanted(worth, trials, every or enumerable(space), Path(machine.store))
    words = f"humpback sweep {name} --setup {setup} --trials {trials} --seeds {seeds}{' --every' * every}"
    said = {"--set": settings, "--grid": grids, "--arm": [arm] if arm else []}
    words += "".join(f" {option} {shlex.quote(word)}" for option, words in said.items() for word in words or ())
    words += option_words("--files", files) + option_words("--experiments", own)
    _run(worth, wanted, workers, (results or Path(machine.store) / "results") / chosen.name / name / "sweep", words)


def _space(one: Experiment, setup: Setup, grids: list[str] | None, arm: str | None, models: ReadModel) -> Space:
    """What is searched: the values of the grids, else the experiment's SPACE.

    Raises:
        FieldError: when there is neither, no arm, or a value that its field does not take.
    """
    declared = getattr(one.module, "SPACE", None)
    space = declared if isinstance(declared, Space) else None
    if not grids:
        if space is None:
            raise FieldError(
                f"{one.name} declares no SPACE to search; docs/sweeps.md shows how to declare one, or give values with "
                "--grid"
            )
        return replace(space, arm=arm or space.arm)
    name = arm or (space.arm if space else "")
    if not name:
        raise FieldError(f"{one.name} declares no SPACE, so --grid takes --arm, the arm whose win rate counts")
    choices = []
    for axis in axes(grids):
        try:
            at = place(setup, axis[0].path, fixed=FIXED)
            values = [read(one.value, at.takes, value_at(setup, at.path), models) for one in axis]
            choices.append(Choice(axis[0].path, tuple(values)))
        except FieldError as error:
            raise FieldError(f"{axis[0].where}: {error}") from error
    return Space(name, tuple(choices))


@dataclass(frozen=True)
class OnDev:
    """What a setting is worth: the arm's points on each dev prompt, in parts. Sent to every worker."""

    experiment: str
    setup: Setup
    space: Space
    seeds: tuple[int, ...]
    machine: Machine
    parts: tuple[int, ...] = PARTS
    own: Path | None = None
    """The folder of one's own experiments, if one was given."""

    def on(self, values: Values) -> tuple[Setup, ...]:
        """The setup with these settings, once for each part of the dev prompts."""
        return dev(apply(self.setup, self.space, values), self.parts)

    def arms(self, values: Values, part: int) -> list[Any]:
        """The arm with these settings, once a seed, judged on a part of the dev prompts alone.

        Raises:
            FieldError: for an axis that is no field of the setup; for an arm that is not there or that reads test
                prompts.
        """
        on = self.on(values)[part]
        found = []
        for seed in self.seeds:
            by_name = experiment(self.experiment, self.own).on(on, [seed]).arms[seed]
            if self.space.arm not in by_name:
                raise FieldError(f"SPACE.arm is {self.space.arm!r}; {self.experiment} has {', '.join(by_name)}")
            refuse_tests(by_name[self.space.arm], self.setup)
            found.append(by_name[self.space.arm])
        return found

    def check(self) -> None:
        """Nothing when the first setting of the space can be evaluated as far as its expression goes."""
        for part in range(len(self.parts)):
            self.arms({axis.path: first(axis) for axis in self.space.axes}, part)

    def __call__(self, values: Values, part: int) -> list[float]:
        """Run what is missing, and read the points of every prompt (and seed).

        Raises:
            Unusable: when the setting leaves a set empty.
            StageFailed: when a stage failed.
        """
        from humpback.analysis.experiment.contests import contest
        from humpback.core.plan import plan
        from humpback.runs.executor import Progress, execute
        from humpback.sweeps.workers import Unusable

        store, arms = Store(Path(self.machine.store)), self.arms(values, part)
        result = execute(plan(store, [arm.judged for arm in arms]), store, self.machine, Progress())
        for error in result.failures.values():
            raise error
        for outcome in result.outcomes.values():
            if outcome.status == "stopped":
                raise Unusable(outcome.reason)
        return [float(point) for arm in arms for point in contest(store, arm.judged).points]


def _wanted(worth: OnDev, trials: int, enumerated: bool, store: Path) -> Sweep:
    """The study's folder is named by all that decides what a trial means, so another space is another study."""
    from humpback.sweeps.workers import Sweep

    parts = dev(worth.setup, worth.parts)
    identity = [canonical(worth.space, "SPACE"), list(worth.seeds), enumerated]
    identity += [canonical(part, "setup") for part in parts]
    head = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    folder = store / "sweeps" / f"{worth.experiment.replace('/', '-')}-{worth.setup.name}-{head}"
    number = len(grid(worth.space)) if enumerated else trials
    return Sweep(folder, worth.space, number, parts=len(parts), enumerated=enumerated)


def _run(worth: OnDev, wanted: Sweep, workers: int, folder: Path, command: str) -> None:
    from humpback.sweeps.literal import literal
    from humpback.sweeps.trials import best
    from humpback.sweeps.workers import sweep as run_sweep

    console = Terminal()
    store = Store(Path(worth.machine.store))
    store.prepare()
    how = "all combinations" if wanted.enumerated else f"{wanted.trials} trials"
    console.print(
        f"{worth.experiment} on {worth.setup.name}: {how}, {sum(worth.parts)} dev prompts; study {wanted.folder}"
    )
    trials = run_sweep(wanted, worth, workers, lambda trial: console.print(_line(trial)))
    winner = best(trials)
    if winner is None:
        reasons = "; ".join(dict.fromkeys(one.reason for one in trials if one.reason))
        raise StoreError(f"no trial of {len(trials)} came to a number: {reasons}")
    pasted = literal(worth.setup, worth.space, winner.values)
    written = _write(folder, command, worth, trials, wanted, pasted)
    counted = ", ".join(f"{number} {status}" for status, number in Counter(one.status for one in trials).items())
    console.print(f"{counted}; wrote {written}")
    console.print(
        f"best: trial {winner.number}, win rate {100 * (winner.objective or 0):.1f} % on dev prompts\n\n{pasted}\n"
    )
    console.print(
        "The best of many flatters itself on what it was chosen by: report it on the test prompts and other seeds, "
        "with humpback run."
    )


def _line(trial: Trial) -> str:
    settings = ", ".join(f"{path} {_shown(value)}" for path, value in trial.values.items())
    if trial.objective is None:
        return f"  trial {trial.number:3}  {trial.status}{f': {trial.reason}' * bool(trial.reason)}  ({settings})"
    early = f", stopped after {trial.points} prompts" * (trial.status == "stopped early")
    return f"  trial {trial.number:3}  {100 * trial.objective:5.1f} %{early}  ({settings})"


def _shown(value: Setting) -> str:
    return f"{value:.4g}" if isinstance(value, float) else shown(value)


def _write(folder: Path, command: str, worth: OnDev, trials: list[Trial], wanted: Sweep, pasted: str) -> str:
    from humpback.analysis.figures.sweep import Tried, history, importance
    from humpback.analysis.layout.drawing import save
    from humpback.analysis.layout.text_table import tidy

    paths = [axis.path for axis in worth.space.axes]
    rows = [
        [
            one.number,
            one.status,
            one.objective,
            one.points,
            *(_cell(one.values.get(path)) for path in paths),
            one.reason,
        ]
        for one in trials
    ]
    told = [
        Tried(one.number, 100 * one.objective, one.status == "finished") for one in trials if one.objective is not None
    ]
    shares = wanted.study().importance()
    title = f"{worth.experiment} on {worth.setup.name}: win rate of {worth.space.arm} on dev prompts"
    with writing(folder, "--results"):
        (folder / "trials.csv").write_text(
            tidy(["trial", "ended", "win_rate", "points", *paths, "reason"], rows), "utf-8"
        )
        (folder / "best.txt").write_text(f"# {command}\n{pasted}\n", "utf-8")
        save(history(title, command, told), folder, "history", command)
        if shares:
            save(importance(title, command, shares), folder, "importance", command)
    figures = "history and importance" if shares else "history; too few trials for importance"
    return f"{folder}/ (trials.csv, best.txt, {figures})"


def _cell(value: Setting) -> object:
    return value if value is None or isinstance(value, (int, float, str)) else repr(value)
