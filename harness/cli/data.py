"""`humpback data list | pull | read | segment | filter | export`: public files in, clean sets out.

Every set that is made here is an artifact of the store, the very one that an experiment on the same files uses.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from humpback.cli.terminal import Terminal
from humpback.core.expression import Artifact
from humpback.core.machine import Machine, load_machine
from humpback.core.store import RECORD, read_record
from humpback.spec.curation import Sample, Selected, Uniform
from humpback.spec.data import Examples, Segments
from humpback.spec.files import (
    Deduplicated,
    EveryTurn,
    FirstTurn,
    InstructionSet,
    OpenAssistant,
    PromptSet,
    Scored,
    WebPages,
)
from humpback.spec.languages import language_code

data = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Public sets, seed data, web pages, filters, exports."
)

Files = Annotated[
    list[str], typer.Argument(help="Files, folders, patterns, or names that `data list` shows.", show_default=False)
]
StoreFolder = Annotated[Path | None, typer.Option("--store", help="Folder of the artifacts.", show_default="artifacts")]
DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the public files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Number = Annotated[int | None, typer.Option("--n", min=1, help="So many, drawn uniformly; all where it is left out.")]
Draw = Annotated[int, typer.Option("--draw", min=0, help="Which random draw.")]
DATA = Path("data")


@data.command("list")
def list_(folder: DataFolder = DATA, as_json: AsJson = False) -> None:
    """Public files: what each is, its licence, whether it is here."""
    from humpback.inputs.pull import status

    found = status(folder)
    if as_json:
        rows = [{**vars(one.published), "here": one.path is not None, "problem": one.problem} for one in found]
        typer.echo(json.dumps(rows, indent=1, default=str))
        return
    for one in found:
        row = one.published
        size = f"{one.bytes / 1e6:,.1f} MB" if one.bytes else "size not known"
        here = f"here{f', but {one.problem}' if one.problem else ''}" if one.path else "not here"
        typer.echo(f"{row.name}\n    {row.what}\n    {row.licence}; {size}; {here}")
    typer.echo("humpback data pull NAME brings one; sets under a non-commercial licence say so when they come")


@data.command()
def pull(
    names: Annotated[list[str], typer.Argument(help="Names that `data list` shows.", show_default=False)],
    mirror: Annotated[Path | None, typer.Option("--from", help="A folder that holds the files already.")] = None,
    folder: DataFolder = DATA,
) -> None:
    """Bring public files here, resumed and verified."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

    from humpback.inputs.pull import pull as bring
    from humpback.spec.sources import published

    rows = [published(name) for name in names]
    console = Terminal(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    for row in rows:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
            task = bars.add_task(row.name, total=row.bytes)

            def report(done: int, total: int | None, task: TaskID = task) -> None:
                bars.update(task, completed=done, total=total)

            got = bring(row, folder, mirror=mirror, report=report)
        told = f", {got.rows:,} rows" if got.rows is not None else ""
        typer.echo(f"{row.name}: {got.bytes:,} bytes{told}, checksum {got.sha256[:16]}, {got.path} ({got.came})")
        typer.echo(f"    licence: {row.licence}")
        if row.noncommercial:
            typer.echo("    NOT FOR COMMERCIAL USE: this holds for what is trained on it or selected from it too")
        if got.aside:
            typer.echo(f"    the file that lay there was something else and is kept as {got.aside}")


@data.command()
def read(
    files: Files,
    n: Number = None,
    prompts: Annotated[bool, typer.Option("--prompts", help="Prompts to answer: an output may be missing.")] = False,
    language: Annotated[
        str, typer.Option("--language", help="Of Open Assistant's conversations; any takes all.")
    ] = "en",
    every_turn: Annotated[
        bool, typer.Option("--every-turn", help="Every human turn of a conversation, as Guanaco.")
    ] = False,
    draw: Draw = 0,
    folder: DataFolder = DATA,
    store: StoreFolder = None,
    as_json: AsJson = False,
) -> None:
    """Instruction sets or prompts in any layout, as one clean set. With counts at each step."""
    given, machine = _given(files, folder, store)
    _make(_examples(given, machine, n, prompts, language, every_turn, draw), machine, as_json)


@data.command()
def segment(
    files: Files,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the segments as a Parquet dataset here.")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="A code such as en, zh, pt-BR; or any.")] = "en",
    duplicates: Annotated[bool, typer.Option("--keep-duplicates", help="Do not look for near-duplicates.")] = False,
    folder: DataFolder = DATA,
    store: StoreFolder = None,
    as_json: AsJson = False,
) -> None:
    """Web pages to segments, every rejected one with its reason. Pages are WARC, HTML, JSON Lines or Parquet."""
    given, machine = _given(files, folder, store)
    segments = Segments(WebPages(given), language=language_code(language, "--language"))
    target: Examples = segments if duplicates else Deduplicated(segments)
    made = _make(target, machine, as_json, also=() if duplicates else (segments,))
    if out is not None:
        from humpback.export.datasets import export_dataset
        from humpback.export.layouts import Parquet

        done = export_dataset(made, out, Parquet())
        typer.echo(f"wrote {done.rows:,} segments to {out}")


@data.command("filter")
def filter_(
    files: Files,
    column: Annotated[str, typer.Option("--column", help="Field of the score.", show_default=False)],
    scores: Annotated[
        str | None,
        typer.Option("--scores", help="File of the scores, a row for each row.", show_default="the same file"),
    ] = None,
    at_least: Annotated[float, typer.Option("--at-least", help="Threshold.")] = 4.5,
    n: Number = None,
    draw: Draw = 0,
    figure: Annotated[Path | None, typer.Option("--figure", help="Folder for the histogram as SVG and PNG.")] = None,
    folder: DataFolder = DATA,
    store: StoreFolder = None,
) -> None:
    """AlpaGasus: keep what is scored at the threshold or better. The same-size random control is made beside it."""
    from humpback.analysis.datasets import coding
    from humpback.analysis.datasets import scores as histograms
    from humpback.core.tables import EXAMPLES, Example
    from humpback.core.tables import read as rows_of

    given, machine = _given(files, folder, store)
    score_files, more = _given([scores], folder, store) if scores else (given[:1], machine)
    machine = replace(machine, files=(*machine.files, *more.files))
    rated = Scored(InstructionSet(given), score_files[0], column)
    kept: Examples = Selected(rated, at_least=at_least)
    if n is not None:
        kept = Sample(kept, n, draw)
    console = Terminal()
    where = _made(kept, machine)
    control = _made(Uniform(rated, as_many_as=kept, draw=draw), machine)
    table = _made(rated, machine) / EXAMPLES
    found = histograms.histogram(histograms.scores_in(table), threshold=at_least)
    console.print(histograms.as_text(found))
    ids = {row.id for row in rows_of(where / EXAMPLES, Example)}
    counted = coding.coding(rows_of(table, Example), kept=lambda row: row.id in ids)
    console.print("\nabout code (AlpaGasus's keywords):")
    console.print(coding.as_text(counted))
    console.print(f"\nkept     {where}\ncontrol  {control}")
    if figure is not None:
        from humpback.analysis.datasets import data_figures
        from humpback.analysis.layout.drawing import save

        figure.mkdir(parents=True, exist_ok=True)
        names = " ".join(Path(one).name for one in files)
        beside = f" --scores {Path(scores).name}" if scores else ""
        command = f"humpback data filter {names}{beside} --column {column} --at-least {at_least:g}"
        save(data_figures.histogram_figure(found, command), figure, "scores", command)
        console.print(f"figure   {figure}/scores.svg, .png, .pdf")


@data.command()
def export(
    artifact: Annotated[Path, typer.Argument(help="Folder of the artifact.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="A folder for the hub, or one file.", show_default=False)],
    layout: Annotated[
        str, typer.Option("--as", help="alpaca, messages, sharegpt or parquet; a model needs none.")
    ] = "messages",
    base: Annotated[
        Path | None, typer.Option("--base", help="Folder of an adapter's base, where that is not on the hub.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what an export wrote there.")] = False,
) -> None:
    """A set or a model, with a card, as other programs load it."""
    from humpback.export.datasets import export_dataset
    from humpback.export.layouts import layout_named
    from humpback.export.models import export_model
    from humpback.spec.sources import SOURCES

    # By checksum too, so that somebody's own copy of a public file is known for what it is.
    licence_of = {key: row.licence for row in SOURCES.values() for key in (row.name, row.sha256) if key}.get
    if not any(artifact.glob("*.safetensors")):
        done = export_dataset(artifact, out, layout_named(layout), licence_of=licence_of, overwrite=overwrite)
        typer.echo(f"wrote {done.rows:,} examples to {done.path}")
    else:
        done = export_model(artifact, out, base, licence_of=licence_of, overwrite=overwrite)
        typer.echo(f"wrote the model to {done.path}")
    for notice in done.notices:
        typer.echo(f"    {notice}")


def _given(files: list[str], folder: Path, store: Path | None) -> tuple[tuple[Any, ...], Machine]:
    """The files by checksum, and a machine that knows where they lie."""
    from humpback.inputs.user_file import named_files

    overrides: dict[str, Any] = {"data": str(folder), **({"store": str(store)} if store else {})}
    found, places = named_files(files, folder)
    return found, load_machine(None, **overrides, files=places)


def _examples(
    given: tuple[Any, ...], machine: Machine, n: int | None, prompts: bool, language: str, every_turn: bool, draw: int
) -> Examples:
    from humpback.inputs.locate import located
    from humpback.readers.open_assistant import is_open_assistant

    if prompts:
        return PromptSet(given, n, draw=draw)
    if is_open_assistant(located(given[0], machine)):
        turns = EveryTurn() if every_turn else FirstTurn()
        return OpenAssistant(given, n, language_code(language, "--language"), turns=turns, draw=draw)
    return InstructionSet(given, n, draw)


def _made(target: Artifact, machine: Machine) -> Path:
    from humpback.runs.build_one import made

    return made(target, machine, Terminal(stderr=True))


def _make(target: Artifact, machine: Machine, as_json: bool, also: tuple[Artifact, ...] = ()) -> Path:
    where = _made(target, machine)
    counts = {one.slug: read_record(_made(one, machine) / RECORD)["counts"] for one in (*also, target)}
    if as_json:
        typer.echo(json.dumps({"artifact": str(where), "counts": counts}, indent=1))
        return where
    for name, each in counts.items():
        typer.echo(f"{name}: " + ", ".join(f"{_key(key)} {value:,}" for key, value in each.items()))
    typer.echo(f"{where}\nhumpback show reads it, humpback data export writes it for other programs")
    return where


def _key(name: str) -> str:
    """A count's name for people; a field's name in it stays as the file spells it."""
    return name if name.startswith("left aside") else name.replace("_", " ")
