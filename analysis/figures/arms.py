"""Figures of an experiment's arms, drawn without a display, the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from humpback.analysis.experiment.gather import Results, Row, missing
from humpback.analysis.layout.drawing import (
    PALE,
    TIE,
    Label,
    bare,
    beside,
    dot,
    names_axis,
    new_figure,
    no_number,
    number_above,
    sizes_axis,
    win_tie_lose,
    wrapped,
)
from humpback.analysis.scaling.figure import COLOURS, MARKERS

_NAME = 30
"""Letters of a line of a name."""
_PANELS = 6
"""Sets of prompts that have a panel each."""
_SIZES = 5
"""Different numbers of examples that make a figure of size against quality."""


def arms_figure(title: str, command: str, results: Results) -> Figure | None:
    """A line for each contest: win rate with its interval, every seed and the paper's, and win/tie/lose; arms against
    the reference first, then heads to heads. Below, the same bars for each set of prompts where rows have sets, as in
    AlpaGasus's figures; a line each where these are more than panels fit. None where no arm has a number."""
    together = [row for row in results.rows if row.seed == "all" and row.set == "all"]
    together.sort(key=lambda row: row.against != results.reference)
    if all(row.reason or missing(row.win_rate) for row in together):
        return None
    sets = list(dict.fromkeys(row.set for row in results.rows if row.set != "all"))
    names = [_name(row, results.reference) for row in together]
    lines = max(name.count("\n") + 1 for name in names)
    tall = max(0.32, 0.14 * lines + 0.1) * max(len(together), 3) + 0.45
    below = 0.0 if not sets else tall if len(sets) <= _PANELS else 0.2 * len(sets) * len(together) + 0.45
    hollow = "; hollow: the paper's" if any(row.paper is not None for row in together) else ""
    note = f"diamond and bar: mean and 95 % interval over prompts and seeds; dots: seeds{hollow}"
    note += "; in brackets: training examples"
    figure = new_figure(title, command, 0.85 + tall + below, note=note)
    parts: list[Figure | SubFigure] = [figure]
    if sets:
        parts = [one for (one,) in figure.subfigures(2, 1, squeeze=False, height_ratios=(tall, below))]
    left, right = parts[0].subplots(1, 2, sharey=True, width_ratios=(1.15, 1))
    _rates(left, together, results)
    _bars(right, together)
    right.set_title("win (blue) / tie (grey) / lose (orange), % of prompts", loc="left", fontsize=9)
    names_axis(left, names)
    if sets:
        rows = {(row.arm, row.against, row.set): row for row in results.rows if row.set != "all"}
        if len(sets) > _PANELS:
            apart = [row for name in sets for arm in together if (row := rows.get((arm.arm, arm.against, name)))]
            axes = parts[1].subplots()
            _bars(axes, apart)
            names_axis(
                axes, [f"{row.set} ({row.n})" if len(together) == 1 else f"{row.set}: {row.arm}" for row in apart]
            )
            return figure
        by_set = parts[1].subplots(1, len(sets), sharey=True, squeeze=False)[0]
        for axes, name in zip(by_set, sets, strict=True):
            _bars(axes, [rows.get((row.arm, row.against, name)) for row in together])
            axes.set_title(wrapped(name, 24), loc="left", fontsize=9)
        names_axis(by_set[0], names)
    return figure


def _name(row: Row, reference: str) -> str:
    if row.against == reference:
        return wrapped(row.arm + ("" if missing(row.examples) else f" ({row.examples:,.0f})"), _NAME)
    return wrapped(f"{row.arm} vs {row.against}", _NAME)


def _rates(axes: Axes, contests: Sequence[Row], results: Results) -> None:
    seeds: dict[tuple[str, str], list[float]] = {}
    for row in results.rows:
        if row.seed != "all" and row.set == "all" and not missing(row.win_rate):
            seeds.setdefault((row.arm, row.against), []).append(row.win_rate)
    for y, row in enumerate(contests):
        dot(axes, y, row.win_rate, row.low, row.high, seeds=seeds.get((row.arm, row.against), ()), paper=row.paper)
        if row.reason or missing(row.win_rate):
            no_number(axes, y, row.reason)
        else:
            number_above(axes, row.win_rate, y, f"{row.win_rate:.1f}")
    axes.axvline(50, color=TIE, linewidth=0.8, zorder=0)
    first = next((y for y, row in enumerate(contests) if row.against != results.reference), 0)
    if first:
        axes.axhline(first - 0.55, color=TIE, linewidth=0.6)
    below = " (below the line: the arm named)" if first else ""
    axes.set_title(wrapped(f"win rate against {results.reference}, %{below}", 70), loc="left", fontsize=9)
    axes.margins(x=0.06)
    bare(axes)


def _bars(axes: Axes, contests: Sequence[Row | None]) -> None:
    for y, row in enumerate(contests):
        if row and (total := row.wins + row.ties + row.losses):
            win_tie_lose(axes, y, [100 * n / total for n in (row.wins, row.ties, row.losses)], 0.72)
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
    note = "bars: 95 % interval over prompts and seeds"
    figure = new_figure(title, command, 3.4 + 0.14 * len(rows), note=note)
    axes = figure.subplots()
    axes.set_xscale("log")
    labels = []
    for place, row in enumerate(rows):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        axes.plot([row.examples] * 2, [row.low, row.high], color=colour, linewidth=1.2, zorder=2)
        axes.plot([row.examples], [row.win_rate], marker, markersize=6, color=colour, zorder=3)
        labels.append(Label(row.examples, row.win_rate, wrapped(row.arm, 36), colour))
    axes.margins(x=0.06, y=0.12)
    sizes_axis(axes)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel("training examples (log scale)")
    axes.set_ylabel(f"win rate against {results.reference}, %")
    axes.grid(axis="y", color=PALE, linewidth=0.4)
    bare(axes, keep=("bottom", "left"))
    beside(axes, labels)
    return figure
