"""Bad input: named with file, row and field, counted, and seen beside the rate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from humpback.analysis.judgements.comparison import system
from humpback.analysis.judgements.comparison_tables import amiss
from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.formats.source import rows_of
from humpback.annotation.ballot import Ballot
from humpback.core.store import StoreError
from humpback.core.tables import Unreadable
from tests.analysis.judgements.material import annotation, annotations, counts, read, single, written


def told(rows: tuple[Unreadable, ...]) -> list[tuple[str, str]]:
    return [(row.file, row.place) for row in rows]


def test_every_row_is_an_item_or_unreadable_and_the_shortfall_stands_beside_the_rate(tmp_path: Path) -> None:
    rows: list[Any] = [annotation(i, 1 + i % 2) for i in range(10)]
    rows[1] = annotation(1, 3)
    rows[2] = annotation(2, "good")
    rows[3] = annotation(0, 2)
    rows[4] = annotation(4, None)
    rows[5] = {key: value for key, value in annotation(5, 1).items() if key != "preference"}
    rows[6] = "not a row"
    rows[7] = annotation(7, 2, instruction=None)
    rows[8] = annotation(8, 2, output_2=["text"])
    one = single(written(tmp_path / "a.json", rows))
    assert len(one.items) + len(one.unreadable) == len(rows)
    reasons = {row.place: row.reason for row in one.unreadable}
    assert "field preference is 3; it is 1 to 2" in reasons["element 1"]
    assert "field preference is 'good'" in reasons["element 2"]
    assert "stands already in element 0" in reasons["element 3"]
    assert "no field preference" in reasons["element 5"]
    assert "an object" in reasons["element 6"]
    assert "field instruction" in reasons["element 7"]
    assert "field output_2" in reasons["element 8"]
    overall = system(one).overall
    assert (overall.n, overall.prompts, overall.unparsed, overall.unusable) == (2, 3, 1, 7)
    assert overall.shortfall == "2 of 10"
    lines = "\n".join(amiss(system(one)))
    assert "the rate is over 2 prompts" in lines
    assert "a.json, element 1: field preference is 3" in lines
    assert "and 2 more rows" in lines


def test_a_truncated_file_gives_what_is_whole_and_says_where_it_ends(tmp_path: Path) -> None:
    path = annotations(tmp_path / "a.json", [2] * 5 + [1] * 5)
    text = path.read_text()
    path.write_text(text[: text.index('"prompt 8"') + 4])
    one = single(path)
    assert len(one.items) == 8
    (row,) = one.unreadable
    assert row.place.startswith("element 8 at byte ")
    assert "the file ends inside this element" in row.reason
    assert system(one).overall.shortfall == "8 of 9"


def test_a_cut_between_two_rows_is_seen(tmp_path: Path) -> None:
    path = annotations(tmp_path / "a.json", [2, 1, 2])
    path.write_text(path.read_text().rstrip("]"))
    one = single(path)
    assert len(one.items) == 3
    assert "no closing bracket" in one.unreadable[0].reason


def test_damage_in_the_middle_costs_one_row(tmp_path: Path) -> None:
    path = annotations(tmp_path / "a.json", [2] * 6)
    path.write_text(path.read_text().replace('"prompt 3"', '"prompt 3" "x"'))
    one = single(path)
    assert [item.prompt for item in one.items] == ["prompt 0", "prompt 1", "prompt 2", "prompt 4", "prompt 5"]
    assert [row.place.split(" at ")[0] for row in one.unreadable] == ["element 3"]


def test_nan_and_json_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [json.dumps(annotation(i, value)) for i, value in enumerate([2, float("nan"), 1])]
    path.write_text("\n".join([*lines, '{"instruction": "cut', ""]))
    one = single(path)
    assert [item.points for item in one.items] == [1.0, None, 0.0]
    assert told(one.unreadable) == [("a.jsonl", "line 4")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no JSON object"),
        ("{}", "its rows have the fields"),
        ("[]", "no JSON object"),
        ("hello", "no JSON object"),
        ('[{"instruction": "i", "output": "o"}]', "judge them first with humpback judge"),
        ('[{"a": 1}]', "its rows have the fields 'a'"),
        ('[{"preference": 7, "instruction": "i"}]', "none of 1 rows can be used; element 0: field preference is 7"),
        ('[{"prompt": "p", "scores": 3, "scores_reverse": 3}]', "field scores is 3"),
        ('[{"prompt": "p", "score": "[1, 2, 3]"}]', "field score is [1, 2, 3]"),
        ("[" * 100_000, "no JSON object"),
    ],
)
def test_a_file_without_judgements_is_named_with_what_would_do(content: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    path.write_text(content)
    with pytest.raises(NoJudgements, match=r"given\.json") as raised:
        read(path)
    assert says in str(raised.value)


def test_bytes_that_are_no_text_and_paths_that_are_no_file(tmp_path: Path) -> None:
    path = tmp_path / "latin.json"
    path.write_bytes('[{"instruction": "é"}]'.encode("latin-1"))
    with pytest.raises(NoJudgements, match="not UTF-8 at byte 18"):
        rows_of(path)
    with pytest.raises(NoJudgements, match="there is no such file"):
        read(tmp_path / "nothing.json")
    with pytest.raises(NoJudgements, match="humpback leaderboard"):
        read(tmp_path)


def test_prompts_of_one_order_alone_are_named_and_count_as_unparsed(tmp_path: Path) -> None:
    def rows(prompts: range, pair: list[int]) -> list[dict[str, Any]]:
        return [{"prompt": f"p{i}", "Answer1": "x", "Answer2": "yy", "score": pair} for i in prompts]

    one = single(
        written(tmp_path / "a.json", rows(range(10), [9, 3])), written(tmp_path / "b.json", rows(range(1, 11), [3, 9]))
    )
    assert counts(one) == (9, 0, 0)
    assert [item.unparsed for item in one.items] == [1] + [0] * 9 + [1]
    assert [(row.file, row.raw) for row in one.unreadable] == [("b.json", "p0"), ("a.json", "p10")]
    assert (one.items[0].characters, one.items[-1].characters) == ((1, 2), (2, 1))


def test_a_row_bad_in_either_order_is_named(tmp_path: Path) -> None:
    rows = [
        {"prompt": "p", "scores": [8, 7], "scores_reverse": [7, 8]},
        {"prompt": "q", "scores": [8, 7], "scores_reverse": [12, 8]},
        {"prompt": "r", "scores": [8, 7]},
        {"scores": [8, 7], "scores_reverse": [7, 8]},
        {"prompt": "p", "scores": [8, 7], "scores_reverse": [7, 8]},
    ]
    one = single(written(tmp_path / "a.json", rows))
    assert counts(one) == (1, 0, 0)
    reasons = [row.reason for row in one.unreadable]
    assert len(reasons) == 4
    assert any("field scores_reverse has the score 12" in reason for reason in reasons)
    assert any("no field scores_reverse" in reason for reason in reasons)
    assert any("says which prompt" in reason for reason in reasons)


def test_alpaca_eval_s_805_are_expected(tmp_path: Path) -> None:
    rows = [annotation(i, 2, dataset="vicuna" if i < 80 else "oasst") for i in range(120)]
    found = system(single(written(tmp_path / "a.json", rows)))
    assert found.overall.shortfall == "120 of 805"
    assert (found.sets["vicuna"].shortfall, found.sets["oasst"].shortfall) == ("", "40 of 188")
    assert set(found.absent) == {"selfinstruct", "koala", "helpful_base"}


@pytest.mark.parametrize(
    ("name", "wanted"), [("vicuna", 80), ("koala", 180), ("wizardlm", 218), ("sinstruct", 252), ("self_instruct", 252)]
)
def test_alpagasus_s_sets_are_expected(name: str, wanted: int, tmp_path: Path) -> None:
    rows = [{"prompt": f"p{i}", "scores": [8, 7], "scores_reverse": [7, 8]} for i in range(wanted - 1)]
    found = system(single(written(tmp_path / f"{name}_reviews.json", rows)))
    assert found.overall.shortfall == f"{wanted - 1} of {wanted}"


def test_empty_answers_are_counted(tmp_path: Path) -> None:
    rows = [annotation(0, 1, output_2=""), annotation(1, 2), annotation(2, 2, output_1="")]
    found = system(single(written(tmp_path / "a.json", rows)))
    assert found.overall.empty == (1, 1)
    assert "model: 1 empty answers of model" in amiss(found)


def test_a_file_of_votes_is_known_by_its_header_and_has_to_hold_votes(tmp_path: Path) -> None:
    path = tmp_path / "votes.sqlite"
    path.write_bytes(b"SQLite format 3\x00")
    with pytest.raises(StoreError, match="no file of votes"):
        read(path)
    path.unlink()
    Ballot(path, (), seed=0).close()
    with pytest.raises(NoJudgements, match="no vote in it"):
        read(path)
