"""A judge whose replies cannot be read: what it costs, when it ends, and what is said.

Neighbours that were tried: replies cut while thinking, in a field and in marks, prose, filtered, declined, what is
no text, probabilities that are none; fewer pairs than replies that are looked at; a third of the replies unreadable; a
judge at temperature 0 and one that is sampled; a verdict behind thinking in four forms.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from humpback.cli.sides import find_side, join_sides
from humpback.core.machine import Endpoint
from humpback.core.store import RECORD, Store, StoreError, read_record
from humpback.core.tables import CALLS, JudgeCall, read
from humpback.core.work import Work, new_log
from humpback.judging.annotators import CUT, CUT_THINKING, judge_named
from humpback.judging.endpoint_judge import forecast
from humpback.judging.pairs import pair_answers
from humpback.runs.build_one import build_here
from tests.harness.judging.test_asking import SAMPLED, contest, longer, make, rows
from tests.harness.model_server import Body, ModelServer, serving

THINKING = "<think>\nOutput (a) lists two colours. Output (b) does not, and then"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(longer)) as one:
        yield one


@pytest.fixture
def endpoint(server: ModelServer) -> Endpoint:
    return Endpoint(server.address, pause=0.001, concurrency=4, price_in=10.0, price_out=30.0)


@pytest.mark.parametrize(
    ("judge", "choice", "says"),
    [
        (
            "alpaca_eval_gpt4",
            {"content": None, "reasoning_content": "Hm."},
            "cut at its limit .*while the model was th",
        ),
        ("chatgpt_fn", {"content": THINKING}, "cut at its limit .*--reply-tokens .*more than 50.*'length'"),
        ("gpt4", {"content": THINKING}, "cut at its limit of tokens while the model was thinking"),
        (
            "alpaca_eval_gpt4",
            {"content": "Sure! First"},
            "cut at its limit of tokens; --reply-tokens .* says: Sure! First",
        ),
    ],
)
def test_a_reply_that_was_cut_is_no_verdict_and_ends_the_run_early(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, judge: str, choice: Body, says: str
) -> None:
    server.reply, server.finish = lambda body: choice, "length"
    node, machine = contest(tmp_path, endpoint, judge_named(judge))
    with pytest.raises(StoreError, match=f"none of the first 8 replies can be read.* {says}"):
        make(node, machine)
    assert len(server.asked) <= 8 + endpoint.concurrency
    asked = len(server.asked)
    with pytest.raises(StoreError, match="none of the first 8 replies can be read"):
        make(node, machine)
    assert len(server.asked) == asked
    server.reply, server.finish = longer, "stop"
    if judge == "alpaca_eval_gpt4":
        make(replace(node, by=judge_named(judge, send=(("max_tokens", "900"),))), machine)
        assert server.asked[-1]["max_tokens"] == 900


@pytest.mark.parametrize(
    ("message", "finish", "says"),
    [
        ({"content": "Both are fine."}, "stop", "no verdict in it.* says: Both are fine."),
        ({"content": "", "tool_calls": None}, "content_filter", "withheld by a content filter"),
        ({"content": None, "refusal": "I cannot."}, "stop", "the model declined"),
        ({"content": {"verdict": "a"}}, "stop", "every call is refused; it answered 200 with a part that is dict"),
    ],
)
def test_fewer_pairs_than_that_without_a_verdict_are_an_error_too(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, message: Body, finish: str, says: str
) -> None:
    server.reply, server.finish = lambda body: message, finish
    node, machine = contest(tmp_path, endpoint, judge_named("alpaca_eval_gpt4"), n=3)
    with pytest.raises(StoreError, match=says):
        make(node, machine)
    assert len(server.asked) == 4
    assert Store(Path(machine.store)).state(node).status == "missing"


@pytest.mark.parametrize(
    "logprobs", [None, {"content": None}, {"content": []}, {"content": [{"token": "m"}]}], ids=repr
)
def test_a_judge_by_probabilities_that_gets_none_is_named(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, logprobs: Any
) -> None:
    server.reply = lambda body: {"content": "m", "logprobs": logprobs}
    with pytest.raises(
        StoreError, match="gives no logprobs that can be read, and weighted_alpaca_eval_gpt4_turbo reads"
    ):
        make(*contest(tmp_path, endpoint, judge_named("weighted_alpaca_eval_gpt4_turbo")))
    assert len(server.asked) <= 8 + endpoint.concurrency


@pytest.mark.parametrize("wrap", ["think", "unopened", "parts", "field"])
def test_a_verdict_behind_thinking_is_read(server: ModelServer, endpoint: Endpoint, tmp_path: Path, wrap: str) -> None:
    def thoughtful(body: Body) -> Body:
        said = longer(body)["content"]
        thought = "[{'model': 'model_1', 'rank': 2}, {'model': 'model_2', 'rank': 1}], or not?"
        forms: dict[str, Body] = {
            "think": {"content": f"<think>{thought}</think>\n\n{said}"},
            "unopened": {"content": f"{thought}\n</think>\n{said}"},
            "parts": {"content": [{"type": "thinking", "thinking": thought}, {"type": "text", "text": said}]},
            "field": {"content": said, "reasoning_content": thought},
        }
        return forms[wrap]

    plain = rows(make(*contest(tmp_path, endpoint, judge_named("alpaca_eval_gpt4"))))
    server.reply = thoughtful
    other = tmp_path / "other"
    other.mkdir()
    assert rows(make(*contest(other, endpoint, judge_named("alpaca_eval_gpt4")))) == plain


def test_a_third_that_cannot_be_read_is_counted_by_its_reason(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    def reply(body: Body) -> Body:
        number = int(body["messages"][-1]["content"].split("Question ")[1].split("?")[0])
        return {"content": "Hm."} if number % 3 == 0 else longer(body)

    server.reply = reply
    folder = make(*contest(tmp_path, endpoint, judge_named("alpaca_eval_gpt4"), n=30))
    counts = read_record(folder / RECORD).counts
    assert (counts["unparsed"], counts["calls"], len(server.asked)) == (20, 58, 58)
    problems = Counter(row.problem for row in read(folder / CALLS, JudgeCall))
    assert problems == {"": 40, "no verdict in it": 20}
    assert {CUT, CUT_THINKING}.isdisjoint(problems)


@pytest.mark.parametrize("sampled", [False, True])
def test_what_is_announced_as_at_most_is_at_most(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, sampled: bool
) -> None:
    """One reply in four can be read, so that the run is not ended; every other one is asked for as often as may be."""
    usage = {"prompt_tokens": 0, "completion_tokens": 100}

    def reply(body: Body) -> Body:
        usage["prompt_tokens"] = len(json.dumps(body["messages"])) // 4
        wanted = "Question 1" in body["messages"][-1]["content"]
        return longer(body) if wanted else {"content": "Hm."}

    server.reply, server.usage = reply, usage
    by = judge_named("alpaca_eval_gpt4", samples=3, send=SAMPLED if sampled else ())
    node, machine = contest(tmp_path, replace(endpoint, concurrency=1), by, n=20)
    for one in (node.answers, node.against):
        build_here(one, machine, Console(quiet=True))
    store = Store(Path(machine.store))
    work = Work(store.open, tmp_path, machine, new_log(tmp_path, lambda *_: None))
    announced = forecast(by, pair_answers(node, work), machine)
    folder = make(node, machine)
    spent = read_record(folder / RECORD).counts
    assert (announced.calls, announced.usage.calls) == (38, 114 if sampled else 38)
    assert spent["calls"] <= announced.usage.calls
    assert spent["cost_millionths"] / 1e6 <= announced.cost
    assert spent["completion_tokens"] <= announced.usage.completion_tokens
    assert spent["prompt_tokens"] <= announced.usage.prompt_tokens


def test_little_probability_and_thinking_answers_are_counted(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    top = [{"token": "Both", "logprob": -0.36}, {"token": "M", "logprob": -1.2}]
    server.reply = lambda body: {"content": "Both", "logprobs": {"content": [{"token": "Both", "top_logprobs": top}]}}
    node, machine = contest(tmp_path, endpoint, judge_named("weighted_alpaca_eval_gpt4_turbo"), n=3)
    path = tmp_path / "a.json"
    path.write_text(path.read_text().replace('"output": "a"', '"output": "<think>Hm.</think>a"'))
    sides = [find_side(str(tmp_path / name)) for name in ("a.json", "b.json")]
    machine = replace(machine, files=(*sides[0].places, *sides[1].places))
    folder = make(replace(node, answers=join_sides(*sides)[0], against=join_sides(*sides)[1]), machine)
    counts = read_record(folder / RECORD).counts
    assert (counts["little_mass"], counts["unparsed"], counts["thinking"]) == (4, 0, 1)
    assert next(iter(read(folder / CALLS, JudgeCall))).mass == pytest.approx(0.301, abs=1e-3)


def test_a_server_that_was_mended_is_asked_anew_as_the_message_says(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    node, machine = contest(tmp_path, endpoint, judge_named("alpaca_eval_gpt4"))
    server.reply = lambda body: {"content": "I like both."}
    with pytest.raises(StoreError, match="delete that file to ask anew") as told:
        make(node, machine)
    server.reply = longer
    with pytest.raises(StoreError, match="none of the first 8 replies can be read"):
        make(node, machine)
    Path(str(told.value).split("They are kept in ")[1].split(": once")[0]).unlink()
    make(node, machine)
