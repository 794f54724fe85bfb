"""`humpback judge PAIRS --check N`: a judge measured on pairs that are known, of each kind of file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.known_pairs import make_pairs, read_known
from humpback.core.errors import HumpbackError
from humpback.core.tables import Example
from humpback.micro.sets import evaluation_prompts, reference_answer
from humpback.spec.micro_world import World
from tests.analysis.judgements.material import annotation, written
from tests.commands import invoke, succeed
from tests.harness.annotation.material import ballot
from tests.harness.judging.test_asking import longer
from tests.harness.model_server import ModelServer, serving
from tests.shared_data import SHARED, needs_shared

run = partial(invoke, "judge")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(longer)) as one:
        yield one


def checked(path: Path, n: int, server: ModelServer, store: Path, *more: object) -> dict[str, Any]:
    words = (path, "--judge", "alpaca_eval_gpt4", "--base-url", server.address, "--store", store, "--check", n)
    found: dict[str, Any] = json.loads(succeed("judge", *words, "--json", *more).stdout)
    return found


def rows(n: int) -> list[dict[str, Any]]:
    """Annotations: the system's answer is the longer one on all, and the better one on three in four."""
    answers = {"output_1": "short", "output_2": "a long answer"}
    return [annotation(i, 1 if i % 4 == 0 else 2) | answers for i in range(n)]


def test_annotations_by_hand_and_going_on_with_more(server: ModelServer, tmp_path: Path) -> None:
    path = written(tmp_path / "known.json", [*rows(40), annotation(90, 1.5), annotation(91, None)])
    found = checked(path, 1_000, server, tmp_path / "store")
    assert (found["pairs"], found["made"], found["longer"], found["shorter"]) == (40, False, 30, 10)
    assert found["known_by"] == "verdicts of judge in known.json"
    assert found["left_out"] == ["1 pairs without a winner", "1 rows without a verdict"]
    assert found["accuracy"]["value"] == 75
    assert found["right_longer"]["value"] == 100
    assert found["right_shorter"]["value"] == 0
    assert found["shown_first"]["value"] == 50
    assert found["kappa"]["value"] == 0  # always the same system
    assert len(server.asked) == 80
    fewer = checked(path, 20, server, tmp_path / "store")
    assert fewer["pairs"] == 20
    assert len(server.asked) == 80  # a draw of fewer is part of a draw of more
    text = succeed(
        *("judge", path, "--judge", "alpaca_eval_gpt4", "--base-url", server.address),
        *("--store", tmp_path / "store", "--check", 40),
    ).stdout
    assert "alpaca_eval_gpt4 by gpt-4, checked on 40 pairs in both orders" in text
    assert "it leans to the longer answer" in text


def test_votes_of_people_are_pooled_by_pair(server: ModelServer, tmp_path: Path) -> None:
    box = ballot(tmp_path, 12)
    for name in ("Anna", "Ben"):
        key = box.enter(f"browser of {name}", name)
        while one := box.place(key).showing:
            # Both vote for the longer "Brief" answer, wherever it stands, but disagree on one pair.
            brief = 1 if one.answers[0].startswith("Brief") else 2
            wanted = 3 - brief if name == "Ben" and one.item.prompt.endswith("/3") else brief
            assert box.cast(key, one.token, wanted, "") == "saved"
    box.close()
    known = read_known(tmp_path / "votes.sqlite")
    assert known is not None
    assert known.known_by == "votes of 2 people in votes.sqlite"
    assert known.left_out == ("1 pairs without a winner",)
    assert {pair.votes for pair in known.pairs} == {2}
    found = checked(tmp_path / "votes.sqlite", 20, server, tmp_path / "store")
    assert (found["pairs"], found["accuracy"]["value"]) == (11, 100)
    assert "cannot be told from 11 pairs" in found["good_for"][0]


def chat(*said: str) -> list[dict[str, str]]:
    return [{"role": "assistant" if i % 2 else "user", "content": text} for i, text in enumerate(said)]


def test_chosen_and_rejected_as_texts_and_as_messages(server: ModelServer, tmp_path: Path) -> None:
    plain = [{"prompt": f"Q{i}", "chosen": "good", "rejected": "not so good"} for i in range(30)]
    chats = [
        {"chosen": chat("Hello?", "good"), "rejected": chat("Hello?", "x")},
        {"chosen": chat("Hello?", "a", "And?", "b"), "rejected": "x"},
        {"chosen": "good", "rejected": "bad"},
    ]
    path = written(tmp_path / "prefs.json", [*plain, *chats])
    known = read_known(path)
    assert known is not None
    assert len(known.pairs) == 31
    assert [one.reason.split(";")[0] for one in known.unreadable] == [
        "field chosen is a conversation of several turns",
        "no field holds the prompt's text",
    ]
    better = {pair.a if pair.points == 1 else pair.b for pair in known.pairs}
    assert better == {"good"}
    assert 5 < sum(pair.points for pair in known.pairs) < 25, "the better one stands on either side"
    found = checked(path, 100, server, tmp_path / "store")
    assert found["right_shorter"]["value"] == 0
    assert found["known_by"] == "the fields chosen and rejected in prefs.json"


def test_battles_take_peoples_votes_where_there_are_any(tmp_path: Path) -> None:
    common = {"model_a": "x", "model_b": "y", "completion_a": "one", "completion_b": "two"}
    battles = [{**common, "instruction": f"Q{i}", "pref": i / 3, "source": "human"} for i in range(4)]
    battles += [{**common, "instruction": "by a judge", "pref": 0.0, "source": "llm-judge"}]
    pq.write_table(pa.Table.from_pylist(battles), tmp_path / "battles.parquet")
    known = read_known(tmp_path / "battles.parquet")
    assert known is not None
    assert sorted((pair.instruction, round(pair.points, 3)) for pair in known.pairs) == [
        ("Q0", 1.0),
        ("Q1", 0.667),
        ("Q2", 0.333),
        ("Q3", 0.0),
    ]
    assert known.known_by == "people, battles in battles.parquet"


def test_a_set_makes_plain_pairs_and_the_micro_judge_is_checked_without_a_server(tmp_path: Path) -> None:
    world = World()
    asked = [instruction for instruction, _ in evaluation_prompts(world, 60, 0)]
    path = written(
        tmp_path / "set.json", [{"instruction": one, "output": reference_answer(world, one, 1)} for one in asked]
    )
    words = ("judge", path, "--judge", "micro", "--store", tmp_path / "store", "--check", 40)
    found = json.loads(succeed(*words, "--json").stdout)
    assert (found["pairs"], found["made"]) == (40, True)
    assert found["accuracy"]["value"] > 80
    assert "takes pairs with votes" in " ".join(found["good_for"])
    # Its own judgement is in turn what another judge can be checked on.
    again = read_known(Path(found["artifact"]))
    assert again is not None
    assert again.known_by.startswith("verdicts of MicroJudge")
    assert again.left_out == (f"{40 - len(again.pairs)} pairs without a winner",)


def test_made_pairs_give_each_prompt_its_own_and_a_foreign_answer() -> None:
    examples = [Example(f"e/{i}", f"prompt {i}", "same" if i < 2 else f"answer {i}") for i in range(6)]
    examples += [Example("e/7", "Prompt 5!", "another"), Example("e/8", "empty", " ")]
    known = make_pairs(examples, "set")
    own = {f"prompt {i}": row.output for i, row in enumerate(examples[:6])}
    assert len(known.pairs) == 6
    for pair in known.pairs:
        better, worse = (pair.a, pair.b) if pair.points == 1 else (pair.b, pair.a)
        assert own[pair.instruction] == better != worse
    assert known.left_out == ("2 rows without an answer, or of a prompt that stands twice",)
    with pytest.raises(NoJudgements, match="1 prompts with an answer"):
        make_pairs(examples[:1], "set")


@needs_shared
def test_on_real_annotations_a_judge_by_length_is_as_right_as_the_longer_answers_are(
    server: ModelServer, tmp_path: Path
) -> None:
    path = SHARED / "alpaca_eval" / "vicuna-13b" / "annotations_gpt4.json"
    found = checked(path, 60, server, tmp_path / "store")
    known = read_known(path)
    assert known is not None
    assert len(known.pairs) == 803  # 566 won, 237 lost, 2 drawn, as published
    there = {(row["output_2"], row["output_1"]): row["preference"] for row in json.loads(path.read_text())}
    won = [
        0.5 if len(one.a) == len(one.b) else float((len(one.a) > len(one.b)) == (there[one.a, one.b] == 2))
        for one in known.pairs[:60]
    ]
    assert found["accuracy"]["value"] == pytest.approx(100 * sum(won) / 60)


@pytest.mark.parametrize(
    ("rows", "words", "says"),
    [
        ([annotation(0, 2)], ("b.json", "--check", 5), "so b.json has no place"),
        ([annotation(0, 2)], (), "or --check N to measure the judge on it"),
        ([annotation(0, 1.5)], ("--check", 5), "no pair with a known better answer in it; 1 pairs without a winner"),
        (
            [{"question_id": 1, "g1_winner": "tie", "g2_winner": "tie", "model_1": "x", "model_2": "y"}],
            ("--check", 5),
            "verdicts without the answers that they are about",
        ),
        ([{"id": 1, "preference": 2}], ("--check", 5), "no layout fits its fields"),
    ],
)
def test_what_cannot_be_checked_is_said(
    rows: list[dict[str, Any]], words: tuple[object, ...], says: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.json", rows)
    error = run(path, *words, "--judge", "micro", "--store", tmp_path / "store").exception
    assert isinstance(error, HumpbackError)
    assert says in str(error)
