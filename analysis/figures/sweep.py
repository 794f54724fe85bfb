"""Figures of a sweep: how the best came about, and which axis the win rate hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from humpback.analysis.layout.drawing import LOSE, POINT, TIE, WIN, bare, names_axis, new_figure


@dataclass(frozen=True)
class Tried:
    """One trial of a sweep, as far as it can be drawn."""

    number: int
    win_rate: float
    """Percent, on dev prompts."""
    whole: bool
    """Judged on all dev prompts, and not given up after the first part."""


def history(title: str, command: str, tried: Sequence[Tried]) -> Figure:
    """Every trial's win rate in order, and the best so far among those that were judged whole."""
    figure, axes = _new(title, command, 4.0, "y")
    for whole, marker, colour, name in ((True, "o", WIN, "whole"), (False, "x", LOSE, "stopped after the first part")):
        some = [one for one in tried if one.whole is whole]
        if some:
            xs, ys = [one.number for one in some], [one.win_rate for one in some]
            axes.plot(xs, ys, marker, color=colour, markersize=5, label=name)
    order: list[int] = []
    best: list[float] = []
    for one in sorted((one for one in tried if one.whole), key=lambda one: one.number):
        order.append(one.number)
        best.append(max(one.win_rate, best[-1] if best else one.win_rate))
    axes.step(order, best, where="post", color=POINT, linewidth=1.2, label="best so far")
    axes.set_xlabel("trial")
    axes.set_ylabel("win rate on dev prompts, %")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure


def importance(title: str, command: str, shares: Mapping[str, float]) -> Figure:
    """The share of the variance that each axis explains, largest on top."""
    figure, axes = _new(title, command, 1.4 + 0.4 * max(len(shares), 2), "x")
    names = list(shares)
    axes.barh(range(len(names)), [100 * shares[name] for name in names], color=WIN, height=0.6)
    for y, name in enumerate(names):
        axes.text(100 * shares[name] + 1, y, f"{100 * shares[name]:.0f}", va="center")
    names_axis(axes, names)
    axes.set_xlim(0, 108)
    axes.set_xlabel("% of the variance of the win rate on dev prompts (fANOVA)")
    return figure


def _new(title: str, command: str, height: float, lines: Literal["x", "y"]) -> tuple[Figure, Axes]:
    figure = new_figure(title, command, height, width=7.5)
    axes = figure.subplots()
    axes.set_axisbelow(True)
    axes.grid(axis=lines, color=TIE, linewidth=0.4, alpha=0.6)
    bare(axes, keep=("bottom", "left"))
    return figure, axes
