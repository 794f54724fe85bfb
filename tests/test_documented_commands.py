"""Every command that README and docs show is one that the program takes, and those that take seconds are run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup
from typer.exceptions import TyperException

from humpback.cli.main import complete
from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.experiments.humpback.algorithm import curated, seed_model
from humpback.experiments.setups.base import Setup
from tests.analysis.judgements.material import annotations, written
from tests.commands import succeed

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
LINE = re.compile(r"^ {4}(?:\$ )?(?:HUMPBACK_\w+=\S+ )?humpback (?P<words>.*)$", re.MULTILINE)
BETWEEN = re.compile(r"`humpback (?P<words>[^`]+)`")

Words = tuple[str, ...]


def shown(page: str) -> Iterator[Words]:
    """The commands of a page's blocks."""
    text = re.sub(r"\\\n +", "", (ROOT / page).read_text(encoding="utf-8"))
    for line in LINE.finditer(text):
        yield tuple(shlex.split(line["words"].replace("...", ""), comments=True))


BLOCKS = [(page, words) for page in PAGES for words in shown(page)]


def take(words: Words) -> None:
    """Read a command as far as it would be run; `typer.Exit` and its usage errors are raised."""
    command: Any = typer.main.get_command(complete())
    context = command.make_context("humpback", list(words))
    while isinstance(command, TyperGroup):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the files that the commands name, with nothing else in it."""
    monkeypatch.chdir(tmp_path)
    pairs = [{"instruction": f"What is {i} and {i}?", "input": "", "output": f"It is {2 * i}."} for i in range(60)]
    for name in ("my-pairs.json", "pairs.json", "FILE"):
        written(tmp_path / name, pairs)
    rows = ["instruction,output,S", *(f"What is {i} and {i}?,It is {2 * i}.,{i % 6}" for i in range(60))]
    (tmp_path / "scores.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    annotations(tmp_path / "DIR/one.json", [1, 2, 2, 2, 1, 1.5])
    annotations(tmp_path / "DIR/other.json", [1, 2, 2, 1, 1, 2])
    points = ["set,n,value,error,seed", *(f"mine,{100 * 2**i},{10 + 2 * i},1,0" for i in range(5))]
    for name in ("points.csv", "FILE.csv"):
        (tmp_path / name).write_text("\n".join(points) + "\n", encoding="utf-8")
    labelled = ["prompt,C,L", *(f"p{i},{i % 6},{i % 2}" for i in range(40))]
    (tmp_path / "SCORES").write_text("\n".join(labelled) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("page", "words"), BLOCKS, ids=[f"{page}: {' '.join(words)}" for page, words in BLOCKS])
def test_the_program_takes_what_is_shown(page: str, words: Words, folder: Path) -> None:
    del page, folder
    take(words)


def test_what_it_would_not_take_is_found(folder: Path) -> None:
    del folder
    for words in (("rnu", "humpback/headline"), ("run", "humpback/headline", "--sedes", "0"), ("run",)):
        with pytest.raises(TyperException):
            take(words)


def test_words_between_others_name_commands_and_options_that_are_there() -> None:
    wrong = []
    app: Any = typer.main.get_command(complete())
    for page in PAGES:
        for found in BETWEEN.finditer((ROOT / page).read_text(encoding="utf-8")):
            words, command = found["words"].replace("|", " ").split(), app
            while words and isinstance(command, TyperGroup) and words[0] in command.commands:
                command = command.commands[words.pop(0)]
            if command is app and not words[0].startswith("--"):
                wrong.append(f"{page}: {found[0]}")
            options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
            wrong += [
                f"{page}: {found[0]}: no {word}"
                for word in words
                if word.startswith("--") and word.partition("=")[0] not in {*options, "--help"}
            ]
    assert wrong == []


STAND_INS: Mapping[Words, Words] = {
    ("compare", "FILE"): ("compare", "DIR/one.json"),
    ("compare", "LOGS", "LOGS"): ("compare", "DIR/one.json", "DIR/other.json"),
    ("agree", "FILE"): ("agree", "DIR/one.json", "DIR/other.json"),
    ("agree", "FILE", "FILE"): ("agree", "DIR/one.json", "DIR/other.json"),
    ("data", "stats", "oasst1", "my-pairs.json"): ("data", "stats", "pairs.json", "my-pairs.json"),
}
"""What is run in the place of a command with words that stand for something."""
RUN = {
    *(
        "list",
        "data list",
        "data diversity FILE",
        "leaderboard DIR",
        "data stats FILE",
        "data read pairs.json",
        "show FILE",
    ),
    *(
        "fit FILE.csv",
        "fit points.csv --out figures",
        "fit --published",
        "selectors SCORES --column C --at-least 4 --label L",
    ),
    *(" ".join(words) for words in STAND_INS),
    "plan humpback/headline --setup micro",
    "plan humpback/headline --set sft.learning_rate=2e-4 --set selection.at_least=4",
}
"""Those that take seconds, on a file or none. The others train, ask a server, wait for somebody or write a whole
experiment; each has tests of its own."""
SECONDS = sorted({words for _, words in BLOCKS if " ".join(words) in RUN})


def test_all_that_are_to_be_run_are_shown() -> None:
    assert {" ".join(words) for words in SECONDS} == RUN


@pytest.mark.parametrize("words", SECONDS, ids=" ".join)
def test_what_takes_seconds_runs_as_it_is_shown(words: Words, folder: Path) -> None:
    del folder
    done = succeed(*STAND_INS.get(words, words))
    assert len(done.output.splitlines()) > 1
    assert "Traceback" not in done.output


def test_an_artifact_is_shown_and_exported_by_the_words_of_the_page(
    folder: Path, tiny: Setup, made: Callable[[Artifact], Path], shared_store: Store
) -> None:
    path = made(curated(tiny, by=seed_model(tiny)))
    shows, exports = (
        ("show", "artifacts/selected/NAME"),
        "data export artifacts/selected/NAME --as messages --out curated",
    )
    every = {words for _, words in BLOCKS}
    assert {shows, tuple(exports.split())} <= every
    assert "selected/" in succeed(*(word.replace("artifacts/selected/NAME", str(path)) for word in shows)).output
    succeed(*exports.replace("artifacts/selected/NAME", str(path)).split())
    assert any((folder / "curated").iterdir())
    assert shared_store.root in path.parents


class Stopped(Exception):
    """Before the first stage."""


@pytest.mark.parametrize(
    "words",
    [
        ("run", "humpback/headline", "--setup", "micro", "--seeds", "0,1,2"),
        ("run", "alpagasus/headline", "--set", "sft.duration.n=1"),
        ("run", "humpback/headline", "--grid", "selection.at_least=3,4,5", "--arm", "M1"),
    ],
    ids=" ".join,
)
def test_a_run_gets_to_its_first_stage(words: Words, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise Stopped

    assert words in {words for _, words in BLOCKS}
    monkeypatch.setattr("humpback.runs.executor._ready", stop)
    with pytest.raises(Stopped):
        succeed(*words)
    begun = list((folder / "artifacts/.runs").rglob("*.json"))
    assert json.loads(begun[0].read_text(encoding="utf-8"))["words"]["command"].startswith("humpback run ")
