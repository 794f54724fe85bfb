"""Figures of measured numbers: which panel a kind has, what stands in it, and that nothing covers anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from humpback.analysis.experiment.gather import Results
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.figures.measured import measured_figure
from humpback.analysis.layout.drawing import WIN, save
from humpback.analysis.scaling.figure import COLOURS
from tests.analysis.test_figures import overlapping, words

COMMAND = "humpback run humpback/data_statistics --setup micro --seeds 0,1"
NONE = float("nan")
LONG = "a long name of a set, such as the machine-made one"


def rows(name: str, metric: str, value: float, *, paper: float | None = None, form: str = ".1f") -> list[MeasuredRow]:
    """A number over two seeds, 1 apart, with an interval of a tenth of it to both sides."""
    whole = MeasuredRow(name, metric, "all", value, value / 20, value * 0.9, value * 1.1, 9, form, paper)
    return [
        whole,
        *(
            MeasuredRow(name, metric, str(seed), value + seed - 0.5, 1.0, NONE, NONE, 9, form, paper)
            for seed in range(2)
        ),
    ]


def absent(name: str, metric: str = "", paper: float | None = None) -> MeasuredRow:
    return MeasuredRow(name, metric, "all", NONE, NONE, NONE, NONE, 0, ".1f", paper, "no votes of people; to collect")


def drawn(kinds: Mapping[str, str], *measured: MeasuredRow) -> Figure:
    found = measured_figure("A question? A claim.", COMMAND, Results((), (), (), measured=measured), kinds)
    assert found is not None
    return found


def hollow(axes: Axes) -> list[tuple[float, float]]:
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))  # type: ignore[index, arg-type]
        for line in axes.lines
        if line.get_marker() not in ("None", "") and line.get_markerfacecolor() == "white"
    ]


def test_without_numbers_there_is_nothing_to_draw() -> None:
    for found in ((), (absent("a"),), (absent("a", "first better, %", 5.0),)):
        assert measured_figure("t", COMMAND, Results((), (), (), measured=found), {"a": "Voted"}) is None


def test_any_number_has_a_small_panel_with_interval_seeds_and_the_paper_s() -> None:
    measured = [*rows("seed", "length", 100.0, paper=148), *rows("A5", "length", 80.0), *rows("A5", "sd", 9.0)]
    figure = drawn({"seed": "Described", "A5": "Described"}, *measured)
    length, sd = figure.axes
    assert [axes.get_title(loc="left") for axes in (length, sd)] == ["length", "sd"]
    assert [tick.get_text() for tick in length.get_yticklabels()] == ["seed", "A5"]
    assert hollow(length) == [(148, 0)]
    assert [90, 110] in [pytest.approx(line.get_xdata()) for line in length.lines]
    assert [99.5, 100.5] in [list(line.get_xdata()) for line in length.lines]
    assert {"100.0", "80.0", "9.0"} <= set(words(figure))
    assert any("hollow" in text and "seeds" in text for text in words(figure))


def test_counts_of_very_different_size_stand_on_a_log_axis() -> None:
    axes = drawn({"a": "Described"}, *rows("a", "examples", 1_200.0, paper=502_133)).axes[0]
    assert axes.get_xscale() == "log"
    assert "log scale" in axes.get_title(loc="left")
    assert drawn({"a": "Described"}, *rows("a", "examples", 1_200.0, paper=3_200)).axes[0].get_xscale() == "linear"


def test_what_is_not_there_says_why() -> None:
    figure = drawn({"a": "Refused", "b": "Refused"}, *rows("a", "refusals, %", 5.0), absent("b"))
    assert any(text.startswith("no number: no votes of people") for text in words(figure))


SPREAD = [("scored below 3, %", 10.0), ("scored 3, %", 20.0), ("scored 4, %", 30.0), ("scored 4.5, %", 40.0)]


def test_scores_are_bars_with_what_is_kept_coloured_and_said() -> None:
    measured = [one for metric, value in SPREAD for one in rows("rater", metric, value)]
    measured += rows("rater", "scored 5, %", 0.2, paper=17.7)
    measured += [
        *rows("rater", "rated 4.5 or better, %", 40.2, paper=17.8),
        *rows("rater", "rated 4 or better, %", 70.0),
    ]
    (axes,) = drawn({"rater": "ScoresOf"}, *measured).axes
    filled = [patch for patch in axes.patches if patch.get_fill()]
    assert [patch.get_height() for patch in filled] == [10, 20, 30, 40, 0.2]  # type: ignore[attr-defined]
    blue = [tuple(round(255 * part) for part in patch.get_facecolor()[:3]) == (0, 114, 178) for patch in filled]
    assert blue == [False, False, False, True, True]
    assert WIN == "#0072B2"
    (outlined,) = [patch for patch in axes.patches if not patch.get_fill()]
    assert outlined.get_height() == 17.7  # type: ignore[attr-defined]
    assert axes.get_title(loc="left").split("\n") == [
        "rater",
        "70.0 % at 4 or better",
        "40.2 % at 4.5 or better (paper 17.8)",
    ]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["<3", "3", "4", "4.5", "5"]


def test_selections_lie_on_the_plane_of_recall_and_precision() -> None:
    measured = [*rows("M0", "precision", 0.4, paper=0.44), *rows("M0", "recall", 0.1, paper=0.09)]
    measured += [*rows("M1", "precision", 0.5), *rows("M1", "recall", 0.6), *rows("M1", "selected", 500.0)]
    figure = drawn({"M0": "Picked", "M1": "Picked"}, *measured)
    (axes,) = figure.axes
    assert hollow(axes) == [(0.09, 0.44)]
    assert "recall" in axes.get_xlabel()
    points = [
        (line.get_xdata()[0], line.get_ydata()[0])  # type: ignore[index]
        for line in axes.lines
        if line.get_markersize() == 7 and line.get_markerfacecolor() != "white"
    ]
    assert points == [(0.1, 0.4), (0.6, 0.5)]
    assert {"M0", "M1"} <= set(words(figure))
    assert overlapping(figure) == []


def test_many_selections_are_named_in_a_column() -> None:
    names = [f"selector {i}" for i in range(6)]
    measured = [one for name in names for metric in ("precision", "recall") for one in rows(name, metric, 0.5)]
    (axes,) = drawn(dict.fromkeys(names, "Picked"), *measured).axes
    places = [one.get_position() for one in axes.texts]
    assert {x for x, _ in places} == {1.04}
    assert len({y for _, y in places}) == 6


@pytest.mark.parametrize("names", [("base", "M2", "M2"), ("base: arc", "M2: arc", "M2: piqa")])
def test_benchmarks_by_task_a_colour_a_model(names: tuple[str, str, str]) -> None:
    arc, piqa = "arc, acc, 0-shot, %", "piqa, acc, 0-shot, %"
    measured = [*rows(names[0], arc, 30.0), *rows(names[1], arc, 40.0, paper=57.3), *rows(names[2], piqa, 60.0)]
    figure = drawn(dict.fromkeys(names, "Scored"), *measured)
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["arc, acc, 0-shot", "piqa, acc, 0-shot"]
    ((x, y),) = hollow(axes)
    assert (x, 0 < y < 0.5) == (57.3, True)
    colours = {line.get_xdata()[0]: line.get_color() for line in axes.lines if len(line.get_xdata()) == 1}  # type: ignore[index, arg-type]
    assert (colours[30], colours[40], colours[60]) == (COLOURS[0], COLOURS[1], COLOURS[1])
    assert {"base", "M2"} <= set(words(figure))


def test_people_s_choices_are_bars_with_the_paper_s_below() -> None:
    metrics = ("first better, %", "no difference, %", "second better, %")
    measured = [
        one
        for metric, value, paper in zip(metrics, (50.0, 20.0, 30.0), (66.7, 13.5, 19.8), strict=True)
        for one in rows("reference", metric, value, paper=paper)
    ]
    measured += [*rows("reference", "first better less second, points", 20.0), *rows("reference", "votes", 320.0)]
    measured += [*rows("reference", "annotators", 4.0), absent("lima", "first better, %", 55.6)]
    figure = drawn({"reference": "Voted", "lima": "Voted"}, *measured)
    bars, less = figure.axes
    widths = {patch.get_fill(): [] for patch in bars.patches}  # type: ignore[var-annotated]
    for patch in bars.patches:
        widths[patch.get_fill()].append(patch.get_width())  # type: ignore[attr-defined]
    assert widths[True] == pytest.approx([50, 20, 30])
    assert widths[False] == pytest.approx([66.7, 13.5, 19.8, 55.6])
    names = [tick.get_text() for tick in bars.get_yticklabels()]
    assert names == ["reference\n(320 votes, 4 people)", "lima\n(no votes)"]
    assert "+20.0" in words(figure)
    assert less.get_title(loc="left") == "better less worse, points"


def test_each_kind_has_its_section() -> None:
    measured = [*rows("set", "length", 100.0), *rows("M0", "precision", 0.4), *rows("M0", "recall", 0.1)]
    figure = drawn({"set": "Described", "M0": "Picked"}, *measured)
    assert [axes.get_title(loc="left") or axes.get_xlabel().split(":")[0] for axes in figure.axes] == [
        "length",
        "recall",
    ]


@pytest.mark.parametrize("kind", ["Described", "Picked", "Scored"])
@pytest.mark.parametrize("n", [2, 8])
def test_no_text_covers_another_however_many_measures(kind: str, n: int) -> None:
    metrics = ("precision", "recall") if kind == "Picked" else ("mmlu, acc, 5-shot, %", "output, characters")
    names = [f"{LONG} {i}" for i in range(n)]
    measured = [
        one
        for i, name in enumerate(names)
        for place, metric in enumerate(metrics)
        for one in rows(name, metric, 0.4 + 0.02 * i + 0.1 * place, paper=0.2 + 0.03 * i, form=".2f")
    ]
    assert overlapping(drawn(dict.fromkeys(names, kind), *measured)) == []


def test_the_same_bytes_for_the_same_rows(tmp_path: Path) -> None:
    measured = [*rows("M0", "precision", 0.4, paper=0.5), *rows("M0", "recall", 0.1, paper=0.2)]
    for name in ("one", "two"):
        save(drawn({"M0": "Picked"}, *measured), tmp_path, name, COMMAND)
    for kind in ("svg", "png"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
