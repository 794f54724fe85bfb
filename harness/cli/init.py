"""`humpback init`: a few questions, and what their answers come to: my.toml, machine.toml and a first plan."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option, confirm, echo

from humpback.cli.app import Locations, command
from humpback.cli.questions import Answers, Questions
from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, Machine, this_machine
from humpback.core.text import one_line
from humpback.core.toml_file import read_toml
from humpback.inputs.candidates import Candidates, find_candidates

_SHOWN = 20
"""Files of a kind, and files that cannot be used, that are printed."""


NOTHING_SAID = Answers()


@command()
def init(
    folder: Annotated[Path, Argument(help="Where your files lie, and where the two files are written.")] = Path(),
    answers: Answers = NOTHING_SAID,
    address: Annotated[str | None, Option("--base-url", help="An OpenAI-compatible server for served models.")] = None,
    store: Annotated[str, Option(help="Folder of the artifacts, for machine.toml.")] = Machine.store,
    data: Annotated[str, Option(help="Folder of the public files, for machine.toml.")] = Machine.data,
    ask: Annotated[bool | None, Option("--ask/--no-ask", help="Ask questions.", show_default="in a terminal")] = None,
    overwrite: Annotated[bool, Option("--overwrite", help="Write over files that are there.")] = False,
) -> None:
    """Write my.toml and machine.toml from a few answers.

    Your files and this machine are looked at first, and a plan is shown at the end. Options answer questions
    beforehand. A file that is there is written over only with --overwrite, or when asked."""
    from humpback.cli.run import SetupOptions, plan

    if not folder.is_dir():
        raise FieldError(f"{folder}: there is no such folder; give the one in which your files lie")
    asking = sys.stdin.isatty() if ask is None else ask
    setup, machine = folder / "my.toml", folder / "machine.toml"
    given = {one.name: getattr(answers, one.name) for one in fields(Answers) if getattr(answers, one.name)}
    if _may_write(setup, given, asking, overwrite):
        found = find_candidates(folder)
        _say(found, folder)
        questions = Questions(asking, found, given, folder, Path(data))
        _write(setup, _setup_lines(questions.answers()))
        if questions.served and not address and (overwrite or not machine.exists()):
            address = questions.address()
    kept = {"base-url": address} if address else {}
    if _may_write(machine, kept, asking, overwrite):
        _write(machine, _machine_lines(store, data, address))
    experiment = f"{'humpback' if 'seed_data' in read_toml(setup) else 'alpagasus'}/headline"
    words = f"{experiment} --setup files --files {shlex.quote(str(setup))} --machine {shlex.quote(str(machine))}"
    echo(f"\nhumpback plan {words}")
    plan([experiment], SetupOptions(setup="files", files=setup), Locations(machine=machine))
    echo(f"\nhumpback run {words}\nmakes it, and humpback view --store {shlex.quote(store)} shows it growing")


def _may_write(path: Path, given: dict[str, Any], asking: bool, overwrite: bool) -> bool:
    """Whether a file is to be written; where it is not, what is in it is used.

    Raises:
        FieldError: where it is there, and options say what would have to stand in it.
    """
    if not path.exists() or overwrite:
        return True
    if asking and confirm(f"{path} is there already. Write over it?", default=False):
        return True
    if given:
        words = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise FieldError(
            f"{path} is there already, and {words} would go into it; --overwrite writes it anew, or edit the file"
        )
    echo(f"kept {path}, which is there already; --overwrite writes it anew")
    return False


def _write(path: Path, lines: Iterable[str]) -> None:
    said = "wrote over" if path.exists() else "wrote"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    echo(f"{said} {path}")


def _say(found: Candidates, folder: Path) -> None:
    """What lies in the folder."""
    from humpback.costs.show import in_bytes

    where = "this folder" if folder == Path() else str(folder)
    echo(f"In {where}:" if found.found else f"In {where} there is nothing that a setup could be made of.")
    for one in found.found[:_SHOWN]:
        echo(f"  {one_line(one.name)}: {one.what}, {in_bytes(one.bytes)}")
    if len(found.found) > _SHOWN:
        echo(f"  and {len(found.found) - _SHOWN} more")
    for line in found.aside[:_SHOWN]:
        echo(f"  not used: {one_line(line, 150)}", err=True)
    if len(found.aside) > _SHOWN:
        echo(f"  and {len(found.aside) - _SHOWN} more that are not used", err=True)


_ABOUT = {
    "base": {
        "tiny": "trained from nothing on these files: poor answers, right counts; a model's name takes its place",
    },
    "rater": {"base": "rates by itself; the paper asks ChatGPT"},
    "judge": {
        "base": "judges what it wrote itself; a larger model, or another family's, is the better judge",
        "none": "answers are written now, and judged when a judge is named",
    },
}


def _setup_lines(answers: dict[str, Any]) -> Iterator[str]:
    yield f"# Written by humpback init on {_today()}. What else may stand here is in docs/data.md."
    for name, value in answers.items():
        about = _ABOUT.get(name, {}).get(value if isinstance(value, str) else "", "")
        yield f"{name} = {_toml(value)}" + (f"  # {about}" if about else "")
    yield ""
    yield "# Any field of the recipe, by the paths that --set takes:"
    yield "# [set]"
    yield '# "sft.learning_rate" = 1e-5'


def _machine_lines(store: str, data: str, address: str | None) -> Iterator[str]:
    yield f"# Written by humpback init on {_today()}: what this machine has. Every field is in harness/core/machine.py."
    found = Machine(**this_machine())
    named = _accelerator() if found.device == "cuda" else {}
    shown = {"device": found.device, "precision": found.precision, **named}
    for name, value in {
        **shown,
        "workers": found.workers,
        "threads": found.threads,
        "store": store,
        "data": data,
    }.items():
        yield f"{name} = {_toml(value)}"
    if address:
        at = Endpoint(address)
        yield ""
        yield "[endpoint]"
        yield f"address = {_toml(at.address)}"
        yield f"key_variable = {_toml(at.key_variable)}  # the variable of the key; the key stands in no file"


def _accelerator() -> dict[str, str]:
    """The GPU by the name that costs are known under, where it is one of those."""
    from humpback.costs.hours import ACCELERATORS
    from humpback.runs.devices import find_devices

    names = [one.name.upper() for one in find_devices().gpus]
    known = [name for name in ACCELERATORS if names and name.split("-")[0].upper() in names[0]]
    return {"accelerator": known[0]} if known else {}


def _toml(value: Any) -> str:
    """A text, a number or a list of texts; JSON's texts are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
