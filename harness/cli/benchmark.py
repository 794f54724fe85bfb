"""`humpback benchmark MODEL... --tasks NAME,...`: the papers' NLP benchmarks, any other of lm-eval, or one's own."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Exit, Option, echo

from humpback.cli.app import BESIDE_MODEL, AsJson, ModelLocations, build, command, print_json
from humpback.core.expression import FieldError, below, values_in
from humpback.core.machine import Machine
from humpback.core.store import Store, StoreError
from humpback.core.text import one_line
from humpback.spec.benchmarks import PULLED, SETS, AnyTask, Benchmarked, MicroFacts, PulledTask, Task
from humpback.spec.micro_world import World
from humpback.spec.template import Model

if TYPE_CHECKING:
    from humpback.analysis.judgements.logs.items import SystemLog


@command()
def benchmark(
    models: Annotated[
        list[str],
        Argument(help="Artifacts' folders, transformers folders or hub names; several are compared in pairs."),
    ],
    tasks: Annotated[
        str,
        Option(
            help=f"With commas between: {', '.join((*SETS, *PULLED))}, micro, others of lm-eval, or YAML of your own."
        ),
    ],
    shots: Annotated[int | None, Option(min=0, help="Examples shown; else each task's own.")] = None,
    limit: Annotated[int | None, Option(min=1, help="Only so many items of each, to try out.")] = None,
    chat_template: Annotated[bool, Option("--chat-template", help="Ask as a user's message.")] = False,
    run_model_code: Annotated[
        bool, Option("--run-model-code", help="Let humaneval and its like run what the model writes.")
    ] = False,
    beside: Annotated[Path | None, Option(help="CSV with label, task, value (and shots) to print beside.")] = None,
    locations: ModelLocations = BESIDE_MODEL,
    as_json: AsJson = False,
) -> None:
    """Models on NLP benchmarks, through lm-eval. Value, standard error, n and version of each task; of several models
    the paired difference of every two, with McNemar's test and Holm's correction over the tasks."""
    others = _beside(beside)
    if len(set(models)) < len(models):
        raise FieldError(f"{' '.join(models)}: a model is named twice; each is run once")
    machines: dict[Benchmarked, Machine] = {}
    names: dict[Benchmarked, str] = {}
    for name in models:
        asked, machine = locations.model(name)
        wanted, places = _asked(tasks, shots, asked)
        for task, count in wanted:
            unsafe = run_model_code and _unsafe(task)
            node = Benchmarked(asked, (task,), count, chat_template, limit, run_model_code=unsafe)
            if node in names:
                raise FieldError(f"{names[node]} and {name} are one model; each is run once")
            machines[node], names[node] = replace(machine, files=(*machine.files, *places)), name
    missing: dict[Benchmarked, str] = {}
    folders: dict[Benchmarked, Path] = {}

    def not_run(node: Benchmarked, reason: str) -> None:
        missing[node] = reason
        asked_shots = "" if node.shots is None else f", {node.shots} shots"
        echo(f"not run: {node.tasks[0].name}{asked_shots}: {one_line(reason)}", err=True)

    for node, machine in machines.items():  # what cannot be had is known before a model is loaded
        if reason := _lacking(node, machine):
            not_run(node, reason)
    for node, machine in machines.items():
        if node not in missing:
            try:
                folders[node] = build(node, machine)
            except StoreError as error:
                not_run(node, str(error))
    _print(names, folders, missing, others, as_json)
    if missing:
        raise Exit(1)


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
        elif name in PULLED:
            found[PULLED[name], shots] = None
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
    values = (value for artifact in below(model).values() for value in values_in(artifact))
    return next((value for value in values if isinstance(value, World)), World())


def _unsafe(task: AnyTask) -> bool:
    """Whether the permission concerns this task, so that it enters no other's identity."""
    from humpback.evals.tasks import shipped_tasks, single_tasks

    if isinstance(task, MicroFacts):
        return False
    if isinstance(task, PulledTask):
        return task.runs_model_code
    if not isinstance(task, Task):
        return True
    index = shipped_tasks().task_index
    return task.name in index and any((entry.cfg or {}).get("unsafe_code") for entry in single_tasks(index, task.name))


def _lacking(node: Benchmarked, machine: Machine) -> str:
    """Why the benchmark cannot be run here; "" where it can, or is done already."""
    from humpback.evals.tasks import Missing, open_tasks
    from humpback.inputs.locate import resolve_file

    if Store(Path(machine.store)).state(node).status == "done":
        return ""
    with TemporaryDirectory() as place:
        (task,) = open_tasks(
            node.tasks,
            Path(place),
            lambda file: resolve_file(file, machine),
            chat_template=node.chat_template,
            run_model_code=node.run_model_code,
        )
    return task.reason if isinstance(task, Missing) else ""


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


def _print(
    nodes: dict[Benchmarked, str],
    folders: dict[Benchmarked, Path],
    missing: dict[Benchmarked, str],
    others: list[dict[str, str]],
    as_json: bool,
) -> None:
    from humpback.analysis.judgements.logs import tables
    from humpback.analysis.judgements.logs.paired import compare_systems
    from humpback.analysis.layout.text_table import DASH, aligned, cell
    from humpback.stages.benchmark import BENCHMARKS

    found = {node: json.loads((folder / BENCHMARKS).read_text(encoding="utf-8")) for node, folder in folders.items()}
    if as_json:
        runs = [{"artifact": str(folders[node]), **one} for node, one in found.items()]
        not_run = [
            {"model": nodes[node], "task": node.tasks[0].name, "shots": node.shots, "reason": why}
            for node, why in missing.items()
        ]
        systems = _systems(nodes, folders)
        more = {"compared": tables.as_json(systems, compare_systems(systems))} if len(systems) > 1 else {}
        print_json({"runs": runs, "not_run": not_run, "beside": others, **more})
        return

    labels = list(dict.fromkeys(row["label"] for row in others))
    lines = []
    several = len(set(nodes.values())) > 1
    for node, name in nodes.items():
        if node in missing:
            shots = cell(node.shots, "")
            lines.append([name, node.tasks[0].name, "not run", DASH, DASH, DASH, shots, DASH, *[DASH] * len(labels)])
            continue
        for row in found[node]["rows"]:
            metric = row["metric"] + ("" if row["filter"] == "none" else f" ({row['filter']})")
            n = cell(row["n"], ",") + (" (limited)" if row["n"] is not None and node.limit is not None else "")
            beside = [next((other["value"] for other in others if _same(other, row, label)), DASH) for label in labels]
            numbers = cell(row["value"], ".4f"), cell(row["standard_error"], ".4f"), n
            lines.append(
                [name, row["task"], metric, *numbers, cell(row["shots"], ""), cell(row["version"], ""), *beside]
            )
    heads = ["model", "task", "metric", "value", "+-", "n", "shots", "version", *labels]
    # One model's name is known to whoever typed it.
    echo(aligned(heads, lines, words=3) if several else aligned(heads[1:], [line[1:] for line in lines], words=2))
    if len(systems := _systems(nodes, folders)) > 1:
        echo("\n" + tables.as_text(systems, compare_systems(systems)))
    if cut := sum(one["cut"] for one in found.values()):
        echo(f"{cut:,} requests were longer than the model's context, and their beginning was cut off")


def _systems(nodes: dict[Benchmarked, str], folders: dict[Benchmarked, Path]) -> list[SystemLog]:
    """Each model's samples, as `humpback compare` takes them."""
    from humpback.analysis.judgements.logs.items import SystemLog
    from humpback.analysis.judgements.logs.lm_eval import read_benchmarked

    found: dict[str, dict[str, Any]] = {}
    for node, folder in folders.items():
        asked = "" if node.shots is None else f", {node.shots} shots"
        of = found.setdefault(nodes[node], {})
        for log in read_benchmarked(folder):
            of[log.task + asked * (log.task in of)] = log
    return [SystemLog(name, tasks) for name, tasks in found.items()]


def _same(other: dict[str, str], row: dict[str, Any], label: str) -> bool:
    shots = other.get("shots") or ""
    return other["label"] == label and other["task"] == row["task"] and shots in ("", str(row["shots"]))
