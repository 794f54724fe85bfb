"""Value against training size on a log axis, a line and its band for each set, and a paper's own points beside them.
Drawn without a display, the same bytes for the same numbers; written with `humpback.analysis.layout.drawing.save`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from humpback.analysis.layout.drawing import POINT, Label, beside, new_figure, sizes_axis
from humpback.analysis.scaling.fit import Points
from humpback.analysis.scaling.points import PaperCurve
from humpback.analysis.scaling.tables import Curve, Summary, Unfitted, summarise

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""A colour of Okabe and Ito's and a shape for each set, so that neither has to be told apart alone."""
DASHES = ("solid", "dashed", "dotted", "dashdot")
"""Of each eight sets, in turn."""
_NOTE = "value = alpha ln N + C; beside each name: alpha (95 %); bands: 95 % of the line, by the scatter of its points"
_JOINT = 1.5
"""Two panels share a value axis when that makes it at most so many times as long as the first panel's own."""


def scaling_figure(found: Summary, command: str, *, title: str, value: str, paper: Sequence[PaperCurve] = ()) -> Figure:
    """Points with their standard errors, the lines over the sizes they were fitted to, and each line's 95 % band by
    residuals (none for two points). Sets without a line are drawn as points. `value`: what the values are.

    `paper`: published points of the same figure, in a panel of their own with fits of their own, a counterpart in the
    colour of the set that it belongs to.
    """
    names = [_points(one).name for one in found.curves]
    figure = new_figure(title, command, 4.8, width=12.4 if paper else 8.6, note=_NOTE)
    panels = figure.subplots(1, 2 if paper else 1, squeeze=False)[0]
    ends = [_panel(panels[0], found, dict(zip(names, range(len(names)), strict=True)))]
    panels[0].set_ylabel(value)
    if paper:
        theirs = summarise([one.points for one in paper])
        ends.append(_panel(panels[1], theirs, _places(paper, names), hollow=True))
        panels[0].set_title("ours", loc="left", fontsize=9)
        panels[1].set_title("the paper's (LLaMA-7B), fitted by us to its points", loc="left", fontsize=9)
        panels[1].set_ylabel("win rate against text-davinci-003, %")
        own, other = (axes.get_ylim() for axes in panels)
        low, high = min(own[0], other[0]), max(own[1], other[1])
        if high - low <= _JOINT * (own[1] - own[0]):
            for axes in panels:
                axes.set_ylim(low, high)
    for axes, own_ends in zip(panels, ends, strict=True):
        beside(axes, own_ends)
    return figure


def _points(one: Curve | Unfitted) -> Points:
    return one.line.points if isinstance(one, Curve) else one.points


def _places(paper: Sequence[PaperCurve], names: Sequence[str]) -> dict[str, int]:
    """A place among colours and shapes for each of the paper's curves: its counterpart's, or one that is free."""
    free = (place for place in range(len(names) + len(paper)) if place >= len(names))
    found = {}
    for one in paper:
        counterpart = next((names.index(own) for own in one.own if own in names), None)
        found[one.points.name] = next(free) if counterpart is None else counterpart
    return found


def _panel(axes: Axes, found: Summary, places: Mapping[str, int], *, hollow: bool = False) -> list[Label]:
    """Draws it; where each set's last point lies."""
    axes.set_xscale("log")
    seen: list[float] = []
    ends = []
    for one in found.curves:
        points = _points(one)
        place = places[points.name]
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        label = points.name
        if isinstance(one, Curve):
            label = f"{points.name}: {one.line.alpha:.2f}{_interval(one)}"
            _line(axes, one, colour, DASHES[place // len(COLOURS) % len(DASHES)])
        errors = points.error or (0.0,) * len(points.n)
        axes.errorbar(
            points.n,
            points.value,
            yerr=points.error,
            fmt=marker,
            markersize=5.5,
            color=colour,
            markerfacecolor="white" if hollow else colour,
            markeredgecolor=colour if hollow else "white",
            markeredgewidth=1.1 if hollow else 0.5,
            elinewidth=0.9,
            label=label,
            zorder=3,
        )
        ends.append(Label(*max(zip(points.n, points.value, strict=True)), label, colour))
        seen += [v + side * e for v, e in zip(points.value, errors, strict=True) for side in (-1, 1)]
    # The band of three points is far wider than what was measured: the points set the height.
    room = 0.08 * (max(seen) - min(seen)) or 1.0
    axes.set_ylim(min(seen) - room, max(seen) + room)
    sizes_axis(axes)
    axes.set_xlabel("training examples N (log scale)")
    axes.tick_params(color=POINT, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return ends


def _line(axes: Axes, one: Curve, colour: str, dash: str) -> None:
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
