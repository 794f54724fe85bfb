"""The page: one HTML file without scripts that needs no network, of every experiment of a setup, run or not.

Set by jinja2 with escaping on for everything but the figures, which `inline_svg` has written anew. A policy in the head
forbids scripts and anything from elsewhere, so that what a model wrote could not run even where escaping failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from humpback.analysis.layout.text_table import DASH
from humpback.analysis.report.material import Declaration, read_results
from humpback.analysis.report.sections import Section, section
from humpback.analysis.report.words import NOT_RUN, REPLICATED, WORDS, Word, duration, tally

PAPERS = {
    "humpback": ("Humpback", "Self-Alignment with Instruction Backtranslation, arXiv 2308.06259"),
    "alpagasus": ("AlpaGasus", "Training a Better Alpaca with Fewer Data, arXiv 2307.08701"),
}
"""Titles of the groups, in their order; experiments of other folders stand under the folder's name."""


@dataclass(frozen=True)
class Group:
    """The experiments of one paper."""

    key: str
    title: str
    about: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Page:
    """What was built."""

    html: str
    tally: tuple[tuple[Word, int], ...]
    """Claims by kind of verdict."""
    ran: int
    """Experiments with results."""
    experiments: int


def build(setup: str, folder: Path, declared: Sequence[Declaration]) -> Page:
    """The page of `results/<setup>`, with what was declared and not run.

    Raises:
        StoreError: naming a file of the results that cannot be read.
    """
    found = read_results(folder)
    by_name = {one.name: one for one in declared}
    sections = [section(by_name.get(name), found.get(name)) for name in dict.fromkeys([*by_name, *found])]
    words = [line.word for one in sections for line in one.claims]
    told = [word for word in words if word is not NOT_RUN]
    html = (
        _environment()
        .get_template("page.html")
        .render(
            setup=setup,
            groups=_groups(sections),
            tally=tally(words),
            ran=sum(one.ran for one in sections),
            experiments=len(sections),
            finished=_day(max((str(one.made.get("finished") or "") for one in sections), default="")),
            lost=sum(line.lost for one in sections for line in one.claims),
            with_p=any(one.with_p for one in sections),
            told=len(told),
            replicated=sum(word is REPLICATED for word in told),
            words=WORDS,
            css=(_TEMPLATES / "page.css").read_text(encoding="utf-8"),
        )
    )
    return Page(html, tally(words), sum(one.ran for one in sections), len(sections))


_TEMPLATES = Path(__file__).parent / "templates"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["facts"] = facts
    return made


def _groups(sections: Iterable[Section]) -> list[Group]:
    papers: dict[str, list[Section]] = {name: [] for name in PAPERS}
    for one in sections:
        papers.setdefault(one.paper, []).append(one)
    return [
        Group(name, *PAPERS.get(name, (name, "")), tuple(sorted(those, key=_place)))
        for name, those in papers.items()
        if those
    ]


def _place(one: Section) -> tuple[int, int, str]:
    """As in a paper's list of contents: tables, figures, then what it says in its text; those with a number first."""
    shows = re.match(r"(table|figure)s?\b\s*(\d+)?", one.shows.lower())
    if not shows:
        return 2, 0, one.name
    return int(shows[1] == "figure"), int(shows[2] or 99), one.name


_SHARED = "those shared with other experiments included"


def facts(made: dict[str, Any]) -> list[tuple[str, str]]:
    """How the numbers came about, as (what, words); nothing for results without made.json."""
    if not made:
        return []
    by_class = sorted((made.get("by_class") or {}).items(), key=lambda one: -one[1]["seconds"])
    stages = "; ".join(f"{name} {duration(one['seconds'])} ({one['artifacts']})" for name, one in by_class[:6])
    count = made.get("artifacts") or {}
    lines = [
        ("seeds", ", ".join(map(str, made.get("seeds") or [])) or DASH),
        ("time", f"{duration(made.get('seconds'))} over {count.get('finished', 0):,} stages, {_SHARED}: {stages}"),
        ("training data", _sizes(made.get("training_sets") or [])),
        ("money", _money(made.get("asked"))),
        ("machine", "; ".join(map(_machine, made.get("machines") or [])) or DASH),
        ("code", "; ".join(made.get("commits") or []) or DASH),
        ("finished", _day(str(made.get("finished") or "")) or DASH),
    ]
    if count.get("unfinished"):
        lines.insert(2, ("not finished", f"{count['unfinished']:,} stages"))
    return lines


def _sizes(sets: Sequence[dict[str, Any]]) -> str:
    if not sets:
        return "no model was trained"
    sizes = sorted(one["examples"] for one in sets)
    models = f"{len(sets)} models" if len(sets) > 1 else "1 model"
    return (
        f"{models} of {sizes[0]:,} to {sizes[-1]:,} examples" if sizes[0] != sizes[-1] else f"{models} of {sizes[0]:,}"
    )


def _money(asked: dict[str, Any] | None) -> str:
    if not asked:
        return "none: no server was asked"
    tokens = f"{asked['prompt_tokens']:,} prompt and {asked['completion_tokens']:,} completion tokens"
    return f"{asked['cost']:,.2f} for {tokens}, at the prices of the machine file"


def _machine(one: dict[str, Any]) -> str:
    parts = (one.get("device"), one.get("precision"), one.get("system"))
    versions = [f"{name} {one[key]}" for name, key in (("Python", "python"), ("torch", "torch")) if one.get(key)]
    return ", ".join([*(str(part) for part in parts if part), *versions])


def _day(stamp: str) -> str:
    """Such as "21 November 2026"; empty without a date."""
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return ""
    return f"{when.day} {when:%B %Y}"
