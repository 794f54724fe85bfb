"""What the figures share: type, frame, wrapped names, and labels that keep out of each other's way.

Drawn without a display, the same bytes for the same numbers. Labels stand level with what they name, so that no reader
goes back and forth to a legend; where they would overlap they are moved apart.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

WIN, TIE, LOSE, POINT = "#0072B2", "#BBBBBB", "#D55E00", "#222222"
"""Colours of Okabe and Ito, told apart by colour-blind readers."""
INK, GREY, PALE = "#222222", "#555555", "#BBBBBB"
WIDTH = 9.5
"""Inches of a whole figure."""


def new_figure(title: str, command: str, height: float, *, width: float = WIDTH, note: str = "") -> Figure:
    """An empty figure, in inches: the question above and, below, what has to be known to read it and the command that
    made it."""
    # Dollars in a name are dollars.
    matplotlib.rcParams.update(
        {"svg.hashsalt": "humpback", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False}
    )
    figure = Figure(figsize=(width, height), layout="constrained")
    title_lines = wrapped(title, int(width * 10.5)).count("\n") + 1
    # Lines of about the same length, with no word alone on the last.
    figure.suptitle(wrapped(title, max(len(title) // title_lines + 8, 20)) if title_lines > 1 else title, fontsize=11)
    lines = [wrapped(line, int(width * 16)) for line in (note, command) if line]
    figure.supxlabel("\n".join(lines), fontsize=7, color=GREY, family="monospace")
    return figure


def wrapped(text: str, width: int) -> str:
    """Lines of at most `width` characters where words allow it."""
    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False)) or text


def bare(axes: Axes, *, keep: Sequence[str] = ("bottom",)) -> None:
    """Without ticks and all sides of the frame but those to keep."""
    axes.tick_params(which="both", length=0)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(side in keep)


def sizes_axis(axes: Axes) -> None:
    """A log axis of numbers of examples, with numbers between the powers of ten where it spans few of them."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    shown = "" if high > 100 * low else "25" if high > 30 * low else "235"

    def between(n: float, _: int | None) -> str:
        return f"{n:,.0f}" if f"{n:.0e}"[0] in shown else ""

    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}" if n >= 1 else f"{n:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(between))


def names_axis(axes: Axes, names: Sequence[str]) -> None:
    """A line for each name, from the top, with room for what stands above the first."""
    axes.set_yticks(range(len(names)), names, linespacing=1.0)
    axes.set_ylim(len(names) - 0.4, -0.7)


def number_above(axes: Axes, x: float, y: float, text: str, points: float = 5) -> None:
    """A number so many points above its mark."""
    axes.annotate(text, (x, y), (0, points), textcoords="offset points", ha="center", fontsize=7.5)


def no_number(axes: Axes, y: float, reason: str, longest: int = 44) -> None:
    """Why a line has no mark."""
    short = reason if len(reason) <= longest else f"{reason[: longest - 1]}…"
    axes.annotate(
        f"no number: {short}", (0.01, y), xycoords=("axes fraction", "data"), va="center", color=GREY, fontsize=7.5
    )


def dot(
    axes: Axes,
    y: float,
    value: float,
    low: float,
    high: float,
    *,
    seeds: Sequence[float] = (),
    paper: float | None = None,
    colour: str = INK,
    marker: str = "D",
) -> None:
    """A number with its interval on a line; several seeds' as small dots, the paper's hollow. NaN is not drawn."""
    edge, small = (LOSE, WIN) if colour == INK else (colour, colour)
    if paper is not None:
        axes.plot([paper], [y], marker, markersize=5.5, markerfacecolor="white", markeredgecolor=edge, zorder=2)
    if len(seeds) > 1:
        axes.plot(seeds, [y] * len(seeds), "o", markersize=3, color=small, alpha=0.45, zorder=1)
    if not math.isnan(low):
        axes.plot([low, high], [y, y], color=colour, linewidth=1.5, zorder=2)
    if not math.isnan(value):
        axes.plot([value], [y], marker, markersize=5, color=colour, zorder=3)


def win_tie_lose(
    axes: Axes, y: float, shares: Sequence[float], height: float, *, least: float = 7, labels: Sequence[str] = ()
) -> None:
    """Three shares in percent as one bar, those above `least` with their number (or label) in it. NaN is not drawn."""
    start = 0.0
    for place, (share, colour) in enumerate(zip(shares, (WIN, TIE, LOSE), strict=True)):
        if math.isnan(share):
            continue
        label = labels[place] if labels else f"{share:.0f}"
        axes.barh(y, share, left=start, color=colour, height=height)
        if share > least:
            ink = "black" if colour == TIE else "white"
            axes.text(start + share / 2, y, label, ha="center", va="center", color=ink, fontsize=7.5)
        start += share


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """The positions nearest to those wanted (in squares), in their order, that are at least `gap` from each other."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    free = [wanted[i] - gap * place for place, i in enumerate(order)]
    found = [0.0] * len(wanted)
    for place, i in enumerate(order):
        # Isotonic regression: of all stretches that begin here or before, the greatest of their least means.
        lows = (min(fmean(free[first : last + 1]) for last in range(place, len(free))) for first in range(place + 1))
        found[i] = max(lows) + gap * place
    return found


@dataclass(frozen=True)
class Label:
    """A name for a point of a plane."""

    x: float
    y: float
    text: str
    colour: str = INK


def beside(axes: Axes, labels: Sequence[Label]) -> None:
    """Names in a column at the right of the axes, each level with its point or as near as the others let it, with a
    line to it. Call it when the limits stand."""
    low, high = axes.get_ylim()
    lines = max(one.text.count("\n") + 1 for one in labels)
    gap = min(0.01 + 0.052 * lines, 1 / len(labels))
    heights = apart([(one.y - low) / (high - low) for one in labels], gap)
    over, under = max(0.0, max(heights) - 1), max(0.0, -min(heights))
    for one, height in zip(labels, heights, strict=True):
        axes.annotate(
            one.text,
            (one.x, one.y),
            (1.04, height - over + under),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            linespacing=1.0,
            color=one.colour,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": one.colour,
                "linewidth": 0.5,
                "alpha": 0.6,
                "shrinkA": 1,
                "shrinkB": 4,
            },
        )


def save(figure: Figure, folder: Path, name: str, command: str) -> None:
    """Write SVG, PNG and PDF, with the command in the metadata and no date."""
    FigureCanvasSVG(figure)
    figure.savefig(folder / f"{name}.svg", format="svg", metadata={"Date": None, "Description": command})
    FigureCanvasAgg(figure)
    figure.savefig(folder / f"{name}.png", format="png", dpi=144, metadata={"Description": command, "Software": None})
    # Type 42 keeps letters as text that can be searched and edited.
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        figure.savefig(folder / f"{name}.pdf", format="pdf", metadata={"Subject": command, "CreationDate": None})
