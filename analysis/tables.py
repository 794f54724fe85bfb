"""Rows as text: for the terminal, for Markdown, and as tidy CSV. A cell without a number is a dash."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, fields

from analysis.findings import MARGIN, SLOPE_MARGIN, Finding
from analysis.gather import Curve, Results, Row, missing
from analysis.statistics import Estimate

DASH = "–"
HEADS = ("arm", "against", "seed", "examples", "win rate %", "95 %", "win/tie/lose", "flips", "unparsed", "length", "n")


def number(value: float, form: str = ".1f") -> str:
    """The number, or a dash."""
    return DASH if missing(value) else format(value, form)


def cells(row: Row) -> tuple[str, ...]:
    """One row of the table, by `HEADS`."""
    if row.reason:
        return (row.arm, row.against, row.seed, *[DASH] * 7, row.reason)
    return (
        row.arm,
        row.against,
        row.seed,
        number(row.examples, ".0f"),
        f"{number(row.win_rate)} ± {number(row.standard_error)}",
        f"{number(row.low)} to {number(row.high)}",
        f"{row.wins}/{row.ties}/{row.losses}",
        DASH if missing(row.flip_rate) else f"{row.flip_rate:.1%}",
        str(row.unparsed),
        number(row.mean_length, ".0f"),
        str(row.n),
    )


def finding_cells(finding: Finding) -> tuple[str, ...]:
    """One line of the claims, by `FINDING_HEADS`."""
    return (
        f"{finding.first} – {finding.second}",
        _interval(finding.difference),
        ", ".join(number(value, "+.1f") for value in finding.by_seed) or DASH,
        _interval(finding.head_to_head),
        DASH if finding.paper is None else f"{finding.paper:+.1f}",
        finding.verdict,
        finding.claim,
    )


def curve_cells(curve: Curve) -> tuple[str, ...]:
    """One line of the curves, by `CURVE_HEADS`."""
    return (curve.name, ", ".join(f"{n:,}" for n in curve.sizes), _interval(curve.slope), number(curve.level))


def _interval(estimate: Estimate | None) -> str:
    return DASH if estimate is None else f"{estimate.mean:+.1f} ({estimate.low:+.1f} to {estimate.high:+.1f})"


FINDING_HEADS = ("arms", "through the reference", "by seed", "head to head", "paper", "verdict", "claim")
CURVE_HEADS = ("curve", "sizes", "alpha", "C")


def markdown(title: str, command: str, results: Results) -> str:
    """The table file: the arms over all seeds, the claims, then every seed."""
    together = [row for row in results.rows if row.seed == "all" and row.set == "all"]
    apart = [row for row in results.rows if row.seed != "all"]
    parts = [
        f"# {title}",
        f"Made by `{command}`.",
        _table(HEADS, [cells(row) for row in together]),
        "Win rate: AlpacaEval's preference averaged over both orders, ties half; ± one standard error and the 95 % "
        "interval over prompts and seeds. Win/tie/lose: AlpaGasus's rule over the two orders. Flips: share of prompts "
        "on which exchanging the order exchanged the winner. Length: characters of the arm's answers.",
        "On the way: " + "; ".join(results.losses) + ".",
        *(_curves(results.curves) if results.curves else ()),
        "## Claims",
        _table(FINDING_HEADS, [finding_cells(one) for one in results.findings]),
        "Through the reference: paired difference of the two win rates against it. Head to head: the first's win rate "
        "against the second, above 50. Both in points with 95 % intervals (bootstrap over prompts and seeds). "
        "Replicated: every measure shown lies above zero with its whole interval. Not replicated: the interval has "
        "zero inside and no room for a difference that matters "
        f"({MARGIN:g} points of win rate, {SLOPE_MARGIN:g} of slope), or lies below zero. Cannot be told: anything "
        "else. "
        "Each claim is tested by itself; nothing is corrected for their number.",
    ]
    if sets := [row for row in results.rows if row.set != "all"]:
        parts += ["## By set of prompts", _table(("set", *HEADS), [(row.set, *cells(row)) for row in sets])]
    if len({row.seed for row in apart}) > 1:
        parts += ["## By seed", _table(HEADS, [cells(row) for row in apart])]
    return "\n\n".join(parts) + "\n"


def _curves(curves: tuple[Curve, ...]) -> tuple[str, ...]:
    return (
        "## Curves",
        _table(CURVE_HEADS, [curve_cells(one) for one in curves]),
        "w = alpha ln N + C by least squares over the sizes, w in percent; alpha with its 95 % interval over prompts "
        "and seeds.",
    )


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    def line(values: tuple[str, ...]) -> str:
        return "| " + " | ".join(value.replace("|", "\\|") for value in values) + " |"

    return "\n".join([line(heads), line(("---",) * len(heads)), *map(line, rows)])


def tidy(results: Results) -> str:
    """The rows as CSV, one line an arm, opponent and seed; empty where there is no number."""
    out = io.StringIO()
    names = [field.name for field in fields(Row)]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for row in results.rows:
        writer.writerow({key: _plain(value) for key, value in asdict(row).items()})
    return out.getvalue()


def tidy_findings(results: Results) -> str:
    """The claims as CSV, one line each."""
    out = io.StringIO()
    measures = ("difference", "head_to_head")
    parts = ("mean", "standard_error", "low", "high")
    names = ["first", "second", *(f"{m}_{part}" for m in measures for part in parts), "n", "paper", "verdict", "claim"]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for one in results.findings:
        line: dict[str, object] = {"first": one.first, "second": one.second, "n": one.n}
        line["paper"] = "" if one.paper is None else one.paper
        for measure in measures:
            estimate: Estimate | None = getattr(one, measure)
            for part in parts:
                line[f"{measure}_{part}"] = "" if estimate is None else _plain(getattr(estimate, part))
        writer.writerow({**line, "verdict": one.verdict, "claim": one.claim})
    return out.getvalue()


def as_json(command: str, results: Results) -> str:
    """Rows and claims as JSON; null where there is no number."""

    def rows(text: str) -> list[dict[str, object]]:
        return [{key: _typed(value) for key, value in row.items()} for row in csv.DictReader(io.StringIO(text))]

    body = {"command": command, "rows": rows(tidy(results)), "claims": rows(tidy_findings(results))}
    return json.dumps(body, indent=1, ensure_ascii=False)


def _typed(text: str) -> object:
    if text == "":
        return None
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text


def _plain(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float):
        return "" if missing(value) else f"{value:.6g}"
    return value
