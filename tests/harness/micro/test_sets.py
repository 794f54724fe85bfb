"""Instruction sets hold the lapses that they say, and test sets what nobody trained on."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from statistics import mean

import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import Machine
from humpback.core.tables import EXAMPLES, Example, read, write
from humpback.core.work import Work, new_log
from humpback.experiments.setups.micro import MICRO
from humpback.micro.instructions import KINDS, parse, requests
from humpback.micro.lapses import PERFECT, terse
from humpback.micro.oracle import grade
from humpback.micro.sets import instruction_set, instructions, prompts_of_kinds, system_answer
from humpback.spec.micro_sets import Lapses, MicroAnswers, MicroInstructions, MicroTestSet
from humpback.spec.micro_world import SEED_KINDS, World
from humpback.stages.micro import make

WORLD = World()
RATES = {"wrong": 0.2, "clumsy": 0.3, "blogged": 0.05, "cut_off": 0.05, "off_topic": 0.1}


def test_answers_go_wrong_at_the_rates_and_the_oracle_sees_it() -> None:
    rows = list(instruction_set(WORLD, 3_000, (), RATES, 0))
    assert len({instruction for instruction, *_ in rows}) == 3_000
    counts = Counter(how for *_, how in rows)
    for name, rate in {**RATES, PERFECT: 0.3}.items():
        assert counts[name] / 3_000 == pytest.approx(rate, abs=0.03), name
    scores = {how: mean(grade(WORLD, i, o).score for i, o, _, h in rows if h == how) for how in counts}
    assert scores.pop(PERFECT) == 1
    assert max(scores.values()) < 0.6
    assert scores["off_topic"] == 0
    assert {kind for _, _, kind, _ in rows} == set(KINDS)


def test_a_set_is_the_same_every_time_and_another_by_draw_rates_and_kinds() -> None:
    first = list(instruction_set(WORLD, 50, (), RATES, 0))
    assert first == list(instruction_set(WORLD, 50, (), RATES, 0))
    assert first != list(instruction_set(WORLD, 50, (), RATES, 1))
    narrow = list(instruction_set(WORLD, 50, SEED_KINDS, {}, 0))
    assert {kind for _, _, kind, _ in narrow} == set(SEED_KINDS)
    assert {how for *_, how in narrow} == {PERFECT}


def test_a_terse_answer_is_true_and_one_word_or_name() -> None:
    import random

    for kind in KINDS:
        for request in requests(WORLD, kind)[:5]:
            said = terse(WORLD, request, random.Random(0))
            assert said
            assert len(said.split()) == 1


def test_the_world_has_what_the_micro_setup_asks_of_it() -> None:
    assert MICRO.filtering is not None
    sets = [one.examples for one in (*MICRO.rivals, *MICRO.filtering.others)]
    sets.append(MICRO.filtering.examples.examples)  # type: ignore[attr-defined]
    assert len(sets) == 5
    for one in sets:
        assert isinstance(one, MicroInstructions)
        for draw in range(3):
            assert len(instructions(one.world, one.n, one.kinds or KINDS, random.Random(draw))) == one.n, one.label
    for rival in MICRO.rivals:
        assert rival.sizes[-1] <= rival.examples.n  # type: ignore[attr-defined]


def test_test_sets_share_no_request_with_instruction_sets() -> None:
    asked = {parse(WORLD, text) for text, _ in prompts_of_kinds(WORLD, 400, KINDS, 0)}
    answered = {parse(WORLD, text) for text, *_ in instruction_set(WORLD, 4_000, (), {}, 0)}
    assert None not in asked | answered
    assert not asked & answered
    with pytest.raises(ValueError, match="this world has"):
        prompts_of_kinds(WORLD, 10_000, SEED_KINDS, 0)


def test_a_made_system_answers_each_prompt_in_one_way() -> None:
    (text, _), *_ = prompts_of_kinds(WORLD, 5, KINDS, 0)
    assert system_answer(WORLD, text, RATES, "weak") == system_answer(WORLD, text, RATES, "weak")
    assert system_answer(WORLD, "What is love?", RATES, "weak") == ("I do not know.", "unknown")
    prompts = [text for text, _ in prompts_of_kinds(WORLD, 300, KINDS, 0)]
    good, bad = (
        mean(grade(WORLD, text, system_answer(WORLD, text, rates, "x")[0]).score for text in prompts)
        for rates in ({"clumsy": 0.1}, RATES)
    )
    assert good > bad + 0.3


def test_shares_that_are_more_than_everything_are_refused() -> None:
    for bad in (Lapses, {"wrong": 0.6, "clumsy": 0.5}), (Lapses, {"wrong": -0.1}):
        with pytest.raises(FieldError, match="together at most 1"):
            bad[0](**bad[1])


def test_the_stage_writes_how_each_answer_was_made(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts"

    def made(node: MicroInstructions | MicroTestSet | MicroAnswers, name: str) -> list[Example]:
        out = tmp_path / name
        out.mkdir()
        work = Work(lambda _: prompts, out, Machine(tracking="off"), new_log(out, lambda done, total, unit: None))
        counts = make(node, work)
        rows = list(read(out / EXAMPLES, Example))
        assert counts == {"in": len(rows), "kept": len(rows)}
        return rows

    trained = made(MicroInstructions("machine-made", WORLD, 40, Lapses(**RATES)), "set")
    assert {row.source for row in trained} == {"machine-made"}
    assert {json.loads(row.origin)["made"] for row in trained} <= {*RATES, PERFECT}
    test_set = MicroTestSet("advice", WORLD, 12, ("find", "feed"))
    asked = made(test_set, "asked")
    assert [row.source for row in asked] == ["advice"] * 12
    assert not any(row.output for row in asked)
    prompts.mkdir()
    write(prompts / EXAMPLES, Example, asked)
    answered = made(MicroAnswers("strong", WORLD, test_set, Lapses()), "answers")
    assert [(row.id, row.instruction, row.source) for row in answered] == [
        (row.id, row.instruction, row.source) for row in asked
    ]
    assert all(grade(WORLD, row.instruction, row.output).score == 1 for row in answered)
