"""What the figures share: type, frame, wrapped names, and labels that keep out of each other's way.

Drawn without a display, the same bytes for the same numbers. Labels stand beside what they name, so that no reader
goes back and forth to a legend; where they would overlap they are moved apart, by measuring the letters.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Bbox

WIN, TIE, LOSE, POINT = "#0072B2", "#BBBBBB", "#D55E00", "#222222"
"""Colours of Okabe and Ito, told apart by colour-blind readers."""
INK, GREY, PALE = "#222222", "#555555", "#BBBBBB"
WIDTH = 9.5
"""Inches of a whole figure."""


def style() -> None:
    """Type and salt of every figure. Dollars in a name are dollars."""
    matplotlib.rcParams.update(
        {"svg.hashsalt": "humpback", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False}
    )


def wrapped(text: str, width: int) -> str:
    """Lines of at most `width` characters where words allow it."""
    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False)) or text


def framed(figure: Figure, title: str, command: str, note: str = "") -> None:
    """The question above and, below, what has to be known to read it and the command that made it."""
    inches = figure.get_figwidth()
    title_lines = wrapped(title, int(inches * 10.5)).count("\n") + 1
    # Lines of about the same length, with no word alone on the last.
    figure.suptitle(wrapped(title, max(len(title) // title_lines + 8, 20)) if title_lines > 1 else title, fontsize=11)
    lines = [wrapped(line, int(inches * 16)) for line in (note, command) if line]
    figure.supxlabel("\n".join(lines), fontsize=7, color=GREY, family="monospace")


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


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """The positions nearest to those wanted, in their order, that are at least `gap` from each other."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks: list[list[int]] = []
    for i in order:
        blocks.append([i])
        while len(blocks) > 1 and _start(blocks[-2], wanted, gap) + gap * len(blocks[-2]) > _start(
            blocks[-1], wanted, gap
        ):
            last = blocks.pop()
            blocks[-1] += last
    found = [0.0] * len(wanted)
    for block in blocks:
        for place, i in enumerate(block):
            found[i] = _start(block, wanted, gap) + gap * place
    return found


def _start(block: Sequence[int], wanted: Sequence[float], gap: float) -> float:
    return sum(wanted[i] - gap * place for place, i in enumerate(block)) / len(block)


@dataclass(frozen=True)
class Label:
    """A name for a point of a plane."""

    x: float
    y: float
    text: str
    colour: str = INK
    obstacles: tuple[tuple[float, float, float, float], ...] = ()
    """(x0, y0, x1, y1) of what belongs to the point and should stay visible, such as its intervals."""


_SIDES = (
    (6, 0, "left", "center"),
    (-6, 0, "right", "center"),
    (0, 7, "center", "bottom"),
    (0, -7, "center", "top"),
    *(
        (x, sign * y, across, up)
        for y in (9, 18, 28, 40, 54, 70)
        for x, across in ((6, "left"), (-6, "right"), (0, "center"), (24, "left"), (-24, "right"))
        for sign, up in ((1, "bottom"), (-1, "top"))
    ),
)
"""Offsets in points that a label tries in turn."""


def named(axes: Axes, labels: Sequence[Label], *, size: float = 8) -> None:
    """Names beside points, each at the first of several places inside the axes where it covers neither another name nor
    a point or interval. Call it when everything else is drawn and the limits stand."""
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    inside = axes.get_window_extent(renderer)
    taken = [_pixels(axes, box) for one in labels for box in ((one.x, one.y, one.x, one.y), *one.obstacles)]
    for one in labels:
        best: tuple[float, int] | None = None
        boxes = []
        for number, (dx, dy, across, up) in enumerate(_SIDES):
            text = _annotated(axes, one, dx, dy, across, up, size)
            # Of the letters alone: an annotation's own box has its line in it.
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer).padded(1.5)
            text.remove()
            boxes.append(box)
            within = box.x0 >= inside.x0 and box.x1 <= inside.x1 and box.y0 >= inside.y0 and box.y1 <= inside.y1
            cost = sum(_shared(box, other) for other in taken) + (0 if within else 1e6)
            if best is None or cost < best[0]:
                best = (cost, number)
            if cost == 0:
                break
        assert best is not None
        dx, dy, across, up = _SIDES[best[1]]
        _annotated(axes, one, dx, dy, across, up, size)
        taken.append(boxes[best[1]])


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


def _annotated(axes: Axes, one: Label, dx: float, dy: float, across: str, up: str, size: float) -> Annotation:
    far = math.hypot(dx, dy) > 12
    return axes.annotate(
        one.text,
        (one.x, one.y),
        (dx, dy),
        textcoords="offset points",
        ha=across,
        va=up,
        fontsize=size,
        color=one.colour,
        linespacing=1.0,
        arrowprops={"arrowstyle": "-", "color": PALE, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3} if far else None,
        zorder=5,
    )


def _pixels(axes: Axes, box: tuple[float, float, float, float]) -> Bbox:
    (x0, y0), (x1, y1) = axes.transData.transform([box[:2], box[2:]])
    return Bbox([[min(x0, x1), min(y0, y1)], [max(x0, x1), max(y0, y1)]]).padded(3.5)


def _shared(one: Bbox, other: Bbox) -> float:
    both = Bbox.intersection(one, other)
    return float(both.width * both.height) if both is not None else 0.0


def save(figure: Figure, folder: Path, name: str, command: str) -> None:
    """Write SVG, PNG and PDF, with the command in the metadata and no date."""
    FigureCanvasSVG(figure)
    figure.savefig(folder / f"{name}.svg", format="svg", metadata={"Date": None, "Description": command})
    FigureCanvasAgg(figure)
    figure.savefig(folder / f"{name}.png", format="png", dpi=144, metadata={"Description": command, "Software": None})
    # Type 42 keeps letters as text that can be searched and edited.
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        figure.savefig(folder / f"{name}.pdf", format="pdf", metadata={"Subject": command, "CreationDate": None})
