"""What a run leaves on disk for people and programs: tables, rows, figures, samples, and how it was made.

Texts are written each time. Figures, which take longer than all the rest, are drawn only where what they show, the
code that draws them, or a file of theirs is not as it was. The files take their places once all of them are written,
and those of an earlier run that this one has nothing for go, so that all that lie there are of one run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from humpback import analysis, core, spec
from humpback.cli.app import writing
from humpback.core.payload import checksum
from humpback.core.store import Store
from humpback.experiments.catalogue import Declared

if TYPE_CHECKING:
    from humpback.analysis.experiment.gather import Results
    from humpback.analysis.figures.grid import Place
    from humpback.analysis.scaling.points import PaperCurve

_CODE = tuple(Path(one.__path__[0]) for one in (analysis, core, spec))
"""Folders of the code that, with this module, has a part in what a figure looks like."""
_PACKAGES = ("matplotlib", "numpy", "scipy")
_ENDINGS = (".svg", ".png", ".pdf")
_FIGURES = ("figure", "size", "measures", "grid", "curves")
_AT_TIMES = {
    *("rows.csv", "measures.csv", "contamination.csv", "curves.csv", "samples.json"),
    *(f"{name}{ending}" for name in _FIGURES for ending in _ENDINGS),
}
"""Files that are there only where there is something to put into them."""


def write(folder: Path, declared: Declared, command: str, found: Results, store: Store) -> str:
    """Everything below the folder; returns what is there, in words.

    Raises:
        StoreError: when the folder cannot be written.
    """
    from humpback.analysis.report.provenance import provenance
    from humpback.analysis.report.samples import samples
    from humpback.analysis.scaling.points import paper_points
    from humpback.analysis.tables.csv_files import as_csv
    from humpback.analysis.tables.latex import latex
    from humpback.analysis.tables.markdown import markdown
    from humpback.analysis.tables.outcome_files import ITEMS, OUTCOMES, outcome_files

    experiment = declared.experiment
    title = f"{experiment.name}: {experiment.claim}"
    words = declared.words | {"command": command}
    arms = declared.arms[declared.seeds[0]]
    texts = {
        **as_csv(found),
        "arms.json": as_text({"command": command, **declared.resolved}),
        "made.json": as_text(words | provenance(store, declared.targets)),
        "table.md": markdown(title, command, found),
        "table.tex": latex(title, command, found),
    }
    if found.rows:
        texts["samples.json"] = as_text(samples(store, arms))
    outcomes = outcome_files(found.outcomes, declared.bases) if found.outcomes else {}
    inputs = FigureInputs(
        experiment.claim,
        command,
        found,
        kinds={name: type(one).__name__ for named in declared.measures.values() for name, one in named.items()},
        curves={name: arm.curve.name for name, arm in arms.items() if arm.curve},
        paper=paper_points(declared.curves),
        places=tuple(places(declared)),
    )
    with writing(folder, "--results"), TemporaryDirectory(prefix=".writing-", dir=folder) as made:
        for name, content in {**{name: text.encode() for name, text in texts.items()}, **outcomes}.items():
            (Path(made) / name).write_bytes(content)
        memory = store.root / ".figures" / f"{declared.setup.name}-{experiment.name.replace('/', '-')}.json"
        drawn = _figures(inputs, folder, Path(made), memory)
        for path in Path(made).iterdir():
            path.replace(folder / path.name)
        of_drawn = {f"{name}{ending}" for name in drawn for ending in _ENDINGS}
        for name in {*_AT_TIMES, OUTCOMES, ITEMS} - {*texts, *outcomes, *of_drawn}:
            (folder / name).unlink(missing_ok=True)
    figures = "".join(f"; {name}.svg, .png, .pdf" for name in drawn)
    return f"{folder}/ ({', '.join(sorted([*texts, *outcomes]))}{figures})"


def as_text(value: Any) -> str:
    """As JSON files hold it."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class FigureInputs:
    """All that the figures of an experiment are drawn from: what is not here cannot be in them."""

    claim: str
    command: str
    found: Results
    kinds: dict[str, str]
    """By measure, the name of its class."""
    curves: dict[str, str]
    """By arm, the curve that it lies on."""
    paper: tuple[PaperCurve, ...]
    places: tuple[Place, ...] = ()
    """Where the arms of a grid of numbers lie."""

    @property
    def digest(self) -> str:
        """Over every value, the code that draws, and the packages that it draws with."""
        packages = [f"{name} {version(name)}" for name in _PACKAGES]
        drawn = replace(self, found=replace(self.found, outcomes=None))
        digest = sha256(json.dumps([packages, asdict(drawn)], sort_keys=True).encode())
        for path in (Path(__file__), *(path for folder in _CODE for path in sorted(folder.rglob("*.py")))):
            digest.update(path.read_bytes())
        return digest.hexdigest()


def places(declared: Declared) -> Iterator[Place]:
    """Where the arms of a grid of numbers lie: each at its value of the first setting that is a number."""
    for one in declared.departure.grid:
        number = next(((path, value) for path, value in one.at if isinstance(value, float)), None)
        if number:
            from humpback.analysis.figures.grid import Place

            yield Place(one.arm, one.line, *number)


def _figures(inputs: FigureInputs, folder: Path, made: Path, memory: Path) -> list[str]:
    """Have every figure in the folder, or anew in `made`; their names. `memory` holds what was drawn last, from what,
    as which bytes."""
    try:
        last = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        last = {}
    digest = inputs.digest
    if last.get("digest") == digest and all(_is(folder / name, sha) for name, sha in last["files"].items()):
        return list(dict.fromkeys(name.rpartition(".")[0] for name in last["files"]))
    names = _draw(inputs, made)
    files = {f"{name}{ending}": checksum(made / f"{name}{ending}") for name in names for ending in _ENDINGS}
    with suppress(OSError):  # a store that is only read: the next run draws again
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps({"digest": digest, "files": files}), encoding="utf-8")
    return names


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and checksum(path) == sha256


def _draw(inputs: FigureInputs, folder: Path) -> list[str]:
    """The figures that there is something to draw for; their names."""
    from humpback.analysis.experiment.curves import points_of
    from humpback.analysis.figures import arms as figures
    from humpback.analysis.figures.grid import grid_figure
    from humpback.analysis.figures.measured import measured_figure
    from humpback.analysis.layout.drawing import save
    from humpback.analysis.scaling.figure import scaling_figure
    from humpback.analysis.scaling.tables import summarise

    claim, command, found, drawn = inputs.claim, inputs.command, inputs.found, {}
    if any(not row.reason for row in found.rows):
        drawn["figure"] = figures.arms_figure(claim, command, found)
        drawn["size"] = figures.size_figure(claim, command, found)
    if any(not row.reason for row in found.measured):
        drawn["measures"] = measured_figure(claim, command, found, inputs.kinds)
    if inputs.places:
        drawn["grid"] = grid_figure(claim, command, found, inputs.places)
    if points := points_of(found, inputs.curves):
        value = f"win rate against {found.reference}, %"
        drawn["curves"] = scaling_figure(summarise(points), command, title=claim, value=value, paper=inputs.paper)
    there = {name: figure for name, figure in drawn.items() if figure is not None}
    for name, figure in there.items():
        save(figure, folder, name, command)
    return list(there)
