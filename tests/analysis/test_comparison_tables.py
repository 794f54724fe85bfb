"""The comparison as a reader and a program see it, and its bars."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

from humpback.analysis.judgements.comparison import System, differences, system
from humpback.analysis.judgements.comparison_figures import bars_figure
from humpback.analysis.judgements.comparison_tables import SHOWN, amiss, as_json, as_text, description, power_lines
from humpback.analysis.judgements.formats.items import NO_ROW, Item
from humpback.analysis.layout import drawing
from humpback.core.tables import Unreadable
from tests.analysis.test_comparison import SIX, judgement, points

ROWS = [replace(one, source="ab"[i % 2], category="xy"[i % 2] if i else "z") for i, one in enumerate(SIX)]
ONE = system(judgement("ours", ROWS))
WIDEST = 120


def test_one_system_has_sets_and_categories_in_both_tables() -> None:
    text = as_text([ONE], [])
    won = [one for one in text.splitlines() if one.startswith("ours ") and " to " in one]
    assert len(won) == 1
    assert won[0].split()[1:4] == ["5", "of", "6"]
    assert won[0].split()[4:6] == ["65.00", "18.71"]
    assert won[0].split()[-5:] == ["2", "1", "1", "1.250", "1"]
    for label in ("· a", "· b", "·· x", "·· y", "·· z"):
        assert len([one for one in text.splitlines() if one.startswith(f"{label} ")]) == 2, label
    beside = [one for one in text.splitlines() if one.startswith("ours ") and " % " in one]
    assert beside[0].split() == ["ours", "25.0", "%", "62.5", "%", "3", "66.7", "%", "3", "5"]


def test_tables_stay_narrow_enough_for_a_terminal() -> None:
    long = system(judgement("a-name-of-thirty-characters-of", ROWS))
    text = as_text([long, replace(long)], differences([long.judgement, points("b", {"p0": 1})]))
    assert max(map(len, text.splitlines())) <= WIDEST


def test_columns_that_nobody_has_are_left_out() -> None:
    text = as_text([system(points("m", {"p": 1, "q": 0}))], [])
    assert "unparsed" in text
    assert not any(one.split()[:2] == ["system", "flips"] for one in text.splitlines())
    assert any(
        "flips" in one and "first wins" in one and one.startswith("system") for one in as_text([ONE], []).split("\n")
    )


def test_markdown_has_two_tables_and_the_same_numbers() -> None:
    text = as_text([ONE], [], as_markdown=True)
    assert text.count("| --- |") == 2
    assert "| ours | 5 of 6 | 65.00 | 18.71 |" in text


def test_several_systems_have_their_differences() -> None:
    many = [f"p{i}" for i in range(30)]
    one = points("a", {**dict.fromkeys(many, 1.0), "s": 1.0})
    other = points("b", {**dict.fromkeys(many, 0.0), "p0": 0.5, "t": 1.0})
    third, far = points("c", {"z": 1.0}), points("d", dict.fromkeys(many, 0.0), "another")
    text = as_text([system(one) for one in (one, other, third, far)], differences([one, other, third, far]))
    (told,) = [each for each in text.splitlines() if each.startswith("a - b")]
    assert "+98.33" in told
    assert told.split()[3] == "30"
    assert "1 / 1" in told
    assert "left out (first / second)" in text
    assert told.endswith("yes")
    (same,) = [each for each in text.splitlines() if each.startswith("a - d *")]
    assert same.endswith("cannot be told")
    assert "a - d: cannot be told: every outcome is the same" in text
    assert "different opponents" in text
    assert "3 of 6 pairs have no prompt in common" in text


def test_what_is_amiss_is_said_and_what_is_right_is_not() -> None:
    aside = tuple(Unreadable("f.json", f"element {i}", "why", "raw") for i in range(SHOWN + 2))
    aside = (Unreadable("g.json", NO_ROW, "in one file alone", "the prompt"), *aside)
    found = system(judgement("ours", SIX, unreadable=aside, notes=("a note",)))
    lines = amiss(found)
    assert "ours: the rate is over 5 prompts: 6 are there, 1 without an outcome, 7 rows could not be used" in lines
    assert "ours: win/tie/lose leave 1 prompts out: one order was not parsed, and the rule needs both" in lines
    assert "ours: g.json, no row: in one file alone ('the prompt')" in lines
    assert "ours: f.json, element 3: why" in lines
    assert "ours: and 3 more rows that could not be used" in lines
    assert "ours: 1 empty answers of ours" in lines
    assert "ours: 1 empty answers of reference" in lines
    assert lines[-1] == "ours: a note"
    assert amiss(system(points("m", {"p": 1, "q": 0}))) == [
        "m: win/tie/lose leave 2 prompts out: one order was not parsed, and the rule needs both"
    ]
    assert amiss(system(judgement("ours", SIX[:2]))) == []
    assert amiss(system(judgement("ours", SIX[:1]))) == [
        "ours: the rate has no interval, and says nothing of the system: one prompt alone has an outcome"
    ]


def test_a_name_that_has_the_opponent_does_not_say_it_twice() -> None:
    assert description(ONE).startswith("ours against reference: ")
    assert description(replace(ONE, judgement=replace(ONE.judgement, name="ours vs reference"))).startswith(
        "ours vs reference: "
    )


def test_json_of_one_system_is_its_numbers_and_those_of_its_sets() -> None:
    found = json.loads(json.dumps(as_json([ONE], []), allow_nan=False))
    keys = ("win_rate", "standard_error", "interval", "wins", "ties", "losses", "n", "flip_rate", "unparsed")
    for where in (found, *found["sets"].values(), *found["categories"].values()):
        assert set(keys) <= where.keys()
    assert (found["win_rate"], found["n"], found["flip_rate"], found["unparsed"]) == (65.0, 5, 0.25, 3)
    assert found["interval"][0] < found["win_rate"] < found["interval"][1]
    assert set(found["sets"]) == {"a", "b"}
    assert found["standard_error"] == ONE.overall.standard_error
    empty = as_json([system(points("m", {"p": None}))], [])
    assert (empty["win_rate"], empty["interval"], empty["flip_rate"]) == (None, [None, None], None)


def test_json_of_several_systems_has_them_by_name_with_their_differences() -> None:
    one, other = points("a", {"p": 1, "q": 1}), points("b", {"r": 0})
    found = as_json([system(one), system(other)], differences([one, other]))
    assert set(found["systems"]) == {"a", "b"}
    assert found["systems"]["a"]["win_rate"] == 100
    (pair,) = found["differences"]
    assert (pair["difference"], pair["interval"], pair["n"], pair["first_alone"]) == (None, None, 0, 2)


def test_power_is_by_the_variance_that_was_seen() -> None:
    one, other = points("a", dict.fromkeys("pqrs", 1.0) | {"t": 0.0}), points("b", {"z": 1.0})
    systems = [system(one), system(other)]
    lines = power_lines(systems, differences([one, other]), 10)
    variance = 100**2 * 0.2
    wanted = math.ceil((1.959964 + 0.8416212) ** 2 * variance / 100)
    assert f"    a against an even rate: {wanted} (here 5)" in lines
    assert "    b against an even rate: not known: fewer than two prompts (here 1)" in lines
    found = as_json(systems, differences([one, other]), points=10)["power"]
    assert found["against_even"] == {"a": wanted, "b": None}
    assert found["paired"] == [{"first": "a", "second": "b", "prompts": None}]


def bars(systems: list[System]) -> tuple[list[str], list[list[float]], list[str]]:
    """Labels, widths of the bars in each row, and the counts written on them."""
    left = bars_figure(systems, "command").axes[0]
    rows: dict[float, list[float]] = {}
    for one in left.patches:
        rows.setdefault(round(one.get_y() + one.get_height() / 2), []).append(one.get_width())
    return (
        [one.get_text() for one in left.get_yticklabels()],
        list(rows.values()),
        [one.get_text() for one in left.texts],
    )


def test_bars_are_the_shares_of_win_tie_and_lose() -> None:
    labels, widths, counts = bars([ONE])
    assert labels == ["ours vs reference (5 of 6)", "a (3)", "b (2 of 3)"]
    assert widths[0] == [50, 25, 25]
    assert counts[:3] == ["2", "1", "1"]


def test_a_system_without_a_result_has_an_empty_bar_and_no_point() -> None:
    nothing = system(judgement("m", [Item("p", "", None, None)]))
    _, widths, counts = bars([nothing])
    assert (widths, counts) == ([[0, 0, 0]], [])
    assert bars_figure([nothing], "command").axes[1].lines[0].get_xdata()[0] == 50


def test_the_figure_is_written_as_svg_and_png(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        drawing.save(
            bars_figure([ONE], "humpback compare f.json"), tmp_path / folder, "win-tie-lose", "humpback compare"
        )
    svg = (tmp_path / "one" / "win-tie-lose.svg").read_text()
    assert "ours vs reference" in svg
    assert "humpback compare f.json" in svg
    assert (tmp_path / "one" / "win-tie-lose.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "two" / "win-tie-lose.svg").read_text() == svg
