"""Value against training size on a log axis, a line and its band for each set. Drawn without a display, the same bytes
for the same numbers; written with `analysis.figures.save`."""

from __future__ import annotations

import math

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from analysis.figures import POINT
from analysis.scaling_tables import Curve, Summary

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""A colour of Okabe and Ito's and a shape for each set, so that neither has to be told apart alone."""
DASHES = ("solid", "dashed", "dotted", "dashdot")
"""Of each eight sets, in turn."""


def scaling_figure(found: Summary, command: str, *, title: str, value: str) -> Figure:
    """Points with their standard errors, the lines over the sizes they were fitted to, and each line's 95 % band by
    residuals (none for two points). Sets without a line are drawn as points. `value`: what the values are."""
    matplotlib.rcParams.update(
        {"svg.hashsalt": "humpback", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False}
    )
    figure = Figure(figsize=(8.6, 4.8), layout="constrained")
    axes = figure.subplots()
    figure.suptitle(title, fontsize=11)
    figure.supxlabel(
        f"value = alpha ln N + C; bands: 95 % of the line, by the scatter of its points\n{command}",
        fontsize=7,
        color="#555555",
        family="monospace",
    )
    axes.set_xscale("log")
    seen: list[float] = []
    for place, one in enumerate(found.curves):
        points = one.line.points if isinstance(one, Curve) else one.points
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        label = points.name
        if isinstance(one, Curve):
            label = f"{points.name}: {one.line.alpha:.2f}{_interval(one)}"
            dash = DASHES[place // len(COLOURS) % len(DASHES)]
            _line(axes, one, colour, dash)
        errors = points.error or (0.0,) * len(points.n)
        axes.errorbar(
            points.n,
            points.value,
            yerr=None if points.error is None else points.error,
            fmt=marker,
            markersize=5.5,
            color=colour,
            markeredgecolor="white",
            markeredgewidth=0.5,
            elinewidth=0.9,
            label=label,
            zorder=3,
        )
        seen += [v + side * e for v, e in zip(points.value, errors, strict=True) for side in (-1, 1)]
    # The band of three points is far wider than what was measured: the points set the height.
    room = 0.08 * (max(seen) - min(seen)) or 1.0
    axes.set_ylim(min(seen) - room, max(seen) + room)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}" if n >= 1 else f"{n:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("training examples N (log scale)")
    axes.set_ylabel(value)
    axes.tick_params(color=POINT, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", frameon=False, title="alpha (95 %)")
    return figure


def _line(axes: matplotlib.axes.Axes, one: Curve, colour: str, dash: str) -> None:
    low, high = one.line.points.sizes[0], one.line.points.sizes[-1]
    sizes = [float(n) for n in np.geomspace(low, high, 60)]
    axes.plot(sizes, [one.line.at(n) for n in sizes], color=colour, linestyle=dash, linewidth=1.5, zorder=2)
    band = one.line.band(sizes)
    if band is not None and all(math.isfinite(edge.high) for edge in band):
        lows, highs = [edge.low for edge in band], [edge.high for edge in band]
        axes.fill_between(sizes, lows, highs, color=colour, alpha=0.13, linewidth=0, zorder=1)


def _interval(one: Curve) -> str:
    found = one.line.by_residuals
    return "" if found is None else f" ({found.low:.2f} to {found.high:.2f})"
