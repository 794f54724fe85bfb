"""One experiment as the page shows it: everything in words, ready for a template that only sets them.

What was run is told from its files, what was not from its declaration, in the same shape: a claim that was not run has
the paper's number, a dash, and the command that would fill it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.layout.text_table import DASH
from humpback.analysis.report.inline_svg import UnusableFigure, inlined
from humpback.analysis.report.lineage import LineageTrees, lineage_trees
from humpback.analysis.report.results_files import Declaration, ResultsFiles
from humpback.analysis.report.verdicts import BEFORE_CORRECTION, HOLDS, NOT_RUN, REPLICATED, Kind, kind_of, tally
from humpback.analysis.tables.cells import UNCORRECTED, interval, number, p_value
from humpback.analysis.tables.csv_files import FindingLine
from humpback.analysis.tables.sheets import Sheet, by_seed, by_set, over_seeds, sheet
from humpback.core.store import StoreError


@dataclass(frozen=True)
class ClaimLine:
    """One line of the verdicts; a dash where there is no number."""

    sides: str
    claim: str
    paper: str
    ours: str = DASH
    """The difference with its interval."""
    direct: str = DASH
    """The same head to head."""
    n: str = DASH
    p: str = DASH
    """After Holm, where the file has it."""
    kind: Kind = NOT_RUN
    more: str = ""
    """What the verdict says beyond its kind."""
    lost: bool = False
    """Told by its own interval that it holds, or is reversed, and not after correction for the experiment's others."""

    @property
    def counted(self) -> Kind:
        """As what it is counted: what holds before the correction alone is told apart from what holds."""
        return BEFORE_CORRECTION if self.lost and self.kind in (HOLDS, REPLICATED) else self.kind


@dataclass(frozen=True)
class Drawing:
    """A drawing, safe to place in the page."""

    caption: str
    svg: str
    width: float
    """Of the drawing, in points."""


@dataclass(frozen=True)
class ExperimentSection:
    """One experiment."""

    declared: Declaration
    files: ResultsFiles | None
    """None where it was not run."""
    claims: tuple[ClaimLine, ...]
    tables: tuple[Sheet, ...]
    folded: tuple[Sheet, ...]
    """Tables that are shown only when opened."""
    figures: tuple[Drawing, ...]
    lineage: LineageTrees | None

    @property
    def with_p(self) -> bool:
        """Whether the claims were corrected for their number."""
        return self.files is not None and any(line.p_holm is not None for line in self.files.comparisons)

    @property
    def tally(self) -> tuple[tuple[Kind, int], ...]:
        """Verdicts by kind."""
        return tally(line.counted for line in self.claims)


def section(declared: Declaration | None, files: ResultsFiles | None) -> ExperimentSection:
    """The section of an experiment that was declared, run, or both.

    Raises:
        StoreError: for a figure that is no SVG.
    """
    if files is None:
        assert declared is not None
        return ExperimentSection(declared, None, _declared_claims(declared), _quoted(declared), (), (), None)
    stood = files.declaration(declared)
    grid = _grid([row for row in files.results.measured if row.seed == "all"])
    tables = [*grid, *over_seeds(files.results)]
    # What a grid has too is folded where it is long.
    folded = [one for one in tables if grid and one.title == "Measured" and len(one.rows) > _FEW]
    return ExperimentSection(
        stood,
        files,
        tuple(_claim_line(line) for line in files.comparisons),
        tuple(one for one in tables if one not in folded),
        (*folded, *by_set(files.results), *by_seed(files.results)),
        tuple(_figures(files, stood)),
        lineage_trees(files.arms),
    )


_FEW = 12
"""Rows up to which measured numbers stand open below a grid that has them too; columns of a grid."""
_CAPTIONS = {
    "figure": "Win rates against {reference} with 95 % intervals, and wins, ties and losses over both orders",
    "grid": "Win rate against {reference} by setting, with 95 % intervals",
    "measures": "Measured numbers with 95 % intervals",
    "curves": "Win rate against the number of examples, with the fitted line",
    "size": "Win rate against the number of training examples",
}


def form_of(values: Iterable[float | None]) -> str:
    """The form for numbers that stand together and bring none: one digit after the point, or as many as the largest
    needs to show two."""
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    return f".{min(6, 1 - math.floor(math.log10(largest)))}f" if 0 < largest < 1 else ".1f"


_SIZES = {
    "as large": "as large as the paper's",
    "smaller": "smaller than the paper's",
    "larger": "larger than the paper's",
}


def _claim_line(line: FindingLine) -> ClaimLine:
    difference, direct = line.estimate("difference"), line.estimate("head_to_head")
    shown = [number for one in (difference, direct) if one for number in (one.mean, one.low, one.high)]
    form = form_of([*shown, line.paper])
    kind = kind_of(line.verdict)
    lost = line.holds_after_holm is False
    more = (
        line.verdict.removeprefix(kind.words).lstrip(": "),
        _SIZES.get(line.beside_paper, ""),
        UNCORRECTED if lost else "",
    )
    return ClaimLine(
        f"{line.first} – {line.second}",
        line.claim,
        number(line.paper, f"+{form}"),
        interval(difference, form),
        interval(direct, form),
        f"{line.n:,}" if line.n else DASH,
        p_value(line.p_holm),
        kind,
        "; ".join(filter(None, more)),
        lost,
    )


def _declared_claims(declared: Declaration) -> tuple[ClaimLine, ...]:
    return tuple(
        ClaimLine(
            " – ".join(claim.sides),
            claim.told,
            number(claim.paper_value, f"+{form_of([claim.paper_value])}"),
        )
        for claim in declared.claims
    )


def _quoted(declared: Declaration) -> tuple[Sheet, ...]:
    """The paper's numbers of what was not run, ours a dash."""
    rows = ((one.name, one.metric or DASH, number(one.paper, form_of([one.paper])), DASH) for one in declared.quoted)
    return (Sheet("What a run measures", ("name", "metric", "paper", "ours"), tuple(rows)),) if declared.quoted else ()


def _grid(rows: Sequence[MeasuredRow]) -> list[Sheet]:
    """As the papers set numbers: a line for each thing, a column for each metric, where several things have the same
    several metrics."""
    cells = {(row.name, row.metric): row for row in rows}
    names, metrics = (tuple(dict.fromkeys(key[place] for key in cells)) for place in (0, 1))
    if len(names) < 2 or not 2 <= len(metrics) <= _FEW or len(cells) < len(names) * len(metrics):
        return []

    def cell(row: MeasuredRow) -> str:
        paper = f" ({number(row.paper, row.form)})" if row.paper is not None else ""
        return number(row.value, row.form) + paper

    lines = [{"what": name, **{metric: cell(cells[name, metric]) for metric in metrics}} for name in names]
    return sheet("Measured, the paper's in brackets", lines)


def _figures(files: ResultsFiles, declared: Declaration) -> Iterator[Drawing]:
    for name, svg in files.figures.items():
        caption = _CAPTIONS.get(name, name.replace("-", " ").replace("_", " ")).format(reference=declared.reference)
        label = f"{declared.title} {caption}. The numbers stand in the tables above."
        try:
            yield Drawing(caption, *inlined(svg, f"{declared.anchor}-{name}-", label))
        except UnusableFigure as error:
            raise StoreError(f"{files.name}/{name}.svg: {error}; run the experiment again to draw it anew") from error
