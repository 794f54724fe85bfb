"""A part of a figure of measured numbers, what it is drawn from, and the one that suits any kind of measure: a small
panel for each metric."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.layout.drawing import INK, PALE, bare, dot, names_axis, no_number, number_above, wrapped

NAME = 28
"""Letters of a line of a name."""
COLUMNS = 3
"""Small panels side by side."""


@dataclass(frozen=True)
class FigurePart:
    """One kind's part of the figure."""

    inches: float
    """Its height."""
    draw: Callable[[SubFigure], None]


@dataclass(frozen=True)
class MeasuredNumbers:
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

    def of(self, name: str, metric: str) -> MeasuredRow | None:
        """The number over all seeds; None where there is none, and the paper has none either."""
        for row in self.rows:
            if (row.name, row.metric, row.seed) == (name, metric, "all"):
                return row if not math.isnan(row.value) or row.paper is not None else None
        return None

    def reason(self, name: str) -> str:
        """Why a measure has no number; empty where it has."""
        return next((row.reason for row in self.rows if row.name == name and row.reason), "")

    def seeds(self, name: str, metric: str) -> list[float]:
        """Each seed's number, where there are several."""
        rows = [row for row in self.rows if (row.name, row.metric) == (name, metric) and row.seed != "all"]
        found = [row.value for row in rows if not math.isnan(row.value)]
        return found if len(found) > 1 else []

    def dot(self, axes: Axes, row: MeasuredRow, y: float, colour: str = INK, marker: str = "D") -> None:
        """Draw a number over all seeds, with each seed's."""
        seeds = self.seeds(row.name, row.metric)
        dot(axes, y, row.value, row.low, row.high, seeds=seeds, paper=row.paper, colour=colour, marker=marker)


def panels(numbers: MeasuredNumbers) -> FigurePart:
    """A small panel for each metric, a line for each measure."""
    metrics = numbers.metrics
    labels = [wrapped(name, NAME) for name in numbers.names]
    lines = max(label.count("\n") + 1 for label in labels)
    rows = math.ceil(len(metrics) / COLUMNS)
    each = max(0.32, 0.14 * lines + 0.06) * len(labels) + 0.62

    def draw(part: SubFigure) -> None:
        grid = part.subplots(rows, min(len(metrics), COLUMNS), squeeze=False, sharey=True)
        for place, axes in enumerate(grid.flat):
            if place < len(metrics):
                _panel(axes, numbers, metrics[place])
            else:
                axes.set_visible(False)
        for line in grid:
            for y, name in enumerate(numbers.names):
                if reason := numbers.reason(name):
                    no_number(line[0], y, reason, 30)
        names_axis(grid[0][0], labels)

    return FigurePart(rows * each, draw)


def _panel(axes: Axes, numbers: MeasuredNumbers, metric: str) -> None:
    for y, name in enumerate(numbers.names):
        row = numbers.of(name, metric)
        if row is not None:
            numbers.dot(axes, row, y)
            if not math.isnan(row.value):
                number_above(axes, row.value, y, f"{row.value:{row.form}}")
    rows = [row for row in numbers.rows if row.metric == metric]
    there = [one for row in rows for one in (row.value, row.paper) if one is not None and not math.isnan(one)]
    # MeasuredNumbers above 0 of very different size, as a paper's counts beside a small world's are.
    log = min(there) > 0 and max(there) > 30 * min(there) and not any(row.low <= 0 for row in rows)
    axes.margins(x=0.16)
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=4))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_title(wrapped(f"{metric} (log scale)" if log else metric, 36), loc="left", fontsize=9)
    low, high = axes.get_xlim()
    if low < 0 and all(row.low >= 0 or math.isnan(row.low) for row in rows):
        # Nothing below 0 can be, and a mark at 0 should still be whole.
        axes.set_xlim(left=-0.04 * high)
    if high >= 1_000 or log:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.grid(axis="x", color=PALE, linewidth=0.4)
    axes.set_axisbelow(True)
    bare(axes)
