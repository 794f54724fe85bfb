"""One experiment as the page shows it: everything in words, ready for a template that only sets them.

What was run is told from its files, what was not from its declaration, in the same shape: a claim that was not run has
the paper's number, a dash, and the command that would fill it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from humpback.analysis.layout.text_table import DASH
from humpback.analysis.report.inline_svg import UnusableFigure, inlined
from humpback.analysis.report.lineage import Lineage, lineage
from humpback.analysis.report.material import Declaration, Found, told
from humpback.analysis.report.number_tables import NumberTable, arm_tables, curve_tables, measure_tables, quoted_table
from humpback.analysis.report.words import NOT_RUN, Word, form_of, interval, number, tally, word_of
from humpback.core.store import StoreError


@dataclass(frozen=True)
class ClaimLine:
    """One line of the verdicts."""

    what: str
    """The two sides."""
    claim: str
    paper: str
    ours: str
    """The difference with its interval."""
    direct: str
    """The same head to head; empty where there is none."""
    n: str
    p: str
    """After Holm, where the file has it."""
    word: Word
    more: str
    """What the verdict says beyond its kind."""
    lost: bool = False
    """Replicated by its own interval, and not after correction for the experiment's other claims."""


@dataclass(frozen=True)
class Figure:
    """A drawing, safe to place in the page."""

    name: str
    caption: str
    svg: str
    width: float
    """Of the drawing, in points."""


@dataclass(frozen=True)
class Section:
    """One experiment."""

    name: str
    paper: str
    """The folder of its name: humpback, alpagasus."""
    anchor: str
    title: str
    """The question."""
    claim: str
    """The rest of the first line."""
    paragraphs: tuple[str, ...]
    shows: str
    command: str
    ran: bool
    note: str
    claims: tuple[ClaimLine, ...]
    with_p: bool
    tables: tuple[NumberTable, ...]
    figures: tuple[Figure, ...]
    made: dict[str, Any]
    lineage: Lineage | None
    samples: tuple[dict[str, Any], ...]

    @property
    def tally(self) -> tuple[tuple[Word, int], ...]:
        """Verdicts by kind."""
        return tally(line.word for line in self.claims)


_PARAGRAPHS = re.compile(r"\n\s*\n|\s(?=It is falsified\b)")
"""What would falsify a claim stands by itself, so that it is found."""
_CAPTIONS = {
    "figure": "Win rates against {reference} with 95 % intervals, and wins, ties and losses over both orders",
    "measures": "Measured numbers with 95 % intervals",
    "curves": "Win rate against the number of examples, with the fitted line",
    "size": "Win rate against the number of training examples",
}


def section(declared: Declaration | None, found: Found | None) -> Section:
    """The section of an experiment that was declared, run, or both.

    Raises:
        StoreError: for a figure that is no SVG.
    """
    made = found.made if found else {}
    name = declared.name if declared else found.name if found else ""
    question = made.get("question") or (declared.question if declared else name)
    falsified = made.get("falsified") or (declared.falsified if declared else "")
    command = (
        made.get("command") or (found.arms.get("command") if found else "") or (declared.command if declared else "")
    )
    title, claim = _question(question)
    anchor = name.replace("/", "-")
    ran = found is not None
    return Section(
        name=name,
        paper=name.split("/")[0],
        anchor=anchor,
        title=title,
        claim=claim,
        paragraphs=tuple(" ".join(part.split()) for part in _PARAGRAPHS.split(falsified) if part.strip()),
        shows=made.get("shows") or (declared.shows if declared else "") or name,
        command=command,
        ran=ran,
        note=declared.note if declared and not ran else "",
        claims=_found_claims(found) if found else _declared_claims(declared) if declared else (),
        with_p=bool(found and any(row.get("p_holm") for row in found.comparisons)),
        tables=_tables(found) if found else quoted_table(declared),
        figures=_figures(found, anchor, declared, title) if found else (),
        made=made,
        lineage=lineage(found.arms) if found else None,
        samples=found.samples if found else (),
    )


def _tables(found: Found) -> tuple[NumberTable, ...]:
    return (*curve_tables(found.curves), *arm_tables(found.rows), *measure_tables(found.measures))


def _question(text: str) -> tuple[str, str]:
    """The question of a docstring's first line, and the claim after it."""
    head, mark, rest = text.partition("? ")
    return (f"{head}?", rest) if mark else (text, "")


def _found_claims(found: Found) -> tuple[ClaimLine, ...]:
    lines = []
    for row in found.comparisons:
        measures = [f"{m}_{part}" for m in ("difference", "head_to_head") for part in ("mean", "low", "high")]
        form = row.get("form") or form_of([*(row.get(one) for one in measures), row.get("paper")])
        direct = interval(row, "head_to_head", form)
        word = word_of(row.get("verdict", ""))
        lost = "not after Holm's correction" if row.get("holds_after_holm") == "false" else ""
        lines.append(
            ClaimLine(
                what=_sides(row.get("first", ""), row.get("second", "")),
                claim=row.get("claim", ""),
                paper=number(row.get("paper"), f"+{form}"),
                ours=interval(row, "difference", form),
                direct="" if direct == DASH else direct,
                n=number(row.get("n"), ",.0f") if row.get("n") not in ("", "0") else DASH,
                p=_p(row.get("p_holm", "")),
                word=word,
                more="; ".join(filter(None, (row.get("verdict", "").removeprefix(word.words).lstrip(": "), lost))),
                lost=bool(lost),
            )
        )
    return tuple(lines)


def _p(text: str) -> str:
    p = number(text, ".3f")
    return "<.001" if p == "0.000" else p.removeprefix("0") if p.startswith("0") else p


def _declared_claims(declared: Declaration) -> tuple[ClaimLine, ...]:
    lines = []
    for claim in declared.claims:
        first, second = told(claim, declared.reference)
        paper = number(claim.paper, f"+{form_of([claim.paper])}") if claim.paper is not None else DASH
        lines.append(ClaimLine(_sides(first, second), claim.claim, paper, DASH, "", DASH, DASH, NOT_RUN, ""))
    return tuple(lines)


def _sides(first: str, second: str) -> str:
    return f"{first} – {second}"


def _figures(found: Found, anchor: str, declared: Declaration | None, title: str) -> tuple[Figure, ...]:
    drawn = []
    for name, svg in found.figures:
        reference = declared.reference if declared else "the reference"
        caption = _CAPTIONS.get(name, name.replace("-", " ").replace("_", " ")).format(reference=reference)
        try:
            markup = inlined(svg, f"{anchor}-{name}-", f"{title} {caption}. The numbers stand in the tables above.")
        except UnusableFigure as error:
            raise StoreError(f"{found.name}/{name}.svg: {error}; run the experiment again to draw it anew") from error
        drawn.append(Figure(name, caption, *markup))
    return tuple(drawn)
