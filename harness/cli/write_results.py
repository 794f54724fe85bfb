"""What a run leaves on disk for people and programs: tables, rows, figures, samples, and how it was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from humpback.core.store import Store, StoreError
from humpback.experiments.catalogue import Declared, resolved


def write(folder: Path, declared: Declared, command: str, found: Any, store: Store) -> str:
    """Everything below the folder; returns what is there, in words.

    Raises:
        StoreError: when the folder cannot be written.
    """
    from humpback.analysis import tables
    from humpback.analysis.report.made import made
    from humpback.analysis.report.samples import samples

    experiment = declared.experiment
    title = f"{experiment.name}: {experiment.claim}"
    texts = {
        "arms.json": _json({"command": command, **resolved(declared)}),
        "comparisons.csv": tables.tidy_findings(found),
        "table.md": tables.markdown(title, command, found),
        "table.tex": tables.latex(title, command, found),
        "made.json": _json(
            made(
                store,
                name=experiment.name,
                question=experiment.claim,
                falsified=experiment.falsified,
                shows=experiment.shows,
                setup=declared.setup.name,
                seeds=declared.seeds,
                command=command,
                targets=declared.targets,
            )
        ),
    }
    if found.rows:
        texts["rows.csv"] = tables.tidy(found)
        texts["samples.json"] = _json(samples(store, declared.arms[declared.seeds[0]]))
    if found.curves:
        texts["curves.csv"] = tables.tidy_curves(found)
    if found.measured:
        texts["measures.csv"] = tables.tidy_measured(found)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        drawn = _draw(folder, declared, command, found)
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror}; give another folder with --results") from error
    figures = "".join(f"; {name}.svg, .png, .pdf" for name in drawn)
    return f"{folder}/ ({', '.join(sorted(texts))}{figures})"


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _draw(folder: Path, declared: Declared, command: str, found: Any) -> list[str]:
    """The figures that there is something to draw for; their names."""
    from humpback.analysis.experiment.curves import points_of
    from humpback.analysis.figures import arms as figures
    from humpback.analysis.figures.measured_figures import measured_figure
    from humpback.analysis.layout.drawing import save
    from humpback.analysis.scaling.figure import scaling_figure
    from humpback.analysis.scaling.paper_curves import paper_points
    from humpback.analysis.scaling.tables import summarise

    experiment, drawn = declared.experiment, {}
    if any(not row.reason for row in found.rows):
        drawn["figure"] = figures.arms_figure(experiment.claim, command, found)
        drawn["size"] = figures.size_figure(experiment.claim, command, found)
    if any(not row.reason for row in found.measured):
        kinds = {name: type(one).__name__ for named in declared.measures.values() for name, one in named.items()}
        drawn["measures"] = measured_figure(experiment.claim, command, found, kinds)
    curves = {name: arm.point.curve for name, arm in declared.arms[declared.seeds[0]].items() if arm.point}
    if points := points_of(found, curves):
        value = f"win rate against {found.reference}, %"
        drawn["curves"] = scaling_figure(
            summarise(points), command, title=experiment.claim, value=value, paper=paper_points(experiment.paper_curves)
        )
    there = {name: figure for name, figure in drawn.items() if figure is not None}
    for name, figure in there.items():
        save(figure, folder, name, command)
    return list(there)
