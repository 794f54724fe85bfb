"""Generation and rating by a served model: the stages through the one client, killed and continued."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import Artifact
from humpback.core.machine import Endpoint, Machine
from humpback.core.store import StoreError
from humpback.core.tables import EXAMPLES, RATINGS, Example, Rating, Writer, read
from humpback.core.work import Counts, Work, new_log
from humpback.engines.endpoint.client import Unanswered
from humpback.engines.endpoint.journal import Journal
from humpback.judging.self_judging import generators_of
from humpback.spec.curation import ExpectedScore, FirstLineScore, ModelRater, Rated, SampledScore
from humpback.spec.data import Sampling
from humpback.spec.files import File, PromptSet
from humpback.spec.models import ServedModel
from humpback.spec.outcomes import Responses
from humpback.spec.prompts import ALPAGASUS_ACCURACY, HUMPBACK_RATING
from humpback.stages.rate import rate
from humpback.stages.respond import respond
from tests.harness.model_server import USAGE, Body, ModelServer, Told, read_journal, serving

MODEL = ServedModel("maker/Some-Chat_7B")
PROMPTS = PromptSet((File("prompts.json", "0" * 64),))
N = 30


def answer(body: Body) -> dict[str, Any]:
    return {"content": f" to {body['messages'][-1]['content']} "}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(answer, model="some-chat-7b-0613")) as one:
        yield one


@pytest.fixture
def work(server: ModelServer, tmp_path: Path) -> Callable[[], Work]:
    """A stage's work, its input N prompts with an answer each, in a fresh folder at every call."""
    given = tmp_path / "given"
    given.mkdir()
    with Writer(given / EXAMPLES, Example) as out:
        for i in range(N):
            out.add(Example(f"p/{i}", f"Q{i}", f"A{i}", origin='{"generator": "older", "kept": 1}'))
    endpoint = Endpoint(server.address, pause=0.001, concurrency=4, price_out=10.0, attempts=2)
    machine = Machine(store=str(tmp_path / "store"), tracking="off", endpoint=endpoint)

    def opened(artifact: Artifact) -> Path:
        assert artifact == PROMPTS, "the weights of a served model are nowhere to be opened"
        return given

    def new() -> Work:
        out = tmp_path / f"out-{len(list(tmp_path.glob('out-*')))}"
        out.mkdir()
        return Work(opened, out, machine, new_log(out, lambda *_: None))

    return new


def rows(work: Work) -> list[Example]:
    return list(read(work.out / EXAMPLES, Example))


def test_a_served_model_answers_under_a_system_sentence(server: ModelServer, work: Callable[[], Work]) -> None:
    node, at = Responses(MODEL, PROMPTS, Sampling(seed=5, max_new_tokens=9), ("Be brief.", "Be kind.")), work()
    counts = respond(node, at)
    found = rows(at)
    assert [row.output for row in found] == [f"to Q{i}" for i in range(N)]
    assert {row.system for row in found} == {"Be brief. Be kind."}
    assert generators_of(found) == {"some-chat-7b-0613"}
    assert found[0].known["kept"] == 1
    asked = server.asked[0]
    assert asked["messages"][0] == {"role": "system", "content": "Be brief. Be kind."}
    assert asked["messages"][1]["content"] in {row.instruction for row in found}
    assert (asked["model"], asked["seed"], asked["max_tokens"]) == ("maker/Some-Chat_7B", 5, 9)
    tokens = N * USAGE["completion_tokens"]
    assert (counts["in"], counts["kept"], counts["calls"]) == (N, N, N)
    assert (counts["completion_tokens"], counts["cost_millionths"]) == (tokens, tokens * 10)
    assert (MODEL.slug, MODEL.fingerprint == ServedModel("other").fingerprint) == ("some-chat-7b", False)


def _killed(stage: Callable[[Any, Work], Counts], node: Artifact, at: Work, server: ModelServer) -> None:
    process = multiprocessing.get_context("fork").Process(target=stage, args=(node, at))
    process.start()
    while sum(server.paid.values()) < N / 2:
        assert process.is_alive()
        time.sleep(0.001)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    while server.open:
        time.sleep(0.001)


def test_writing_and_rating_go_on_where_they_were_killed(server: ModelServer, work: Callable[[], Work]) -> None:
    server.latency = 0.01
    for stage, node in (
        (respond, Responses(MODEL, PROMPTS, Sampling())),
        (rate, Rated(PROMPTS, ModelRater(MODEL, SampledScore(HUMPBACK_RATING, Sampling(), n=1)))),
    ):
        server.reply = answer if stage is respond else lambda body: {"content": "Score: 4"}
        server.paid.clear()
        at = work()
        _killed(stage, node, at, server)
        journal = Journal.of(Path(at.machine.store), MODEL.served_as).path
        known, before = len(read_journal(journal)), sum(server.paid.values())
        lost = before - known + (N if stage is rate else 0)
        assert 0 <= lost <= 4
        at = work()
        assert stage(node, at)["kept"] == N
        assert sum(server.paid.values()) == N + lost
        assert len(rows(at)) == N


def test_sampled_scores_that_do_not_parse_are_asked_for_again(server: ModelServer, work: Callable[[], Work]) -> None:
    def reply(body: Body) -> dict[str, Any]:
        hopeless = "A7" in body["messages"][-1]["content"]
        unlucky = body["seed"] == 0 and "A0" not in body["messages"][-1]["content"]
        return {"content": "No idea." if hopeless or unlucky else f"Well.\nScore: {4 + body['seed'] % 2}"}

    server.reply = reply
    at = work()
    counts = rate(Rated(PROMPTS, ModelRater(MODEL, SampledScore(HUMPBACK_RATING, Sampling(), n=2))), at)
    assert (counts["kept"], counts["unparsed"], counts["unparsed_replies"]) == (N, 1, N + 2)
    assert [row.score is None for row in rows(at)] == [i == 7 for i in range(N)]
    assert len(server.asked) == counts["calls"] == 3 * N
    assert len(list(read(at.out / RATINGS, Rating))) == 3 * N


def test_a_first_line_score_and_no_expected_one(server: ModelServer, work: Callable[[], Work]) -> None:
    server.reply = lambda body: {"content": "4.5\nGood."}
    at = work()
    assert rate(Rated(PROMPTS, ModelRater(MODEL, FirstLineScore(ALPAGASUS_ACCURACY))), at)["calls"] == N
    assert {row.score for row in rows(at)} == {4.5}
    with pytest.raises(StoreError, match="rate by maker/Some-Chat_7B with SampledScore or FirstLineScore"):
        rate(Rated(PROMPTS, ModelRater(MODEL, ExpectedScore(HUMPBACK_RATING))), work())
    assert len(server.asked) == N


def test_calls_left_without_an_answer_leave_no_table(server: ModelServer, work: Callable[[], Work]) -> None:
    server.faulty = 1.0
    server.fault = lambda name, time: "500"  # type: ignore[method-assign]
    at = work()
    with pytest.raises(Unanswered):
        respond(Responses(MODEL, PROMPTS, Sampling()), at)
    assert not (at.out / EXAMPLES).exists()


def test_a_served_model_is_an_artifact_like_any_other(server: ModelServer, tmp_path: Path) -> None:
    """Through plan and store, from a file of prompts to answers."""
    import hashlib

    from rich.console import Console

    from humpback.runs.build_one import build_here

    path = tmp_path / "prompts.jsonl"
    path.write_text('{"instruction": "Why?"}\n{"instruction": "How?"}\n')
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    machine = Machine(
        store=str(tmp_path / "store"),
        tracking="off",
        endpoint=Endpoint(server.address, pause=0.001),
        files=((sha256, str(path)),),
    )
    node = Responses(MODEL, PromptSet((File("prompts.jsonl", sha256),)), Sampling(temperature=0))
    rows = list(read(build_here(node, machine, Console(quiet=True)) / EXAMPLES, Example))
    assert [row.output for row in rows] == ["to Why?", "to How?"]


def test_a_refused_prompt_is_kept_aside_with_the_servers_words_and_is_not_asked_again(
    server: ModelServer, work: Callable[[], Work]
) -> None:
    said = Told(400, '{"error": {"message": "filtered by policy", "code": "content_filter"}}')
    server.refuse = lambda body: said if body["messages"][-1]["content"] == "Q0" else None
    for _ in range(2):
        at = work()
        counts = respond(Responses(MODEL, PROMPTS, Sampling()), at)
        assert (counts["kept"], counts["refused"], counts["empty"]) == (N, 1, 1)
        assert (rows(at)[0].output, rows(at)[0].known["refused"]) == ("", "answered 400: filtered by policy")
        assert "refused" not in rows(at)[1].known
    assert len(server.asked) == N


def test_a_prompt_that_is_too_long_has_the_servers_words_and_is_asked_once(
    server: ModelServer, work: Callable[[], Work], tmp_path: Path
) -> None:
    said = Told(400, '{"error": {"message": "This model\'s maximum context length is 8 tokens"}}')
    server.refuse = lambda body: said if "Q7" in body["messages"][-1]["content"] else None
    counts = respond(Responses(MODEL, PROMPTS, Sampling()), at := work())
    assert (counts["prompt_too_long"], counts.get("refused")) == (1, None)
    assert rows(at)[7].known["refused"] == "answered 400: This model's maximum context length is 8 tokens"
    server.asked.clear()
    server.reply = lambda body: {"content": "Score: 4"}
    rate(Rated(PROMPTS, ModelRater(MODEL, SampledScore(HUMPBACK_RATING, Sampling(), n=3))), at := work())
    raw = [one.raw for one in read(at.out / RATINGS, Rating) if one.score is None]
    assert raw == ["answered 400: This model's maximum context length is 8 tokens"]
    assert len(server.asked) == 3 * (N - 1) + 1
    with Writer(tmp_path / EXAMPLES, Example) as out:
        out.add(Example("p/7", "Q7", ""))
    with pytest.raises(StoreError, match="the server refuses every prompt: it answered 400: This model's maximum"):
        respond(Responses(MODEL, PROMPTS, Sampling()), replace(work(), open=lambda _: tmp_path))


def test_answers_that_a_filter_withholds_are_refused_and_a_set_of_nothing_else_is_an_error(
    server: ModelServer, work: Callable[[], Work]
) -> None:
    server.finish = "content_filter"
    server.reply = lambda body: {"content": "I was about"}
    with pytest.raises(StoreError, match=r"none of the first 8 replies .*'content_filter'"):
        respond(Responses(MODEL, PROMPTS, Sampling()), work())


@pytest.mark.parametrize(
    "scoring", [SampledScore(HUMPBACK_RATING, Sampling(), n=2), FirstLineScore(ALPAGASUS_ACCURACY)]
)
def test_a_rating_that_is_refused_or_cut_or_thought_is_no_score(
    server: ModelServer, work: Callable[[], Work], scoring: SampledScore | FirstLineScore
) -> None:
    said = Told(400, '{"error": {"message": "flagged"}}')
    server.refuse = lambda body: said if "A7" in body["messages"][-1]["content"] else None
    score = "Score: 5" if isinstance(scoring, SampledScore) else "5"
    server.reply = lambda body: {"content": f"<think>\nScore: 1\n</think>\n{score}"}
    at = work()
    counts = rate(Rated(PROMPTS, ModelRater(MODEL, scoring)), at)
    assert {row.id: row.score for row in rows(at)} == {f"p/{i}": None if i == 7 else 5.0 for i in range(N)}
    assert counts["unparsed"] == 1
    assert [one.raw for one in read(at.out / RATINGS, Rating) if one.score is None] == ["answered 400: flagged"]
    server.finish = "length"
    journal = Journal.of(Path(at.machine.store), MODEL.served_as).path
    journal.unlink()
    with pytest.raises(StoreError, match=r"none of the first 8 replies .*; it was cut: send = "):
        rate(Rated(PROMPTS, ModelRater(MODEL, scoring)), work())


def test_an_explanation_that_is_cut_leaves_the_score_above_it(server: ModelServer, work: Callable[[], Work]) -> None:
    server.finish = "length"
    server.reply = lambda body: {
        "content": "4." if "A7" in body["messages"][-1]["content"] else "4.5\n\nIt is right but"
    }
    counts = rate(Rated(PROMPTS, ModelRater(MODEL, FirstLineScore(ALPAGASUS_ACCURACY))), at := work())
    assert {row.id: row.score for row in rows(at)} == {f"p/{i}": None if i == 7 else 4.5 for i in range(N)}
    assert counts["unparsed"] == 1


@pytest.mark.parametrize("scoring", [SampledScore(HUMPBACK_RATING, Sampling()), FirstLineScore(ALPAGASUS_ACCURACY)])
def test_a_rater_without_a_readable_reply_stops_early_and_one_that_errs_at_first_does_not(
    server: ModelServer, work: Callable[[], Work], scoring: SampledScore | FirstLineScore
) -> None:
    good = "Score: 5" if isinstance(scoring, SampledScore) else "5"
    server.reply = lambda body: {"content": "I would give it a four."}
    node, at = Rated(PROMPTS, ModelRater(MODEL, scoring)), work()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"none of the first 8 .*, by some-chat-7b-0613, .* give it a four"):
            rate(node, at)
    assert 8 <= len(server.asked) <= 8 + at.machine.endpoint.concurrency
    Journal.of(Path(at.machine.store), MODEL.served_as).path.unlink()
    server.asked.clear()
    # The first readable reply settles it, wherever it comes among the first eight; one at a time, so that it does.
    server.reply = lambda body: {"content": good if len(server.asked) == 6 else "Four."}
    at = work()
    at = replace(at, machine=replace(at.machine, endpoint=replace(at.machine.endpoint, concurrency=1)))
    assert rate(node, at)["unparsed"] == N - 1


def test_a_system_whose_first_answers_are_all_empty_stops_early(server: ModelServer, work: Callable[[], Work]) -> None:
    server.reply, server.finish = lambda body: {"content": "", "reasoning_content": "Let me see"}, "length"
    with pytest.raises(StoreError, match=r"cut: send = .*'length', and it says, after 10 characters of thinking: no"):
        respond(Responses(MODEL, PROMPTS, Sampling()), work())
    assert len(server.asked) < N


def test_a_call_of_a_tool_that_nobody_offered_is_no_answer(server: ModelServer, work: Callable[[], Work]) -> None:
    call = [{"id": "c", "type": "function", "function": {"name": "search", "arguments": '{"query": "why"}'}}]
    server.reply = lambda body: {
        "content": None if body["messages"][-1]["content"] == "Q3" else "Because.",
        "tool_calls": call,
    }
    counts = respond(Responses(MODEL, PROMPTS, Sampling()), at := work())
    assert {row.output for row in rows(at)} == {"Because.", ""}
    assert counts["empty"] == 1


def test_parts_and_thinking_are_no_part_of_an_answer(server: ModelServer, work: Callable[[], Work]) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    server.reply = lambda body: {
        "content": [thought, {"type": "text", "text": "Water"}, {"type": "text", "text": " boils."}]
    }
    at = work()
    respond(Responses(MODEL, PROMPTS, Sampling()), at)
    assert {row.output for row in rows(at)} == {"Water boils."}
