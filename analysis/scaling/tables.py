"""What a fit found, as text for people and as JSON for programs. Every cell comes from one `Summary`, so that the
table, the JSON and the figure cannot disagree."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

from humpback.analysis.layout.text_table import DASH, aligned, between, cell
from humpback.analysis.scaling.bootstrap import over_points
from humpback.analysis.scaling.checks import (
    AlphaDifference,
    CannotTell,
    Curvature,
    LackOfFit,
    alpha_difference,
    curvature,
    lack_of_fit,
    p_in_words,
)
from humpback.analysis.scaling.fit import Fit, Interval, Points, TooFewPoints, between_seeds, by_seed, fit
from humpback.analysis.stats.multiplicity import LEVEL, holm

OPTIONAL = ("95 % errors", "within reading", "paper")
"""Columns that are shown where a set has something to show."""
HEADS = ("set", "points", "N", "alpha", "95 % residuals", "95 % bootstrap", "C", "R2", *OPTIONAL)


@dataclass(frozen=True)
class Curve:
    """One set, fitted and checked."""

    line: Fit
    bootstrap: Interval | None
    by_seed: Mapping[str, float]
    between_seeds: Interval | None
    straight: LackOfFit | CannotTell
    bends: Curvature | CannotTell
    printed: float | None
    """The paper's alpha, where this is one of its sets."""


@dataclass(frozen=True)
class Unfitted:
    """One set without a line."""

    points: Points
    reason: str


@dataclass(frozen=True)
class Summary:
    """All sets of a file, and the differences between their alphas."""

    curves: tuple[Curve | Unfitted, ...]
    differences: tuple[tuple[str, str, AlphaDifference | CannotTell], ...]
    corrected: Mapping[tuple[str, str], float]
    """Of each tested pair, p after Holm's correction for the number of pairs tested."""

    @property
    def fitted(self) -> tuple[Curve, ...]:
        """Those with a line."""
        return tuple(one for one in self.curves if isinstance(one, Curve))


def summarise(sets: Sequence[Points], printed: Mapping[str, float] | None = None) -> Summary:
    """Fit and check every set. Differences are of all pairs, or, beside printed alphas, of the first set and each other
    (which is what the paper claims)."""
    curves = tuple(_curve(one, (printed or {}).get(one.name)) for one in sets)
    lines = [one.line for one in curves if isinstance(one, Curve)]
    pairs = [(lines[0], other) for other in lines[1:]] if printed and lines else list(combinations(lines, 2))
    differences = tuple((a.points.name, b.points.name, alpha_difference(a, b)) for a, b in pairs)
    tested = [(a, b, one) for a, b, one in differences if isinstance(one, AlphaDifference)]
    adjusted = holm([one.p for *_, one in tested])
    corrected = {(a, b): p for (a, b, _), p in zip(tested, adjusted, strict=True) if p is not None}
    return Summary(curves, differences, corrected)


def _curve(points: Points, printed: float | None) -> Curve | Unfitted:
    try:
        line = fit(points)
    except TooFewPoints as error:
        return Unfitted(points, str(error))
    alphas = by_seed(points)
    between = between_seeds(list(alphas.values()))
    return Curve(line, over_points(line), alphas, between, lack_of_fit(line), curvature(points), printed)


def as_text(found: Summary) -> str:
    """The lines, the checks, the differences, and what the columns mean."""
    parts = [_lines(found), _checks(found)]
    parts += [_differences(found)] if found.differences else []
    notes = [f"{one.reason}; not fitted" for one in found.curves if isinstance(one, Unfitted)]
    notes += [
        f"{one.line.points.name}: alpha by seed {', '.join(f'{seed}: {a:.2f}' for seed, a in one.by_seed.items())}; "
        f"of their mean, by t over seeds: {_interval(one.between_seeds)}"
        for one in found.fitted
        if one.by_seed
    ]
    return "\n\n".join([*parts, *(["\n".join(notes)] if notes else []), _legend(found)])


def _lines(found: Summary) -> str:
    rows = [_line(one) for one in found.curves]
    there = {head for row in rows for head, cell in row.items() if cell != DASH}
    heads = [head for head in HEADS if head in there or head not in OPTIONAL]
    return aligned(heads, [[row.get(head, DASH) for head in heads] for row in rows])


def _line(one: Curve | Unfitted) -> dict[str, str]:
    points = one.points if isinstance(one, Unfitted) else one.line.points
    cells = {"set": points.name, "points": str(len(points.n)), "N": _sizes(points)}
    if isinstance(one, Unfitted):
        return cells
    line = one.line
    return {
        **cells,
        "alpha": f"{line.alpha:.2f}",
        "95 % residuals": _interval(line.by_residuals),
        "95 % bootstrap": _interval(one.bootstrap),
        "C": f"{line.constant:.1f}",
        "R2": cell(line.r_squared, ".3f"),
        "95 % errors": _interval(line.by_errors),
        "within reading": _interval(line.by_reading),
        "paper": cell(one.printed, ".2f"),
    }


def _checks(found: Summary) -> str:
    rows = [[one.line.points.name, one.straight.words, one.bends.words] for one in found.fitted]
    return aligned(["set", "straight line", "saturation"], rows, words=3)


def _differences(found: Summary) -> str:
    rows = []
    for a, b, one in found.differences:
        cells = [f"cannot be told: {one.words}", *[DASH] * 4] if isinstance(one, CannotTell) else []
        if isinstance(one, AlphaDifference):
            ps = [p_in_words(one.p), p_in_words(found.corrected[a, b])]
            cells = [verdict(found, a, b, one), f"{one.difference:+.2f}", _interval(one.interval), *ps]
        rows.append([f"{a} - {b}", *cells])
    return aligned(["alphas", "verdict", "difference", "95 %", "p", "p (Holm)"], rows, words=2)


def verdict(found: Summary, first: str, second: str, one: AlphaDifference) -> str:
    """Whether two alphas differ at 5 %, by itself and after correction."""
    if one.p >= LEVEL:
        return f"cannot be told apart, by {one.how}"
    alone = "" if found.corrected[first, second] < LEVEL else " alone, not after correction"
    return f"differ{alone}, by {one.how}"


def _legend(found: Summary) -> str:
    errors, reading = (
        any(getattr(one.line.points, column) is not None for one in found.fitted) for column in ("error", "reading")
    )
    lines = [
        "alpha: points of value for each e-fold of N; least squares of value = alpha ln N + C"
        + (", weighted by 1/error^2 where there are errors." if errors else "."),
        "95 % residuals: from the scatter around the line (t, points - 2 degrees of freedom). 95 % bootstrap: over the "
        "residuals (bootstrap-t), from five points on.",
    ]
    if errors:
        lines.append("95 % errors: from the given standard errors alone, which know nothing of other runs.")
    if reading:
        lines.append("within reading: what alpha can be, given how exactly the points could be read from the figure.")
    lines.append("saturation: with a term in (ln N)^2, does it bend, and does it rise at the largest N; each at 5 %.")
    if found.differences:
        lines.append("p: Welch's t, or normal where by errors; Holm: corrected for the number of differences tested.")
    return "\n".join(lines)


def as_json(found: Summary, command: str) -> str:
    """Everything in the tables, and the points; null where there is no number."""
    differences = [
        {"first": a, "second": b, **_check_json(one), "p_holm": found.corrected.get((a, b))}
        for a, b, one in found.differences
    ]
    sets = [_set_json(one) for one in found.curves]
    return json.dumps({"command": command, "sets": sets, "differences": differences}, indent=1, ensure_ascii=False)


def _set_json(one: Curve | Unfitted) -> dict[str, object]:
    points = one.points if isinstance(one, Unfitted) else one.line.points
    columns = {key: value for key, value in asdict(points).items() if key != "name" and value is not None}
    about: dict[str, object] = {"set": points.name, "points": columns}
    if isinstance(one, Unfitted):
        return {**about, "not_fitted": one.reason}
    line = one.line
    intervals = {
        "residuals": line.by_residuals,
        "bootstrap": one.bootstrap,
        "errors": line.by_errors,
        "reading": line.by_reading,
        "between_seeds": one.between_seeds,
    }
    return {
        **about,
        "alpha": line.alpha,
        "intervals": {name: found and asdict(found) for name, found in intervals.items()},
        "alpha_by_seed": dict(one.by_seed),
        "constant": line.constant,
        "constant_interval": line.constant_by_residuals and asdict(line.constant_by_residuals),
        "r_squared": line.r_squared,
        "residuals": line.residuals,
        "straight_line": _check_json(one.straight),
        "saturation": _check_json(one.bends),
        "printed_alpha": one.printed,
    }


def _check_json(one: LackOfFit | Curvature | AlphaDifference | CannotTell) -> dict[str, object]:
    if isinstance(one, CannotTell):
        return {"cannot_tell": one.words}
    return asdict(one) if isinstance(one, AlphaDifference) else {**asdict(one), "words": one.words}


def _sizes(points: Points) -> str:
    least, most = (f"{n:,.0f}" if n >= 10 else f"{n:g}" for n in (points.sizes[0], points.sizes[-1]))
    return least if len(points.sizes) == 1 else f"{least} to {most}"


def _interval(one: Interval | None) -> str:
    return DASH if one is None else between(one.low, one.high, ".2f")
