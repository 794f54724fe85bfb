"""`humpback data list | pull | read | segment | filter | export`: public files in, clean sets out.

Every set that is made here is an artifact of the store, the very one that an experiment on the same files uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer, echo

from humpback.cli.app import (
    DATA,
    HERE,
    AsJson,
    DataFolder,
    Locations,
    app,
    build,
    command,
    counts_line,
    name_files,
    print_json,
    save_figure,
)
from humpback.cli.terminal import Terminal
from humpback.core.machine import Machine
from humpback.core.store import RECORD, read_record
from humpback.spec.curation import RandomControl, Sample, Selected
from humpback.spec.data import Examples, Segments
from humpback.spec.files import (
    Deduplicated,
    InstructionSet,
    PromptSet,
    Scored,
    WebPages,
)
from humpback.spec.languages import language_code

data = Typer(no_args_is_help=True, rich_markup_mode=None, help="Public sets, seed data, web pages, filters, exports.")
app.add_typer(data, name="data")

Files = Annotated[list[str], Argument(help="Files, folders, patterns, or names that `data list` shows.")]
Number = Annotated[int | None, Option(min=1, help="So many, drawn uniformly; all where it is left out.")]
Draw = Annotated[int, Option(min=0, help="Which random draw.")]


@command("list", to=data)
def list_(folder: DataFolder = DATA, as_json: AsJson = False) -> None:
    """Public files: what each is, its licence, whether it is here."""
    from humpback.inputs.pull import status

    found = status(folder)
    if as_json:
        rows = [{**vars(one.file), "here": one.path is not None, "problem": one.problem} for one in found]
        print_json(rows)
        return
    for one in found:
        row = one.file
        size = f"{one.bytes / 1e6:,.1f} MB" if one.bytes else "size not known"
        here = f"here{f', but {one.problem}' if one.problem else ''}" if one.path else "not here"
        echo(f"{row.name}\n    {row.what}\n    {row.licence}; {size}; {here}")
    echo("humpback data pull NAME brings one; sets under a non-commercial licence say so when they come")


@command(to=data)
def pull(
    names: Annotated[list[str], Argument(help="Names that `data list` shows.")],
    mirror: Annotated[Path | None, Option("--from", help="A folder that holds the files already.")] = None,
    folder: DataFolder = DATA,
) -> None:
    """Bring public files here, resumed and verified."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

    from humpback.inputs.pull import pull as bring
    from humpback.spec.sources import public_file

    rows = [public_file(name) for name in names]
    console = Terminal(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    for row in rows:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
            task = bars.add_task(row.name, total=row.bytes)

            def report(done: int, total: int | None, task: TaskID = task) -> None:
                bars.update(task, completed=done, total=total)

            got = bring(row, folder, mirror=mirror, report=report)
        told = f", {got.rows:,} rows" if got.rows is not None else ""
        echo(f"{row.name}: {got.bytes:,} bytes{told}, checksum {got.sha256[:16]}, {got.path} ({got.came})")
        echo(f"    licence: {row.licence}")
        if row.noncommercial:
            echo("    NOT FOR COMMERCIAL USE: this holds for what is trained on it or selected from it too")
        if got.aside:
            echo(f"    the file that lay there was something else and is kept as {got.aside}")


@command(to=data)
def read(
    files: Files,
    n: Number = None,
    prompts: Annotated[bool, Option("--prompts", help="Prompts to answer: an output may be missing.")] = False,
    language: Annotated[str, Option(help="Of Open Assistant's conversations; any takes all.")] = "en",
    every_turn: Annotated[bool, Option("--every-turn", help="Every human turn of a conversation, as Guanaco.")] = False,
    draw: Draw = 0,
    locations: Locations = HERE,
    as_json: AsJson = False,
) -> None:
    """Instruction sets or prompts in any layout, as one clean set. With counts at each step."""
    from humpback.inputs.locate import resolve_file
    from humpback.readers.sets import set_of

    found, machine = name_files(files, locations.load())
    target: Examples = PromptSet(found, n, draw=draw)
    if not prompts:
        first, code = resolve_file(found[0], machine), language_code(language, "--language")
        target = set_of(found, first, n, language=code, every_turn=every_turn, draw=draw)
    _make(machine, as_json, target)


@command(to=data)
def segment(
    files: Files,
    out: Annotated[Path | None, Option(help="Also write the segments as a Parquet dataset here.")] = None,
    language: Annotated[str, Option(help="A code such as en, zh, pt-BR; or any.")] = "en",
    duplicates: Annotated[bool, Option("--keep-duplicates", help="Do not look for near-duplicates.")] = False,
    locations: Locations = HERE,
    as_json: AsJson = False,
) -> None:
    """Web pages to segments, every rejected one with its reason. Pages are WARC, HTML, JSON Lines or Parquet."""
    found, machine = name_files(files, locations.load())
    pages = WebPages(found)
    segments = Segments(pages, language=language_code(language, "--language"))
    # The pages are named too: what of the files is no page, or cannot be read, is counted there.
    folder = _make(machine, as_json, pages, segments, *([] if duplicates else [Deduplicated(segments)]))
    if out is not None:
        from humpback.export.datasets import export_dataset

        done = export_dataset(folder, out, "parquet")
        echo(f"wrote {done.rows:,} segments to {out}")


@command("filter", to=data)
def filter_(
    files: Files,
    column: Annotated[str, Option(help="Field of the score.")],
    scores: Annotated[
        str | None, Option(help="File of the scores, a row for each row.", show_default="the same file")
    ] = None,
    at_least: Annotated[float, Option(help="Threshold.")] = 4.5,
    n: Number = None,
    draw: Draw = 0,
    figure: Annotated[Path | None, Option(help="Folder for the histogram as SVG and PNG.")] = None,
    locations: Locations = HERE,
) -> None:
    """AlpaGasus: keep what is scored at the threshold or better. The same-size random control is made beside it."""
    from humpback.analysis.datasets import coding
    from humpback.analysis.datasets import scores as histograms
    from humpback.core.tables import EXAMPLES, Example
    from humpback.core.tables import read as rows_of

    found, machine = name_files(files, locations.load())
    (score_file, *_), machine = name_files([scores], machine) if scores else (found, machine)
    rated = Scored(InstructionSet(found), score_file, column)
    selected: Examples = Selected(rated, at_least=at_least)
    if n is not None:
        selected = Sample(selected, n, draw)
    folder = build(selected, machine)
    control = build(RandomControl(rated, same_size_as=selected, draw=draw), machine)
    table = build(rated, machine) / EXAMPLES
    histogram = histograms.histogram(histograms.scores_in(table), threshold=at_least)
    ids = {row.id for row in rows_of(folder / EXAMPLES, Example)}
    about_code = coding.coding(rows_of(table, Example), selected=lambda row: row.id in ids)
    echo(histograms.as_text(histogram))
    echo(f"\nabout code (AlpaGasus's keywords):\n{coding.as_text(about_code)}")
    echo(f"\nkept     {folder}\ncontrol  {control}")
    if figure is not None:
        from humpback.analysis.datasets import data_figures

        names = " ".join(Path(one).name for one in files)
        beside = f" --scores {Path(scores).name}" if scores else ""
        words = f"humpback data filter {names}{beside} --column {column} --at-least {at_least:g}"
        drawing = data_figures.histogram_figure(histogram, words)
        echo(f"figure   {save_figure(drawing, figure, 'scores', words, '--figure')}")


@command(to=data)
def export(
    artifact: Annotated[Path, Argument(help="Folder of the artifact.")],
    out: Annotated[Path, Option(help="A folder for the hub, or one file.")],
    layout: Annotated[
        str, Option("--as", help="alpaca, messages, sharegpt or parquet; a model needs none.")
    ] = "messages",
    base: Annotated[Path | None, Option(help="Folder of an adapter's base, where that is not on the hub.")] = None,
    overwrite: Annotated[bool, Option("--overwrite", help="Replace what an export wrote there.")] = False,
) -> None:
    """A set or a model, with a card, as other programs load it."""
    from humpback.export.datasets import export_dataset
    from humpback.export.models import export_model
    from humpback.spec.sources import SOURCES

    # By checksum too, so that somebody's own copy of a public file is known for what it is.
    licence_of = {key: row.licence for row in SOURCES.values() for key in (row.name, row.sha256) if key}.get
    if not any(artifact.glob("*.safetensors")):
        done = export_dataset(artifact, out, layout, licence_of=licence_of, overwrite=overwrite)
        echo(f"wrote {done.rows:,} examples to {done.path}")
    else:
        done = export_model(artifact, out, base, licence_of=licence_of, overwrite=overwrite)
        echo(f"wrote the model to {done.path}")
    for notice in done.notices:
        echo(f"    {notice}")


def _make(machine: Machine, as_json: bool, *sets: Examples | WebPages) -> Path:
    """Build sets, each after what it needs, and say what came of them; the folder of the last."""
    folders = {one.slug: build(one, machine) for one in sets}
    counts = {name: read_record(folder / RECORD).counts for name, folder in folders.items()}
    *_, last = folders.values()
    if as_json:
        print_json({"artifact": str(last), "counts": counts})
        return last
    for name, each in counts.items():
        echo(f"{name}: {counts_line(each)}")
    echo(f"{last}\nhumpback show reads it, humpback data export writes it for other programs")
    return last
