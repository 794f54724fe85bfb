"""The kinds of measure that have a picture of their own: scores as histograms, selections on the plane of precision and
recall, benchmarks by task, people's choices as bars."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from humpback.analysis.figures.measured_part import COLUMNS, NAME, FigurePart, MeasuredNumbers, panels
from humpback.analysis.layout.drawing import (
    INK,
    LOSE,
    PALE,
    TIE,
    WIN,
    Label,
    bare,
    beside,
    names_axis,
    number_above,
    win_tie_lose,
    wrapped,
)
from humpback.analysis.scaling.figure import COLOURS, MARKERS

_BAR = re.compile(r"scored (below )?([0-9.]+), %")
_SELECTED = re.compile(r"rated ([0-9.]+) or better, %")


def scores(numbers: MeasuredNumbers) -> FigurePart:
    """A histogram of scores for each rater, the shares that are kept said and, at the highest threshold, coloured."""
    bars = {metric: found for metric in numbers.metrics if (found := _BAR.fullmatch(metric))}
    if not bars:
        return panels(numbers)
    names = [name for name in numbers.names if not numbers.reason(name)]
    columns = 2 if len(names) == 4 else min(len(names), COLUMNS)
    rows = math.ceil(len(names) / columns)

    def draw(part: SubFigure) -> None:
        grid = part.subplots(rows, columns, squeeze=False, sharey=True)
        for place, axes in enumerate(grid.flat):
            if place < len(names):
                _histogram(axes, numbers, names[place], bars)
            else:
                axes.set_visible(False)
        for row in grid:
            row[0].set_ylabel("% of the examples")

    return FigurePart(rows * 2.6, draw)


def _histogram(axes: Axes, numbers: MeasuredNumbers, name: str, bars: dict[str, re.Match[str]]) -> None:
    selected = {float(found[1]): metric for metric in numbers.metrics if (found := _SELECTED.fullmatch(metric))}
    strict = max(selected, default=math.inf)
    for x, (metric, found) in enumerate(bars.items()):
        row = numbers.of(name, metric)
        if row is None:
            continue
        if not math.isnan(row.value):
            colour = WIN if not found[1] and float(found[2]) >= strict else PALE
            axes.bar(x, row.value, width=0.8, color=colour, zorder=2)
            if not math.isnan(row.low):
                axes.plot([x, x], [row.low, row.high], color=INK, linewidth=1.2, zorder=3)
            top = row.value if math.isnan(row.high) else max(row.value, row.high)
            number_above(axes, x, top, f"{row.value:.1f}", 2)
        if row.paper is not None:
            axes.bar(x, row.paper, width=0.92, fill=False, edgecolor=LOSE, linewidth=1.2, zorder=4)
    axes.set_xticks(range(len(bars)), [("<" if found[1] else "") + found[2] for found in bars.values()])
    axes.set_xlabel("score")
    title = [wrapped(name, 40)]
    for threshold in sorted(selected):
        row = numbers.of(name, selected[threshold])
        if row is not None and not math.isnan(row.value):
            paper = "" if row.paper is None else f" (paper {row.paper:.1f})"
            title.append(f"{row.value:.1f} % at {threshold:g} or better{paper}")
    axes.set_title("\n".join(title), loc="left", fontsize=8.5)
    axes.margins(y=0.14)
    bare(axes, keep=("bottom", "left"))


def plane(numbers: MeasuredNumbers) -> FigurePart:
    """Precision against recall: each selection named, and joined by a dotted line to the paper's, which is hollow."""
    there = [name for name in numbers.names if numbers.of(name, "precision") and numbers.of(name, "recall")]
    if not there:
        return panels(numbers)

    def draw(part: SubFigure) -> None:
        axes = part.subplots()
        labels = [_selection(axes, numbers, name, place) for place, name in enumerate(there)]
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("recall: share of the good candidates that are selected")
        axes.set_ylabel("precision: share of the selected that are good")
        axes.grid(color=PALE, linewidth=0.4)
        axes.set_axisbelow(True)
        bare(axes, keep=("bottom", "left"))
        beside(axes, labels)

    return FigurePart(4.8, draw)


def _selection(axes: Axes, numbers: MeasuredNumbers, name: str, place: int) -> Label:
    precision, recall = numbers.of(name, "precision"), numbers.of(name, "recall")
    assert precision is not None
    assert recall is not None
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    x, y = recall.value, precision.value
    for box in ((recall.low, y, recall.high, y), (x, precision.low, x, precision.high)):
        if not any(map(math.isnan, box)):
            axes.plot(box[::2], box[1::2], color=colour, linewidth=1.3, zorder=2)
    seeds = numbers.seeds(name, "recall"), numbers.seeds(name, "precision")
    if len(seeds[0]) == len(seeds[1]):
        axes.plot(*seeds, "o", markersize=3, color=colour, alpha=0.4, zorder=1)
    axes.plot([x], [y], marker, markersize=7, color=colour, markeredgecolor="white", zorder=4)
    if recall.paper is None or precision.paper is None:
        return Label(x, y, wrapped(name, NAME), colour)
    spot = recall.paper, precision.paper
    axes.plot([x, spot[0]], [y, spot[1]], color=colour, linestyle=":", linewidth=0.9, zorder=1)
    (mark,) = axes.plot(*([one] for one in spot), marker, markersize=7, color=colour, zorder=3)
    mark.set(markerfacecolor="white", markeredgewidth=1.3)
    if math.isnan(x) or math.isnan(y):
        return Label(*spot, wrapped(f"{name} (paper's alone)", NAME), colour)
    return Label(x, y, wrapped(name, NAME), colour)


def tasks(numbers: MeasuredNumbers) -> FigurePart:
    """Benchmarks by task, a colour a model, with intervals. A measure called "model: task" is that model's."""
    names = {name: name.split(": ", 1)[0] for name in numbers.names}
    models, metrics = list(dict.fromkeys(names.values())), numbers.metrics
    looks = {one: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, one in enumerate(models)}

    def draw(part: SubFigure) -> None:
        axes = part.subplots()
        for y, metric in enumerate(metrics):
            for name, model in names.items():
                row = numbers.of(name, metric)
                if row is not None:
                    level = y + 0.7 * ((models.index(model) + 0.5) / len(models) - 0.5)
                    numbers.dot(axes, row, level, *looks[model])
            if y:
                axes.axhline(y - 0.5, color=PALE, linewidth=0.5, zorder=0)
        for model, (colour, marker) in looks.items():
            axes.plot([], [], marker, color=colour, label=wrapped(model, NAME))
        names_axis(axes, [wrapped(metric.removesuffix(", %"), NAME) for metric in metrics])
        axes.set_xlabel("%")
        axes.grid(axis="x", color=PALE, linewidth=0.4)
        axes.set_axisbelow(True)
        bare(axes)
        handles = axes.get_legend_handles_labels()
        part.legend(*handles, loc="outside upper center", ncols=min(len(models), 4), frameon=False)

    each = max(0.34, 0.15 * len(models) + 0.1)
    return FigurePart(each * len(metrics) + 0.7 + 0.25 * math.ceil(len(models) / 4), draw)


def choices(numbers: MeasuredNumbers) -> FigurePart:
    """People's choices: better, no difference, worse; the paper's outlined below; and the difference with its
    interval."""
    names = numbers.names
    labels = []
    for name in names:
        votes, people = numbers.of(name, "votes"), numbers.of(name, "annotators")
        counts = f"({votes.value:,.0f} votes, {people.value:,.0f} people)" if votes and people else "(no votes)"
        labels.append(f"{wrapped(name, NAME)}\n{counts}")

    def draw(part: SubFigure) -> None:
        left, right = part.subplots(1, 2, sharey=True, width_ratios=(1.5, 1))
        for y, name in enumerate(names):
            cells = [numbers.of(name, metric) for metric in ("first better, %", "no difference, %", "second better, %")]
            win_tie_lose(left, y, [cell.value if cell else math.nan for cell in cells], 0.5, least=5)
            _outlined(left, y + 0.36, [cell.paper if cell else None for cell in cells])
            row = numbers.of(name, "first better less second, points")
            if row is not None:
                numbers.dot(right, row, y)
                number_above(right, row.value, y, f"{row.value:+.1f}")
        names_axis(left, labels)
        left.set_xlim(-0.5, 100.5)
        left.set_title("better (blue) / no difference (grey) / worse (orange), %", loc="left", fontsize=9)
        right.axvline(0, color=PALE, linewidth=0.8, zorder=0)
        right.margins(x=0.12)
        right.set_title(wrapped("better less worse, points", 30), loc="left", fontsize=9)
        for axes in (left, right):
            bare(axes)

    lines = max(label.count("\n") + 1 for label in labels)
    return FigurePart(max(0.5, 0.15 * lines + 0.1) * len(names) + 0.6, draw)


def _outlined(axes: Axes, y: float, shares: Sequence[float | None]) -> None:
    start = 0.0
    for share, colour in zip(shares, (WIN, TIE, LOSE), strict=True):
        if share is not None:
            axes.barh(y, share, left=start, fill=False, edgecolor=colour, linewidth=1.3, height=0.16)
            start += share
