"""Figures of measured numbers: each kind of measure as the papers draw it, and any other number as a dot with its
interval.

A figure has a section for each kind, one below the other: bars of scores, the plane of precision and recall, benchmarks
by task, people's choices, and for everything else a small panel a number. The papers' numbers are hollow, or outlined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.figure import Figure

from humpback.analysis.experiment.gather import Results
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.figures.measured_kinds import choices, plane, scores, tasks
from humpback.analysis.figures.measured_panels import Section, Table, panels
from humpback.analysis.layout.drawing import WIDTH, framed, style

_DRAWN: Mapping[str, Callable[[Table], Section | None]] = {
    "ScoresOf": scores,
    "Picked": plane,
    "Scored": tasks,
    "Voted": choices,
}
"""Kinds with a figure of their own; the class names of `harness/spec/measures.py`."""


def measured_figure(title: str, command: str, results: Results, kinds: Mapping[str, str]) -> Figure | None:
    """A section for each kind of measure. `kinds` has the class name of each measure by the measure's name. None where
    there is no number to draw."""
    sections: list[Section] = []
    style()
    for kind in dict.fromkeys(kinds.values()):
        table = Table(tuple(row for row in results.measured if kinds.get(row.name) == kind))
        if table.drawn:
            sections += [one for one in [_DRAWN.get(kind, panels)(table)] if one is not None]
    if not sections:
        return None
    tall = sum(one.inches for one in sections)
    figure = Figure(figsize=(WIDTH, 0.85 + tall), layout="constrained")
    parts = figure.subfigures(len(sections), 1, height_ratios=[one.inches for one in sections], squeeze=False)
    later = [one.draw(part) for one, (part,) in zip(sections, parts, strict=True)]
    rows = [row for row in results.measured if row.name in kinds]
    framed(figure, title, command, _note(rows))
    # Names are placed by measuring letters, which the layout has to stand for.
    for name_points in later:
        name_points()
    return figure


def _note(rows: Sequence[MeasuredRow]) -> str:
    parts = ["lines: 95 % intervals"] if any(row.low < row.high for row in rows) else []
    if len({row.seed for row in rows} - {"all"}) > 1:
        parts.append("small dots: seeds")
    if any(row.paper is not None for row in rows):
        parts.append("hollow or outlined in colour: the paper's")
    return "; ".join(parts)
