"""`humpback init`: a few questions, and what their answers come to: my.toml, machine.toml and a first plan."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from typer import Argument, Option, confirm, echo, prompt

from humpback.cli.app import Locations, command
from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, Machine, this_machine
from humpback.core.text import one_line
from humpback.inputs.candidates import Candidates, Kind, find_candidates
from humpback.spec.sources import SOURCES

_SHOWN = 20
"""Files of a kind, and files that cannot be used, that are printed."""
_EXPERIMENT = "humpback/headline"
Answer = TypeVar("Answer", str, list[str])


@dataclass(frozen=True)
class Answers:
    """What the questions would ask, by options: the fields of my.toml under their names."""

    seed_data: Annotated[list[str] | None, Option(help="Pairs that people wrote: files or public names.")] = None
    pages: Annotated[list[str] | None, Option(help="Web pages: WARC, HTML, JSON Lines, Parquet.")] = None
    texts: Annotated[list[str] | None, Option(help="Ready outputs, in place of pages.")] = None
    prompts: Annotated[list[str] | None, Option(help="Prompts to answer: files or public names.")] = None
    base: Annotated[str | None, Option(help="A folder, a .gguf file, a hub name, or tiny.")] = None
    judge: Annotated[str | None, Option(help="A folder, a .gguf file, a hub name, or base.")] = None


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
    """Look at your files and this machine, ask a few questions, write my.toml and machine.toml, show a first plan.

    Options answer questions beforehand. A file that is there is written over only with --overwrite, or when asked."""
    from humpback.cli.run import SetupOptions, plan

    if not folder.is_dir():
        raise FieldError(f"{folder}: there is no such folder; give the one in which your files lie")
    asking = sys.stdin.isatty() if ask is None else ask
    setup, machine = folder / "my.toml", folder / "machine.toml"
    given = {one.name: getattr(answers, one.name) for one in fields(Answers) if getattr(answers, one.name)}
    if _may_write(setup, given, asking, overwrite):
        found = find_candidates(folder)
        _say(found, folder)
        _write(setup, _setup_lines(Questions(asking, found, given, folder, Path(data)).answers()))
    kept = {"base-url": address} if address else {}
    if _may_write(machine, kept, asking, overwrite):
        _write(machine, _machine_lines(store, data, address))
    words = f"{_EXPERIMENT} --setup files --files {setup} --machine {machine}"
    echo(f"\nhumpback plan {words}")
    plan([_EXPERIMENT], SetupOptions(setup="files", files=setup), Locations(machine=machine))
    echo(f"\nhumpback run {words}\nmakes it, and humpback view --store {store} shows it growing")


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


@dataclass
class Questions:
    """What is asked, and what is answered where nobody is."""

    asking: bool
    found: Candidates
    given: dict[str, Any]
    """Answers by option."""
    folder: Path
    data: Path

    def answers(self) -> dict[str, Any]:
        """The fields of my.toml.

        Raises:
            FieldError: where an answer cannot be, or something has none.
        """
        known = dict(self.given)
        seed_data = self._files("seed_data", "pairs", "instructions with outputs that people wrote", ("oasst1",))
        known["seed_data"] = seed_data
        if "texts" not in known:
            known["pages"] = self._files("pages", "pages", "web pages, for which instructions are written")
        elif "pages" in known:
            raise FieldError("--pages and --texts: texts stand for the segments of pages, so give one of them")
        known["prompts"] = self._files("prompts", "prompts", "prompts that models are compared on", ("alpaca-eval",))
        models = [one.name for one in self.found.of("model")]
        hint = f"{', '.join([*models, *_cached()])}, a hub name, or tiny (trained from nothing in minutes)"
        known["base"] = self._one("base", f"the model that is finetuned: {hint}", models[0] if models else "tiny")
        known["judge"] = self._one("judge", f"who judges: base (itself), or another of {hint}", "base")
        return {name: known[name] for name in (one.name for one in fields(Answers)) if name in known}

    def _files(self, name: str, kind: Kind, what: str, public: tuple[str, ...] = ()) -> list[str]:
        if name in self.given:
            return self._there(name, self.given[name])
        pulled = [one for one in public if self._pulled(one)]
        lying = [one.name for one in self.found.of(kind)]
        default = lying if kind == "pages" else (sorted(lying, key=lambda one: _unlike(one, name)) + pulled)[:1]

        def read(said: str) -> list[str]:
            return self._there(name, [one.strip() for one in said.split(",") if one.strip()])

        if self.asking:
            return self._asked(f"{name}: {what} (commas between several)", ", ".join(default), read)
        if not default:
            pull = f", or bring a public set: humpback data pull {public[0]}" if public else ""
            raise FieldError(
                f"{name}: {self.folder} holds no {what}; give --{name.replace('_', '-')} FILE{pull}. "
                "humpback show FILE says what a file is taken for"
            )
        echo(f"{name}: {', '.join(default)}")
        return default

    def _one(self, name: str, what: str, default: str) -> str:
        if name in self.given:
            return str(self.given[name])
        if self.asking:
            return self._asked(f"{name}: {what}", default, str)
        echo(f"{name}: {default}")
        return default

    def _asked(self, words: str, default: str, read: Callable[[str], Answer]) -> Answer:
        while True:
            said = str(prompt(one_line(words), default=default or None)).strip()
            try:
                if found := read(said):
                    return found
            except FieldError as error:
                echo(str(error), err=True)

    def _there(self, name: str, patterns: Sequence[str]) -> list[str]:
        """The files, if all of them are there or are public ones."""
        for one in patterns:
            inside = (self.folder / one).exists() or any(self.folder.glob(one)) if not Path(one).is_absolute() else None
            if not (Path(one).exists() if inside is None else inside or one in SOURCES):
                raise FieldError(f"{name}: there is no file {self.folder / one}, and no public set of that name")
        return list(patterns)

    def _pulled(self, name: str) -> bool:
        from humpback.inputs.pull import status

        return any(one.path is not None and not one.problem for one in status(self.data, [SOURCES[name]]))


def _unlike(file: str, field: str) -> tuple[bool, str]:
    """For sorting: a file that is called after the field comes first."""
    words = {"seed_data": ("seed", "oasst", "dolly", "lima"), "prompts": ("eval", "test", "prompt")}[field]
    return not any(word in file.lower() for word in words), file


def _cached() -> list[str]:
    """Some models of the hub that lie here already."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except (CacheNotFound, OSError, ValueError):
        return []
    return sorted(one.repo_id for one in repos if one.repo_type == "model" and one.size_on_disk > 10_000_000)[:5]


_ABOUT = {
    "base": {
        "tiny": "trained from nothing on these files: poor answers, right counts; a model's name takes its place",
    },
    "judge": {"base": "judges what it wrote itself; a larger model, or another family's, is the better judge"},
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
