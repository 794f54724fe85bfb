"""`humpback fit` as a user runs it: points in, tables, JSON and figures out, bad cells named."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from humpback.analysis.scaling.figure import COLOURS, scaling_figure
from humpback.analysis.scaling.fit import Points, fit
from humpback.analysis.scaling.points import read_points
from humpback.analysis.scaling.tables import summarise
from humpback.core.expression import FieldError
from tests.commands import humpback, succeed

POINTS = """set,n,value,error,seed
mine,100,10.0,1,0
mine,200,12.1,1,0
mine,400,15.2,1,0
mine,800,15.9,1,0
mine,100,11.0,1,1
mine,200,12.9,1,1
mine,400,14.2,1,1
mine,800,17.9,1,1
"other, $ & <b>",100,10,0.5,0
"other, $ & <b>",800,10.5,0.5,0
lone,100,3,1,0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my points.csv"
    path.write_text(POINTS, encoding="utf-8")
    return path


def said(*words: str) -> str:
    return succeed("fit", *words).output


def test_the_table_says_what_the_fit_is(file: Path) -> None:
    text = said(str(file))
    mine = fit(read_points(file).curves[0])
    line = next(line for line in text.splitlines() if line.startswith("mine  "))
    assert line.split()[:5] == ["mine", "8", "100", "to", "800"]
    assert mine.by_residuals is not None
    assert mine.by_errors is not None
    for number in (mine.alpha, mine.by_residuals.low, mine.by_residuals.high, mine.by_errors.low):
        assert f" {number:.2f}" in line
    assert f" {mine.constant:.1f} " in line
    assert "chi-square(6) = " in text
    assert "lone: a line needs two sizes or more; there is 1; not fitted" in text
    assert "mine: alpha by seed 0: 3.00, 1: 3.17; of their mean, by t over seeds: 1.99 to 4.19" in text
    assert re.search(r"mine - other.*differ, by errors \(normal\) +\+2\.85", text)
    assert "too few points to tell: 2 points at 2 sizes" in text


def test_json_holds_the_same_and_the_points(file: Path) -> None:
    found = json.loads(said(str(file), "--json"))
    mine, other, lone = found["sets"]
    line = fit(read_points(file).curves[0])
    assert found["command"] == "humpback fit 'my points.csv'"
    assert mine["alpha"] == line.alpha
    assert mine["intervals"]["residuals"]["low"] < mine["alpha"] < mine["intervals"]["bootstrap"]["high"]
    assert mine["intervals"]["reading"] is None
    assert mine["points"]["error"] == [1.0] * 8
    assert mine["saturation"]["words"].startswith("cannot be told")
    assert mine["straight_line"]["p"] > 0.05
    assert other["intervals"]["residuals"] is None
    assert other["saturation"]["cannot_tell"].startswith("too few points to tell")
    assert lone["not_fitted"].startswith("lone: ")
    (difference,) = found["differences"]
    assert difference["p_holm"] == difference["p"] < 0.05


def test_the_paper_s_points_stand_beside_its_alphas() -> None:
    rows = {re.split(r"  +", line)[0]: line.split() for line in said("--published").splitlines()[:9]}
    assert rows["LIMA"][-1] == "2.86"
    assert rows["FLAN v2"][-1] == rows["FLAN v2"][6] == "0.22"
    assert rows["Humpback"][-1] == "6.95"
    assert rows["Humpback"][5] == "5.76"
    assert re.search(r"Humpback - Alpaca +differ alone, not after correction", said("--published"))
    assert re.search(r"Humpback - Vicuna +cannot be told apart", said("--published"))
    found = json.loads(said("--published", "--json"))
    assert [one["first"] for one in found["differences"]] == ["Humpback"] * 7
    holm = [one["p_holm"] for one in found["differences"] if one["p_holm"] is not None]
    assert len(holm) == 5
    assert min(holm) > 0.05 > min(one.get("p", 1.0) for one in found["differences"])


def test_the_figure_in_three_formats_with_its_command(file: Path, tmp_path: Path) -> None:
    said(str(file), "--out", str(tmp_path / "out"))
    command = "humpback fit 'my points.csv'"
    svg = (tmp_path / "out" / "scaling.svg").read_text(encoding="utf-8")
    assert f"<dc:description>{command}" in svg
    assert command.encode() in (tmp_path / "out" / "scaling.png").read_bytes()
    pdf = (tmp_path / "out" / "scaling.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert rb"/Subject (humpback fit 'my points.csv')" in pdf
    assert b"CreationDate" not in pdf
    texts = ["".join(one.itertext()) for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert command in texts
    assert "other, $ & <b>: 0.24" in texts
    assert "lone" in texts
    assert any(text.startswith("mine: 3.09 (2.25 to 3.92)") for text in texts)
    said(str(file), "--out", str(tmp_path / "again"))
    for kind in ("svg", "png", "pdf"):
        assert (tmp_path / "again" / f"scaling.{kind}").read_bytes() == (
            tmp_path / "out" / f"scaling.{kind}"
        ).read_bytes()


def test_the_axis_is_logarithmic_and_bands_do_not_set_its_height() -> None:
    found = summarise([Points("x", (100.0, 800.0, 6_400.0), (10.0, 14.0, 13.0)), Points("y", (50.0, 90.0), (9.0, 9.5))])
    figure = scaling_figure(found, "c", title="t", value="win rate, %")
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    low, high = axes.get_ylim()
    assert 8 < low < 9
    assert 14 < high < 15
    (band,) = [one for one in axes.collections if len(one.get_paths()) and len(one.get_paths()[0].vertices) > 60]
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() > 20
    assert [line.get_color() for line in axes.lines if len(line.get_xdata()) > 10] == list(COLOURS[:2])
    assert len(set(COLOURS)) == 8


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("value", "valu"), "line 1: no column 'value'; found 'set', 'n', 'valu', 'error', 'seed'; it takes n ("),
        (("set,n", "set,examples"), "line 1: no column 'n'"),
        (("seed", "seeds"), "line 1: column 'seeds'; did you mean 'seed'?"),
        (("seed", "error"), "line 1: column 'error' stands there twice"),
        (("100,10.0", '"1,000",10.0'), "line 2: n is '1,000'; it is a number above 0"),
        (("100,10.0", "0,10.0"), "line 2: n is '0'"),
        (("12.1", "12 %"), "line 3: value is '12 %'; it is a number"),
        (("12.1", ""), "line 3: value is ''"),
        (("12.1", "nan"), "line 3: value is 'nan'"),
        (("15.2,1", "15.2,0"), "line 4: error is '0'; it is a number above 0"),
        (("15.2,1", "15.2,"), "line 4: error is empty, and other rows of set 'mine' have one"),
        (("mine,200,12.1", "mine,100,12.1"), "line 3: set 'mine' at n 100, seed 0 stands already at "),
        (("mine,200,12.1", ",200,12.1"), "line 3: set is empty"),
        (("12.1,1,0", "12.1,1"), "line 3: more or fewer cells"),
        (("12.1,1,0", "12.1,1,0,9"), "line 3: more or fewer cells"),
        (("lone", '"lone'), "not CSV"),
    ],
)
def test_bad_files_are_named_by_line_and_column(file: Path, change: tuple[str, str], words: str) -> None:
    file.write_text(POINTS.replace(*change, 1), encoding="utf-8")
    with pytest.raises(FieldError, match=re.escape(words)) as found:
        read_points(file)
    assert str(found.value).startswith("my points.csv, line ")


def test_empty_and_undecodable_files_are_named(file: Path) -> None:
    file.write_text("n,value\n", encoding="utf-8")
    with pytest.raises(FieldError, match="no row below the column names"):
        read_points(file)
    file.write_text("", encoding="utf-8")
    with pytest.raises(FieldError, match="no column 'n'; found none"):
        read_points(file)
    file.write_bytes(b"n,value\n1,\xff\n")
    with pytest.raises(FieldError, match="not UTF-8 text"):
        read_points(file)


def test_two_columns_are_enough_and_others_are_told(file: Path) -> None:
    file.write_bytes("\ufeffN, Value ,model\r\n100,1,a\r\n200,2,b\r\n".encode())
    read = read_points(file)
    assert read.unused == ("model",)
    assert read.curves == (Points("my points", (100.0, 200.0), (1.0, 2.0)),)
    assert "columns not used: model" in said(str(file))


def test_the_command_is_wired_and_wrong_words_end_in_a_line(tmp_path: Path) -> None:
    done = humpback("fit", "nowhere.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "humpback: there is no file nowhere.csv\n")
    with pytest.raises(FieldError, match="a file or --published, one of them"):
        succeed("fit")
    with pytest.raises(FieldError, match="a file or --published, one of them"):
        succeed("fit", "x.csv", "--published")
