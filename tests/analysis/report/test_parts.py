"""The parts of the page by themselves: figures, lineage, tables of numbers, words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from humpback.analysis.report.inline_svg import UnusableFigure, inlined
from humpback.analysis.report.lineage import LONGEST, Node, lineage_trees
from humpback.analysis.report.provenance import duration
from humpback.analysis.report.results_files import read_results
from humpback.analysis.report.sections import ExperimentSection, form_of, section
from humpback.analysis.report.verdicts import kind_of
from tests.analysis.report.material import arms_json, results


def test_figures_keep_their_ids_apart_and_bring_nothing_else(tmp_path: Path) -> None:
    found = read_results(results(tmp_path))["humpback/first"]
    assert list(found.figures) == ["figure", "curves"]
    for name, svg in found.figures.items():
        markup, width = inlined(svg, f"{name}-", 'a "label" <here>')
        root = ET.fromstring(markup)
        ids = {one.get("id") for one in root.iter() if one.get("id")}
        assert ids
        assert all(str(one).startswith(f"{name}-") for one in ids)
        used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', markup))
        assert used
        assert used <= ids
        assert "<style" not in markup
        assert "metadata" not in markup
        assert width == 684
        assert root.get("aria-label") == 'a "label" <here>'
        assert "a &lt; b &amp; c" in markup
        assert len(markup) < len(svg)


def test_a_hostile_figure_is_disarmed() -> None:
    markup, _ = inlined(
        """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10" height="20"
        onload="x()"><script>x()</script><style>* {display: none}</style><foreignObject><p>x</p></foreignObject>
        <g onclick="x()" fill="url(https://elsewhere/#a)" stroke="url( '#b' )"><use xlink:href="https://elsewhere/x.svg#a"/>
        <image href="data:image/svg+xml;base64,x"/><a href="javascript:x()"><text>t</text></a></g></svg>""",
        "p-",
        "x",
    )
    assert "x()" not in markup
    assert "elsewhere" not in markup
    assert "display" not in markup
    assert "svg+xml" not in markup
    assert "url(#p-b)" in markup
    assert 'viewBox="0 0 10 20"' in markup
    with pytest.raises(UnusableFigure):
        inlined("no", "p-", "x")


def nodes(node: Node) -> list[Node]:
    return [node, *(one for below in node.below for one in nodes(below))]


def test_lineage_goes_down_to_data_and_seeds_and_draws_shared_parts_once() -> None:
    found = lineage_trees(arms_json())
    assert found is not None
    assert list(found.roots) == ["tagged", "plain <b>"]
    tagged, plain = (nodes(one) for one, *_ in found.roots.values())
    kinds = [one.kind for one in tagged]
    assert kinds[:3] == ["Judged", "Responses", "Finetuned"]
    assert {"MicroSeed", "MicroPages", "HubModel", "MicroPrompts", "Rated"} <= set(kinds)
    (data,) = [one for one in tagged if one.kind == "MicroSeed"]
    assert data.fields == "n 8, draw 0, world World(seed 0, creatures 32)"
    every = [one for one in (*tagged, *plain) if not one.again]
    assert len({one.fingerprint for one in every}) == len(every) == found.artifacts
    again = {one.kind for one in plain if one.again}
    assert {"MicroSeed", "HubModel", "Best", "MicroReference"} <= again
    assert all(not one.below for one in (*tagged, *plain) if one.again)
    assert all(len(one.fields) <= LONGEST for one in every)
    assert "draw: 1, not 0" in found.differ
    assert "seed: 1, not 0" in found.differ
    assert list(found.others) == ["1"]
    assert next(iter(found.others["1"])) == "tagged"
    assert lineage_trees({}) is None


def test_measures_have_a_lineage_too() -> None:
    given = arms_json()
    arms = given.pop("arms")
    assert isinstance(arms, dict)
    fingerprint = arms["0"]["tagged"]["judged"]
    mended = {"kind": "Mended", "reads": [fingerprint, fingerprint]}
    found = lineage_trees({**given, "measures": {"0": {"mended": mended}}})
    assert found is not None
    assert [one.again for one in found.roots["mended"]] == [False, True]


def measured(folder: Path, *rows: tuple[str, str, str, str]) -> ExperimentSection:
    """The section of a folder with these numbers: name, metric, value, reason."""
    place = folder / "humpback" / "alike"
    place.mkdir(parents=True)
    lines = [f"{name},{metric},all,{value},,1,2,3,.1f,5,{reason}" for name, metric, value, reason in rows]
    head = "name,metric,seed,value,standard_error,low,high,n,form,paper,reason"
    (place / "measures.csv").write_text("\n".join([head, *lines, ""]))
    return section(None, read_results(folder)["humpback/alike"])


def test_things_measured_alike_stand_as_in_the_papers_tables(tmp_path: Path) -> None:
    cells = [(name, metric, "1072", "") for name in ("seed", "A5") for metric in ("examples", "length")]
    grid, long = measured(tmp_path / "grid", *cells).tables
    assert grid.heads == ("what", "examples", "length")
    assert grid.rows[0] == ("seed", "1,072.0 (5.0)", "1,072.0 (5.0)")
    assert len(long.rows) == 4
    (alone,) = measured(tmp_path / "uneven", *cells[:3]).tables
    assert len(alone.rows) == 3
    many = measured(tmp_path / "many", *[(f"set {i}", metric, "1", "") for i in range(7) for metric in ("a", "b")])
    assert [len(table.rows) for table in many.tables] == [7]
    assert [len(table.rows) for table in many.folded] == [14]
    (missing,) = measured(
        tmp_path / "no", *[("votes", metric, "", "no votes") for metric in ("first", "second")]
    ).tables
    assert missing.note.count("Not measured: votes. no votes") == 1


def test_numbers_and_verdicts_in_words() -> None:
    assert form_of([0.0123, None, 0.004, float("nan")]) == ".3f"
    assert form_of([12, 0.1]) == form_of([]) == ".1f"
    assert kind_of("not replicated: reversed").key == kind_of("does not hold: reversed").key == "no"
    assert kind_of("replicated").key == kind_of("holds").key == "yes"
    assert kind_of("cannot be told at this n").key == "untold"
    assert [duration(one) for one in (None, 1.25, 90, 130, 7_300)] == ["–", "1.2 s", "90 s", "2.2 min", "2.0 h"]
