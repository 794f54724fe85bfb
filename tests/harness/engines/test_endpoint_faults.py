"""The endpoint client against a real server on loopback that fails, refuses, or asks to wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.engines.endpoint.calls import Reply
from humpback.engines.endpoint.client import Client, Unanswered
from humpback.engines.endpoint.http import seconds_to_wait
from tests.harness.engines.asking import about, ask, requests, texts
from tests.harness.model_server import ModelServer, Told, read_journal


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
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "1"}, 1.0),
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
