"""The endpoint client against a real server on loopback: faults, limits, budgets, and what is kept."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, load_machine
from humpback.core.store import StoreError
from humpback.core.work import new_log
from humpback.engines.endpoint.calls import Answer, Reply, Request
from humpback.engines.endpoint.client import Client, Unanswered
from humpback.engines.endpoint.http import seconds_to_wait
from humpback.engines.endpoint.journal import Journal
from humpback.engines.endpoint_engine import EndpointEngine
from humpback.spec.data import Sampling
from tests.harness.model_server import Body, ModelServer, Told, read_journal, serving


def echo(body: Body) -> dict[str, Any]:
    return {"content": f"about {body['messages'][-1]['content']}"}


def requests(n: int) -> list[Request]:
    return [about(f"question {i}") for i in range(n)]


def about(text: str) -> Request:
    body = {"model": "asked", "messages": [{"role": "user", "content": text}], "max_tokens": 10}
    return Request("chat/completions", body)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(echo)) as one:
        yield one


@pytest.fixture
def endpoint(server: ModelServer) -> Endpoint:
    return Endpoint(server.address, pause=0.001, timeout=5.0, attempts=4)


def ask(endpoint: Endpoint, journal: Path, *wanted: Request, **how: Any) -> list[Answer]:
    with Journal(journal) as one:
        client = Client(endpoint, one)
        client.ask(wanted, **how)
        return [client.answer(request, **how) for request in wanted]


def texts(answers: list[Answer]) -> list[str]:
    return [one.reply.text if one.reply else "" for one in answers]


def test_answers_come_in_order_with_what_the_server_says(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    answers = ask(endpoint, tmp_path / "j", *requests(20))
    assert texts(answers) == [f"about question {i}" for i in range(20)]
    assert {one.reply.model for one in answers if one.reply} == {"judge-model-0613"}
    assert (answers[0].used.prompt_tokens, answers[0].used.completion_tokens) == (100, 10)


def test_so_many_calls_are_open_at_once_and_no_more(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    five = threading.Barrier(5, timeout=60)

    def together(body: Body) -> dict[str, Any]:
        five.wait()
        return echo(body)

    server.reply = together
    ask(replace(endpoint, concurrency=5, timeout=120.0), tmp_path / "j", *requests(25))
    assert server.most == 5


@pytest.mark.parametrize(
    "told",
    [
        Told(429, '{"error": {"message": "slow"}}', {"Retry-After": "0"}),
        Told(408),
        Told(500, "<html>"),
        Told(503, headers={"Retry-After": "0.01"}),
        Told(200, '{"choices": [{"mess'),
        Told(200, '{"error": {"message": "lies"}}'),
        Told(200, '{"error": {"message": "Provider returned error", "code": 502}}'),
        Told(200, '{"error": {"message": "Rate limit exceeded: free-models-per-min", "code": 429}}'),
        Told(200, '{"choices": []}'),
        Told(200, '{"choices": [{"delta": {}}]}'),
        Told(200, "[" * 100_000),
        Told(200, headers={"Content-Length": "10"}),
    ],
    ids=lambda told: f"{told.status} {told.body[:20]}",
)
def test_what_may_pass_is_tried_again(server: ModelServer, endpoint: Endpoint, tmp_path: Path, told: Told) -> None:
    server.told = [told, told]
    endpoint = replace(endpoint, timeout=0.3)
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == ["about x"]
    assert len(server.asked) == 3


def test_a_server_that_hangs_is_given_up_and_the_call_is_not_kept(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    server.latency = 0.4
    with pytest.raises(Unanswered, match=r"1 of 1 calls .*no whole answer within 0.05 s, 2 times in a row"):
        ask(replace(endpoint, timeout=0.05, attempts=2), tmp_path / "j", about("x"))
    assert read_journal(tmp_path / "j") == {}
    server.latency = 0.0
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == ["about x"]


def test_retry_after_is_waited_for_by_all_calls(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def short(seconds: float) -> None:
        slept.append(seconds)
        await sleep(seconds / 100)

    monkeypatch.setattr("humpback.engines.endpoint.client.asyncio.sleep", short)
    server.told = [Told(429, "", {"Retry-After": "7"})]
    client_endpoint = replace(endpoint, concurrency=1, longest_wait=8.0)
    monkeypatch.setattr(Client, "_persist", _until_slept(Client._persist, slept))
    ask(client_endpoint, tmp_path / "j", about("x"))
    assert 6.9 < slept[0] < 7.1


def _until_slept(persist: Any, slept: list[float]) -> Any:
    """After the first wait, time is taken to have passed."""

    async def wrapped(self: Client, *args: Any) -> Reply:
        async def watch() -> None:
            while not slept:
                await asyncio.get_running_loop().run_in_executor(None, lambda: None)
            self._not_before = 0.0

        waiting = asyncio.create_task(watch())
        try:
            reply: Reply = await persist(self, *args)
            return reply
        finally:
            waiting.cancel()

    return wrapped


def test_a_wait_that_is_too_long_ends_the_call_and_says_so(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    server.told = [Told(429, '{"error": {"message": "quota"}}', {"Retry-After": "9000"})]
    with pytest.raises(Unanswered, match="answered 429: quota and asked to wait 9000 s"):
        ask(endpoint, tmp_path / "j", about("x"))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "0.5"}, 0.5),
        (
            {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Fri, 31 Dec 1999 23:59:29 GMT"},
            30.0,
        ),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_clock(headers: dict[str, str], seconds: float) -> None:
    assert seconds_to_wait(httpx2.Headers(headers)) == seconds


def test_a_request_that_the_server_refuses_is_asked_once_and_the_others_go_on(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    server.told = [Told(400, '{"error": {"message": "context length exceeded"}}')]
    answers = ask(replace(endpoint, concurrency=1), tmp_path / "j", *requests(3))
    assert [one.problem for one in answers] == ["answered 400: context length exceeded", "", ""]
    assert len(server.asked) == 3
    assert len(read_journal(tmp_path / "j")) == 2


def test_when_every_request_is_refused_the_run_ends(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    server.told = [Told(400, '{"error": "no field temperature"}')] * 50
    with pytest.raises(StoreError, match="every call is refused; it answered 400: no field temperature"):
        ask(endpoint, tmp_path / "j", *requests(50))
    assert len(server.asked) < 20


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            Told(401, '{"error": {"message": "bad key"}}'),
            "401: bad key; the key is taken from .* NO_SUCH_KEY, which is",
        ),
        (Told(404, '{"detail": "no such model"}'), "404: no such model; is the address right"),
        (Told(302, headers={"Location": "http://elsewhere"}), "answered 302"),
    ],
)
def test_what_no_call_can_pass_ends_the_run_at_once(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, told: Told, says: str
) -> None:
    server.told = [told]
    with pytest.raises(StoreError, match=says):
        ask(replace(endpoint, concurrency=1, key_variable="NO_SUCH_KEY"), tmp_path / "j", *requests(5))
    assert len(server.asked) == 1


def test_a_server_that_is_gone_is_not_asked_for_everything(endpoint: Endpoint, tmp_path: Path) -> None:
    gone = replace(endpoint, address="http://127.0.0.1:9/v1", concurrency=1, attempts=1)
    with pytest.raises(Unanswered, match=r"40 of 40 calls .*no connection; 5 calls in a row failed"):
        ask(gone, tmp_path / "j", *requests(40))


def test_a_call_is_on_disk_before_anybody_sees_its_answer(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    path = tmp_path / "j"

    def look(reply: Reply) -> bool:
        assert reply in read_journal(path).values()
        return True

    assert len(ask(endpoint, path, *requests(10), accept=look)) == 10


def test_nothing_is_asked_twice_and_failed_calls_alone_are_asked_again(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    server.told = [Told(500)] * 2
    with pytest.raises(Unanswered, match="2 of 10 calls"):
        ask(replace(endpoint, attempts=1), tmp_path / "j", *requests(10))
    asked = len(server.asked)
    assert texts(ask(endpoint, tmp_path / "j", *requests(10))) == [f"about question {i}" for i in range(10)]
    assert len(server.asked) == asked + 2
    assert max(server.paid.values()) == 1


def test_equal_requests_are_asked_once(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    assert texts(ask(endpoint, tmp_path / "j", about("x"), about("x"))) == ["about x"] * 2
    assert len(server.asked) == 1


def test_a_reply_that_is_not_accepted_is_asked_for_again_so_often(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    replies = iter(["no", "no", "yes", "never"])
    server.reply = lambda body: {"content": next(replies)}
    good = {"accept": lambda reply: reply.text == "yes"}
    (two,) = ask(endpoint, tmp_path / "j", about("x"), samples=2, **good)
    assert (two.reply and two.reply.text, two.used.calls) == ("no", 2)
    (three,) = ask(endpoint, tmp_path / "j", about("x"), samples=5, **good)
    assert (three.reply and three.reply.text, three.used.calls, len(server.asked)) == ("yes", 3, 3)


@pytest.mark.parametrize("limit", [{"max_calls": 4}, {"max_tokens": 450}, {"max_cost": 0.00045}])
def test_a_budget_stops_before_it_is_passed_and_keeps_what_is_done(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, limit: dict[str, Any]
) -> None:
    priced = replace(endpoint, price_in=1.0, price_out=1.0, concurrency=1)
    with pytest.raises(Unanswered, match=r"\d of 10 calls .*the budget is used up \(max_"):
        ask(replace(priced, **limit), tmp_path / "j", *requests(10))
    kept = read_journal(tmp_path / "j")
    assert len(kept) == len(server.asked) == 4
    assert texts(ask(priced, tmp_path / "j", *requests(10))) == [f"about question {i}" for i in range(10)]
    assert len(server.asked) == 10


def test_what_is_under_way_does_not_pass_a_budget_together(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    server.latency = 0.02
    with pytest.raises(Unanswered):
        ask(replace(endpoint, concurrency=32, max_calls=3), tmp_path / "j", *requests(40))
    assert len(server.asked) == 3


def test_a_line_that_was_cut_by_a_kill_is_asked_again_and_a_strange_one_named(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    path = tmp_path / "j"
    ask(endpoint, path, *requests(2))
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert texts(ask(endpoint, path, *requests(2))) == ["about question 0", "about question 1"]
    assert len(server.asked) == 3
    assert len(read_journal(path)) == 2
    path.write_bytes(b'{"key": 1}\n' + whole)
    with pytest.raises(StoreError, match="line 1 is no answered call"):
        ask(endpoint, path, about("y"))


def test_a_key_that_is_no_secret_is_not_cut_out_of_other_words(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes any key is given "x" or "EMPTY"; its complaint says which field it wants."""
    monkeypatch.setenv("MY_KEY", "x")
    said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server.refuse = lambda body: (
        Told(400, json.dumps({"error": {"message": said, "param": "max_tokens"}})) if "max_tokens" in body else None
    )
    server.reply = lambda body: {"content": "x is a letter"}
    assert texts(ask(replace(endpoint, key_variable="MY_KEY"), tmp_path / "j", about("x"))) == ["x is a letter"]


def test_the_key_goes_to_the_server_and_nowhere_else(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    server.reply = lambda body: {"content": "your key is sk-very-secret"}
    mine = replace(endpoint, key_variable="MY_KEY")
    assert texts(ask(mine, tmp_path / "j", about("x"))) == ["your key is [key]"]
    assert server.headers[0]["authorization"] == "Bearer sk-very-secret"
    server.told = [Told(401, '{"error": {"message": "wrong key sk-very-secret"}}')]
    with pytest.raises(StoreError, match=r"wrong key \[key\]"):
        ask(mine, tmp_path / "j", about("y"))
    assert all(b"sk-very-secret" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_an_engine_writes_as_the_local_one_does(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    done: list[int] = []
    log = new_log(tmp_path, lambda finished, total, unit: done.append(finished))
    with Journal.of(tmp_path, "org/model") as journal:
        engine = EndpointEngine("org/model", Client(endpoint, journal), log)
        server.told = [Told(400, '{"error": {"message": "this exceeds the context"}}')]
        (refused,) = engine.generate(["long"], Sampling())
        (written,) = engine.generate([" x"], Sampling(temperature=0.0, max_new_tokens=5, seed=3))
    assert (refused.ended, written.text, written.ended) == ("prompt too long", "about  x", "stop")
    sent = {key: server.asked[-1][key] for key in ("model", "temperature", "max_tokens", "seed")}
    assert sent == {"model": "org/model", "temperature": 0.0, "max_tokens": 5, "seed": 3}
    assert done[-1] == 1


def test_halves_of_characters_and_strange_usage_do_no_harm(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    body = {"choices": [{"message": {"content": "a\ud800b"}}], "usage": {"prompt_tokens": "many"}, "model": None}
    server.told = [Told(200, json.dumps(body))]
    (answer,) = ask(endpoint, tmp_path / "j", about("x"))
    assert answer.reply is not None
    assert answer.reply.text.encode() == "a\ufffdb".encode()
    assert (answer.used.prompt_tokens, answer.reply.model) == (0, "")


def test_a_machine_file_says_where_the_endpoint_is(tmp_path: Path) -> None:
    path = tmp_path / "machine.toml"
    path.write_text('[endpoint]\naddress = "http://127.0.0.1:1/v1"\nprice_in = 2.5\n')
    assert load_machine(path).endpoint == Endpoint("http://127.0.0.1:1/v1", price_in=2.5)
    path.write_text("[endpoint]\nconcurency = 3\n")
    with pytest.raises(FieldError, match="did you mean concurrency"):
        load_machine(path)


@pytest.mark.parametrize("address", ["localhost:8000", "http://me:secret@host/v1", "http://host/v1?key=secret"])
def test_an_address_that_is_none_or_holds_a_secret_is_refused(address: str) -> None:
    with pytest.raises(FieldError) as error:
        Endpoint(address)
    assert "secret" not in str(error.value)
