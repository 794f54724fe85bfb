"""Which commands there are, and how one ends: whatever goes wrong for a reason that a user can mend is one line on
stderr and an exit code that is not 0."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from typing import Annotated, NoReturn

from typer import Exit, Option, Typer, echo

from humpback.cli.app import app
from humpback.core.errors import HumpbackError
from humpback.core.text import one_line

QUICK = ("run", "show")
"""Modules of the commands that start without the others' imports, which take longer than these commands do."""
MODULES = (
    *(*QUICK, "judge", "compare", "agree", "annotate", "benchmark", "mt_bench"),
    *(
        "init",
        "doctor",
        "fit",
        "responses",
        "sweep",
        "register",
        "confirm",
        "report",
        "view",
        "mirror",
        "data",
        "data_stats",
        "push",
        "assumptions",
    ),
)
"""In the order of the help."""


def _version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    from humpback.runs.build import source_state

    source = source_state()
    commit = f", commit {source['commit'][:12]}{' and changes' if source['diff'] else ''}" if source["commit"] else ""
    echo(f"humpback {version('humpback-harness')}{commit}")
    raise Exit()


@app.callback()
def common(
    version: Annotated[
        bool,
        Option("--version", help="Print the version, and the commit in a checkout.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """What stands before every command."""


@cache
def complete(modules: tuple[str, ...] = MODULES) -> Typer:
    """The app with every command of the modules, each of which registers its own as it is imported."""
    for name in modules:
        import_module(f"humpback.cli.{name}")
    return app


def main() -> None:
    """Run the command that was typed: errors that a user can mend become one line, everything else a traceback."""
    try:
        quick = sys.argv[1:2] and sys.argv[1] in ("list", "plan", "run", "show", "--version")
        complete(QUICK if quick else MODULES)()
    except HumpbackError as error:
        _fail(error.exit_code, *map(str, error.args))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read along has gone: nothing is wrong
        sys.exit(1)
    except OSError as error:
        _fail(1, f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))


def _fail(code: int, *messages: str) -> NoReturn:
    for message in messages:
        print(f"humpback: {one_line(message)}", file=sys.stderr)
    sys.exit(code)
