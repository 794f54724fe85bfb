"""Figures of arms and curves: what is drawn from which rows, names that do not overlap, the same bytes twice."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from humpback.analysis.experiment.gather import Results, Row
from humpback.analysis.figures.arms import arms_figure, size_figure
from humpback.analysis.layout.drawing import LOSE, POINT, apart, save, wrapped
from humpback.analysis.scaling.figure import COLOURS, scaling_figure
from humpback.analysis.scaling.fit import Points
from humpback.analysis.scaling.points import PaperCurve, paper_points
from humpback.analysis.scaling.tables import summarise
from humpback.core.expression import FieldError
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.setups import SETUPS
from humpback.spec.claims import Curve

COMMAND = "humpback run humpback/headline --setup micro --seeds 0,1"
NONE = float("nan")
LONG = "a long name of an arm, trained on everything and more"


def row(arm: str, rate: float, *, against: str = "reference", seed: str = "all", examples: float = 100) -> Row:
    return Row(arm, against, seed, examples, rate, 1.0, rate - 2, rate + 2, 30, 10, 60, 0.1, 0.5, 0, 80.0, 100)


def results(*rows: Row, reference: str = "reference") -> Results:
    return Results(rows, (), (), reference=reference)


def many(n: int, name: str = "k") -> Results:
    rows = [row(f"{name} {i}", 40 + i % 7 * 2.5, examples=50 * 1.3**i) for i in range(n)]
    return results(*(one for each in rows for one in (each, replace(each, seed="0"), replace(each, seed="1"))))


def made(figure: Figure | None) -> Figure:
    assert figure is not None
    return figure


def words(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.findobj(Text) if isinstance(one, Text) and one.get_visible()]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts of the drawn figure whose boxes share more than a hair."""
    FigureCanvasAgg(figure)
    figure.canvas.draw()
    # Ticks beyond the limits are there and not drawn.
    beyond = set()
    for axes in figure.axes:
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, sorted(axes.get_ylim()))):
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            beyond |= {tick.label1 for tick in ticks if not low <= tick.get_loc() <= high}
    shown = [
        one
        for one in figure.findobj(Text)
        if isinstance(one, Text) and one.get_text() and one.get_visible() and one not in beyond
    ]
    # Of the letters alone: an annotation's own box has its line in it.
    boxes = [Text.get_window_extent(one).padded(-1.5) for one in shown]
    return [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in itertools.combinations(zip(shown, boxes, strict=True), 2)
        if one.get_text() != other.get_text() and a.overlaps(b)
    ]


def marks(axes: Axes, colour: str, *, hollow: bool) -> list[tuple[float, float]]:
    """The diamonds of a colour."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))  # type: ignore[index, arg-type]
        for line in axes.lines
        if line.get_marker() == "D"
        and line.get_markeredgecolor() == colour
        and (line.get_markerfacecolor() == "white") is hollow
    ]


def test_without_an_arm_or_a_number_there_is_nothing_to_draw() -> None:
    assert arms_figure("t", COMMAND, results()) is None
    assert size_figure("t", COMMAND, results()) is None
    assert arms_figure("t", COMMAND, results(replace(row("a", NONE), reason="not made"))) is None


def test_rates_seeds_and_the_paper_s_number() -> None:
    whole = replace(row("M1", 55.0), paper=61.5)
    figure = made(
        arms_figure("t", COMMAND, results(whole, replace(whole, seed="0", win_rate=54), replace(whole, seed="1")))
    )
    rates, bars = figure.axes
    assert marks(rates, POINT, hollow=False) == [(55, 0)]
    assert marks(rates, LOSE, hollow=True) == [(61.5, 0)]
    assert [list(line.get_xdata()) for line in rates.lines if line.get_marker() == "o"] == [[54, 55]]
    assert [patch.get_width() for patch in bars.patches] == [30, 10, 60]  # type: ignore[attr-defined]
    assert any("hollow: the paper's" in text for text in words(figure))
    without = made(arms_figure("t", COMMAND, results(replace(whole, paper=None))))
    assert not any("hollow" in text for text in words(without))


def test_heads_to_heads_stand_below_and_what_has_no_number_says_so() -> None:
    figure = made(
        arms_figure(
            "t", COMMAND, results(row("M1", 52, against="M0"), row("M0", 48), replace(row("M9", NONE), reason="empty"))
        )
    )
    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert names == ["M0 (100)", "M9 (100)", "M1 vs M0"]
    assert "no number: empty" in words(figure)
    assert any("(below the line" in text for text in words(figure))


@pytest.mark.parametrize(("n", "name"), [(3, "k"), (20, LONG)])
def test_no_text_covers_another_however_many_arms(n: int, name: str) -> None:
    figure = made(arms_figure("Is it so? " * 14, f"{COMMAND} --store {'a' * 60} --results {'b' * 60}", many(n, name)))
    assert overlapping(figure) == []


def test_bars_by_set_of_prompts() -> None:
    whole = row("filtered", 55.0)
    parts = [replace(whole, set=name, wins=wins, ties=0, losses=100 - wins) for name, wins in (("a", 20), ("b", 70))]
    other = row("whole", 45.0)
    figure = made(arms_figure("t", COMMAND, results(whole, *parts, other, replace(parts[0], arm="whole", wins=90))))
    _, _, first, second = figure.axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["a", "b"]
    assert [patch.get_width() for patch in second.patches] == [70, 0, 30]  # type: ignore[attr-defined]
    assert [patch.get_y() > 0.5 for patch in first.patches] == [False] * 3 + [True] * 3  # type: ignore[attr-defined]
    assert len(made(arms_figure("t", COMMAND, results(whole, other))).axes) == 2


def test_many_skills_have_a_line_each() -> None:
    whole = row("filtered", 55.0)
    parts = [replace(whole, set=f"skill {i}", n=7, wins=i, ties=0, losses=29 - i) for i in range(29)]
    figure = made(arms_figure("t", COMMAND, results(whole, *parts)))
    _, _, below = figure.axes
    assert [tick.get_text() for tick in below.get_yticklabels()][:2] == ["skill 0 (7)", "skill 1 (7)"]
    assert len(below.patches) == 3 * 29
    assert overlapping(figure) == []


def test_size_against_quality_is_drawn_where_arms_lie_on_no_curve() -> None:
    found = many(6)
    figure = made(size_figure("t", COMMAND, found))
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert {text for text in words(figure) if text.startswith("k ")} == {f"k {i}" for i in range(6)}
    assert len([line for line in axes.lines if line.get_marker() != "None"]) == 6
    assert overlapping(figure) == []
    assert size_figure("t", COMMAND, replace(found, rows=tuple(replace(one, size=10) for one in found.rows))) is None
    assert (
        size_figure("t", COMMAND, replace(found, rows=tuple(replace(one, examples=9.0) for one in found.rows))) is None
    )


def test_names_of_a_crowd_stand_in_a_column_beside_the_points() -> None:
    crowd = [replace(row(f"an arm called {i}", 50 + i % 3, examples=100 + 3 * i), low=48, high=54) for i in range(8)]
    figure = made(size_figure("t", COMMAND, results(*crowd, row("far", 51, examples=400))))
    (axes,) = figure.axes
    assert len(axes.texts) == 9
    assert {text.get_position()[0] for text in axes.texts} == {1.04}
    assert overlapping(figure) == []


def test_the_same_bytes_for_the_same_rows(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(made(arms_figure("t", COMMAND, many(2))), tmp_path, name, COMMAND)
    for kind in ("svg", "png", "pdf"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
    assert COMMAND in (tmp_path / "one.svg").read_text()


def test_names_move_as_little_as_they_must() -> None:
    assert apart([0.0, 5.0], 1) == [0, 5]
    assert apart([3.0, 3.0, 3.0], 1) == [2, 3, 4]
    assert apart([1.0, 0.9, 0.0], 1) == pytest.approx([1.6333333, 0.6333333, -0.3666667])
    assert wrapped("one two three", 7) == "one two\nthree"


OURS = [
    Points("curated", (60.0, 120.0, 240.0), (40.0, 43.0, 44.0), (1.0,) * 3),
    Points("other", (60.0, 90.0), (9.0, 9.5)),
]
THEIRS = (
    PaperCurve(Points("A5", (3_200.0, 6_400.0, 12_800.0), (61.5, 67.2, 69.8)), ("curated",)),
    PaperCurve(Points("A4", (3_200.0, 6_400.0), (55.7, 60.2)), ()),
)


def test_the_paper_s_points_have_a_panel_and_fits_of_their_own() -> None:
    figure = scaling_figure(summarise(OURS), COMMAND, title="t", value="v", paper=THEIRS)
    ours, theirs = figure.axes
    assert "(LLaMA-7B)" in theirs.get_title(loc="left")
    assert ours.get_xlim()[1] < 1_000 < theirs.get_xlim()[0]
    lines = [line.get_color() for line in theirs.lines if len(line.get_xdata()) > 10]  # type: ignore[arg-type]
    assert lines == [COLOURS[0], COLOURS[2]]
    alone = scaling_figure(summarise(OURS), COMMAND, title="t", value="v")
    slope = next(text for text in words(alone) if text.startswith("curated: "))
    assert slope in words(figure)
    assert any(text.startswith("A5: ") for text in words(figure))
    assert overlapping(figure) == []


def test_values_share_an_axis_only_where_that_does_not_flatten_ours() -> None:
    near = PaperCurve(Points("A5", (10.0, 20.0), (12.0, 44.0)), ())
    for paper, shared in ((THEIRS[0], False), (near, True)):
        ours, theirs = scaling_figure(summarise(OURS), COMMAND, title="t", value="v", paper=[paper]).axes
        assert (ours.get_ylim() == theirs.get_ylim()) is shared


def test_published_points_of_an_experiment_s_curves_once_each() -> None:
    found = paper_points([Curve(name, points=("humpback-data-efficiency", "LIMA")) for name in "ab"])
    (lima,) = found
    assert (lima.points.name, lima.points.n, lima.points.value) == ("LIMA", (100, 800), (23.8, 29.8))
    assert lima.own == ("a", "b")
    assert lima.points.error is None
    (a5,) = paper_points([Curve("x", points=("humpback-quality-vs-quantity", "A5"))])
    assert a5.points.n == (3_200, 6_400, 12_800, 25_600)
    assert a5.points.error == (3.0,) * 4
    with pytest.raises(FieldError, match=r"no win_rate by size of 'M1'; it has those of .*LIMA"):
        paper_points([Curve("a", points=("humpback-data-efficiency", "M1"))])
    assert paper_points([]) == paper_points([Curve("ours")]) == ()


def test_every_experiment_s_paper_curves_are_published() -> None:
    setup = SETUPS["llama-7b"]
    there = [name for name in experiment_names() if name.startswith("humpback/")]
    drawn = {name: len(paper_points(experiment(name).on(setup, [0]).curves)) for name in there}
    assert drawn["humpback/data_scaling"] == 8
    assert drawn["humpback/quality_vs_quantity"] == 3
