"""Probabilities of a judge's token, in the forms that servers give them.

Neighbours that were tried: the chat form and that of text completions, without a list of the most probable, empty,
null as a whole and in places, -9999 and "-inf"; tokens with the space before them spelt three ways, as bytes, one token
twice; a newline or thinking before the token that counts, the last token where that is the one, white space behind it.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from humpback.engines.endpoint.calls import Reply
from humpback.judging.annotators import NO_LOGPROBS, NO_MASS, Annotator

WEIGHTED = Annotator("weighted_alpaca_eval_gpt4_turbo")
LOGPROBS = {"m": math.log(0.9), "M": math.log(0.1)}


def step(token: str, top: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    listed = None if top is None else [{"token": name, "logprob": value} for name, value in top.items()]
    return {"token": token, "logprob": -0.1, "top_logprobs": listed, **more}


def reply(logprobs: Any, finish: str = "length") -> Reply:
    return Reply("m", {"message": {"content": "m"}, "finish_reason": finish, "logprobs": logprobs}, 1, 1)


def spelt(**names: str) -> dict[str, float]:
    return {names[name]: value for name, value in LOGPROBS.items()}


NEWLINE = step("\n", {"\n": -0.01, "The": -5.0})


@pytest.mark.parametrize(
    "logprobs",
    [
        {"content": [step("m", LOGPROBS)]},
        {"content": [step(" m", spelt(m=" m", M=" M"))]},
        {"content": [step("▁m", spelt(m="▁m", M="▁M"))]},
        {"content": [step("Ġm", spelt(m="Ġm", M="ĠM"))]},
        {"content": [step("<0x6D>", spelt(m="<0x6D>", M="<0x4D>"))]},
        {
            "content": [
                {
                    "token": "\ufffd",
                    "bytes": [109],
                    "top_logprobs": [
                        {"token": "?", "bytes": [109], "logprob": LOGPROBS["m"]},
                        {"token": "?", "bytes": [77], "logprob": LOGPROBS["M"]},
                    ],
                }
            ]
        },
        {"content": [step("m", {"m": math.log(0.5), " m": math.log(0.4), "M": math.log(0.1)})]},
        {"content": [NEWLINE, step("m", LOGPROBS)]},
        {"content": [step("m", {**LOGPROBS, "The": None, "A": -9999.0, "B": "-inf"})]},
        {"tokens": ["m"], "token_logprobs": [-0.1], "top_logprobs": [LOGPROBS]},
        {"tokens": ["\n", "m"], "token_logprobs": [-0.1, -0.1], "top_logprobs": [{"\n": -0.1}, LOGPROBS]},
        {"content": [step("m", None) | {"top_logprobs": LOGPROBS}]},
    ],
)
def test_a_preference_is_read_from_every_form(logprobs: Any) -> None:
    read = WEIGHTED.read(reply(logprobs))
    assert (read.preference, read.mass) == (pytest.approx(1.1), pytest.approx(1.0))


@pytest.mark.parametrize(
    "logprobs",
    [
        *(
            None,
            {},
            {"content": None},
            {"content": []},
            {"content": [step("m")]},
            {"content": [step("m", {"m": None})]},
        ),
        *({"tokens": ["m"], "top_logprobs": None}, {"content": [None]}, "yes", []),
    ],
    ids=repr,
)
def test_probabilities_that_are_none_are_named(logprobs: Any) -> None:
    assert WEIGHTED.read(reply(logprobs)).problem == NO_LOGPROBS


def test_one_of_two_that_has_no_probability_is_certain_of_the_other() -> None:
    for nothing in (None, -9999.0, "-inf"):
        assert WEIGHTED.read(reply({"content": [step("m", {"m": 0.0, "M": nothing})]})).preference == 1.0


def test_a_verdict_out_of_next_to_no_probability_is_none_and_little_is_counted() -> None:
    tiny = WEIGHTED.read(reply({"content": [step("Both", {"Both": -0.001, "M": -20.0})]}))
    assert (tiny.preference, tiny.problem) == (None, NO_MASS)
    assert tiny.mass == pytest.approx(math.exp(-20))
    little = WEIGHTED.read(reply({"content": [step("Both", {"Both": math.log(0.7), "M": math.log(0.3)})]}))
    assert (little.preference, little.mass) == (2.0, pytest.approx(0.3))
    none = WEIGHTED.read(reply({"content": [step("Both", {"Both": -0.1, "The": -3.0})]}))
    assert (none.preference, none.mass, none.problem) == (None, 0.0, NO_MASS)


def test_thinking_before_the_token_is_passed_over() -> None:
    thought = [step("<think>", {"<think>": 0.0}), step("M", {"M": 0.0}), step("</think>", {"</think>": 0.0})]
    longer = Annotator("weighted_alpaca_eval_gpt4_turbo", send=(("max_tokens", "200"),))
    assert longer.read(reply({"content": [*thought, NEWLINE, step("m", LOGPROBS)]}, "stop")).preference < 1.2


def test_the_last_token_counts_where_the_judge_explains_first() -> None:
    explained = [
        step("Because", {"Because": -0.1}),
        step("M", {"M": -0.1}),
        step("m", LOGPROBS),
        step("\n", {"\n": 0.0}),
    ]
    judge = Annotator("weighted_alpaca_eval_cot_gpt4_turbo")
    assert judge.read(reply({"content": explained}, "stop")).preference == pytest.approx(1.1)
    assert judge.read(reply({"content": explained}, "length")).preference is None
