"""MT-bench's pairs: both orders and two turns a question, as FastChat's judge writes them.

Tried beside what is here: judges whose prompt differs with the question, pairs named the other way round, several
models against one baseline, and rows that lack a game, a model or a question.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from humpback.analysis.judgements.comparison import system
from humpback.analysis.judgements.formats import mt_bench
from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.leaderboard import rank
from tests.analysis.judgements.material import counts, read, single


def pair(question: int, turn: int, first: str, second: str, **more: Any) -> dict[str, Any]:
    judge = ["gpt-4", "pair-v2" if turn == 1 else "pair-v2-multi-turn"]
    names = {"model_1": "tuned", "model_2": "base", "g1_winner": first, "g2_winner": second}
    return {"question_id": question, **names, "judge": judge, "turn": turn, "g1_judgment": "[[A]]", **more}


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


ROWS = [
    pair(81, 1, "model_1", "model_1"),
    pair(81, 2, "model_1", "tie"),
    pair(82, 1, "model_1", "model_2"),
    pair(82, 2, "error", "model_2"),
    pair(83, 1, "model_2", "model_2"),
    pair(83, 2, "tie", "tie"),
]


def test_both_orders_of_two_turns(tmp_path: Path) -> None:
    one = single(lines(tmp_path / "gpt-4_pair.jsonl", ROWS))
    assert (one.name, one.against, one.judge, one.format) == ("tuned", "base", "gpt-4", mt_bench.KIND)
    assert [item.points for item in one.items] == [1.0, 0.75, 0.5, 0.0, 0.0, 0.5]
    assert counts(one) == (2, 2, 1)
    found = system(one)
    assert (found.overall.n, found.overall.unparsed, found.overall.flip_rate) == (6, 1, 1 / 5)
    # In g1 the first model is shown first, in g2 the second.
    assert sum(item.first_wins for item in one.items) == 1 + 1 + 2 + 1 + 1
    assert {name: some.n for name, some in found.sets.items()} == {"turn 1": 3, "turn 2": 3}
    assert one.notes == ("by FastChat's rule (won in both orders, or a tie): 1 win, 3 tie, 1 lose, rate 50.00",)


def test_the_same_pair_the_other_way_round_is_one_judgement(tmp_path: Path) -> None:
    turned = {"model_1": "base", "model_2": "tuned"}
    one = single(lines(tmp_path / "p.jsonl", [ROWS[0], pair(84, 1, "model_2", "tie", **turned)]))
    assert [(item.points, item.result) for item in one.items] == [(1.0, "win"), (0.75, "win")]


def test_several_models_are_ranked_against_one_baseline(tmp_path: Path) -> None:
    rows = [pair(q, 1, "model_1", "model_1", model_1="good") for q in range(81, 91)]
    rows += [pair(q, 1, "model_2", "model_2", model_1="bad") for q in range(81, 91)]
    path = lines(tmp_path / "gpt-4_pair.jsonl", rows)
    assert [one.name for one in read(path)] == ["good", "bad"]
    (table,) = rank(tmp_path).tables
    assert ([one.judgement.name for one in table.systems], table.against) == (["good", "bad"], "base")


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    bad = [
        pair(85, 1, "model_3", "tie"),
        {key: value for key, value in pair(86, 1, "tie", "tie").items() if key != "g2_winner"},
        pair(87, 1, "tie", "tie", model_2=None),
        pair(88, 1, "tie", "tie", question_id=None),
        ROWS[0],
    ]
    one = single(lines(tmp_path / "p.jsonl", [*ROWS, *bad]))
    assert len(one.items) == len(ROWS)
    reasons = " ".join(row.reason for row in one.unreadable)
    assert "field g1_winner is 'model_3'; it is model_1, model_2, tie, error" in reasons
    assert "field g2_winner is 'nothing'" in reasons
    assert "field model_2 is 'None'" in reasons
    assert "no field question_id" in reasons
    assert "stands already in line 1" in reasons
    with pytest.raises(NoJudgements, match="none of 1 rows can be used"):
        read(lines(tmp_path / "q.jsonl", bad[:1]))
