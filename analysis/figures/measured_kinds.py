"""The kinds of measure that have a picture of their own: scores as histograms, selections on the plane of precision and
recall, benchmarks by task, people's choices as bars."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from humpback.analysis.figures.measured_panels import COLUMNS, NAME, Later, Section, Table, dot, no_names, panels
from humpback.analysis.layout.drawing import INK, LOSE, PALE, TIE, WIN, Label, bare, beside, named, wrapped
from humpback.analysis.scaling.figure import COLOURS, MARKERS

_BAR = re.compile(r"scored (below )?([0-9.]+), %")
_NEAR = 4
"""More names than these stand in a column and not beside their points."""
_KEPT = re.compile(r"rated ([0-9.]+) or better, %")


def scores(table: Table) -> Section | None:
    """A histogram of scores for each rater, the shares that are kept said and, at the highest threshold, coloured."""
    bars = [metric for metric in table.metrics if _BAR.fullmatch(metric)]
    if not bars:
        return panels(table)
    names = [name for name in table.names if not table.reason(name)]
    columns = 2 if len(names) == 4 else min(len(names), COLUMNS)
    rows = math.ceil(len(names) / columns)

    def draw(part: SubFigure) -> Later:
        grid = part.subplots(rows, columns, squeeze=False, sharey=True)
        for place, axes in enumerate(grid.flat):
            if place < len(names):
                _histogram(axes, table, names[place], bars)
            else:
                axes.set_visible(False)
        for row in grid:
            row[0].set_ylabel("% of the examples")
        return no_names

    return Section(rows * 2.6, draw)


def _histogram(axes: Axes, table: Table, name: str, bars: Sequence[str]) -> None:
    kept = {float(found[1]): metric for metric in table.metrics if (found := _KEPT.fullmatch(metric))}
    strict = max(kept, default=math.inf)
    ticks = []
    for x, metric in enumerate(bars):
        found = _BAR.fullmatch(metric)
        assert found is not None
        ticks.append(("<" if found[1] else "") + found[2])
        row = table.of(name, metric)
        if row is None:
            continue
        colour = WIN if not found[1] and float(found[2]) >= strict else PALE
        if not math.isnan(row.value):
            axes.bar(x, row.value, width=0.8, color=colour, zorder=2)
            top = row.value
            if not math.isnan(row.low):
                axes.plot([x, x], [row.low, row.high], color=INK, linewidth=1.2, zorder=3)
                top = max(top, row.high)
            axes.annotate(f"{row.value:.1f}", (x, top), (0, 2), textcoords="offset points", ha="center", fontsize=7.5)
        if row.paper is not None:
            axes.bar(x, row.paper, width=0.92, fill=False, edgecolor=LOSE, linewidth=1.2, zorder=4)
    axes.set_xticks(range(len(bars)), ticks)
    axes.set_xlabel("score")
    told = [wrapped(name, 40)]
    for threshold in sorted(kept):
        row = table.of(name, kept[threshold])
        if row is not None and not math.isnan(row.value):
            paper = "" if row.paper is None else f" (paper {row.paper:.1f})"
            told.append(f"{row.value:.1f} % at {threshold:g} or better{paper}")
    axes.set_title("\n".join(told), loc="left", fontsize=8.5)
    axes.margins(y=0.14)
    bare(axes, keep=("bottom", "left"))


def plane(table: Table) -> Section | None:
    """Precision against recall: each selection named, and joined by a dotted line to the paper's, which is hollow."""
    there = [name for name in table.names if table.of(name, "precision") and table.of(name, "recall")]
    if not there:
        return panels(table)

    def draw(part: SubFigure) -> Later:
        axes = part.subplots()
        labels = [_selection(axes, table, name, place) for place, name in enumerate(there)]
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("recall: share of the good candidates that are selected")
        axes.set_ylabel("precision: share of the selected that are good")
        axes.grid(color=PALE, linewidth=0.4)
        axes.set_axisbelow(True)
        bare(axes, keep=("bottom", "left"))
        if len(labels) > _NEAR:
            beside(axes, labels)
            return no_names
        return lambda: named(axes, labels)

    return Section(4.8, draw)


def _selection(axes: Axes, table: Table, name: str, place: int) -> Label:
    precision, recall = table.of(name, "precision"), table.of(name, "recall")
    assert precision is not None
    assert recall is not None
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    x, y = recall.value, precision.value
    boxes = []
    for low, high, flat in ((recall.low, recall.high, True), (precision.low, precision.high, False)):
        if not math.isnan(low):
            boxes.append((low, y, high, y) if flat else (x, low, x, high))
            axes.plot(*zip(boxes[-1][:2], boxes[-1][2:], strict=True), color=colour, linewidth=1.3, zorder=2)
    seeds = table.seeds(name, "recall"), table.seeds(name, "precision")
    if len(seeds[0]) == len(seeds[1]):
        axes.plot(*seeds, "o", markersize=3, color=colour, alpha=0.4, zorder=1)
    axes.plot([x], [y], marker, markersize=7, color=colour, markeredgecolor="white", zorder=4)
    if recall.paper is None or precision.paper is None:
        return Label(x, y, wrapped(name, NAME), colour, tuple(boxes))
    spot = recall.paper, precision.paper
    axes.plot([x, spot[0]], [y, spot[1]], color=colour, linestyle=":", linewidth=0.9, zorder=1)
    (mark,) = axes.plot(*([one] for one in spot), marker, markersize=7, color=colour, zorder=3)
    mark.set(markerfacecolor="white", markeredgewidth=1.3)
    if math.isnan(x) or math.isnan(y):
        return Label(*spot, wrapped(f"{name} (paper's alone)", NAME), colour)
    path = [(x + part / 8 * (spot[0] - x), y + part / 8 * (spot[1] - y)) for part in range(1, 9)]
    return Label(x, y, wrapped(name, NAME), colour, (*boxes, *(one * 2 for one in path)))


def tasks(table: Table) -> Section:
    """Benchmarks by task, a colour a model, with intervals. A measure called "model: task" is that model's."""
    names = {name: name.split(": ", 1)[0] for name in table.names}
    models, metrics = list(dict.fromkeys(names.values())), table.metrics
    looks = {one: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, one in enumerate(models)}

    def draw(part: SubFigure) -> Later:
        axes = part.subplots()
        for y, metric in enumerate(metrics):
            for name, model in names.items():
                row = table.of(name, metric)
                if row is not None:
                    at = y + 0.7 * ((models.index(model) + 0.5) / len(models) - 0.5)
                    dot(axes, row, at, table.seeds(name, metric), *looks[model])
            if y:
                axes.axhline(y - 0.5, color=PALE, linewidth=0.5, zorder=0)
        for model, (colour, marker) in looks.items():
            axes.plot([], [], marker, color=colour, label=wrapped(model, NAME))
        axes.set_yticks(range(len(metrics)), [wrapped(metric.removesuffix(", %"), NAME) for metric in metrics])
        axes.set_ylim(len(metrics) - 0.4, -0.6)
        axes.set_xlabel("%")
        axes.grid(axis="x", color=PALE, linewidth=0.4)
        axes.set_axisbelow(True)
        bare(axes)
        handles = axes.get_legend_handles_labels()
        part.legend(*handles, loc="outside upper center", ncols=min(len(models), 4), frameon=False)
        return no_names

    each = max(0.34, 0.15 * len(models) + 0.1)
    return Section(each * len(metrics) + 0.7 + 0.25 * math.ceil(len(models) / 4), draw)


def choices(table: Table) -> Section | None:
    """People's choices: better, no difference, worse; the paper's outlined below; and the difference with its
    interval."""
    metrics = ("first better, %", "no difference, %", "second better, %")
    less = "first better less second, points"
    names = table.names
    labels = []
    for name in names:
        votes, people = table.of(name, "votes"), table.of(name, "annotators")
        told = f"({votes.value:,.0f} votes, {people.value:,.0f} people)" if votes and people else "(no votes)"
        labels.append(f"{wrapped(name, NAME)}\n{told}")

    def draw(part: SubFigure) -> Later:
        left, right = part.subplots(1, 2, sharey=True, width_ratios=(1.5, 1))
        for y, name in enumerate(names):
            cells = [table.of(name, metric) for metric in metrics]
            start = paper = 0.0
            for cell, colour in zip(cells, (WIN, TIE, LOSE), strict=True):
                if cell is None:
                    continue
                if not math.isnan(cell.value):
                    left.barh(y, cell.value, left=start, color=colour, height=0.5)
                    if cell.value > 5:
                        left.text(
                            start + cell.value / 2,
                            y,
                            f"{cell.value:.0f}",
                            ha="center",
                            va="center",
                            color="black" if colour == TIE else "white",
                            fontsize=7.5,
                        )
                    start += cell.value
                if cell.paper is not None:
                    left.barh(
                        y + 0.36, cell.paper, left=paper, fill=False, edgecolor=colour, linewidth=1.3, height=0.16
                    )
                    paper += cell.paper
            row = table.of(name, less)
            if row is not None:
                dot(right, row, y, table.seeds(name, less), INK)
                right.annotate(
                    f"{row.value:+.1f}", (row.value, y), (0, 5), textcoords="offset points", ha="center", fontsize=7.5
                )
        left.set_yticks(range(len(names)), labels, linespacing=1.0)
        left.set_ylim(len(names) - 0.35, -0.7)
        left.set_xlim(-0.5, 100.5)
        left.set_title("better (blue) / no difference (grey) / worse (orange), %", loc="left", fontsize=9)
        right.axvline(0, color=PALE, linewidth=0.8, zorder=0)
        right.margins(x=0.12)
        right.set_title(wrapped("better less worse, points", 30), loc="left", fontsize=9)
        for axes in (left, right):
            bare(axes)
        return no_names

    lines = max(label.count("\n") + 1 for label in labels)
    return Section(max(0.5, 0.15 * lines + 0.1) * len(names) + 0.6, draw)
