"""One row of results as cells by their heads: arms, measured numbers, curves and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from humpback.analysis.experiment.contamination import ContaminationRow
from humpback.analysis.experiment.curve_fits import CurveFit
from humpback.analysis.experiment.finding import Finding
from humpback.analysis.experiment.gather import Row, missing
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.layout.text_table import DASH
from humpback.analysis.stats.multiplicity import LEVEL, holm
from humpback.analysis.stats.statistics import Estimate

Cells = dict[str, str]
"""By the heads of their columns, in order."""
UNCORRECTED = "not after Holm's correction"


def number(value: float | None, form: str = ".1f") -> str:
    """The number, thousands set apart, or a dash."""
    if value is None or missing(value):
        return DASH
    return format(value, form.replace(".", ",.", 1) if abs(value) >= 1_000 and "," not in form else form)


def arm_cells(row: Row) -> Cells:
    """An arm against an opponent. Why there is no number stands in the last cell."""
    return {
        "arm": row.arm,
        "against": row.against,
        "seed": row.seed,
        "examples": number(row.examples, ".0f"),
        "win rate %": _with_error(row.win_rate, row.standard_error, ".1f"),
        "95 %": _range(row.low, row.high, ".1f"),
        "paper": number(row.paper),
        "ours – paper": _beside_paper(row.win_rate, row.low, row.high, row.paper, ".1f"),
        "win/tie/lose": DASH if row.reason else f"{row.wins}/{row.ties}/{row.losses}",
        "flips": number(row.flip_rate, ".1%"),
        "unparsed": DASH if row.reason else f"{row.unparsed:,}",
        "length": number(row.mean_length, ".0f"),
        "n": row.reason or f"{row.n:,}",
    }


def measured_cells(row: MeasuredRow) -> Cells:
    """A measured number. Why there is none is said once for all numbers of a measure, by `not_measured`."""
    return {
        "what": row.name,
        "metric": row.metric or DASH,
        "seed": row.seed,
        "ours": _with_error(row.value, row.standard_error, row.form),
        "95 %": _range(row.low, row.high, row.form),
        "paper": number(row.paper, "g" if row.reason else row.form),
        "ours – paper": _beside_paper(row.value, row.low, row.high, row.paper, row.form),
        "n": f"{row.n:,}" if row.n else DASH,
    }


def not_measured(rows: Sequence[MeasuredRow]) -> list[str]:
    """A line for each measure without numbers: its name, and why."""
    return list(dict.fromkeys(f"Not measured: {row.name}. {row.reason}" for row in rows if row.reason))


def contamination_cells(rows: Sequence[ContaminationRow]) -> list[Cells]:
    """Contamination over all seeds, of each arm or measure the seed with the most; those that came to the same stand on
    one line."""
    worst = {row.name: row for row in sorted(rows, key=lambda row: row.share)}
    names: dict[ContaminationRow, list[str]] = {}
    for name in dict.fromkeys(row.name for row in rows):
        names.setdefault(replace(worst[name], name="", seed="", texts=0), []).append(name)
    return [_contaminated(row, who) for row, who in names.items()]


def _contaminated(row: ContaminationRow, names: Sequence[str]) -> Cells:
    known = ", as far as is known" if row.unknown else ""
    counts = (
        (DASH,) * 4
        if row.reason
        else (
            f"{row.found:,} of {row.prompts:,} prompts ({row.share:.1%}){known}",
            *(f"{many:,}" for many in (row.whole, row.part, row.near)),
        )
    )

    def of_set(many: int | None) -> str:
        return row.reason if many is None else f"{many:,}"

    return {
        **dict(zip(("in training data", "whole", "in part", "nearly"), counts, strict=True)),
        "finetuning": of_set(row.finetuning),
        "pretraining": "not known" if row.unknown else of_set(row.pretraining),
        "name": ", ".join(names),
    }


def curve_cells(curve: CurveFit) -> Cells:
    """A fitted curve."""
    slope = curve.slope
    return {
        "curve": curve.name,
        "sizes": ", ".join(f"{n:,}" for n in curve.sizes),
        "alpha": interval(slope, ".2f"),
        "paper": number(curve.paper, ".2f"),
        "ours – paper": _beside_paper(slope.mean, slope.low, slope.high, curve.paper, ".2f") if slope else DASH,
        "C": number(curve.level),
        "lack of fit": curve.straight.words if curve.straight else DASH,
        "bend": interval(curve.bend, ".2f"),
        "slope at the largest": interval(curve.end_slope, ".2f"),
    }


def finding_cells(findings: Sequence[Finding]) -> list[Cells]:
    """All claims of an experiment, corrected for their number."""
    return [
        {
            "compared": f"{one.first} – {one.second}",
            "difference": interval(one.difference, one.form),
            "head to head": interval(one.head_to_head, one.form),
            "paper": number(one.paper, "+" + one.form),
            "beside it": one.beside_paper or DASH,
            "p": p_value(one.p),
            "Holm": p_value(p_holm),
            "n": f"{one.n:,}" if one.n else DASH,
            "verdict": one.verdict if stands(one, p_holm) is not False else f"{one.verdict} ({UNCORRECTED})",
            "claim": one.claim,
        }
        for one, p_holm in zip(findings, holm([one.p for one in findings]), strict=True)
    ]


def stands(finding: Finding, p_holm: float | None) -> bool | None:
    """Whether the verdict on a claim that holds, or whose reverse does, is still one after correction; None of other
    verdicts, and where nothing was corrected."""
    return None if p_holm is None or not finding.tells else p_holm < LEVEL


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
    return interval(Estimate(value - paper, 0.0, low - paper, high - paper), form)


def interval(estimate: Estimate | None, form: str) -> str:
    """Such as "+3.4 (+1.0 to +5.8)"."""
    if estimate is None or missing(estimate.mean):
        return DASH
    mean = number(estimate.mean, "+" + form)
    return mean if missing(estimate.low) else f"{mean} ({_range(estimate.low, estimate.high, '+' + form)})"


def p_value(p: float | None) -> str:
    """To three digits."""
    return DASH if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"
