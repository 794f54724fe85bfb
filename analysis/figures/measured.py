"""Figures of measured numbers: each kind of measure as the papers draw it, and any other number as a dot with its
interval in a small panel. A figure has a part for each kind, one below the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from matplotlib.figure import Figure

from humpback.analysis.experiment.gather import Results
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.figures.measured_kinds import choices, plane, scores, tasks
from humpback.analysis.figures.measured_part import FigurePart, MeasuredNumbers, panels
from humpback.analysis.layout.drawing import new_figure

_DRAWN: Mapping[str, Callable[[MeasuredNumbers], FigurePart]] = {
    "ScoresOf": scores,
    "Picked": plane,
    "Scored": tasks,
    "Voted": choices,
}
"""Kinds with a picture of their own; the class names of `harness/spec/measures.py`."""


def measured_figure(title: str, command: str, results: Results, kinds: Mapping[str, str]) -> Figure | None:
    """A part for each kind of measure. `kinds` has the class name of each measure by the measure's name. None where
    there is no number to draw."""
    rows = [row for row in results.measured if row.name in kinds]
    by_kind: dict[str, list[MeasuredRow]] = {kind: [] for kind in kinds.values()}
    for row in rows:
        by_kind[kinds[row.name]].append(row)
    found = {kind: MeasuredNumbers(tuple(some)) for kind, some in by_kind.items()}
    parts = [_DRAWN.get(kind, panels)(numbers) for kind, numbers in found.items() if numbers.metrics]
    if not parts:
        return None
    notes = {
        "lines: 95 % intervals": any(row.low < row.high for row in rows),
        "small dots: seeds": len({row.seed for row in rows} - {"all"}) > 1,
        "hollow or outlined in colour: the paper's": any(row.paper is not None for row in rows),
    }
    note = "; ".join(note for note, holds in notes.items() if holds)
    figure = new_figure(title, command, 0.85 + sum(part.inches for part in parts), note=note)
    places = figure.subfigures(len(parts), 1, height_ratios=[part.inches for part in parts], squeeze=False)
    for part, (place,) in zip(parts, places, strict=True):
        part.draw(place)
    return figure
