"""`humpback report`: everything that a setup has shown, and what it could, as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option, echo

from humpback.cli.app import ExperimentsFolder, command, writing
from humpback.core.expression import FieldError
from humpback.core.store import StoreError

if TYPE_CHECKING:
    from humpback.analysis.report.results_files import Declaration, Quoted
    from humpback.experiments.catalogue import Declared, Experiment
    from humpback.experiments.setups.base import Setup

_MADE = Path("artifacts") / "results"
"""Where `humpback run` writes when it is not told."""


@command()
def report(
    setup: Annotated[str, Option(help="Whose results.")] = "micro",
    results: Annotated[
        Path | None, Option(help="Folder of tables and figures.", show_default="artifacts/results")
    ] = None,
    out: Annotated[Path | None, Option(help="The page.", show_default="<results>/<setup>/report.html")] = None,
    own: ExperimentsFolder = None,
) -> None:
    """One HTML page of all that was run on a setup. Each claim with its table, figure, verdict, command, cost,
    lineage and samples."""
    from humpback.analysis.report.page import build_report

    # What somebody's own files, or settings, are is not declared anywhere: it is told from the results alone.
    plain, plus, _ = setup.partition("+")
    told = plain == "files" or bool(plus)
    declared = [] if told else _declared(setup, own)
    folder = _folder(setup, results)
    if told and not folder.is_dir():
        there = sorted(one.name for one in folder.parent.glob(f"{plain}*") if one.is_dir())
        hint = f"; there are {', '.join(there)}" if there else ""
        said = " --set PATH=VALUE" if plus else ""
        raise StoreError(
            f"{folder}: there are no results{hint}; humpback run EXPERIMENT --setup {plain}{said} makes them"
        )
    page = build_report(setup, folder, declared)
    target = out or folder / "report.html"
    with writing(target.parent, "--out"):
        target.write_text(page.html, encoding="utf-8")
    counts = ", ".join(f"{n} {kind.words}" for kind, n in page.tally) or "no claims"
    size = target.stat().st_size / 1e6
    echo(f"wrote {target} ({size:.1f} MB): {page.ran} of {page.experiments} experiments; claims: {counts}")


def _folder(setup: str, results: Path | None) -> Path:
    if results is None:
        return _MADE / setup
    if not results.is_dir():
        raise StoreError(
            f"{results}: there is no such folder of results; humpback run humpback/headline --setup {setup} "
            f"--results {results} makes it"
        )
    return results / setup


def _declared(name: str, own: Path | None) -> list[Declaration]:
    """Every experiment on the setup.

    Raises:
        UnknownName: for a setup that is not there.
    """
    from humpback.experiments.catalogue import experiment, experiment_names
    from humpback.experiments.catalogue import setup as setup_named

    chosen = setup_named(name)
    return [_declaration(experiment(one, own), chosen) for one in experiment_names(own)]


def _declaration(one: Experiment, setup: Setup) -> Declaration:
    from humpback.analysis.report.results_files import Declaration

    words = Declaration(one.name, one.claim, one.falsified, one.shows, f"humpback run {one.name} --setup {setup.name}")
    try:
        declared = one.on(setup, [0])
    except FieldError as error:
        return replace(words, note=str(error).removeprefix(f"{one.name} on {setup.name}: "))
    return replace(
        words,
        reference=next((arm.opponent for arm in declared.arms[0].values()), "reference"),
        claims=declared.claims,
        quoted=tuple(_quoted(declared)),
    )


def _quoted(declared: Declared) -> Iterator[Quoted]:
    """Every arm and measure, with the paper's numbers where they are cited."""
    from humpback.analysis.report.results_files import Quoted

    printed = declared.printed
    for name in dict.fromkeys([*declared.arms[0], *declared.measures[0], *printed]):
        for metric, value in printed.get(name, {"": None}).items():
            yield Quoted(name, metric, value)
