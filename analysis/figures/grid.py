"""Figure of an ablation: win rate by the value of a setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from humpback.analysis.experiment.gather import Results, missing
from humpback.analysis.layout.drawing import PALE, TIE, Label, bare, beside, new_figure, wrapped
from humpback.analysis.scaling.figure import COLOURS, MARKERS

_MAGNITUDES = 10
"""How many times the smallest value the largest is where their orders of magnitude are shown and not their sizes."""


@dataclass(frozen=True)
class Place:
    """Where an arm of a grid lies."""

    arm: str
    line: str
    """What it has in common with the arms that differ in this setting alone."""
    path: str
    """The setting."""
    value: float


def grid_figure(title: str, command: str, results: Results, places: Sequence[Place]) -> Figure | None:
    """A panel for each setting, a line for each arm with its intervals. None where fewer than two values have a
    number."""
    rows = {row.arm: row for row in results.rows if row.seed == row.set == "all"}
    drawn = [one for one in places if one.arm in rows and not missing(rows[one.arm].win_rate)]
    panels = list(dict.fromkeys(one.path for one in drawn))
    if len({(one.path, one.value) for one in drawn}) < 2:
        return None
    lines = list(dict.fromkeys(one.line for one in drawn))
    note = "bars: 95 % interval over prompts and seeds"
    figure = new_figure(title, command, (3.0 + 0.14 * len(lines)) * len(panels), note=note)
    for axes, path in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
        labels = []
        for number, line in enumerate(lines):
            points = sorted(
                ((one.value, rows[one.arm]) for one in drawn if (one.path, one.line) == (path, line)),
                key=lambda point: point[0],
            )
            if not points:
                continue
            colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
            values = [value for value, _ in points]
            axes.plot(values, [row.win_rate for _, row in points], marker=marker, color=colour, linewidth=1, zorder=3)
            for value, row in points:
                if not missing(row.low):
                    axes.plot([value] * 2, [row.low, row.high], color=colour, linewidth=1.2, alpha=0.6, zorder=2)
            labels.append(Label(values[-1], points[-1][1].win_rate, wrapped(line, 36), colour))
        ticks = sorted({one.value for one in drawn if one.path == path})
        if ticks[0] > 0 and ticks[-1] >= _MAGNITUDES * ticks[0]:
            axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{value:g}" for value in ticks])
        axes.set_xticks([], minor=True)
        axes.axhline(50, color=TIE, linewidth=0.8, zorder=0)
        axes.margins(x=0.06, y=0.12)
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.set_xlabel(path)
        axes.set_ylabel(f"win rate against {results.reference}, %")
        axes.grid(axis="y", color=PALE, linewidth=0.4)
        bare(axes, keep=("bottom", "left"))
        beside(axes, labels)
    return figure
