"""The counting rule that gives AlpaGasus's 718, its exact intervals, and what filters do to code."""

from __future__ import annotations

import csv
import json

from humpback.analysis.datasets.coding import Filtered, as_text, coding
from humpback.core.tables import Example
from humpback.spec.datasets import CODING
from tests.shared_data import SHARED, needs_shared

ROWS = [
    Example("1", "Write JavaScript", "console.log", score=4.5),
    Example("2", "Sort a list\n\nin Python", "python3 says: Python", score=3.0),
    Example("3", "What is tea?", "A drink.", score=5.0),
    Example("4", "Say hello", "in C++", score=None),
]


def kept(row: Example) -> bool:
    return row.score is not None and row.score >= 4.5


def stays(one: Filtered) -> int:
    return one.found - one.left_out.count


def test_a_row_counts_once_a_keyword_in_whichever_field_case_and_all() -> None:
    found = coding(ROWS, selected=kept)
    assert {one.name: (one.found, stays(one)) for one in found.keywords if one.found} == {
        "Java": (1, 1),
        "C++": (1, 0),
        "Python": (1, 0),
        "python": (1, 0),
    }
    assert [one.name for one in found.keywords] == list(CODING)
    assert (found.hits.found, stays(found.hits)) == (4, 1)
    assert (found.rows.found, stays(found.rows)) == (3, 1)
    assert (found.everything.found, stays(found.everything)) == (4, 2)


def test_tables() -> None:
    found = coding(ROWS, selected=kept)
    lines = as_text(found).splitlines()
    assert lines[1].split() == ["Java", "1", "1", "0.00", "0.00", "to", "97.50"]
    assert lines[6].split() == ["c#", "0", "0", "–", "–"]
    assert lines[-1].split()[:5] == ["all", "rows", "4", "2", "50.00"]


@needs_shared
def test_718_hits_in_alpaca_and_those_kept_by_the_published_labels() -> None:
    raw = json.loads((SHARED / "alpaca/alpaca_data.json").read_text(encoding="utf-8"))
    with (SHARED / "alpagasus/known_labels.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["alpaca_idx"]: row for row in csv.DictReader(file)}
    rows = [
        Example(str(i), r["instruction"] + (f"\n\n{r['input']}" if r["input"] else ""), r["output"])
        for i, r in enumerate(raw)
    ]
    found = coding(rows, selected=lambda row: labels[row.id]["claude_accuracy_ge_4.5"] == "1")
    assert found.hits.found == 718
    assert found.everything.found == 52_002
    assert stays(found.everything) == 5_305
    texts = [(r["instruction"] + r["input"] + r["output"], labels[str(i)]) for i, r in enumerate(raw)]
    independent = sum(
        text.count(word) > 0 for text, one in texts if one["claude_accuracy_ge_4.5"] == "1" for word in CODING
    )
    assert stays(found.hits) == independent == 79
