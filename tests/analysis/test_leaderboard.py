"""Folders of annotations ranked, copies found by content, published rows that disagree."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest

from humpback.analysis.judgements.board_tables import as_json, as_text
from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.leaderboard import Leaderboard, rank
from tests.analysis.judgements.material import annotations, written
from tests.shared_data import SHARED, needs_shared

ALPACA = SHARED / "alpaca_eval"


def preferences(rate: float, seed: int, n: int = 200) -> list[int]:
    draw = random.Random(seed)
    return [2 if draw.random() < rate else 1 for _ in range(n)]


def board(at: Path, rows: list[dict[str, object]], name: str = "judge_leaderboard.csv") -> Path:
    with (at / name).open("w", newline="") as file:
        table = csv.DictWriter(file, ["name", "win_rate", "avg_length", "samples"], restval="")
        table.writeheader()
        table.writerows(rows)
    return at / name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "results"
    for name, rate in (("strong", 0.9), ("middling", 0.5), ("near", 0.52)):
        given = preferences(rate, hash_of(name))
        annotations(root / name / "annotations.json", given, generator_2=name)
        rows = json.loads((root / name / "annotations.json").read_text())
        written(root / name / "annotations.json", [{**row, "output_2": f"{name} {row['output_2']}"} for row in rows])
    written(root / "strong" / "model_outputs.json", [{"instruction": "i", "output": "o"}])
    return root


def hash_of(name: str) -> int:
    return sum(map(ord, name))


def only(found: Leaderboard) -> list[str]:
    (table,) = found.tables
    return [one.judgement.name for one in table.systems]


def test_ranked_by_win_rate_with_the_pairs_that_cannot_be_told_apart(folder: Path) -> None:
    found = rank(folder)
    (table,) = found.tables
    rates = [one.overall.win_rate for one in table.systems]
    assert rates == sorted(rates, reverse=True)
    assert only(found)[0] == "strong"
    assert [{one.first, one.second} for one in table.alike] == [{"middling", "near"}]
    assert table.copies == ()
    assert found.other == 1
    text = as_text(found)
    assert "middling" in text
    assert "1 other JSON files" in text


def test_copies_are_found_by_what_they_say(folder: Path) -> None:
    rows = json.loads((folder / "near" / "annotations.json").read_text())
    written(folder / "renamed" / "annotations.json", [{**row, "generator_2": "renamed", "price": 1} for row in rows])
    answers = [{**row, "generator_2": "rejudged", "preference": 1 + i % 2} for i, row in enumerate(rows)]
    answers[0]["output_2"] = "another"
    written(folder / "rejudged" / "annotations.json", answers)
    (table,) = rank(folder).tables
    told = {frozenset((one.first, one.second)): one.reason for one in table.copies}
    assert set(told) == {
        frozenset(("near", "renamed")),
        frozenset(("near", "rejudged")),
        frozenset(("renamed", "rejudged")),
    }
    assert "the same preference on all 200 prompts" in told[frozenset(("near", "renamed"))]
    assert told[frozenset(("near", "rejudged"))] == "the same answer to 199 of 200 prompts"
    assert "COPIES: " in as_text(rank(folder))


def test_the_same_file_in_two_folders_is_told_apart_and_called_a_copy(folder: Path) -> None:
    (folder / "again").mkdir()
    (folder / "again" / "annotations.json").write_bytes((folder / "near" / "annotations.json").read_bytes())
    (table,) = rank(folder).tables
    (copy,) = table.copies
    assert {copy.first, copy.second} == {"near (again/annotations.json)", "near (near/annotations.json)"}


def test_agreeing_by_chance_is_no_copy(tmp_path: Path) -> None:
    """Two systems that win everything agree everywhere, and two of three prompts prove nothing."""
    for name in ("a", "b"):
        annotations(tmp_path / "all" / name / "annotations.json", [2] * 100, generator_2=name, output_2=f"of {name}")
        annotations(tmp_path / "few" / name / "annotations.json", [2, 1, 2], generator_2=name, output_2=f"of {name}")
    for sub in ("all", "few"):
        (table,) = rank(tmp_path / sub).tables
        assert table.copies == ()


def test_published_rows_that_disagree_are_flagged(folder: Path) -> None:
    (table,) = rank(folder).tables
    rates = {one.judgement.name: one.overall.win_rate for one in table.systems}
    lengths = {one.judgement.name: one.overall.mean_length for one in table.systems}
    link = "https://host/results/{}/model_outputs.json"
    path = board(
        folder.parent,
        [
            {"name": "The Strong", "win_rate": rates["strong"] + 1, "avg_length": round(lengths["strong"]),
             "samples": link.format("strong")},
            {
                "name": "middling",
                "win_rate": round(rates["middling"], 2),
                "avg_length": round(lengths["middling"]) + 40,
            },
            {"name": "nobody", "win_rate": 50, "avg_length": 10},
            {"name": "nobody's twin", "win_rate": 50, "avg_length": 10},
            {"name": "broken", "win_rate": "n/a"},
        ],
    )  # fmt: skip
    found = rank(folder, [path])
    (table,) = found.tables
    told = {one.system: one for one in table.published}
    assert told["strong"].disagreement.startswith("win rate")
    assert told["middling"].disagreement.startswith("length")
    assert told["near"].published is None
    assert table.twins == (("judge_leaderboard.csv", "nobody", "nobody's twin"),)
    assert found.unusable == ("judge_leaderboard.csv, line 6: name 'broken', win_rate 'n/a'; 0 to 100 would do",)
    text = as_text(found, as_markdown=True)
    assert "DISAGREES with judge_leaderboard.csv: strong: win rate" in text
    assert "judge_leaderboard.csv has no row for near" in text
    assert as_json(found)["tables"][0]["published"][0]["disagreement"]


def test_agreement_to_the_printed_digits_is_agreement(folder: Path) -> None:
    (table,) = rank(folder).tables
    rows: list[dict[str, object]] = [
        {
            "name": one.judgement.name,
            "win_rate": f"{one.overall.win_rate:.2f}",
            "avg_length": int(one.overall.mean_length),
        }
        for one in table.systems
    ]
    found = rank(folder, [board(folder.parent, rows, "any name.csv")])
    assert not any(one.disagreement or one.published is None for one in found.tables[0].published)


def test_judges_and_opponents_are_not_mixed(folder: Path) -> None:
    annotations(folder / "other" / "annotations.json", preferences(0.4, 1), generator_2="other", annotator="second")
    found = rank(folder)
    assert [(table.judge, len(table.systems)) for table in found.tables] == [("judge", 3), ("second", 1)]
    with pytest.raises(NoJudgements, match="annotator 'third'"):
        rank(folder, [board(folder.parent, [{"name": "x", "win_rate": 1}], "third_leaderboard.csv")])


def test_what_cannot_be_used_is_named(folder: Path, tmp_path: Path) -> None:
    annotations(folder / "bad" / "annotations.json", [7, 8], generator_2="bad")
    path = annotations(folder / "cut" / "annotations.json", [2, 1] * 30, generator_2="cut")
    path.write_text(path.read_text()[:-30])
    found = rank(folder)
    assert len(found.unusable) == 1
    assert "bad/annotations.json: none of 2 rows can be used" in found.unusable[0]
    assert "cut: the rate is over 59 prompts" in as_text(found)
    with pytest.raises(NoJudgements, match="no such folder"):
        rank(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoJudgements, match="no annotations below it"):
        rank(tmp_path / "empty")
    with pytest.raises(NoJudgements, match="no leaderboard can be read"):
        rank(folder, [tmp_path / "nothing.csv"])
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(NoJudgements, match="no column 'name'"):
        rank(folder, [tmp_path / "odd.csv"])


@needs_shared
def test_the_published_leaderboards_agree_with_the_published_annotations() -> None:
    boards = [ALPACA / f"{name}_leaderboard.csv" for name in ("alpaca_eval_gpt4", "weighted_alpaca_eval_gpt4_turbo")]
    found = rank(ALPACA, boards)
    one, two = found.tables
    assert [each.judgement.name for each in one.systems] == [
        "guanaco-65b",
        "llama-2-7b-chat-hf",
        "vicuna-13b",
        "alpaca-7b",
    ]
    assert [each.judgement.name for each in two.systems] == ["humpback-llama2-70b", "alpaca-7b"]
    for table, n in ((one, 4), (two, 2)):
        assert [row.disagreement for row in table.published] == [""] * n
        assert all(row.published for row in table.published)
    assert len(one.alike) == 3
    assert two.alike == ()


OWN = """,win_rate,standard_error,n_wins,n_wins_base,n_draws,n_total,mode,avg_length,length_controlled_winrate
best,97.5,0.5,783,16,5,804,minimal,2049,89.9
reference,50.0,0.0,0,0,805,805,minimal,400,
bad,,,,,,,,,
"""


def test_alpaca_eval_s_own_leaderboard_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "somebody_leaderboard.csv"
    path.write_text(OWN)
    for given in (path, tmp_path):
        found = rank(given)
        (only_board,) = as_json(found)["boards"]
        first, second = only_board["systems"]
        assert (first["system"], first["n"], first["wins"], first["ties"], first["losses"]) == ("best", 804, 783, 5, 16)
        assert first["interval"] == pytest.approx([96.52, 98.48], abs=0.01)
        assert first["length_controlled"]["win_rate"] == 89.9
        assert second["interval"] is None, "an error of zero is no interval"
        assert only_board["unusable"] == ["line 4: name 'bad', win_rate ''; 0 to 100 would do"]
        assert "who can be told apart is not known" in as_text(found)


def test_a_published_row_whose_columns_disagree_is_named(tmp_path: Path) -> None:
    path = tmp_path / "somebody_leaderboard.csv"
    path.write_text(
        "name,win_rate,n_wins,n_wins_base,n_draws,n_total,discrete_win_rate\n"
        "share,46.8,371,417,17,805,40.19\ntotal,50,10,10,0,21,\nright,25,1,3,0,4,25\n"
    )
    text = as_text(rank(path))
    assert "CONTRADICTS ITSELF: share: discrete_win_rate 40.19, and 371 won, 17 drawn and 417 lost make 47.14" in text
    assert "CONTRADICTS ITSELF: total: n_total 21, and 10 won, 0 drawn and 10 lost are 20" in text
    assert text.count("CONTRADICTS") == 2


def test_a_web_page_s_leaderboard_has_rates_alone(tmp_path: Path) -> None:
    path = board(tmp_path, [{"name": "a", "win_rate": 10, "avg_length": 5}, {"name": "b", "win_rate": 90}])
    (found,) = rank(path).published
    assert [(row.name, row.interval, row.counts) for row in found.rows] == [("a", None, None), ("b", None, None)]
    lines = as_text(rank(path)).splitlines()
    assert lines[1].split() == ["rank", "system", "win", "rate", "length"]
    assert lines[2].split()[:2] == ["1", "b"]


@needs_shared
@pytest.mark.parametrize("name", ["alpaca_eval_gpt4", "weighted_alpaca_eval_gpt4_turbo"])
def test_the_published_leaderboards_to_the_last_digit(name: str) -> None:
    path = ALPACA / f"{name}_leaderboard.csv"
    with path.open(encoding="utf-8") as file:
        raw = {row["name"]: row for row in csv.DictReader(file)}
    (found,) = rank(path).published
    assert {row.name: (str(row.win_rate), row.controlled) for row in found.rows} == {
        key: (
            str(float(row["win_rate"])),
            float(row["length_controlled_winrate"] or "nan") if row["length_controlled_winrate"] else None,
        )
        for key, row in raw.items()
    }
