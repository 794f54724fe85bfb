"""A part of a figure of measured numbers, what it is drawn from, and the one that suits any kind of measure: a small
panel for each metric."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.layout.drawing import GREY, INK, LOSE, PALE, WIN, bare, wrapped

Later = Callable[[], None]
NAME = 28
"""Letters of a line of a name."""
COLUMNS = 3
"""Small panels side by side."""


def no_names() -> None:
    """No names to place afterwards."""


@dataclass(frozen=True)
class Section:
    """One kind's part of the figure."""

    inches: float
    """Its height."""
    draw: Callable[[SubFigure], Later]
    """Draws it; what it returns is called when the layout of the whole figure stands."""


@dataclass(frozen=True)
class Table:
    """The rows of the measures of one kind."""

    rows: tuple[MeasuredRow, ...]

    @property
    def names(self) -> list[str]:
        """Measures, in order."""
        return list(dict.fromkeys(row.name for row in self.rows))

    @property
    def metrics(self) -> list[str]:
        """Those that some measure has a number of, in order."""
        return list(dict.fromkeys(row.metric for row in self.rows if not math.isnan(row.value)))

    @property
    def drawn(self) -> bool:
        """Whether there is any number."""
        return bool(self.metrics)

    def of(self, name: str, metric: str) -> MeasuredRow | None:
        """The number over all seeds; None where there is none, and the paper has none either."""
        for row in self.rows:
            if (row.name, row.metric, row.seed) == (name, metric, "all"):
                return row if not math.isnan(row.value) or row.paper is not None else None
        return None

    def seeds(self, name: str, metric: str) -> list[float]:
        """Each seed's number, where there are several."""
        found = [
            row.value
            for row in self.rows
            if (row.name, row.metric) == (name, metric) and row.seed != "all" and not math.isnan(row.value)
        ]
        return found if len(found) > 1 else []

    def reason(self, name: str) -> str:
        """Why a measure has no number; empty where it has."""
        return next((row.reason for row in self.rows if row.name == name and row.reason), "")


def panels(table: Table) -> Section:
    """A small panel for each metric, a line for each measure."""
    names, metrics = table.names, table.metrics
    labels = [wrapped(name, NAME) for name in names]
    lines = max(label.count("\n") + 1 for label in labels)
    rows = math.ceil(len(metrics) / COLUMNS)
    each = max(0.32, 0.14 * lines + 0.06) * len(names) + 0.62

    def draw(part: SubFigure) -> Later:
        columns = min(len(metrics), COLUMNS)
        grid = part.subplots(rows, columns, squeeze=False, sharey=True)
        for place, axes in enumerate(grid.flat):
            if place >= len(metrics):
                axes.set_visible(False)
                continue
            _dots(axes, table, metrics[place], first=place % columns == 0)
        grid[0][0].set_yticks(range(len(names)), labels, linespacing=1.0)
        return no_names

    return Section(rows * each, draw)


def _dots(axes: Axes, table: Table, metric: str, *, first: bool) -> None:
    names = table.names
    for y, name in enumerate(names):
        row = table.of(name, metric)
        if first and (reason := table.reason(name)):
            short = reason if len(reason) <= 30 else f"{reason[:29]}…"
            axes.annotate(
                f"no number: {short}",
                (0.02, y),
                xycoords=("axes fraction", "data"),
                va="center",
                color=GREY,
                fontsize=7,
            )
        if row is None:
            continue
        dot(axes, row, y, table.seeds(name, metric), INK)
        if not math.isnan(row.value):
            axes.annotate(
                f"{row.value:{row.form}}",
                (row.value, y),
                (0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=7.5,
            )
    axes.set_ylim(len(names) - 0.45, -0.75)
    axes.set_title(wrapped(metric, 36), loc="left", fontsize=9)
    axes.margins(x=0.16)
    if _wide(table, metric):
        axes.set_xscale("log")
        axes.set_title(wrapped(f"{metric} (log scale)", 36), loc="left", fontsize=9)
        axes.xaxis.set_major_locator(LogLocator(numticks=4))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    low, high = axes.get_xlim()
    if low < 0 and all(row.low >= 0 or math.isnan(row.low) for row in table.rows if row.metric == metric):
        # Nothing below 0 can be, and a mark at 0 should still be whole.
        axes.set_xlim(left=-0.04 * high)
    if high >= 1_000 or axes.get_xscale() == "log":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.grid(axis="x", color=PALE, linewidth=0.4)
    axes.set_axisbelow(True)
    bare(axes)


def _wide(table: Table, metric: str) -> bool:
    """Whether its numbers, all above 0, are of very different size, as a paper's counts beside a small world's are."""
    rows = [row for row in table.rows if row.metric == metric]
    there = [one for row in rows for one in (row.value, row.paper) if one is not None and not math.isnan(one)]
    return min(there) > 0 and max(there) > 30 * min(there) and not any(row.low <= 0 for row in rows)


def dot(axes: Axes, row: MeasuredRow, y: float, seeds: Sequence[float], colour: str, marker: str = "D") -> None:
    """Mean and interval, seeds and the paper's number on a line."""
    if row.paper is not None:
        edge = LOSE if colour == INK else colour
        axes.plot([row.paper], [y], marker, markersize=5.5, markerfacecolor="white", markeredgecolor=edge, zorder=2)
    if seeds:
        axes.plot(
            seeds, [y] * len(seeds), "o", markersize=3, color=WIN if colour == INK else colour, alpha=0.4, zorder=1
        )
    if not math.isnan(row.low):
        axes.plot([row.low, row.high], [y, y], color=colour, linewidth=1.5, zorder=2)
    if not math.isnan(row.value):
        axes.plot([row.value], [y], marker, markersize=5, color=colour, zorder=3)
