"""The app, and what its commands share: options that several of them have, how one is registered, what they print.

Heavy packages load inside the commands that need them.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from typer import Option, Typer, echo

from humpback.cli.terminal import Terminal
from humpback.core.expression import Artifact, FieldError
from humpback.core.machine import Machine, load_machine
from humpback.core.store import StoreError
from humpback.core.text import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from humpback.spec.files import File, Source
    from humpback.spec.template import Model

app = Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Does instruction backtranslation work, on your data, your model and your budget?",
)
AsJson = Annotated[bool, Option("--json", help="Print JSON, for programs.")]
AsMarkdown = Annotated[bool, Option("--markdown", help="Tables as Markdown.")]
SetupName = Annotated[str, Option(help="What the experiment runs on.")]
ResultsFolder = Annotated[Path | None, Option(help="Folder for tables and figures.", show_default="<store>/results")]
ExperimentsFolder = Annotated[
    Path | None, Option("--experiments", help="A folder of your own experiments, beside those that come with it.")
]
DataFolder = Annotated[Path, Option("--data", help="Folder of the public files.")]
DATA = Path("data")
_LARGEST_SEED = 2**32 - 1
"""By numpy, which a training seeds as well."""


def command(name: str | None = None, to: Typer = app) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command of the app. A parameter that is a dataclass of options becomes these options."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        to.command(name)(_spread(function))
        return function

    return register


def _spread(function: Callable[..., None]) -> Callable[..., None]:
    """The function with the fields of its dataclasses in their place, by keyword, as typer wants them."""
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters = []
    for one in signature(function).parameters.values():
        if (group := groups.get(one.name)) is None:
            parameters.append(one.replace(annotation=hints[one.name], kind=Parameter.KEYWORD_ONLY))
            continue
        kinds = get_type_hints(group, include_extras=True)
        for field in fields(group):
            how = {"default": field.default, "annotation": kinds[field.name]}
            parameters.append(Parameter(field.name, Parameter.KEYWORD_ONLY, **how))

    @wraps(function)
    def spread(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        function(**values)

    spread.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    spread.__annotations__ = {one.name: one.annotation for one in parameters}
    return spread


@dataclass(frozen=True)
class WandbOptions:
    """Whose project of W&B runs go to."""

    project: Annotated[
        str | None, Option("--wandb-project", help="Project of W&B.", show_default="WANDB_PROJECT, or humpback-harness")
    ] = None
    entity: Annotated[
        str | None, Option("--wandb-entity", help="User or team of W&B.", show_default="WANDB_ENTITY, or the key's")
    ] = None

    def take(self, tracking: str = "wandb") -> None:
        """Have runs of this process go there. `tracking` is the machine's.

        Raises:
            FieldError: where no run would go anywhere.
        """
        given = {"WANDB_PROJECT": self.project, "WANDB_ENTITY": self.entity}
        given = {name: value for name, value in given.items() if value}
        if not given:
            return
        from humpback.tracking import mode

        off = 'tracking = "off" in the machine file' if tracking == "off" else "WANDB_MODE or WANDB_DISABLED"
        if tracking == "off" or mode() == "disabled":
            option = "--wandb-project" if self.project else "--wandb-entity"
            raise FieldError(f"{option}: no run is written to W&B, because of {off}; leave one of the two out")
        os.environ.update({name: value for name, value in given.items() if value})


W_AND_B = WandbOptions()


@dataclass(frozen=True)
class Locations:
    """Where stages run and where things lie: options of every command that makes an artifact."""

    machine: Annotated[Path | None, Option(help="A TOML file that says where stages run.")] = None
    data: Annotated[Path | None, Option(help="Folder of the public files.", show_default="data")] = None
    store: Annotated[Path | None, Option(help="Folder of the artifacts.", show_default="artifacts")] = None

    def load(self, **fields: Any) -> Machine:
        """The machine of the file with these folders, and `fields`, on top."""
        folders = {name: str(folder) for name in ("data", "store") if (folder := getattr(self, name)) is not None}
        return load_machine(self.machine, **folders | fields)


HERE = Locations()


StoreOfModel = Annotated[Path | None, Option(help="Folder of the artifacts.", show_default="the model's, or artifacts")]


@dataclass(frozen=True)
class ModelLocations(Locations):
    """The same of a command that asks a model: what is made lies in the model's store, if it has one."""

    store: StoreOfModel = None

    def model(self, name: str) -> tuple[Model, Machine]:
        """The model of that name, and the machine that knows where it lies.

        Raises:
            StoreError: when it lies in another store than is given, or is no model.
        """
        from humpback.runs.load import resolve_model

        named = resolve_model(name)
        if self.store and named.store and self.store.resolve() != named.store:
            raise StoreError(f"{name} lies in the store {named.store}; leave --store out, or give that one")
        return named.model, self.load(store=str(self.store or named.store or "artifacts"), files=named.files)


BESIDE_MODEL = ModelLocations()


def name_files(names: Sequence[str], machine: Machine) -> tuple[tuple[File | Source, ...], Machine]:
    """The files that a command names, by checksum, and the machine that knows where they lie.

    Raises:
        FieldError: when there is no such file and no public one of that name.
    """
    from humpback.inputs.file_index import named_files

    files, places = named_files(names)
    return files, replace(machine, files=(*machine.files, *places))


def build(target: Artifact, machine: Machine) -> Path:
    """The artifact's folder; what is missing of it is made first, with its progress on stderr."""
    from humpback.runs.build_one import build_here

    return build_here(target, machine, Terminal(stderr=True))


def whole_numbers(text: str, example: str = "0,1,2") -> tuple[int, ...]:
    """The seeds of `--seeds`.

    Raises:
        FieldError: when they are no whole numbers from 0, or one is given twice.
    """
    seeds: list[int] = []
    for word in map(str.strip, text.split(",")):
        wrong = "" if word.isdecimal() else f"{word!r} is no whole number from 0"
        if not wrong and int(word) in seeds:
            wrong = f"seed {word} is given twice"
        if not wrong and int(word) > _LARGEST_SEED:
            wrong = f"{word} is above {_LARGEST_SEED}, the largest that a training takes"
        if wrong:
            raise FieldError(f"--seeds {text!r}: {wrong}; give distinct whole numbers from 0, such as {example}")
        seeds.append(int(word))
    return tuple(seeds)


def print_json(value: Any) -> None:
    """For programs."""
    echo(json.dumps(value, indent=1, ensure_ascii=False))


def counts_line(counts: Mapping[str, int]) -> str:
    """A record's counts for people; the name of somebody's field in one stays as the file spells it."""

    def name(key: str) -> str:
        return key if key.startswith("left aside") else key.replace("_", " ")

    return ", ".join(f"{name(key)} {value:,}" for key, value in counts.items())


def option_words(option: str, path: Path | None) -> str:
    """The option as a command that is written into results has it: without folders of this machine."""
    return f" {option} {shlex.quote(one_line(path.name))}" if path else ""


def setting_words(option: str, setting: str) -> str:
    """The same of PATH=VALUE,..., where files and folders may be among the values."""
    path, sign, values = setting.partition("=")
    named = ",".join(Path(one).name if Path(one).exists() else one for one in values.split(","))
    return f" {option} {shlex.quote(path + sign + named)}"


@contextmanager
def writing(folder: Path, option: str) -> Iterator[None]:
    """The folder made, to be written to.

    Raises:
        StoreError: when it cannot be, naming the option that takes another.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror}; give another with {option}") from error


def save_figure(figure: Figure, folder: Path, name: str, command: str, option: str = "--out") -> str:
    """Draw into the folder, which is made; returns the files in words."""
    from humpback.analysis.layout.drawing import save

    with writing(folder, option):
        save(figure, folder, name, command)
    return f"{folder}/{name}.svg, .png, .pdf"
