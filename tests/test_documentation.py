"""Numbers that README, docs and the log cite are those of the files that they cite, and examples what commands print.

A number is cited by a comment behind it: `+3.4 (+1.0 to +5.8) <!-- FILE.csv: M1; uncurated: difference -->` names the
file, cells of its row, and the columns whose values are the last numbers before the comment, at the digits shown;
"difference" and "head_to_head" stand for an estimate and its interval. The comment may begin the next line.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import succeed

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "results/LOG.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
CITATION = re.compile(r"<!-- (?P<file>\S+\.csv): (?P<row>.+?): (?P<columns>[\w, ]+) -->")
NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?")
INTERVAL = re.compile(r"[+-]\d+\.\d+ \([+-]\d+\.\d+ to [+-]\d+\.\d+\)")
ESTIMATES = {name: [f"{name}_{part}" for part in ("mean", "low", "high")] for name in ("difference", "head_to_head")}


def row_of(file: str, cells: str) -> dict[str, str]:
    with (ROOT / file).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    wanted = cells.split("; ")
    found = [row for row in rows if list(row.values())[: len(wanted)] == wanted]
    assert len(found) == 1, f"{file} has {len(found)} rows that begin with {cells}"
    return found[0]


def wrong(text: str) -> list[str]:
    """What is cited otherwise than it stands in its file."""
    problems, start = [], 0
    for found in CITATION.finditer(text):
        row = row_of(found["file"], found["row"])
        columns = ESTIMATES.get(found["columns"]) or found["columns"].split(", ")
        shown = NUMBER.findall(text[start : found.start()])[-len(columns) :]
        start = found.end()
        assert len(shown) == len(columns), f"{found[0]}: {len(columns)} numbers belong before it"
        for number, column in zip(shown, columns, strict=True):
            digits = len(number.partition(".")[2])
            if abs(float(number.replace(",", "")) - float(row[column])) > 0.5 * 10.0**-digits + 1e-9:
                problems.append(
                    f"{found['file']}, {found['row']}, {column}: {number} is cited, and {row[column]} stands there"
                )
    return problems


@pytest.mark.parametrize("page", PAGES)
def test_cited_numbers_are_those_of_their_files(page: str) -> None:
    assert wrong((ROOT / page).read_text(encoding="utf-8")) == []


def uncited(text: str) -> list[str]:
    """The intervals behind which no file is named."""
    found = []
    for interval in INTERVAL.finditer(text):
        behind = text[interval.end() :].split("\n")[0].split("<!--")
        if len(behind) < 2 or INTERVAL.search(behind[0]):
            found.append(interval[0])
    return found


def test_every_interval_of_the_readme_is_cited() -> None:
    assert uncited((ROOT / "README.md").read_text(encoding="utf-8")) == []


def test_an_interval_that_names_no_file_is_found() -> None:
    first, second = "+3.4 (+1.0 to +5.8)", "-1.1 (-2.8 to +0.4)"
    assert uncited(f"{first} points\n{second} <!-- a.csv: M1; M0: difference -->") == [first]
    assert uncited(f"{first} or {second} <!-- a.csv: M1; M0: difference -->") == [first]


def test_another_number_a_missing_row_and_too_few_numbers_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.test_documentation.ROOT", tmp_path)
    (tmp_path / "a.csv").write_text(
        "first,second,n,difference_mean,difference_low,difference_high\nM1,M0,805,3.44,1.04,5.8\n"
    )
    cited = "<!-- a.csv: M1; M0: difference -->"
    assert wrong(f"of 805: +3.4 (+1.0 to +5.8) {cited}, n = 805 <!-- a.csv: M1; M0: n -->") == []
    assert wrong(f"+3.5 (+1.0 to +5.8) {cited}") == [
        "a.csv, M1; M0, difference_mean: +3.5 is cited, and 3.44 stands there"
    ]
    assert len(wrong(f"3.44 (1.0 to 6) {cited} 804 <!-- a.csv: M1; M0: n -->")) == 1
    with pytest.raises(AssertionError, match="0 rows that begin with M2"):
        wrong("3 <!-- a.csv: M2: n -->")
    with pytest.raises(AssertionError, match="3 numbers belong before it"):
        wrong(f"+3.4 {cited}")


def test_the_example_of_costs_is_what_the_command_prints(tmp_path: Path) -> None:
    page = (ROOT / "docs/costs.md").read_text(encoding="utf-8")
    command = "humpback plan humpback/data_scaling --setup llama-7b"
    shown = page.split(f"    $ {command}\n")[1].split("\n## ")[0]
    said = succeed(*command.split()[1:], "--store", tmp_path / "store").stdout
    assert [line.strip() for line in shown.split("\n") if line] == [line.strip() for line in said.split("\n") if line]


def test_the_figures_of_a_gpu_are_those_of_its_benchmark() -> None:
    said = (ROOT / "docs/gpu.md").read_text(encoding="utf-8")
    found = json.loads((ROOT / "benchmarks/gpu.json").read_text(encoding="utf-8"))
    for part in ("full", "full_whole", "full_whole_plain", "lora", "qlora"):
        one = found[part]
        share = f"{one['share of that rate']:.2f}".removeprefix("0")
        cells = f"| {one['tokens a second']:,} | {share} | {one['memory, GB']} | {one['memory as planned, GB']} |"
        assert cells in said, part
    rating, writing = found["rating"], found["writing"]["tokens a second"]
    assert f"({rating['tokens a second']:,} tokens/s, {rating['share of that rate']:.2f})".replace("0.", ".") in said
    ours, bare = (round(sum(writing[name][1:]) / 2) for name in ("our engine", "generate"))
    assert f"{ours:,} tokens/s by our engine and {bare:,} by a bare `generate`" in said


def test_the_table_of_targets_is_what_the_results_say(tmp_path: Path) -> None:
    copy = tmp_path / "benchmarks"
    shutil.copytree(ROOT / "benchmarks", copy)
    subprocess.run([sys.executable, copy / "table.py"], check=True)
    assert (copy / "README.md").read_text("utf-8") == (ROOT / "benchmarks/README.md").read_text("utf-8")
