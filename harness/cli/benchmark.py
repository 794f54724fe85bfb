"""`humpback benchmark MODEL --tasks NAME,...`: the papers' NLP benchmarks, any other of lm-eval, or one's own."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from humpback.cli.terminal import Terminal
from humpback.core.expression import FieldError, expression
from humpback.core.machine import Machine, load_machine
from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.spec.benchmarks import SETS, AnyTask, Benchmarked, MicroFacts, Task
from humpback.spec.micro_world import World
from humpback.spec.template import Model


@dataclass(frozen=True)
class _Answered:
    """The outcome of one task."""

    name: str
    shots: int | None
    """As asked; None is the task's own number."""
    folder: Path | None = None
    missing: str = ""
    """Why it was not run."""

    def __str__(self) -> str:
        shots = "" if self.shots is None else f", {self.shots} shots"
        return f"not run: {self.name}{shots}: {one_line(self.missing)}"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(benchmark)


def benchmark(
    model: Annotated[str, typer.Argument(help="An artifact's folder, a transformers folder, or a hub name.")],
    tasks: Annotated[
        str,
        typer.Option(
            "--tasks",
            help=f"With commas between: {', '.join(SETS)}, micro, lm-eval's names, or YAML files of your own.",
        ),
    ],
    shots: Annotated[int | None, typer.Option("--shots", min=0, help="Examples shown; else each task's own.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only so many items of each, to try out.")] = None,
    chat_template: Annotated[bool, typer.Option("--chat-template", help="Ask as a user's message.")] = False,
    run_model_code: Annotated[
        bool, typer.Option("--run-model-code", help="Let humaneval and its like run what the model writes.")
    ] = False,
    beside: Annotated[
        Path | None, typer.Option("--beside", help="CSV with label, task, value (and shots) to print beside.")
    ] = None,
    machine: Annotated[Path | None, typer.Option("--machine", help="A TOML file that says where stages run.")] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="Folder of the artifacts.", show_default="the model's, or artifacts")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """A model on NLP benchmarks, through lm-eval. Value, standard error, n and version of each task."""
    from humpback.runs.build_one import made
    from humpback.runs.load import named_model

    others = _beside(beside)
    named = named_model(model)
    if store and named.store and store.resolve() != named.store:
        raise StoreError(f"{model} lies in the store {named.store}; leave --store out, or give that one")
    where = load_machine(machine, store=str(store or named.store or "artifacts"))
    asked, mapped = _asked(tasks, shots, named.model)
    where = replace(where, files=(*where.files, *named.files, *mapped))
    nodes = [
        Benchmarked(named.model, (task,), count, chat_template, limit, run_model_code=run_model_code and _unsafe(task))
        for task, count in asked
    ]
    found = _without_missing(nodes, where)
    console = Terminal(stderr=True)
    for one in found:
        if one.missing:
            console.print(str(one))
    results = []
    for node, one in zip(nodes, found, strict=True):
        if not one.missing:
            try:
                one = replace(one, folder=made(node, where, console))
            except StoreError as error:
                one = replace(one, missing=str(error))
                console.print(str(one))
        results.append(one)
    _print(results, others, as_json)
    if any(one.missing for one in results):
        raise typer.Exit(1)


def _asked(text: str, shots: int | None, model: Model) -> tuple[list[tuple[AnyTask, int | None]], tuple[Any, ...]]:
    """Tasks with their shots, each once, and where the files of local ones lie."""
    from humpback.evals.task_files import local_task

    found: dict[tuple[AnyTask, int | None], None] = {}
    mapped: list[tuple[str, str]] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name in SETS:
            for one in SETS[name]:
                found.update(dict.fromkeys((Task(task), one.shots if shots is None else shots) for task in one.tasks))
        elif name == "micro":
            found[MicroFacts(_world(model)), shots] = None
        elif name.endswith((".yaml", ".yml")):
            if not Path(name).is_file():
                raise FieldError(f"--tasks: there is no file {name}")
            local, files = local_task(Path(name))
            found[local, shots] = None
            mapped += files
        else:
            found[Task(name), shots] = None
    if not found:
        raise FieldError(f"--tasks is {text!r}; it takes names with commas between")
    return list(found), tuple(mapped)


def _world(model: Model) -> World:
    """The world whose texts the model read, or the first one."""

    def search(value: Any) -> World | None:
        if isinstance(value, dict) and value.get("class") == "World":
            return World(**{key: one for key, one in value.items() if key != "class"})
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return next((world for world in map(search, inside) if world), None)

    return search(expression(model)) or World()


def _unsafe(task: AnyTask) -> bool:
    """Whether the permission concerns this task, so that it enters no other's identity."""
    from humpback.evals.tasks import leaves, shipped

    if isinstance(task, MicroFacts):
        return False
    if not isinstance(task, Task):
        return True
    index = shipped().task_index
    return task.name in index and any((entry.cfg or {}).get("unsafe_code") for entry in leaves(index, task.name))


def _without_missing(nodes: list[Benchmarked], machine: Machine) -> list[_Answered]:
    """What cannot be had, found out before a model is loaded. What is done already is not looked at."""
    from humpback.core.store import Store
    from humpback.evals.tasks import Missing, opened
    from humpback.inputs.locate import located

    kept = Store(Path(machine.store))
    found = []
    for node in nodes:
        (task,) = node.tasks
        answered = _Answered(task.name, node.shots)
        if kept.state(node).word != "done":
            with TemporaryDirectory() as place:
                (one,) = opened(
                    node.tasks,
                    Path(place),
                    lambda file: located(file, machine),
                    chat_template=node.chat_template,
                    run_model_code=node.run_model_code,
                )
            if isinstance(one, Missing):
                answered = replace(answered, missing=one.reason)
        found.append(answered)
    return found


def _beside(path: Path | None) -> list[dict[str, str]]:
    if path is None:
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, IsADirectoryError, csv.Error) as error:
        raise FieldError(f"--beside {path}: no CSV in UTF-8 ({error})") from error
    for number, row in enumerate(rows, 2):
        try:
            float(row["value"])
            row["label"], row["task"]
        except (KeyError, TypeError, ValueError):
            raise FieldError(f"{path.name}, line {number}: {row}; it takes label, task and value (a number)") from None
    return rows


def _print(results: list[_Answered], others: list[dict[str, str]], as_json: bool) -> None:
    from humpback.analysis.layout.text_table import DASH, aligned
    from humpback.stages.benchmark import BENCHMARKS

    told = {one: json.loads((one.folder / BENCHMARKS).read_text(encoding="utf-8")) for one in results if one.folder}
    if as_json:
        runs = [{"artifact": str(one.folder), **found} for one, found in told.items()]
        missing = [{"task": one.name, "shots": one.shots, "reason": one.missing} for one in results if one.missing]
        typer.echo(json.dumps({"runs": runs, "not_run": missing, "beside": others}, indent=1, ensure_ascii=False))
        return
    labels = list(dict.fromkeys(row["label"] for row in others))
    lines = []
    for one in results:
        if one.missing:
            asked = DASH if one.shots is None else str(one.shots)
            lines.append([one.name, "not run", DASH, DASH, DASH, asked, DASH, *[DASH] * len(labels)])
            continue
        found = told[one]
        for row in found["rows"]:
            kept = "" if row["filter"] == "none" else f" ({row['filter']})"
            error = DASH if row["standard_error"] is None else f"{row['standard_error']:.4f}"
            value = DASH if row["value"] is None else f"{row['value']:.4f}"
            n = DASH if row["n"] is None else f"{row['n']:,}{'' if found['limit'] is None else ' (limited)'}"
            shown = [next((other["value"] for other in others if _same(other, row, label)), DASH) for label in labels]
            texts = [DASH if row[key] is None else str(row[key]) for key in ("shots", "version")]
            lines.append([row["task"], row["metric"] + kept, value, error, n, *texts, *shown])
    typer.echo(aligned(["task", "metric", "value", "+-", "n", "shots", "version", *labels], lines, words=2))
    cut = sum(found["cut"] for found in told.values())
    if cut:
        typer.echo(f"{cut:,} requests were longer than the model's context, and their beginning was cut off")


def _same(other: dict[str, str], row: dict[str, Any], label: str) -> bool:
    shots = other.get("shots") or ""
    return other["label"] == label and other["task"] == row["task"] and shots in ("", str(row["shots"]))
