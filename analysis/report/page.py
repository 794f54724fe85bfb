"""The page: one HTML file without scripts that needs no network, of every experiment of a setup, run or not.

Set by jinja2 with escaping on for everything but the figures, which `inline_svg` has written anew. A policy in the head
forbids scripts and anything from elsewhere, so that what a model wrote could not run even where escaping failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from humpback.analysis.report.provenance import day, provenance_lines
from humpback.analysis.report.results_files import CONFIRMED, Declaration, ResultsFiles, read_results
from humpback.analysis.report.sections import ExperimentSection, section
from humpback.analysis.report.verdicts import HOLDS, NOT_RUN, REPLICATED, Kind, tally
from humpback.analysis.tables.sheets import WORDS

PAPERS = {
    CONFIRMED: ("Confirmed", "claims, seeds and sizes were registered before the run, and it was made once"),
    "humpback": ("Humpback", "Self-Alignment with Instruction Backtranslation, arXiv 2308.06259"),
    "alpagasus": ("AlpaGasus", "Training a Better Alpaca with Fewer Data, arXiv 2307.08701"),
}
"""Titles of the groups, in their order; experiments of other folders stand under the folder's name."""
STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Group:
    """The experiments of one paper."""

    key: str
    title: str
    about: str
    sections: tuple[ExperimentSection, ...]


@dataclass(frozen=True)
class Report:
    """What was built."""

    html: str
    tally: tuple[tuple[Kind, int], ...]
    """Claims by kind of verdict."""
    ran: int
    """Experiments with results."""
    experiments: int


@dataclass(frozen=True)
class SampleLink:
    """One judgement behind an experiment's numbers, where its samples can be looked at."""

    seed: str
    judgement: str
    """Head of its fingerprint."""
    counts: tuple[tuple[str, int], ...]
    """Prompts by verdict, under the names of the filters; none where it is not finished."""
    than: str = ""
    """Head of the fingerprint of the judgement beside which it stands."""


@dataclass(frozen=True)
class Served:
    """What a page that is served has beside one in a file."""

    store: str
    """Name of the store's folder."""
    setups: tuple[str, ...]
    """Those with a report."""
    state: str
    """A checksum that changes with the store."""
    links: Mapping[str, Mapping[str, Sequence[SampleLink]]]
    """By experiment and arm."""
    so_far: Mapping[str, str]
    """By experiment that is not finished, how much of it is."""


def environment() -> Environment:
    """The templates of the report and of the pages of a store, everything escaped."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def build_report(setup: str, folder: Path, declared: Sequence[Declaration]) -> Report:
    """The page of `results/<setup>`, with what was declared and not run.

    Raises:
        StoreError: naming a file of the results that cannot be read.
    """
    return report_of(setup, read_results(folder), declared)


def report_of(
    setup: str, files: Mapping[str, ResultsFiles], declared: Sequence[Declaration] = (), served: Served | None = None
) -> Report:
    """The page of results by experiment, with what was declared and not run; of a store's server, where `served` says
    what it has beside.

    Raises:
        StoreError: for a figure that is no SVG.
    """
    by_name = {one.name: one for one in declared}
    sections = [section(by_name.get(name), files.get(name)) for name in dict.fromkeys([*by_name, *files])]
    asked = [one for one in sections if one.declared.name != CONFIRMED]
    lines = [line for one in asked for line in one.claims]
    tested = [line.kind for line in lines if line.kind is not NOT_RUN]
    counts = tally(line.counted for line in lines)
    finished = max((str(one.made.get("finished") or "") for one in files.values()), default="")
    html = (
        environment()
        .get_template("page.html")
        .render(
            setup=setup,
            groups=_groups(sections),
            tally=counts,
            ran=len(files.keys() - {CONFIRMED}),
            experiments=len(asked),
            finished=day(finished),
            lost_held=sum(line.lost and line.kind in (HOLDS, REPLICATED) for line in lines),
            with_p=any(one.with_p for one in sections),
            tested=len(tested),
            held=sum(kind in (HOLDS, REPLICATED) for kind in tested),
            css=(STATIC / "page.css").read_text(encoding="utf-8"),
            provenance_lines=provenance_lines,
            word_columns=WORDS,
            served=served,
        )
    )
    return Report(html, counts, len(files.keys() - {CONFIRMED}), len(asked))


def _groups(sections: Iterable[ExperimentSection]) -> list[Group]:
    papers: dict[str, list[ExperimentSection]] = {name: [] for name in PAPERS}
    for one in sections:
        papers.setdefault(one.declared.name.split("/")[0], []).append(one)
    return [
        Group(name, *PAPERS.get(name, (name, "")), tuple(sorted(those, key=_place)))
        for name, those in papers.items()
        if those
    ]


def _place(one: ExperimentSection) -> tuple[int, int, str]:
    """As in a paper's list of contents: tables, figures, then what it says in its text; those with a number first."""
    shows = re.match(r"(table|figure)s?\b\s*(\d+)?", one.declared.shows.lower())
    if not shows:
        return 2, 0, one.declared.name
    return int(shows[1] == "figure"), int(shows[2] or 99), one.declared.name
