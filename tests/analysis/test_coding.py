"""The counting rule that gives AlpaGasus's 718, its exact intervals, and what filters do to code."""

from __future__ import annotations

import csv
import io
import json

import pytest

from humpback.analysis.datasets.coding import KEYWORDS, as_csv, as_markdown, as_text, coding, filtered
from humpback.core.tables import Example
from tests.shared_data import SHARED, needs_shared

ROWS = [
    Example("1", "Write JavaScript", "console.log", score=4.5),
    Example("2", "Sort a list\n\nin Python", "python3 says: Python", score=3.0),
    Example("3", "What is tea?", "A drink.", score=5.0),
    Example("4", "Say hello", "in C++", score=None),
]


def kept(row: Example) -> bool:
    return row.score is not None and row.score >= 4.5


def test_a_row_counts_once_a_keyword_in_whichever_field_case_and_all() -> None:
    found = coding(ROWS, kept=kept)
    assert {one.name: (one.found, one.kept) for one in found.keywords if one.found} == {
        "Java": (1, 1),
        "C++": (1, 0),
        "Python": (1, 0),
        "python": (1, 0),
    }
    assert [one.name for one in found.keywords] == list(KEYWORDS)
    assert (found.hits.found, found.hits.kept) == (4, 1)
    assert (found.rows.found, found.rows.kept) == (3, 1)
    assert (found.everything.found, found.everything.kept) == (4, 2)


def test_other_keywords() -> None:
    assert coding(ROWS, kept=kept, keywords=("tea",)).hits.found == 1


def test_the_interval_is_clopper_and_pearsons() -> None:
    """Against the closed forms of its ends: nothing left out, and everything."""
    none, every = filtered("none", 10, 10), filtered("all", 10, 0)
    assert (none.share, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(1 - 0.025**0.1)
    assert (every.share, every.high) == (1.0, 1.0)
    assert every.low == pytest.approx(0.025**0.1)
    paper = filtered("AlpaGasus", 718, 85)
    assert paper.share == pytest.approx(0.8816, abs=5e-5)
    assert (paper.low, paper.high) == (pytest.approx(0.8557, abs=5e-5), pytest.approx(0.9043, abs=5e-5))


def test_nothing_found_is_no_share() -> None:
    found = filtered("c#", 0, 0)
    assert (found.share, found.low, found.high) == (None, None, None)


def test_tables() -> None:
    found = coding(ROWS, kept=kept)
    lines = as_text(found).splitlines()
    assert lines[1].split() == ["Java", "1", "1", "0.00", "0.00", "to", "97.50"]
    assert lines[6].split() == ["c#", "0", "0", "–", "–"]
    assert lines[-1].split()[:5] == ["all", "rows", "4", "2", "50.00"]
    assert "| all hits | 4 | 1 | 75.00 | 19.41 to 99.37 |" in as_markdown(found)
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert rows[0] == {"keyword": "Java", "found": "1", "kept": "1", "share_left_out": "0", "low": "0", "high": "0.975"}
    assert len(rows) == len(KEYWORDS) + 3


@needs_shared
def test_718_hits_in_alpaca_and_those_kept_by_the_published_labels() -> None:
    raw = json.loads((SHARED / "alpaca/alpaca_data.json").read_text(encoding="utf-8"))
    with (SHARED / "alpagasus/known_labels.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["alpaca_idx"]: row for row in csv.DictReader(file)}
    rows = [
        Example(str(i), r["instruction"] + (f"\n\n{r['input']}" if r["input"] else ""), r["output"])
        for i, r in enumerate(raw)
    ]
    found = coding(rows, kept=lambda row: labels[row.id]["claude_accuracy_ge_4.5"] == "1")
    assert found.hits.found == 718
    assert found.everything.found == 52_002
    assert found.everything.kept == 5_305
    texts = [(r["instruction"] + r["input"] + r["output"], labels[str(i)]) for i, r in enumerate(raw)]
    independent = sum(
        text.count(word) > 0 for text, one in texts if one["claude_accuracy_ge_4.5"] == "1" for word in KEYWORDS
    )
    assert found.hits.kept == independent == 79
