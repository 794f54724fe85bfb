"""Figures of a set of examples: its scores, and its verbs with their nouns. Drawn without a display, the same bytes for
the same numbers; written with `humpback.analysis.layout.drawing.save`."""

from __future__ import annotations

from matplotlib.figure import Figure

from humpback.analysis.datasets.diversity import NOUNS, VERBS, Diversity, summary
from humpback.analysis.datasets.scores import Histogram, threshold_line
from humpback.analysis.layout.drawing import POINT, TIE, WIN, bare, new_figure

SHADES = ("#08519C", "#3182BD", "#6BAED6", "#BDD7E7")
"""Of one blue, told apart by lightness alone; the remaining nouns are `TIE`."""


def histogram_figure(found: Histogram, command: str, *, title: str = "Scores") -> Figure:
    """A bar for each score, what the threshold keeps in blue, and unrated rows hatched at the right."""
    figure = new_figure(title, command, 4.2, width=7.5)
    axes = figure.subplots()
    labels = [bar.label for bar in found.bars]
    counts = [bar.count for bar in found.bars]
    above = [place for place, bar in enumerate(found.bars) if found.threshold is None or bar.low >= found.threshold]
    unrated = len(counts) + 0.6
    axes.bar(range(len(counts)), counts, width=0.86, color=[WIN if at in above else TIE for at in range(len(counts))])
    axes.bar([unrated], [found.unrated], width=0.86, color="white", edgecolor=POINT, hatch="////", linewidth=0.8)
    for place, count in [*enumerate(counts), (unrated, found.unrated)]:
        axes.annotate(f"{count:,}", (place, count), (0, 2), textcoords="offset points", ha="center", fontsize=8)
    if found.threshold is not None:
        axes.axvline((above[0] if above else len(counts)) - 0.5, color=POINT, linewidth=1, linestyle="--")
    axes.set_title(threshold_line(found), loc="left", fontsize=9)
    crowded = len(labels) > 12
    axes.set_xticks(
        [*range(len(labels)), unrated],
        [*labels, "unrated"],
        rotation=35 if crowded else 0,
        ha="right" if crowded else "center",
    )
    axes.set_xlabel("score")
    axes.set_ylabel("rows")
    axes.margins(y=0.1)
    bare(axes, keep=("left", "bottom"))
    return figure


def diversity_figure(found: Diversity, command: str, *, title: str = "What the instructions ask for") -> Figure:
    """The commonest verbs as bars of their commonest nouns, which are named with their counts at the right."""
    verbs = found.verbs[:VERBS]
    figure = new_figure(title, command, 1.7 + 0.3 * max(len(verbs), 3), width=10.5)
    bars, names = figure.subplots(1, 2, width_ratios=(1, 1.5), sharey=True)
    for y, verb in enumerate(verbs):
        start = 0.0
        shown = verb.nouns[:NOUNS]
        rest = verb.count - sum(count for _, count in shown)
        for (_, count), shade in zip([*shown, ("", rest)], [*SHADES[: len(shown)], TIE], strict=True):
            share = 100 * count / found.instructions
            bars.barh(y, share, left=start, color=shade, height=0.74)
            start += share
        for place, (noun, count) in enumerate(shown):
            names.plot([place], [y], "s", markersize=7, color=SHADES[place])
            names.text(place + 0.05, y, f"{noun} {count:,}", va="center")
    bars.set_yticks(range(len(verbs)), [f"{verb.verb} {verb.count:,}" for verb in verbs])
    bars.set_ylim(len(verbs) - 0.4, -0.6)
    bars.set_xlabel(f"% of {found.instructions:,} instructions")
    bars.set_title("verb, with its commonest nouns (blue) and all others (grey)", loc="left", fontsize=9)
    names.set_xlim(-0.1, NOUNS)
    names.set_xticks([])
    names.set_title("commonest nouns, from dark to light", loc="left", fontsize=9)
    names.set_xlabel(summary(found).replace("; ", ";\n"), fontsize=7, loc="left")
    bare(bars)
    bare(names, keep=())
    return figure
