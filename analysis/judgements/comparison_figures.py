"""Win/tie/lose bars, as AlpaGasus draws them, with the win rate and its interval beside each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from humpback.analysis.judgements.comparison import Numbers, System
from humpback.analysis.layout.drawing import LOSE, POINT, TIE, WIN, bare, framed, style


def bars_figure(systems: Sequence[System], command: str) -> Figure:
    """A bar for each system and each of its prompt sets: wins, ties and losses of the prompts with a result."""
    style()
    rows = [row for one in systems for row in _rows(one)]
    figure = Figure(figsize=(10, 1.5 + 0.36 * max(len(rows), 3)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1), sharey=True)
    framed(figure, "Win / tie / lose", command)
    for y, (_, one) in enumerate(rows):
        _bar(left, y, one)
        if not math.isnan(one.win_rate):
            right.plot([one.low, one.high], [y, y], color=POINT, linewidth=1.6)
            right.plot([one.win_rate], [y], "D", markersize=5, color=POINT)
            right.annotate(f"{one.win_rate:.1f}", (one.win_rate, y), (0, 5), textcoords="offset points", ha="center")
    left.set_yticks(range(len(rows)), [label for label, _ in rows])
    left.set_ylim(len(rows) - 0.4, -0.7)
    left.set_xlim(0, 100)
    left.set_xlabel("% of prompts with a result")
    left.set_title("win (blue) / tie / lose (orange)", loc="left", fontsize=9)
    right.axvline(50, color=TIE, linewidth=0.8, zorder=0)
    right.set_xlabel("win rate, % (95 % interval)")
    bare(left)
    bare(right)
    return figure


def _rows(one: System) -> list[tuple[str, Numbers]]:
    label = f"{one.judgement.name} vs {one.judgement.against}"
    rows = {label if len(label) <= 60 else f"{label[:59]}…": one.overall, **one.sets}
    return [(f"{name} ({some.shortfall or f'{some.n:,}'})", some) for name, some in rows.items()]


def _bar(axes: Axes, y: int, one: Numbers) -> None:
    total, start = one.wins + one.ties + one.losses, 0.0
    for count, colour in ((one.wins, WIN), (one.ties, TIE), (one.losses, LOSE)):
        share = 100 * count / total if total else 0.0
        axes.barh(y, share, left=start, color=colour, height=0.74)
        if share > 4:
            ink = "black" if colour == TIE else "white"
            axes.text(start + share / 2, y, f"{count:,}", ha="center", va="center", color=ink, fontsize=8)
        start += share
