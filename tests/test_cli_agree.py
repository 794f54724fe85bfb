"""`humpback agree` and `humpback selectors` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.core.expression import FieldError
from tests.analysis.judgements.material import annotation, annotations, written
from tests.commands import succeed


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    one = annotations(tmp_path / "a.json", [2, 2, 1, 0, None], annotator="gpt")
    return one, annotations(tmp_path / "b.json", [2, 1, 1, 0, 2], annotator="claude")


def test_two_judges(two: tuple[Path, Path]) -> None:
    text = succeed("agree", *two).stdout
    assert "model against reference, judged by gpt; claude" in text
    assert "4 items, 2 raters, raw 0.750" in text
    assert "prompts without an outcome, left out of that: gpt 1" in text
    found = json.loads(succeed("agree", *two, "--json").stdout)
    assert (found["raw"]["value"], found["kappa"]["value"]) == (0.75, pytest.approx((0.75 - 5 / 16) / (1 - 5 / 16)))
    assert found["alpha"] is not None
    (table,) = found["tables"]
    assert table["labels"] == ["win", "tie", "lose", "unparsed"]
    assert table["counts"] == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]]
    assert "| win | 1 | 0 | 1 | 0 |" in succeed("agree", *two, "--markdown").stdout


def test_reviews_in_two_formats_are_raters_too(tmp_path: Path) -> None:
    pairs = [([9, 5], [5, 9]), ([9, 5], [9, 5]), ([5, 9], [9, 5])]
    rows = [{"prompt": f"prompt {i}", "scores": ab, "scores_reverse": ba} for i, (ab, ba) in enumerate(pairs)]
    both = written(tmp_path / "people.json", rows)
    found = json.loads(succeed("agree", both, annotations(tmp_path / "a.json", [2, 1, 1]), "--json").stdout)
    assert found["tables"][0]["counts"][:3] == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0]]
    assert "names of the systems differ" in found["notes"][0]


def test_unnamed_reviews_of_one_order_are_each_a_rater_and_it_is_said(tmp_path: Path) -> None:
    one = written(tmp_path / "judge1.json", [{"prompt": f"p{i}", "score": [9, 5]} for i in range(3)])
    other = written(tmp_path / "judge2.json", [{"prompt": f"p{i}", "score": [9, 5 + 4 * (i == 2)]} for i in range(3)])
    done = succeed("agree", one, other, "--json")
    assert json.loads(done.stdout)["raw"]["value"] == pytest.approx(2 / 3)
    assert "taken as reviews of one order by several judges" in done.stderr


def test_one_file_of_several_pairs_has_no_two_raters(tmp_path: Path) -> None:
    rows = [annotation(i, 1 + i % 2, generator_2=name) for i in range(20) for name in ("m1", "m2", "m3")]
    with pytest.raises(NoJudgements, match=r"3 judgements by one rater each; agreement takes two"):
        succeed("agree", written(tmp_path / "several.json", rows))
    rows = [row | {"annotator_index": who} for row in rows for who in (0, 1)]
    found = json.loads(succeed("agree", written(tmp_path / "people.json", rows), "--json").stdout)
    assert [one["system"] for one in found["panels"]] == ["m1", "m2", "m3"]


def test_people_among_themselves_and_with_a_judge(tmp_path: Path) -> None:
    from tests.harness.annotation.material import FIRST, SECOND, ballot

    box = ballot(tmp_path, 3)
    for name, better in (("Anna", "first"), ("Ben", "first"), ("Carla", "second")):
        key = box.enter(name, name)
        while shown := box.place(key).showing:
            box.cast(key, shown.token, 1 if shown.shown_first == better else 2, "")
    box.close()
    alone = json.loads(succeed("agree", tmp_path / "votes.sqlite", "--json").stdout)
    assert alone["raters"] == [f"{name} in votes.sqlite" for name in ("Anna", "Ben", "Carla")]
    assert (alone["n"], alone["raw"]["value"]) == (3, pytest.approx(1 / 3))
    judge = annotations(tmp_path / "a.json", [2, 2, 1], generator_1=SECOND, generator_2=FIRST)
    rows = json.loads(judge.read_text())
    written(judge, [{**row, "instruction": f"Prompt number {i}?"} for i, row in enumerate(rows)])
    people, among = json.loads(succeed("agree", tmp_path / "votes.sqlite", judge, "--json").stdout)["panels"]
    assert set(people["raters"]) == {"judge", "people"}
    assert people["raw"]["value"] == pytest.approx(2 / 3)
    assert among["raters"] == alone["raters"]


def test_selectors(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("idx,a,b,label\n0,5,1,1\n1,4.5,x,0\n2,2,5,1\n3,,5,0\n")
    done = succeed(
        "selectors", path, "--column", "a", "--column", "b", "--at-least", "4.5", "--label", "label", "--json"
    )
    a, b = json.loads(done.stdout)["selectors"]
    assert (a["n"], a["precision"]["count"], a["precision"]["of"], a["recall"]["of"], a["unrated"]) == (3, 1, 2, 2, 1)
    assert (b["n"], b["precision"]["value"], b["unrated"]) == (3, 0.5, 1)
    assert "column b is 'x'" in done.stderr
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps({"good": one}) + "\n" for one in (3, 5, 5, 1)))
    words = ["selectors", path, "--column", "a", "--at-least", "4.5", "--labels", labels, "--label", "good"]
    assert "a >= 4.5" in succeed(*words, "--good", "5").stdout
    one = json.loads(succeed(*words, "--good", "5", "--json").stdout)["selectors"][0]
    assert (one["precision"]["count"], one["recall"]["of"]) == (1, 2)
    assert "| a >= 4.5 | 3 |" in succeed(*words, "--markdown").stdout


def test_selectors_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path, short = tmp_path / "scores.csv", tmp_path / "short.csv"
    path.write_text("a,label\n5,1\n4,0\n")
    short.write_text("label\n1\n")
    with pytest.raises(FieldError, match=r"2 rows and .* 1"):
        succeed("selectors", path, "--column", "a", "--at-least", "4", "--label", "label", "--labels", short)
    with pytest.raises(FieldError, match="--at-least is given 2 times"):
        succeed("selectors", path, "--column", "a", "--at-least", "4", "--at-least", "5", "--label", "label")
