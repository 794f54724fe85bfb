"""The tables of a results file, in their order, each with the note that a reader needs.

`markdown.py` and `latex.py` write them out. A table that would be empty is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

from humpback.analysis.experiment.findings import MARGIN, SLOPE_MARGIN, Finding
from humpback.analysis.experiment.gather import Results
from humpback.analysis.stats.evidence import FEWEST
from humpback.analysis.tables.cells import (
    CURVE_HEADS,
    FINDING_HEADS,
    HEADS,
    MEASURED_HEADS,
    PAPER,
    Cells,
    cells,
    curve_cells,
    finding_rows,
    measured_cells,
    not_measured,
    shown,
    signed,
    without,
)

WORDS = ("arm", "against", "set", "what", "metric", "curve", "sizes", "compared", "verdict", "claim")
"""Columns of words, which are flush left."""


@dataclass(frozen=True)
class Sheet:
    """One table."""

    title: str
    heads: Cells
    rows: tuple[Cells, ...]
    note: str = ""


def over_seeds(results: Results) -> list[Sheet]:
    """What an experiment came to over all seeds: arms, measured numbers, curves, claims."""
    arms = [cells(row) for row in results.rows if row.seed == "all" and row.set == "all"]
    measured = [measured_cells(row) for row in results.measured if row.seed == "all"]
    said = " ".join([*not_measured(results.measured), _MEASURED])
    curves = [curve_cells(one) for one in results.curves]
    # Elsewhere the paper's number stands alone: by another judge, or of another base, it has another zero.
    no = () if results.beside_paper else PAPER[1:]
    return [
        *_sheet("Arms", *without(HEADS, arms, "seed", *no), _ARMS),
        *_sheet("Measured", *without(MEASURED_HEADS, measured, "seed", *no), said),
        *_sheet("Curves", *without(CURVE_HEADS, curves, *no), _CURVES),
        *_sheet("Claims", FINDING_HEADS, finding_rows(results.findings), _claims(results)),
    ]


def by_set(results: Results) -> list[Sheet]:
    """The arms by set of prompts."""
    rows = [(row.set, *cells(row)) for row in results.rows if row.set != "all"]
    return _sheet("By set of prompts", *without(("set", *HEADS), rows, "seed", *PAPER))


def by_seed(results: Results) -> list[Sheet]:
    """Everything for each seed, where there are several. What the paper has stands in the tables over all of them."""
    seeds = {row.seed for row in results.rows} | {row.seed for row in results.measured}
    if len(seeds - {"all"}) < 2:
        return []
    arms = [cells(row) for row in results.rows if row.seed != "all"]
    measured = [measured_cells(row) for row in results.measured if row.seed != "all"]
    differences: list[Cells] = [
        (f"{one.first} – {one.second}", signed(one.by_seed, one.form)) for one in results.findings if one.by_seed
    ]
    return [
        *_sheet("Arms by seed", *without(HEADS, arms, *PAPER)),
        *_sheet("Measured by seed", *without(MEASURED_HEADS, measured, *PAPER)),
        *_sheet("Differences by seed", ("compared", "differences"), differences),
    ]


def _sheet(title: str, heads: Cells, rows: list[Cells], note: str = "") -> list[Sheet]:
    if not rows:
        return []
    heads, rows = shown(heads, rows)
    return [Sheet(title, heads, tuple(rows), note + _PAPER if PAPER[1] in heads else note)]


_ARMS = (
    "Win rate: AlpacaEval's preference averaged over both orders, ties half; ± one standard error and the 95 % "
    "interval over prompts and seeds. Win/tie/lose: AlpaGasus's rule over the two orders. Flips: share of prompts on "
    "which exchanging the order exchanged the winner. Length: characters of the arm's answers. Of fewer than 20 "
    "prompts, and of prompts that all came out alike, the interval is the exact one; one prompt has none, and nor has "
    "an arm of which half of the calls were not parsed."
)
_MEASURED = (
    "Ours: the mean of its items, over seeds; ± one standard error and the 95 % interval over items and seeds, or over "
    "seeds (Student's) where the number is a count. A single count has no interval. n: items times seeds."
)
_PAPER = " Ours – paper: with our 95 % interval, shifted; the paper's own error is not in it."
_CURVES = (
    "w = alpha ln N + C by least squares over the sizes, w in percent; alpha with its 95 % interval over prompts and "
    "seeds."
)


def _claims(results: Results) -> str:
    parts = []
    if results.rows:
        parts.append(
            "Difference of arms: paired difference of their two win rates against the reference, or the win rate above "
            "50, or the difference of slopes. Head to head: the first's win rate against the second, above 50. In "
            "points with 95 % intervals (bootstrap over prompts and seeds)."
        )
    if results.measured:
        parts.append(
            "Difference of measured numbers: in the metric's own unit with its 95 % interval, paired over items where "
            "both were measured on the same ones."
        )
    own = "; a claim about measured numbers has its own" if results.measured else ""
    parts.append(
        "Replicated: every measure shown lies above zero with its whole interval. Not replicated: the interval has "
        f"zero inside and no room for a difference that matters ({MARGIN:g} points of win rate, {SLOPE_MARGIN:g} of "
        f"slope{own}), or lies below zero. Cannot be told: anything else, and whatever the sample cannot carry: fewer "
        f"than {FEWEST} prompts or items, outcomes without any variance, half of the calls unparsed, one seed where "
        "another would draw anew."
    )
    return " ".join([*parts, _correction(results.findings)])


def _correction(findings: tuple[Finding, ...]) -> str:
    tested = sum(one.p is not None for one in findings)
    return (
        "p: two-sided, twice the tail on the far side of zero and at most 1, by the normal law from the interval, so "
        "that p is below .05 where the verdict is replicated; with a head to head the larger of the two, since both "
        f"have to hold. Holm: p corrected for the {tested} of the experiment's {len(findings)} claims that have one. "
        "Verdicts and intervals are of each claim by itself; a replicated claim that correction takes above .05 says "
        "so. Nothing is corrected across experiments."
    )
