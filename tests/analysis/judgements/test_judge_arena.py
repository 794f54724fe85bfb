"""JudgeArena's battles, with the columns that its `write_battles` and its pairwise runs write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.analysis.judgements.comparison import system
from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.formats.reading import read_judgements


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def battle(i: int, pref: float | None, orientation: str = "direct", **more: Any) -> dict[str, Any]:
    return {
        "instruction_index": f"q{i}",
        "model_a": "ours",
        "model_b": "baseline",
        "evaluation_model": "ours",
        "completion_a": "long answer",
        "completion_b": "short",
        "pref": pref,
        "orientation": orientation,
        "judge": "judge",
        "source": "llm-judge",
        **more,
    }


def test_both_orders_are_one_prompt_and_the_points_are_the_preferences_own(tmp_path: Path) -> None:
    rows = [battle(0, 0.1), battle(1, 0.8), battle(2, None), battle(3, 0.5)]
    rows += [battle(i, pref, "reversed") for i, pref in enumerate((0.3, 0.2, 0.4, 0.5))]
    (one,) = read_judgements([written(tmp_path / "battles.parquet", rows)])
    assert (one.name, one.against, one.judge, one.format) == ("ours", "baseline", "judge", "JudgeArena's battles")
    assert [item.result for item in one.items] == ["win", "tie", None, "tie"]
    assert [item.points for item in one.items] == pytest.approx([0.8, 0.5, 0.6, 0.5])
    assert [item.flipped for item in one.items] == [False, True, None, False]
    assert one.items[0].characters == (11, 5)
    assert system(one).overall.unparsed == 1


def test_a_model_rated_against_an_arena_is_one_system_whichever_side_it_stands_on(tmp_path: Path) -> None:
    rows = [
        {"question_id": "1", "model_a": "ours", "model_b": "x", "pref": 0.0, "source": "llm-judge"},
        {"question_id": "2", "model_a": "y", "model_b": "ours", "pref": 1.0, "source": "llm-judge"},
        {"question_id": "3", "model_a": "y", "model_b": "ours", "pref": 0.0, "source": "llm-judge"},
        {"question_id": None, "model_a": "x", "model_b": "y", "pref": 1.0, "source": "human"},
    ]
    (one,) = read_judgements([written(tmp_path / "b.parquet", rows)])
    assert (one.name, one.against) == ("ours", "x + y")
    assert [item.points for item in one.items] == [1.0, 1.0, 0.0]
    assert any(note.startswith("1 battles are votes of people") for note in one.notes)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"pref": 1.5}, "column pref is 1.5; it is 0 to 1"),
        ({"orientation": "up"}, "column orientation is 'up'"),
        ({"instruction_index": "q0"}, "stands once more in the same order"),
        ({"model_b": ""}, "column model_b is ''"),
    ],
)
def test_rows_that_cannot_be_used_are_named(tmp_path: Path, more: dict[str, Any], reason: str) -> None:
    path = written(tmp_path / "b.parquet", [battle(0, 0.0), battle(1, 0.0) | more])
    (one,) = read_judgements([path])
    (row,) = one.unreadable
    assert (row.file, row.place) == ("b.parquet", "row 1")
    assert reason in row.reason


def test_battles_without_a_prompt_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "b.parquet", [{"model_a": "a", "model_b": "b", "pref": 0.0}])
    with pytest.raises(NoJudgements, match="without a column for the prompt"):
        read_judgements([path])
