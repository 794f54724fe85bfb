"""Figures of an experiment's arms, drawn without a display, the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from humpback.analysis.experiment.gather import Results, Row, missing
from humpback.analysis.layout.drawing import (
    GREY,
    LOSE,
    PALE,
    POINT,
    TIE,
    WIDTH,
    WIN,
    Label,
    bare,
    framed,
    named,
    sizes_axis,
    style,
    wrapped,
)

_NAME = 30
"""Letters of a line of a name."""
_SIZES = 5
"""Different numbers of examples that make a figure of size against quality."""


def arms_figure(title: str, command: str, results: Results) -> Figure | None:
    """A line for each contest: win rate with its interval, every seed and the paper's, and win/tie/lose; arms against
    the reference first, then heads to heads. Below, the same bars for each set of prompts where rows have sets, as in
    AlpaGasus's figures. None where no arm has a number."""
    together = [row for row in results.rows if row.seed == "all" and row.set == "all"]
    together.sort(key=lambda row: row.against != results.reference)
    if all(row.reason or missing(row.win_rate) for row in together):
        return None
    style()
    sets = list(dict.fromkeys(row.set for row in results.rows if row.set != "all"))
    names = [_named(row, results.reference) for row in together]
    lines = max(name.count("\n") + 1 for name in names)
    tall = max(0.32, 0.14 * lines + 0.1) * max(len(together), 3) + 0.45
    figure = Figure(figsize=(WIDTH, 0.85 + tall * (2 if sets else 1)), layout="constrained")
    parts: list[Figure | SubFigure] = [one for (one,) in figure.subfigures(2, 1, squeeze=False)] if sets else [figure]
    left, right = parts[0].subplots(1, 2, sharey=True, width_ratios=(1.15, 1))
    _rates(left, together, results)
    _bars(right, together)
    right.set_title("win (blue) / tie (grey) / lose (orange), % of prompts", loc="left", fontsize=9)
    _lines(left, names)
    if sets:
        by_set = parts[1].subplots(1, len(sets), sharey=True, squeeze=False)[0]
        for axes, name in zip(by_set, sets, strict=True):
            _bars(axes, [_of_set(results, row, name) for row in together])
            axes.set_title(wrapped(name, 24), loc="left", fontsize=9)
        _lines(by_set[0], names)
    marks = "diamond and bar: mean and 95 % interval over prompts and seeds; dots: seeds"
    if any(row.paper is not None for row in together):
        marks += "; hollow: the paper's"
    framed(figure, title, command, marks + "; in brackets: training examples")
    return figure


def _named(row: Row, reference: str) -> str:
    if row.against == reference:
        return wrapped(row.arm + ("" if missing(row.examples) else f" ({row.examples:,.0f})"), _NAME)
    return wrapped(f"{row.arm} vs {row.against}", _NAME)


def _of_set(results: Results, whole: Row, name: str) -> Row | None:
    same = (row for row in results.rows if (row.arm, row.against, row.set) == (whole.arm, whole.against, name))
    return next(same, None)


def _lines(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names, linespacing=1.0)
    axes.set_ylim(len(names) - 0.4, -0.7)


def _rates(axes: Axes, contests: Sequence[Row], results: Results) -> None:
    heads = [y for y, row in enumerate(contests) if row.against != results.reference]
    for y, row in enumerate(contests):
        if row.paper is not None:
            axes.plot([row.paper], [y], "D", markersize=5.5, markerfacecolor="white", markeredgecolor=LOSE, zorder=2)
        if row.reason or missing(row.win_rate):
            short = row.reason if len(row.reason) <= 44 else f"{row.reason[:43]}…"
            axes.annotate(f"no number: {short}", (0.01, y), xycoords=("axes fraction", "data"), va="center", color=GREY)
            continue
        seeds = [
            one.win_rate
            for one in results.rows
            if (one.arm, one.against, one.set) == (row.arm, row.against, "all")
            and one.seed != "all"
            and not missing(one.win_rate)
        ]
        if len(seeds) > 1:
            axes.plot(seeds, [y] * len(seeds), "o", markersize=3.5, color=WIN, alpha=0.45, zorder=1)
        axes.plot([row.low, row.high], [y, y], color=POINT, linewidth=1.6, zorder=2)
        axes.plot([row.win_rate], [y], "D", markersize=5.5, color=POINT, zorder=3)
        axes.annotate(
            f"{row.win_rate:.1f}", (row.win_rate, y), (0, 5), textcoords="offset points", ha="center", fontsize=7.5
        )
    axes.axvline(50, color=TIE, linewidth=0.8, zorder=0)
    if heads and heads[0]:
        axes.axhline(heads[0] - 0.55, color=TIE, linewidth=0.6)
    below = " (below the line: the arm named)" if heads and heads[0] else ""
    axes.set_title(wrapped(f"win rate against {results.reference}, %{below}", 70), loc="left", fontsize=9)
    axes.margins(x=0.06)
    bare(axes)


def _bars(axes: Axes, contests: Sequence[Row | None]) -> None:
    for y, row in enumerate(contests):
        total = row.wins + row.ties + row.losses if row else 0
        start = 0.0
        for part, colour in ((row.wins, WIN), (row.ties, TIE), (row.losses, LOSE)) if row and total else ():
            share = 100 * part / total
            axes.barh(y, share, left=start, color=colour, height=0.72)
            if share > 7:
                ink = "black" if colour == TIE else "white"
                axes.text(start + share / 2, y, f"{share:.0f}", ha="center", va="center", color=ink, fontsize=7.5)
            start += share
    axes.set_xlim(0, 100)
    axes.set_xticks((0, 50, 100))
    bare(axes)


def size_figure(title: str, command: str, results: Results) -> Figure | None:
    """Training examples against win rate, each arm named: size against quality. None where the arms lie on curves,
    which have a figure of their own, or have too few different sizes to show anything."""
    rows = [
        row
        for row in results.rows
        if row.seed == row.set == "all"
        and row.against == results.reference
        and not row.reason
        and not missing(row.win_rate)
        and row.examples > 0
    ]
    sizes = {round(row.examples) for row in rows}
    if any(row.size for row in rows) or len(sizes) < _SIZES or max(sizes) < 2 * min(sizes):
        return None
    style()
    figure = Figure(figsize=(WIDTH, 3.4 + 0.14 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    for row in rows:
        axes.plot([row.examples] * 2, [row.low, row.high], color=WIN, linewidth=1.2, zorder=2)
        axes.plot([row.examples], [row.win_rate], "D", markersize=5.5, color=POINT, zorder=3)
    axes.margins(x=0.14, y=0.12)
    sizes_axis(axes)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel("training examples (log scale)")
    axes.set_ylabel(f"win rate against {results.reference}, %")
    axes.grid(axis="y", color=PALE, linewidth=0.4)
    bare(axes, keep=("bottom", "left"))
    framed(figure, title, command, "bars: 95 % interval over prompts and seeds")
    labels = [
        Label(
            row.examples,
            row.win_rate,
            wrapped(row.arm, 24),
            obstacles=() if missing(row.low) else ((row.examples, row.low, row.examples, row.high),),
        )
        for row in rows
    ]
    named(axes, labels, size=8 if len(labels) < 10 else 7)
    return figure
