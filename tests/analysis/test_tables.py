"""Results as text: which cells, which dashes, which notes, in the terminal's cells, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.experiment.curve_fits import CurveFit
from humpback.analysis.experiment.finding import Finding
from humpback.analysis.experiment.gather import Results, Row
from humpback.analysis.experiment.measured import MeasuredRow
from humpback.analysis.layout.text_table import DASH
from humpback.analysis.scaling.checks import CannotTell, LackOfFit
from humpback.analysis.stats.statistics import Estimate
from humpback.analysis.tables.cells import arm_cells, curve_cells, finding_cells, measured_cells, not_measured, number
from humpback.analysis.tables.csv_files import CurveLine, FindingLine, as_csv, as_json, read_csv
from humpback.analysis.tables.markdown import markdown
from humpback.analysis.tables.sheets import on_screen, over_seeds

NONE, NORMAL = float("nan"), 1e9
"""Degrees of freedom at which Student's law is the normal one."""
M0 = Row("M0", "reference", "all", 64, 47.62, 1.3, 45.0, 50.2, 13, 12, 15, 0.177, 0.5, 1, 36.4, 2415, paper=53.6)
M1 = Row("M1", "reference", "all", 1023, 50.5, 1.4, 47.8, 53.1, 14, 12, 13, NONE, 0.5, 0, 41, 2415)
GONE = Row("M2", "reference", "all", *[NONE] * 5, 0, 0, 0, NONE, NONE, 0, NONE, 0, "nothing | selected", paper=74.1)
ROWS = (M0, replace(M0, seed="0"), replace(M0, seed="1"), M1, GONE)
LENGTH = MeasuredRow("A5", "output, characters", "all", 1234.5, 2.0, 1230.0, 1239.0, 900, ".1f", 1663.0)
COUNT = MeasuredRow("seed", "examples", "all", 3200.0, NONE, NONE, NONE, 1, ",.0f", 3200.0)
NOT_MADE = MeasuredRow("GPT-4", "precision", "all", *[NONE] * 4, 0, ".1f", 0.88, "no server")
MEASURED = (LENGTH, replace(LENGTH, seed="0"), replace(LENGTH, seed="1"), COUNT, NOT_MADE)


def above(z: float, claim: str, head_to_head: Estimate | None = None) -> Finding:
    """A difference of so many standard errors of 1."""
    difference = Estimate(z, 1.0, z - 1.96, z + 1.96, NORMAL)
    return Finding("M1", "M0", claim, 9.9, difference, (z - 0.5, z + 0.5), 2415, head_to_head)


CLEAR, EDGE = above(4.0, "clear"), above(2.2, "at the edge", Estimate(3.0, 1.0, 1.04, 4.96, NORMAL))
NO = replace(above(-0.2, "none"), paper=None)
ABSENT = Finding("M2", "M0", "absent", 20.5, None, (), 0)
EXAMPLES = Estimate(234.0, 10.0, 214.0, 254.0, NORMAL)
COUNTED = Finding("examples: A5", "3000", "count", 200.0, EXAMPLES, (), 3, form=",.0f")
RESULTS = Results(ROWS, (CLEAR, EDGE, NO, ABSENT), ("10 answers: 0 empty",), measured=MEASURED)
MEASURES_ONLY = Results((), (COUNTED,), (), measured=MEASURED)


def test_an_arm_stands_beside_the_paper_s_number_with_our_interval_shifted() -> None:
    found = arm_cells(M0)
    assert (found["win rate %"], found["95 %"], found["paper"]) == ("47.6 ± 1.3", "45.0 to 50.2", "53.6")
    assert found["ours – paper"] == "-6.0 (-8.6 to -3.4)"
    assert (found["flips"], found["win/tie/lose"], found["length"]) == ("17.7%", "13/12/15", "36")
    other = arm_cells(M1)
    assert (other["paper"], other["ours – paper"], other["flips"]) == (DASH, DASH, DASH)


def test_an_arm_that_is_not_there_has_dashes_the_paper_s_number_and_the_reason() -> None:
    found = arm_cells(GONE)
    assert found.pop("paper") == "74.1"
    assert found.pop("n") == "nothing | selected"
    assert set(list(found.values())[3:]) == {DASH}


def test_measured_numbers_keep_their_form() -> None:
    length, count, absent = map(measured_cells, (LENGTH, COUNT, NOT_MADE))
    assert (length["ours"], length["95 %"], length["paper"]) == ("1,234.5 ± 2.0", "1,230.0 to 1,239.0", "1,663.0")
    assert length["ours – paper"] == "-428.5 (-433.0 to -424.0)"
    assert (count["ours"], count["95 %"], count["ours – paper"], count["n"]) == ("3,200", DASH, "+0", "1")
    assert (absent["ours"], absent["paper"], absent["ours – paper"], absent["n"]) == (DASH, "0.88", DASH, DASH)
    assert not_measured([LENGTH, NOT_MADE, NOT_MADE]) == [f"Not measured: {NOT_MADE.name}. no server"]
    assert measured_cells(replace(NOT_MADE, metric=""))["metric"] == DASH


def test_a_claim_has_its_differences_signed_in_its_own_form() -> None:
    found = finding_cells([EDGE])[0]
    assert (found["compared"], found["difference"]) == ("M1 – M0", "+2.2 (+0.2 to +4.2)")
    assert (found["head to head"], found["paper"], found["n"]) == ("+3.0 (+1.0 to +5.0)", "+9.9", "2,415")
    counted = finding_cells([COUNTED])[0]
    assert (counted["difference"], counted["paper"]) == ("+234 (+214 to +254)", "+200")
    assert (counted["compared"], counted["p"]) == ("examples: A5 – 3000", "<0.001")
    absent = finding_cells([ABSENT])[0]
    assert {absent[head] for head in ("difference", "head to head", "p", "Holm", "n")} == {DASH}
    assert absent["verdict"] == "not measured"


def test_a_claim_or_reversal_that_correction_takes_says_so_and_no_other_does() -> None:
    """Of three p-values, .028 is the second: doubled it is .056."""
    rows = {row["claim"]: row for row in finding_cells(RESULTS.findings)}
    assert (rows["at the edge"]["p"], rows["at the edge"]["Holm"]) == ("0.028", "0.056")
    assert rows["at the edge"]["verdict"] == "holds (not after Holm's correction)"
    assert rows["clear"]["verdict"] == "holds"
    assert (rows["none"]["p"], rows["none"]["verdict"]) == ("0.841", "does not hold: no difference that matters")
    (alone,) = finding_cells([EDGE])
    assert alone["verdict"] == "holds"
    _, reverse = finding_cells([CLEAR, above(-2.0, "reversed")])
    assert (reverse["p"], reverse["Holm"], reverse["verdict"]) == ("0.046", "0.046", "does not hold: reversed")
    reverse, _ = finding_cells([above(-2.0, "reversed"), above(1.0, "none")])
    assert reverse["verdict"] == "does not hold: reversed (not after Holm's correction)"


def test_a_claim_says_how_large_it_is_beside_the_paper_s_number() -> None:
    found = [one["beside it"] for one in finding_cells(RESULTS.findings)]
    assert found == ["smaller", "smaller", DASH, DASH]


def test_a_curve_has_its_slope_or_a_dash() -> None:
    curve = CurveFit("steep", (100, 1600), Estimate(6.95, 0.5, 6.0, 7.9), 5.0)
    bends = replace(curve, bend=Estimate(-0.5, 0.1, -0.7, -0.3), straight=LackOfFit("F(2, 40) = 5.1", 0.011))
    assert curve_cells(bends)["bend"] == "-0.50 (-0.70 to -0.30)"
    assert curve_cells(bends)["lack of fit"] == "F(2, 40) = 5.1, p 0.011: the line does not fit"
    assert curve_cells(curve) == {
        "curve": "steep",
        "sizes": "100, 1,600",
        "alpha": "+6.95 (+6.00 to +7.90)",
        "paper": DASH,
        "ours – paper": DASH,
        "C": "5.0",
        "lack of fit": DASH,
        "bend": DASH,
        "slope at the largest": DASH,
    }
    beside = curve_cells(replace(curve, paper=5.4))
    assert (beside["paper"], beside["ours – paper"]) == ("5.40", "+1.55 (+0.60 to +2.50)")
    bare = replace(curve, slope=None, level=NONE)
    assert list(curve_cells(bare).values())[2:] == [DASH] * 7
    lines = as_csv(replace(RESULTS, curves=(replace(curve, paper=5.4), bare)))["curves.csv"].splitlines()
    assert lines[1:] == ["steep,100 1600,6.95,0.5,6,7.9,5,5.4" + "," * 8, "steep,100 1600" + "," * 14]


def test_columns_of_the_paper_are_left_out_where_nothing_is_in_them_and_no_others() -> None:
    heads = list(arm_cells(M1))
    (without,) = over_seeds(Results((M1,), (), (), beside_paper=True))
    assert set(heads) - set(without.heads) == {"paper", "ours – paper", "seed"}
    assert all(len(row) == len(without.heads) for row in without.rows)
    (both,) = over_seeds(Results((M1, M0), (), (), beside_paper=True))
    assert set(heads) - set(both.heads) == {"seed"}


def test_the_terminal_has_seeds_and_sets_below_their_arm_and_fits_180_columns() -> None:
    """With the longest names and numbers that micro and the papers' setups have; the claim is folded."""
    arm = replace(M0, arm="mean of 5 replies >= 4.5", examples=51_200, wins=1313, ties=1199, losses=1513)
    finding = replace(EDGE, first="joint 25600", second="curated alone 25600", claim="a claim of words")
    rows = (arm, replace(arm, seed="0"), replace(arm, seed="1"), replace(arm, set="Koala"))
    found = replace(RESULTS, rows=rows, findings=(finding,), beside_paper=True)
    arms, measured, claims = on_screen(found)
    assert [row[0] for row in arms.rows] == ["mean of 5 replies >= 4.5"] * 3 + ["· Koala"]
    assert arms.details == {1, 2, 3}
    assert [sheet.title for sheet in (arms, measured, claims)] == ["Arms", "Measured", "Claims"]
    for row in (*arms.rows, *claims.rows):
        assert sum(map(len, row)) + 3 * len(row) + 1 <= 180
    (one_seed,) = on_screen(Results((arm, rows[1]), (), ()))
    assert len(one_seed.rows) == 1


def test_thousands_are_set_apart() -> None:
    found = [number(one) for one in (None, NONE, 999.4, 1_234.5, -1_234.5)]
    assert found == [DASH, DASH, "999.4", "1,234.5", "-1,234.5"]
    assert (number(1_234.5, "+.0f"), number(41_821, ",.0f"), number(12_000, "g")) == ("+1,234", "41,821", "12000")


def sections(text: str) -> dict[str, list[list[str]]]:
    """The tables by heading; the first is under the title."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|") and "---" not in line:
            found.setdefault(heading, []).append([cell.strip() for cell in line.replace("\\|", "¦").split("|")[1:-1]])
    return found


def test_markdown_has_every_table_once() -> None:
    text = markdown(
        "humpback/headline: Does it?", "humpback run x", replace(RESULTS, rows=(*ROWS, replace(M0, set="A")))
    )
    found = sections(text)
    assert list(found) == [
        "humpback/headline: Does it?",
        "Measured",
        "Claims",
        "By set of prompts or skill",
        "Arms by seed",
        "Measured by seed",
        "Differences by seed",
    ]
    assert [row[0] for row in found["humpback/headline: Does it?"]] == ["arm", "M0", "M1", "M2"]
    assert "nothing ¦ selected" in found["humpback/headline: Does it?"][-1]
    assert found["Differences by seed"][1:] == [["M1 – M0", f"+{z - 0.5:.1f}, +{z + 0.5:.1f}"] for z in (4.0, 2.2)] + [
        ["M1 – M0", "-0.7, +0.3"]
    ]
    assert "paper" not in found["Arms by seed"][0]
    assert found["By set of prompts or skill"][1][:2] == ["A", "M0"]
    assert all(len({len(row) for row in rows}) == 1 for rows in found.values())
    assert "Made by `humpback run x`." in text
    assert "On the way: 10 answers: 0 empty." in text
    assert "Holm: p corrected for the 3 of the experiment's 4 claims that have one." in text
    assert "ours – paper" not in text
    assert "the paper's own error is not in it" in markdown("a: b", "c", replace(RESULTS, beside_paper=True))


def test_an_experiment_of_measures_alone_has_no_arms_and_nothing_on_the_way() -> None:
    text = markdown("humpback/data_statistics: How much?", "c", MEASURES_ONLY)
    found = sections(text)
    assert next(iter(found)) == "humpback/data_statistics: How much?"
    assert found["humpback/data_statistics: How much?"][0][0] == "what"
    assert "Arms" not in text
    assert "On the way" not in text
    assert "Win rate" not in text
    assert "paired difference of their two win rates" not in text
    assert "in the metric's own unit" in text


def test_without_claims_seeds_or_the_paper_there_is_no_word_of_them() -> None:
    text = markdown("t: ?", "c", Results((replace(M1, seed="all"), replace(M1, seed="0")), (), ()))
    assert list(sections(text)) == ["t: ?"]
    assert "paper" not in text
    assert "Holm" not in text


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_tidy_rows_are_empty_where_there_is_no_number() -> None:
    first, *_, gone = csv_rows(as_csv(RESULTS)["rows.csv"])
    assert (first["win_rate"], first["paper"], first["seed"], first["reason"]) == ("47.62", "53.6", "all", "")
    assert (gone["win_rate"], gone["paper"], gone["reason"]) == ("", "74.1", "nothing | selected")
    measured = csv_rows(as_csv(RESULTS)["measures.csv"])
    assert len(measured) == len(MEASURED)
    assert (measured[0]["value"], measured[0]["high"], measured[0]["paper"]) == ("1234.5", "1239", "1663")
    assert (measured[-1]["value"], measured[-1]["reason"]) == ("", "no server")


def test_tidy_findings_have_p_before_and_after_correction() -> None:
    clear, edge, none, absent = csv_rows(as_csv(RESULTS)["comparisons.csv"])
    assert (clear["holds_after_holm"], edge["holds_after_holm"], none["holds_after_holm"]) == ("true", "false", "")
    assert float(edge["p_holm"]) == pytest.approx(2 * float(edge["p"]), rel=1e-5)
    assert (edge["head_to_head_low"], edge["difference_mean"], edge["matters"]) == ("1.04", "2.2", "5")
    assert edge["verdict"] == "holds"
    assert {absent[name] for name in ("difference_mean", "p", "p_holm", "holds_after_holm")} == {""}


def test_json_is_the_same_with_null_and_true() -> None:
    found = json.loads(as_json("humpback run x", RESULTS, {"set": {"sft.longest": 9}}))
    assert (found["command"], found["rows"][0]["win_rate"], found["rows"][-1]["win_rate"]) == (
        "humpback run x",
        47.62,
        None,
    )
    assert found["measured"][0]["paper"] == 1663
    assert [one["holds_after_holm"] for one in found["claims"]] == [True, False, None, None]
    assert "NaN" not in as_json("x", RESULTS, {})


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    curve = CurveFit(
        "steep",
        (100, 1600),
        Estimate(6.95, 0.5, 6.0, 7.9),
        5.0,
        bend=Estimate(-0.5, NONE, -0.7, -0.3),
        end_slope=Estimate(4.0, NONE, 3.0, 5.0),
        straight=CannotTell("two sizes: any line fits"),
    )
    files = as_csv(replace(RESULTS, curves=(curve, replace(curve, slope=None, level=NONE))))
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    rows, measured = read_csv(tmp_path / "rows.csv", Row), read_csv(tmp_path / "measures.csv", MeasuredRow)
    assert list(map(arm_cells, rows)) == list(map(arm_cells, ROWS))
    assert list(map(measured_cells, measured)) == list(map(measured_cells, MEASURED))
    assert repr(read_csv(tmp_path / "curves.csv", CurveLine)[0].curve) == repr(curve)
    clear, edge, _, absent = read_csv(tmp_path / "comparisons.csv", FindingLine)
    assert (clear.estimate("difference"), clear.estimate("head_to_head")) == (CLEAR.difference, None)
    assert (edge.estimate("head_to_head"), edge.holds_after_holm) == (EDGE.head_to_head, False)
    assert (absent.estimate("difference"), absent.p, absent.verdict) == (None, None, "not measured")
    assert read_csv(tmp_path / "nothing.csv", Row) == ()
