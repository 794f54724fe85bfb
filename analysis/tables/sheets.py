"""The tables of a results file, in their order, each with the note that a reader needs.

`markdown.py`, `latex.py`, the report and the terminal write them out. A table that would be empty is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from humpback.analysis.experiment.finding import Finding
from humpback.analysis.experiment.gather import Results
from humpback.analysis.layout.text_table import DASH
from humpback.analysis.stats.evidence import FEWEST, FEWEST_UNITS
from humpback.analysis.tables.cells import (
    Cells,
    arm_cells,
    contamination_cells,
    curve_cells,
    finding_cells,
    measured_cells,
    not_measured,
    signed,
)
from humpback.spec.contamination import LARGEST_SHARE

WORDS = (
    "arm",
    "against",
    "set",
    "what",
    "metric",
    "name",
    "curve",
    "sizes",
    "lack of fit",
    "compared",
    "beside it",
    "verdict",
    "claim",
)
"""Columns of words, which are flush left."""
_PAPER = ("paper", "ours – paper")
_OPTIONAL = (*_PAPER, "head to head", "beside it", "bend", "slope at the largest")
"""Columns that are left out where every cell is a dash."""


@dataclass(frozen=True)
class Sheet:
    """One table."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    details: frozenset[int] = frozenset()
    """Places of rows that are a part of another's, such as one seed."""


def over_seeds(results: Results) -> list[Sheet]:
    """What an experiment came to over all seeds: arms, measured numbers, curves, claims."""
    arms = [arm_cells(row) for row in results.rows if row.seed == "all" and row.set == "all"]
    measured = [measured_cells(row) for row in results.measured if row.seed == "all"]
    said = " ".join([*not_measured(results.measured), _MEASURED])
    no = _not_beside(results)
    sheets = [
        *sheet("Arms", arms, "seed", *no, note=_arms(results)),
        *sheet("Measured", measured, "seed", *no, note=said),
        *sheet("Curves", list(map(curve_cells, results.curves)), *no, note=_CURVES),
        *sheet("Claims", finding_cells(results.findings), note=_claims(results)),
        *sheet("Contamination", contamination_cells(results.contamination), note=_CONTAMINATION),
    ]
    if results.settings and sheets:
        sheets[0] = replace(sheets[0], note=f"Set: {'. '.join(results.settings)}. {_OWN} {sheets[0].note}".rstrip())
    return sheets


def on_screen(results: Results) -> list[Sheet]:
    """The same for a terminal: arms with each set of prompts and, of several, each seed below."""
    one_seed = len({row.seed for row in results.rows} - {"all"}) == 1
    rows = [row for row in results.rows if row.set != "all" or row.seed == "all" or not one_seed]
    arms = [arm_cells(row) | ({} if row.set == "all" else {"arm": f"· {row.set}"}) for row in rows]
    parts = frozenset(place for place, row in enumerate(rows) if row.seed != "all" or row.set != "all")
    first = [replace(one, details=parts) for one in sheet("Arms", arms, *_not_beside(results))]
    return first + over_seeds(replace(results, rows=()))


def by_set(results: Results) -> list[Sheet]:
    """The arms by set of prompts, or by skill."""
    rows = [{"set": row.set, **arm_cells(row)} for row in results.rows if row.set != "all"]
    return sheet("By set of prompts or skill", rows, "seed", *_PAPER)


def by_seed(results: Results) -> list[Sheet]:
    """Everything for each seed, where there are several. What the paper has stands in the tables over all of them."""
    seeds = {row.seed for row in results.rows} | {row.seed for row in results.measured}
    if len(seeds - {"all"}) < 2:
        return []
    arms = [arm_cells(row) for row in results.rows if row.seed != "all"]
    measured = [measured_cells(row) for row in results.measured if row.seed != "all"]
    differences = [
        {"compared": f"{one.first} – {one.second}", "differences": signed(one.by_seed, one.form)}
        for one in results.findings
        if one.by_seed
    ]
    return [
        *sheet("Arms by seed", arms, *_PAPER),
        *sheet("Measured by seed", measured, *_PAPER),
        *sheet("Differences by seed", differences),
    ]


def sheet(title: str, rows: Sequence[Cells], *left_out: str, note: str = "") -> list[Sheet]:
    """The table of these rows without the columns `left_out`; none of no rows."""
    if not rows:
        return []
    empty = {head for head in _OPTIONAL if {row.get(head, DASH) for row in rows} == {DASH}}
    heads = tuple(head for head in rows[0] if head not in empty and head not in left_out)
    beside = _BESIDE if _PAPER[1] in heads else ""
    return [Sheet(title, heads, tuple(tuple(row[head] for head in heads) for row in rows), note + beside)]


def _not_beside(results: Results) -> tuple[str, ...]:
    # Elsewhere the paper's number stands alone: by another judge, or of another base, it has another zero.
    return () if results.beside_paper else _PAPER[1:]


def _arms(results: Results) -> str:
    return (
        "Win rate: AlpacaEval's preference averaged over both orders, ties half; ± one standard error and the 95 % "
        f"interval {over(results)}. Win/tie/lose: AlpaGasus's rule over the two orders. Flips: share of prompts on "
        "which exchanging the order exchanged the winner. Length: characters of the arm's answers. Of fewer than 20 "
        "prompts, and of prompts that all came out alike, the interval is the exact one; one prompt has none, and nor "
        "has an arm of which half of the calls were not parsed."
    )


def over(results: Results) -> str:
    """What an interval over all seeds is over, in words."""
    bases = max((row.bases for row in results.rows if row.seed == "all"), default=1)
    if bases > 1:
        return f"for other bases of the recipe, by {bases} of them with their seeds, and other prompts"
    return "for other seeds and other prompts, on this one base"


_OWN = "The papers' numbers are of their own settings and stand beside none of these."
_MEASURED = (
    "Ours: the mean of its items, over seeds, every base counting the same; ± one standard error and the 95 % interval "
    "over bases or seeds and items, or over bases or seeds alone (Student's) where the number is a count. A single "
    "count has no interval. n: items times seeds."
)
_BESIDE = " Ours – paper: with our 95 % interval, shifted; the paper's own error is not in it."
_CONTAMINATION = (
    "Prompts that stand in what the arm's model or its base was trained on, at the seed with the most: whole, in part "
    "(13 words on end, GPT-3's rule), or nearly (MinHash over 5 words). Words that more than 10 training examples "
    "share do not count as a part, and a prompt of less than 4 words only as a whole instruction or line. What a "
    f"published base was pretrained on is not known. Above {LARGEST_SHARE:.0%} nothing is told of a claim."
)
_CURVES = (
    "w = alpha ln N + C by least squares over the sizes, w in percent; alpha with its 95 % interval, made as the arms' "
    "are. Lack of fit: what the line leaves of the sizes' means, against the error between runs and prompts. Bend: the "
    "factor of (ln N) squared in a parabola, below 0 where the curve flattens; its slope at the largest N is above 0 "
    "where the curve still rises there."
)


def _claims(results: Results) -> str:
    parts = []
    if results.rows:
        parts.append(
            "Difference of arms: paired difference of their two win rates against the reference, or the win rate above "
            f"50, or the difference of slopes. Head to head: the first's win rate against the second, above 50. In "
            f"points with 95 % intervals {over(results)} (variance components, Student's t)."
        )
    if results.measured:
        parts.append(
            "Difference of measured numbers: in the metric's own unit with its 95 % interval, paired over items where "
            "both were measured on the same ones."
        )
    parts.append(
        "Holds (replicated, where model, data and judge are the paper's): every measure shown lies above zero with its "
        "whole interval. Does not hold: it lies below zero, or the interval has zero inside and no room for a "
        f"difference that matters{_matters(results.findings)}. Cannot be told: the interval holds both, or the sample "
        f"cannot carry a verdict: fewer than {FEWEST} prompts or items, fewer than {FEWEST_UNITS} bases (or seeds of "
        "one base) where another would draw anew, outcomes without any variance, half of the calls unparsed. Beside "
        "it: how large ours is beside the paper's, by the interval of the difference of the two, with the paper's "
        "error where it is known."
    )
    return " ".join([*parts, _correction(results.findings)])


def _matters(findings: tuple[Finding, ...]) -> str:
    told = sorted({one.matters for one in findings})
    return f" ({', '.join(f'{one:g}' for one in told)}, in the claim's own unit)" if told else ""


def _correction(findings: tuple[Finding, ...]) -> str:
    tested = sum(one.p is not None for one in findings)
    return (
        "p: two-sided, by Student's t with the interval's degrees of freedom, so that p is below .05 where a claim "
        "holds and where it is reversed; with a head to head the larger of the two, since both have to hold. Holm: p "
        f"corrected for the {tested} of the experiment's {len(findings)} claims that have one. Verdicts and intervals "
        "are of each claim by itself; where correction takes p of a claim that holds, or of a reversal, above .05, it "
        "says so. Nothing is corrected across experiments: what is confirmed is one family, by its protocol."
    )
