"""Win/tie/lose bars, as AlpaGasus draws them, with the win rate and its interval beside each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from humpback.analysis.judgements.comparison import Numbers, System
from humpback.analysis.layout.drawing import TIE, bare, dot, names_axis, new_figure, number_above, win_tie_lose


def bars_figure(systems: Sequence[System], command: str) -> Figure:
    """A bar for each system and each of its prompt sets: wins, ties and losses of the prompts with a result."""
    rows = [row for one in systems for row in _rows(one)]
    figure = new_figure("Win / tie / lose", command, 1.5 + 0.36 * max(len(rows), 3), width=10)
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1), sharey=True)
    for y, (_, one) in enumerate(rows):
        counts = (one.wins, one.ties, one.losses)
        shares = [100 * count / max(sum(counts), 1) for count in counts]
        win_tie_lose(left, y, shares, 0.74, least=4, labels=[f"{count:,}" for count in counts])
        dot(right, y, one.win_rate, one.low, one.high)
        if not math.isnan(one.win_rate):
            number_above(right, one.win_rate, y, f"{one.win_rate:.1f}")
    names_axis(left, [label for label, _ in rows])
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
