"""Judging through alpaca-eval: both orders, ties, unparsed replies, and a judge with planted faults."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.experiment.gather import Contest, contest
from humpback.analysis.judgements.verdicts import BothOrders, winner
from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.core.tables import VERDICTS, Verdict, read
from humpback.experiments.humpback.algorithm import arm, seed_model
from humpback.experiments.setups.base import Setup
from humpback.micro.sets import evaluation_prompts, reference_answer
from humpback.spec.claims import Arm
from humpback.spec.micro_world import World
from humpback.spec.outcomes import Judged, MicroJudge
from humpback.stages.judge import Ask, local_verdicts, micro_reply, our_wording

Made = Callable[[Artifact], Path]
WORLD = World()
N = 280


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str, str]]:
    """(instruction, a, b): two draws of the middling system, so that neither is better."""
    asked = [instruction for instruction, _ in evaluation_prompts(WORLD, N, 0)]
    return [(i, reference_answer(WORLD, i, 1), reference_answer(WORLD, i, 2)) for i in asked]


def told(rows: list[tuple[str, str, str]], ask: Ask) -> list[tuple[str, str]]:
    return local_verdicts(rows, ask, our_wording())


def judge_both(rows: list[tuple[str, str, str]], by: MicroJudge) -> list[BothOrders]:
    """Both orders, as the stage asks them."""
    forth = told(rows, lambda prompts: [micro_reply(by, one) for one in prompts])
    back = told([(i, b, a) for i, a, b in rows], lambda prompts: [micro_reply(by, one) for one in prompts])
    return [BothOrders(winner("ab", x), winner("ba", y)) for (x, _), (y, _) in zip(forth, back, strict=True)]


def rate(pairs: list[BothOrders]) -> float:
    return sum(pair.points or 0.0 for pair in pairs) / len(pairs)


@pytest.mark.parametrize("bias", [0.0, 0.2, 0.4])
def test_the_planted_position_bias_is_the_flip_rate_and_the_swapped_win_rate_stays(
    rows: list[tuple[str, str, str]], bias: float
) -> None:
    asked = [row for row in rows if row[1] != row[2]]
    fair, biased = (judge_both(asked, MicroJudge(WORLD, position_bias=b)) for b in (0.0, bias))
    flips = sum(pair.flipped is True for pair in biased) / len(biased)
    assert abs(flips - bias) <= 3 * math.sqrt(bias * (1 - bias) / len(biased)) + 1e-9
    # A share `bias` of the prompts moves to one win each, so the rate moves towards a half by bias * (rate - 1/2).
    error = 3 * 0.5 / math.sqrt(len(asked))
    assert abs(rate(biased) - rate(fair)) <= bias * abs(rate(fair) - 0.5) + error
    one_order = sum(pair.ab == "a" for pair in biased) / len(biased) - sum(pair.ab == "a" for pair in fair) / len(fair)
    if bias:
        assert one_order > 0.5 * bias * sum(pair.ab != "a" for pair in fair) / len(fair)


def test_exchanging_the_answers_exchanges_win_and_lose_exactly(rows: list[tuple[str, str, str]]) -> None:
    by = MicroJudge(WORLD, noise=0.1, position_bias=0.2)
    forth = judge_both(rows, by)
    back = judge_both([(i, b, a) for i, a, b in rows], by)
    count = [[pair.result for pair in pairs].count for pairs in (forth, back)]
    assert count[0]("win") == count[1]("lose") > 0
    assert count[0]("lose") == count[1]("win") > 0
    assert count[0]("tie") == count[1]("tie")
    assert rate(forth) + rate(back) == pytest.approx(1.0)


def test_noise_flips_close_calls_only(rows: list[tuple[str, str, str]]) -> None:
    still, noisy = (judge_both(rows, MicroJudge(WORLD, noise=noise)) for noise in (0.0, 0.15))
    assert not any(pair.flipped for pair in still)
    assert any(pair.flipped for pair in noisy)


def test_equal_answers_tie_without_a_call() -> None:
    def refuse(prompt: str) -> str:
        raise AssertionError("asked about equal answers")

    assert told([("q", "same", "same")], refuse) == [("tie", "")]


def test_a_reply_in_prose_is_unparsed_and_kept() -> None:
    replies = {"good": "Output (b) is better.", "bad": "I would rather not say."}
    shown = [("good", "x", "y"), ("bad", "x", "y"), ("good", "x", "z")]
    found = told(shown, lambda prompts: [replies["bad" if "bad" in one else "good"] for one in prompts])
    assert found == [
        ("second", "Output (b) is better."),
        ("unparsed", "I would rather not say."),
        ("second", "Output (b) is better."),
    ]


def test_repeated_pairs_keep_their_rows() -> None:
    found = told([("q", "x", "y")] * 3, lambda prompts: ["Output (a) is better."] * len(prompts))
    assert found == [("first", "Output (a) is better.")] * 3


def test_two_rows_a_prompt_in_both_orders(made: Made, tiny: Setup) -> None:
    judged = arm(tiny, "M0", seed_model(tiny)).judged
    found = list(read(made(judged) / VERDICTS, Verdict))
    assert len(found) == 2 * tiny.prompts.n
    assert [row.order for row in found[:4]] == ["ab", "ba", "ab", "ba"]
    assert len({row.prompt for row in found}) == tiny.prompts.n


def test_judged_the_other_way_round(made: Made, shared_store: Store, tiny: Setup) -> None:
    judged = arm(tiny, "M0", seed_model(tiny)).judged
    turned = Judged(judged.against, against=judged.answers, by=judged.by)
    contests: list[Contest] = []
    for node in (judged, turned):
        made(node)
        contests.append(contest(shared_store, node))
    assert (contests[0].wins, contests[0].ties, contests[0].losses) == (
        contests[1].losses,
        contests[1].ties,
        contests[1].wins,
    )
    assert contests[0].points + contests[1].points == pytest.approx(1.0)
    assert contests[0].flips == contests[1].flips


def test_sides_that_answer_other_prompts_are_named(made: Made, tiny: Setup) -> None:
    ours: Arm = arm(tiny, "M0", seed_model(tiny))
    prompts = replace(tiny.prompts, n=27)
    other = replace(ours.judged, against=replace(tiny.reference, prompts=prompts))  # type: ignore[type-var]
    with pytest.raises(ValueError, match=r"no answer to prompt 'prompt/27'"):
        made(other)
