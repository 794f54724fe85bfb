"""One row of results as cells: arms, measured numbers, curves and findings."""

from __future__ import annotations

from collections.abc import Sequence

from humpback.analysis.experiment.findings import Finding
from humpback.analysis.experiment.gather import Curve, Row, missing
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.layout.text_table import DASH
from humpback.analysis.stats.multiplicity import LEVEL, holm
from humpback.analysis.stats.statistics import Estimate

Cells = tuple[str, ...]

HEADS = (
    "arm",
    "against",
    "seed",
    "examples",
    "win rate %",
    "95 %",
    "paper",
    "ours – paper",
    "win/tie/lose",
    "flips",
    "unparsed",
    "length",
    "n",
)
MEASURED_HEADS = ("what", "metric", "seed", "ours", "95 %", "paper", "ours – paper", "n")
FINDING_HEADS = ("compared", "difference", "head to head", "paper", "p", "Holm", "n", "verdict", "claim")
PAPER = ("paper", "ours – paper")
CURVE_HEADS = ("curve", "sizes", "alpha", *PAPER, "C")
_OPTIONAL = (*PAPER, "head to head")
UNCORRECTED = "not after Holm's correction"


def number(value: float | None, form: str = ".1f") -> str:
    """The number, or a dash."""
    return DASH if value is None or missing(value) else format(value, form)


def cells(row: Row) -> Cells:
    """An arm against an opponent, by `HEADS`. Why there is no number stands in the last cell."""
    beside = (number(row.paper), _beside_paper(row.win_rate, row.low, row.high, row.paper, ".1f"))
    if row.reason:
        return (row.arm, row.against, row.seed, *[DASH] * 3, *beside, *[DASH] * 4, row.reason)
    return (
        row.arm,
        row.against,
        row.seed,
        number(row.examples, ".0f"),
        _with_error(row.win_rate, row.standard_error, ".1f"),
        _range(row.low, row.high, ".1f"),
        *beside,
        f"{row.wins}/{row.ties}/{row.losses}",
        number(row.flip_rate, ".1%"),
        str(row.unparsed),
        number(row.mean_length, ".0f"),
        str(row.n),
    )


def measured_cells(row: MeasuredRow) -> Cells:
    """A measured number, by `MEASURED_HEADS`. Why there is none is said once for all numbers of a measure, by
    `not_measured`."""
    return (
        row.name,
        row.metric or DASH,
        row.seed,
        _with_error(row.value, row.standard_error, row.form),
        _range(row.low, row.high, row.form),
        number(row.paper, "g" if row.reason else row.form),
        _beside_paper(row.value, row.low, row.high, row.paper, row.form),
        f"{row.n:,}" if row.n else DASH,
    )


def not_measured(rows: Sequence[MeasuredRow]) -> list[str]:
    """A line for each measure without numbers: its name, and why."""
    return list(dict.fromkeys(f"Not measured: {row.name}. {row.reason}" for row in rows if row.reason))


def curve_cells(curve: Curve) -> Cells:
    """A curve, by `CURVE_HEADS`."""
    slope = curve.slope
    return (
        curve.name,
        ", ".join(f"{n:,}" for n in curve.sizes),
        _interval(slope, ".2f"),
        number(curve.paper, ".2f"),
        _beside_paper(slope.mean, slope.low, slope.high, curve.paper, ".2f") if slope else DASH,
        number(curve.level),
    )


def finding_cells(finding: Finding, p_holm: float | None = None) -> Cells:
    """A claim, by `FINDING_HEADS`. What Holm's correction leaves of its p is known of all claims together only:
    `finding_rows` has it."""
    return (
        f"{finding.first} – {finding.second}",
        _interval(finding.difference, finding.form),
        _interval(finding.head_to_head, finding.form),
        number(finding.paper, "+" + finding.form),
        _p(finding.p),
        _p(p_holm),
        f"{finding.n:,}" if finding.n else DASH,
        finding.verdict if holds(finding, p_holm) is not False else f"{finding.verdict} ({UNCORRECTED})",
        finding.claim,
    )


def finding_rows(findings: Sequence[Finding]) -> list[Cells]:
    """All claims of an experiment, by `FINDING_HEADS`, corrected for their number."""
    return [finding_cells(one, p) for one, p in zip(findings, holm([one.p for one in findings]), strict=True)]


def holds(finding: Finding, p_holm: float | None) -> bool | None:
    """Whether a replicated claim is still one after correction; None where the claim is not replicated, or nothing was
    corrected."""
    if p_holm is None or finding.verdict != "replicated":
        return None
    return p_holm < LEVEL


def shown(heads: Cells, rows: Sequence[Cells]) -> tuple[Cells, list[Cells]]:
    """The table without the columns of the paper and of heads to heads in which every cell is a dash."""
    return without(heads, rows, *(h for i, h in enumerate(heads) if h in _OPTIONAL and {r[i] for r in rows} <= {DASH}))


def without(heads: Cells, rows: Sequence[Cells], *left_out: str) -> tuple[Cells, list[Cells]]:
    """The table without these columns."""
    kept = [place for place, head in enumerate(heads) if head not in left_out]
    return tuple(heads[i] for i in kept), [tuple(row[i] for i in kept) for row in rows]


def signed(values: Sequence[float], form: str) -> str:
    """Differences, one after the other."""
    return ", ".join(number(value, "+" + form) for value in values) or DASH


def _with_error(value: float, error: float, form: str) -> str:
    return number(value, form) if missing(error) else f"{number(value, form)} ± {number(error, form)}"


def _range(low: float, high: float, form: str) -> str:
    return DASH if missing(low) else f"{number(low, form)} to {number(high, form)}"


def _beside_paper(value: float, low: float, high: float, paper: float | None, form: str) -> str:
    """Ours less the paper's, with our interval: the paper's own error is not in it."""
    if paper is None:
        return DASH
    return _interval(Estimate(value - paper, 0.0, low - paper, high - paper), form)


def _interval(estimate: Estimate | None, form: str) -> str:
    if estimate is None or missing(estimate.mean):
        return DASH
    mean = number(estimate.mean, "+" + form)
    return mean if missing(estimate.low) else f"{mean} ({_range(estimate.low, estimate.high, '+' + form)})"


def _p(p: float | None) -> str:
    return DASH if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"
