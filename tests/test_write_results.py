"""Results are written anew when something that they are made from has changed, and not drawn again when nothing has."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.experiment.gather import Results, Row
from humpback.cli import write_results
from humpback.core.store import Store, StoreError
from humpback.experiments.catalogue import experiment
from tests.conftest import tiny_setup

ROW = Row("M_0", "reference", "all", 24, 41.0, 2.0, 37.0, 45.0, 10, 3, 15, 0.1, 0.5, 0, 80.0, 28)
RESULTS = Results((ROW, replace(ROW, arm="M_1", win_rate=52.0, low=48.0, high=56.0)), (), ())
CHANGED = replace(RESULTS, rows=(replace(ROW, win_rate=42.0), *RESULTS.rows[1:]))
Files = dict[str, bytes]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Results], tuple[bool, Files]]:
    """Write results; whether the figures were drawn for it, and every file's bytes."""
    drawn: list[str] = []
    draw = write_results._draw

    def noted(inputs: write_results.FigureInputs, folder: Path) -> list[str]:
        drawn.append(inputs.command)
        return draw(inputs, folder)

    monkeypatch.setattr(write_results, "_draw", noted)
    declared = experiment("humpback/headline").on(tiny_setup(), [0])

    def written(found: Results) -> tuple[bool, Files]:
        drawn.clear()
        told = write_results.write(tmp_path / "results", declared, "humpback run", found, Store(tmp_path / "store"))
        assert "figure.svg, .png, .pdf" in told
        return bool(drawn), {path.name: path.read_bytes() for path in (tmp_path / "results").iterdir()}

    return written


def test_figures_are_drawn_where_a_row_a_file_the_code_or_a_version_is_another(
    write: Callable[[Results], tuple[bool, Files]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, first = write(RESULTS)
    assert drawn
    assert write(RESULTS) == (False, first)

    drawn, other = write(CHANGED)
    assert drawn
    assert {name for name in first if other[name] != first[name]} >= {"rows.csv", "table.md", "figure.svg"}
    assert write(RESULTS) == (True, first)

    (tmp_path / "results" / "figure.png").unlink()
    assert write(RESULTS) == (True, first)
    (tmp_path / "results" / "figure.svg").write_text("<svg/>")
    (tmp_path / "results" / "table.md").write_text("edited")
    assert write(RESULTS) == (True, first)
    assert write(RESULTS) == (False, first)

    code = tmp_path / "code"
    code.mkdir()
    (code / "drawing.py").write_text("width = 9")
    monkeypatch.setattr(write_results, "_CODE", (code,))
    assert write(RESULTS)[0]
    assert not write(RESULTS)[0]
    (code / "drawing.py").write_text("width = 10")
    assert write(RESULTS)[0]
    monkeypatch.setattr(write_results, "version", lambda name: "0")
    assert write(RESULTS)[0]
    assert write(RESULTS) == (False, first)


def test_what_was_drawn_last_is_only_a_memory(write: Callable[[Results], tuple[bool, Files]], tmp_path: Path) -> None:
    """Damaged, it is made anew; where the store cannot be written, the figures are drawn all the same."""
    (tmp_path / "store").write_text("")
    _, first = write(RESULTS)
    assert write(RESULTS) == (True, first)
    (tmp_path / "store").unlink()
    write(RESULTS)
    (memory,) = (tmp_path / "store" / ".figures").iterdir()
    memory.write_text("{")
    assert write(RESULTS) == (True, first)
    assert write(RESULTS) == (False, first)


def test_what_an_earlier_run_left_and_this_one_has_nothing_for_goes(tmp_path: Path) -> None:
    declared, folder = experiment("humpback/headline").on(tiny_setup(), [0]), tmp_path / "results"
    store = Store(tmp_path / "store")
    write_results.write(folder, declared, "humpback run", RESULTS, store)
    for name in ("curves.csv", "outcomes.csv.gz", "notes.txt"):
        (folder / name).write_text("of before")
    (folder / "sweep").mkdir()
    failed = replace(RESULTS, rows=tuple(replace(row, reason="segments failed") for row in RESULTS.rows))
    told = write_results.write(folder, declared, "humpback run", failed, store)
    assert "figure" not in told
    there = {path.name for path in folder.iterdir()}
    assert {"rows.csv", "table.md", "notes.txt", "sweep"} <= there
    assert not there & {"figure.svg", "figure.png", "figure.pdf", "size.svg", "curves.csv", "outcomes.csv.gz"}


def test_a_disk_that_fills_leaves_the_results_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared, folder = experiment("humpback/headline").on(tiny_setup(), [0]), tmp_path / "results"
    store = Store(tmp_path / "store")
    write_results.write(folder, declared, "humpback run", RESULTS, store)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*_: object) -> list[str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write_results, "_draw", full)
    with pytest.raises(StoreError, match="results: No space left on device; give another with --results"):
        write_results.write(folder, declared, "humpback run", CHANGED, store)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
