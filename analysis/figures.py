"""Figures of an experiment, drawn without a display, the same bytes for the same rows."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.gather import Results, Row, missing

WIN, TIE, LOSE, POINT = "#0072B2", "#BBBBBB", "#D55E00", "#222222"
"""Colours of Okabe and Ito, told apart by colour-blind readers."""


def arms_figure(title: str, command: str, results: Results) -> Figure:
    """Win rates against the reference with intervals and every seed, and win/tie/lose bars of every contest."""
    matplotlib.rcParams.update({"svg.hashsalt": "humpback", "svg.fonttype": "none", "font.size": 9})
    together = [row for row in results.rows if row.seed == "all" and row.set == "all" and not row.reason]
    rates = [row for row in together if row.against == results.reference and not missing(row.win_rate)]
    figure = Figure(figsize=(9.5, 1.6 + 0.38 * max(len(together), 3)), layout="constrained")
    left, right = figure.subplots(1, 2)
    figure.suptitle(title, fontsize=11)
    _rates(left, rates, results)
    _bars(right, together)
    figure.supxlabel(command, fontsize=7, color="#555555", family="monospace")
    return figure


def _rates(axes: matplotlib.axes.Axes, rates: list[Row], results: Results) -> None:
    for y, row in enumerate(rates):
        seeds = [
            one.win_rate
            for one in results.rows
            if one.arm == row.arm and one.against == row.against and one.seed != "all" and not missing(one.win_rate)
        ]
        if len(seeds) > 1:
            axes.plot(seeds, [y] * len(seeds), "o", markersize=3.5, color=WIN, alpha=0.45, zorder=1)
        axes.plot([row.low, row.high], [y, y], color=POINT, linewidth=1.6, zorder=2)
        axes.plot([row.win_rate], [y], "D", markersize=5.5, color=POINT, zorder=3)
        axes.annotate(f"{row.win_rate:.1f}", (row.win_rate, y), (0, 6), textcoords="offset points", ha="center")
    axes.axvline(50, color=TIE, linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(rates)), [f"{row.arm} ({row.examples:.0f})" for row in rates])
    axes.set_ylim(len(rates) - 0.4, -0.7)
    axes.set_xlabel(f"win rate against {results.reference}, % (95 % interval; dots: seeds)")
    axes.set_title("arm (training examples)", loc="left", fontsize=9)
    _bare(axes)


def _bars(axes: matplotlib.axes.Axes, contests: list[Row]) -> None:
    for y, row in enumerate(contests):
        total = row.wins + row.ties + row.losses
        start = 0.0
        for part, colour in ((row.wins, WIN), (row.ties, TIE), (row.losses, LOSE)):
            share = 100 * part / total if total else 0.0
            axes.barh(y, share, left=start, color=colour, height=0.72)
            if share > 7:
                ink = "black" if colour == TIE else "white"
                axes.text(start + share / 2, y, f"{share:.0f}", ha="center", va="center", color=ink, fontsize=8)
            start += share
    axes.set_yticks(range(len(contests)), [f"{row.arm} vs {row.against}" for row in contests])
    axes.set_ylim(len(contests) - 0.4, -0.7)
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of prompts, both orders together")
    axes.set_title("win (blue) / tie / lose (orange)", loc="left", fontsize=9)
    _bare(axes)


def _bare(axes: matplotlib.axes.Axes) -> None:
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def save(figure: Figure, folder: Path, name: str, command: str) -> None:
    """Write SVG, PNG and PDF, with the command in the metadata and no date."""
    FigureCanvasSVG(figure)
    figure.savefig(folder / f"{name}.svg", format="svg", metadata={"Date": None, "Description": command})
    FigureCanvasAgg(figure)
    figure.savefig(folder / f"{name}.png", format="png", dpi=144, metadata={"Description": command, "Software": None})
    # Type 42 keeps letters as text that can be searched and edited.
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        figure.savefig(folder / f"{name}.pdf", format="pdf", metadata={"Subject": command, "CreationDate": None})
