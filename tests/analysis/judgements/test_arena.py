"""Chatbot Arena's battles as they go about: JSON, CSV and Parquet, with ids or none, by people or a judge."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.known_pairs import read_known
from humpback.analysis.judgements.leaderboard import rank
from humpback.analysis.judgements.raters import annotators
from humpback.core.expression import FieldError
from tests.analysis.judgements.material import read, single, written
from tests.commands import succeed


def battle(i: int, winner: Any, a: str = "x", b: str = "y", **more: Any) -> dict[str, Any]:
    said = {f"conversation_{side}": talk(f"question {i}", f"{side} says {i}") for side in "ab"}
    return {"question_id": str(i), "model_a": a, "model_b": b, "winner": winner, **said, **more}


def talk(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    return written(path, rows) if path.suffix == ".json" else table(path, rows)


SPELLED = ["model_a", "x", "model_b", "tie", "tie (bothbad)", "both_bad", "bothbad", "Tie"]


@pytest.mark.parametrize("name", ["b.json", "b.csv", "b.parquet"])
def test_a_winner_in_its_spellings(name: str, tmp_path: Path) -> None:
    rows = [battle(i, winner) for i, winner in enumerate(SPELLED)]
    one = single(write(tmp_path / name, rows))
    assert (one.name, one.against, one.judge, one.format) == ("x", "y", "people", "battles")
    assert [item.points for item in one.items] == [1, 1, 0, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert sum(item.first_wins for item in one.items) == 2


def test_a_column_for_each_outcome_and_a_row_without_one(tmp_path: Path) -> None:
    heads = ("winner_model_a", "winner_model_b", "winner_tie")
    won = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 0, 0)]
    rows = [
        {"id": i, "model_a": "x", "model_b": "y", "response_a": '["a", "b"]', "response_b": '["c"]'}
        | dict(zip(heads, marks, strict=True))
        for i, marks in enumerate(won)
    ]
    one = single(table(tmp_path / "train.csv", rows))
    assert [item.points for item in one.items] == [1, 0, 0.5]
    assert one.items[0].characters == (len("a\n\nb"), 1)
    assert [row.place for row in one.unreadable] == ["line 5", "line 6"]
    assert "2 of the columns winner_model_a" in one.unreadable[0].reason


def test_turns_of_one_question_are_two_prompts_and_people_are_a_panel(tmp_path: Path) -> None:
    rows = [
        battle(81, winner, judge=who, turn=turn)
        for turn, first, second in ((1, "model_a", "model_a"), (2, "model_b", "tie"))
        for who, winner in (("expert_1", first), ("author_2", second))
    ]
    rows.append(battle(82, "model_b", "y", "x", judge="expert_1", turn=1))
    one = single(table(tmp_path / "human.parquet", rows))
    assert [item.prompt for item in one.items] == ["question 81, turn 1", "question 81, turn 2", "question 82, turn 1"]
    assert [(item.points, item.calls, item.flipped) for item in one.items] == [
        (1, 2, None),
        (0.25, 2, None),
        (1, 1, None),
    ]
    (panel,) = annotators([one])
    assert len(panel.raters) == 2
    judged = [battle(i, "model_a", judge="gpt4_pair", turn=1) for i in range(3)]
    assert single(written(tmp_path / "gpt4.json", judged)).judge == "gpt4_pair"


def test_battles_without_an_id_are_prompts_of_their_own_and_many_judges_are_people(tmp_path: Path) -> None:
    rows = [{"model_a": "x", "model_b": "y", "winner": "tie", "judge": f"{i % 15:08x}"} for i in range(30)]
    one = single(table(tmp_path / "clean.csv", rows))
    assert (len(one.items), one.judge) == (30, "people")
    assert one.notes[0].startswith("no field says which prompt")
    assert annotators([one]) == []


@pytest.mark.parametrize("winner", ["model_c", 3])
def test_another_winner_is_named(winner: Any, tmp_path: Path) -> None:
    with pytest.raises(NoJudgements, match=rf"field winner is '{winner}'; it is model_a"):
        read(written(tmp_path / "b.json", [battle(0, winner)]))


def test_many_models_are_rated_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    names = [f"m{i}" for i in range(13)]
    pairs = [(a, b) for a in names for b in names if a < b]
    rows = [battle(i, ("model_a", "model_b", "tie")[i % 3], *pairs[i % len(pairs)]) for i in range(10 * len(pairs))]
    rows += [battle(9_000, None), battle(9_001, "nobody", "m0", "m1"), battle(9_002, None, "m0", "m1")]
    path = written(tmp_path / "battles.json", rows)
    found = rank(path)
    assert found.tables == ()
    (rated,) = found.rated
    assert (len(rated.systems), rated.battles) == (13, 10 * len(pairs))
    assert any("'nobody'" in line for line in found.unusable)
    assert any("1 battles of m0 and m1 have no winner" in line for line in found.unusable)
    with pytest.raises(FieldError, match=r"humpback leaderboard .*battles\.json rates them together"):
        succeed("compare", path)


def test_a_judge_is_checked_on_battles_of_one_turn(tmp_path: Path) -> None:
    several = battle(2, "model_a") | {
        "conversation_a": talk("q", "a", "q", "a"),
        "conversation_b": talk("q", "b", "q", "c"),
    }
    for path in (tmp_path / "b.json", tmp_path / "b.parquet"):
        known = read_known(write(path, [battle(0, "model_a"), battle(1, "model_b"), several]))
        assert known is not None
        assert sorted((one.instruction, one.points) for one in known.pairs) == [("question 0", 1), ("question 1", 0)]
        assert len(known.unreadable) == 1


def test_annotations_of_other_layouts_as_tables(tmp_path: Path) -> None:
    rows = [
        {"instruction": f"p{i}", "output_1": "a", "output_2": "bc", "generator_2": "m", "preference": one}
        for i, one in enumerate((1.0, 2.0, 1.5, None))
    ]
    for path in (tmp_path / "a.csv", tmp_path / "a.parquet"):
        one = single(table(path, rows))
        assert [item.points for item in one.items] == [0, 1, 0.5, None]
    assert json.loads(succeed("leaderboard", tmp_path, "--json").stdout)["tables"]
