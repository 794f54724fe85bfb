"""A server that lies, and a run that is stopped: what comes of the budget, the key, the journal and the memory."""

from __future__ import annotations

import asyncio
import gzip
import json
import multiprocessing
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.engines.endpoint import http as attempt
from humpback.engines.endpoint.calls import Reply, Request
from humpback.engines.endpoint.client import Client, Unanswered
from humpback.engines.endpoint.journal import Journal
from tests.harness.engines.asking import about, ask, requests, texts
from tests.harness.model_server import ModelServer, Told, read_journal


def whole(content: object = "ok", usage: object = None, **more: object) -> str:
    body = {"model": "m", "choices": [{"message": {"content": content}}], "usage": usage, **more}
    return json.dumps({key: value for key, value in body.items() if key != "usage" or usage is not None})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (whole(None), ""),
        (whole(""), ""),
        (whole("a\u2028b\u0085c\x0cd\ne"), "a\u2028b\u0085c\x0cd\ne"),
        (whole("x" * 3_000_000), "x" * 3_000_000),
        (whole("ok", model=["strange"]), "ok"),
    ],
    ids=["null", "empty", "separators", "long", "model"],
)
def test_strange_answers_are_kept_as_they_came(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, body: str, text: str
) -> None:
    server.told = [Told(200, body)]
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == [text]
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == [text]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "many",
        [],
        {"prompt_tokens": -5, "completion_tokens": -7},
        {"prompt_tokens": "12"},
        {"prompt_tokens": True},
        {"prompt_tokens": 10**400, "completion_tokens": 10**30},
        {"prompt_tokens": 1.5},
    ],
    ids=repr,
)
def test_a_server_without_a_count_is_not_one_without_a_limit(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, usage: Any
) -> None:
    server.told = [Told(200, whole(usage=usage))] * 9
    limited = replace(endpoint, price_out=100_000.0, max_cost=3.5, concurrency=1)
    with pytest.raises(Unanswered, match=r"6 of 9 calls .*max_cost is 3.5"):
        ask(limited, tmp_path / "j", *requests(9))
    assert len(server.asked) == 3
    kept = read_journal(tmp_path / "j").values()
    assert {(one.prompt_tokens, one.completion_tokens) for one in kept} == {(0, 0)}


@pytest.mark.parametrize(
    ("text", "counted", "said"),
    [
        ("The river keeps the stone. " * 800, 2_050, True),
        ("The river keeps the stone. " * 800, 4_800, False),
        ("\u6cb3\u6c34\u7559\u4f4f\u77f3\u5934\u3002" * 800, 1_900, True),
        ("\u6cb3\u6c34\u7559\u4f4f\u77f3\u5934\u3002" * 800, 4_200, False),
        ("The river keeps the stone. " * 20, 40, False),
        ("The river keeps the stone. " * 800, 0, False),
    ],
)
def test_a_prompt_that_a_server_seems_to_have_cut_is_pointed_out_once(
    server: ModelServer,
    endpoint: Endpoint,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    counted: int,
    said: bool,
) -> None:
    server.usage = {"prompt_tokens": counted, "completion_tokens": 1}
    ask(endpoint, tmp_path / "j", about(text), about(f"{text} Why?"))
    lines = capsys.readouterr().err.splitlines()
    assert [f"it counts {counted:,} tokens in a prompt of" in line for line in lines] == [True] * said


def test_a_limit_of_money_without_a_price_is_none_and_is_refused() -> None:
    with pytest.raises(FieldError, match="max_cost is 5, and nothing has a price"):
        Endpoint(max_cost=5.0)
    assert Endpoint(max_cost=5.0, price_in=1.0).max_cost == 5.0


def packed(how: str, body: bytes) -> bytes:
    return {"gzip": gzip.compress, "deflate": zlib.compress, "br": lambda plain: plain}[how](body)


@pytest.mark.parametrize("how", ["gzip", "deflate"])
def test_an_answer_that_is_packed_unasked_is_unpacked(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, how: str
) -> None:
    server.told = [Told(200, packed(how, whole("packed").encode()), {"Content-Encoding": how})]
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == ["packed"]
    assert server.headers[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("body", "headers", "says"),
    [
        (packed("gzip", whole("x" * 200_000).encode()), {"Content-Encoding": "gzip"}, "sent more than"),
        (whole("x" * 200_000).encode(), {}, "sent more than"),
        (packed("gzip", whole().encode())[:-30], {"Content-Encoding": "gzip"}, "no whole JSON"),
        (b"plain", {"Content-Encoding": "gzip"}, "cannot be unpacked"),
        (b"plain", {"Content-Encoding": "br"}, "packed as 'br'"),
        (b"\xff\xfe{", {}, "no whole JSON"),
    ],
    ids=["bomb", "long", "cut", "no gzip", "br", "bytes"],
)
def test_bombs_and_broken_packing_are_no_answers(
    server: ModelServer,
    endpoint: Endpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    body: bytes,
    headers: dict[str, str],
    says: str,
) -> None:
    monkeypatch.setattr(attempt, "LONGEST_BODY", 100_000)
    server.told = [Told(200, body, headers)] * 2
    with pytest.raises(Unanswered, match=says):
        ask(replace(endpoint, attempts=2), tmp_path / "j", about("x"))
    assert read_journal(tmp_path / "j") == {}
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == ["about x"]


def test_a_body_that_drips_is_given_up(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    server.drip = 0.05
    with pytest.raises(Unanswered, match=r"no whole answer within 0.2 s"):
        ask(replace(endpoint, timeout=0.2, attempts=1), tmp_path / "j", about("x"))


def test_a_connection_that_was_cut_is_not_used_again(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    cut = Told(200, whole()[:9], {"Content-Length": "90"}, close=True)
    server.told = [Told(200, whole("first")), cut, Told(200, whole("second")), Told(200, whole("third"), close=True)]
    answers = ask(replace(endpoint, concurrency=1), tmp_path / "j", *requests(4))
    assert texts(answers) == ["first", "second", "third", "about question 3"]
    assert len(server.asked) == 5


def test_a_redirect_is_not_followed_and_is_named(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    server.told = [Told(307, headers={"Location": f"{server.address}/elsewhere"})]
    with pytest.raises(StoreError, match=r"answered 307; it sends calls on to http.*/v1/elsewhere"):
        ask(replace(endpoint, concurrency=1), tmp_path / "j", about("x"))
    assert len(server.asked) == 1


def test_the_key_is_taken_out_however_json_spells_it(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", 'ab/cd"ef')
    server.told = [Told(200, r'{"choices": [{"message": {"content": "ab\/cd\"ef or ab/cd\"ef"}}]}')]
    server.told.append(Told(302, headers={"Location": 'http://elsewhere/?key=ab/cd"ef'}))
    assert "cd" not in texts(ask(endpoint, tmp_path / "j", about("x")))[0]
    with pytest.raises(StoreError) as error:
        ask(endpoint, tmp_path / "j", about("y"))
    assert "cd" not in str(error.value)
    monkeypatch.setenv("OPENAI_API_KEY", "schlüssel\u2028")
    with pytest.raises(StoreError, match="OPENAI_API_KEY has characters") as error:
        ask(endpoint, tmp_path / "j", about("z"))
    assert "schl" not in str(error.value)


def test_two_processes_share_a_journal_and_pay_once(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    server.latency = 0.01
    both = [
        multiprocessing.get_context("fork").Process(target=ask, args=(endpoint, tmp_path / "j", *requests(40)))
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert len(server.asked) == len(read_journal(tmp_path / "j")) == 40


def test_who_waits_for_another_run_says_so(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Journal(tmp_path / "j"):
        second = threading.Thread(target=ask, args=(endpoint, tmp_path / "j", about("x")))
        second.start()
        said, tries = "", 0
        while "waiting for another run" not in said and tries < 2_000:
            said += capsys.readouterr().err
            tries += 1
            time.sleep(0.001)
    second.join()
    assert tries < 2_000
    assert len(server.asked) == 1


def test_answers_that_wait_for_the_disk_when_a_run_is_stopped_are_kept(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Journal._write

    def slowly(self: Journal, data: bytes) -> None:
        time.sleep(0.1)
        write(self, data)

    monkeypatch.setattr(Journal, "_write", slowly)
    path = tmp_path / "j"

    async def stopped(journal: Journal) -> None:
        keeping = [asyncio.create_task(journal.keep(f"{i}", Reply("m", {"text": "x"}, 1, 1))) for i in range(3)]
        await asyncio.sleep(0.03)
        for one in keeping:
            one.cancel()

    with Journal(path) as journal:
        asyncio.run(stopped(journal))
    assert sorted(read_journal(path)) == ["0", "1", "2"]


def test_the_budget_of_a_client_holds_over_several_asks(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    with Journal(tmp_path / "j") as journal:
        client = Client(replace(endpoint, max_calls=3), journal)
        client.ask(requests(2))
        with pytest.raises(Unanswered, match="1 of 2 calls"):
            client.ask([about("a"), about("b")])
    assert len(server.asked) == 3


def test_neither_requests_nor_replies_are_held(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    """30 requests of 200 kB with replies as long: 12 MB went by."""
    server.keep = False
    with Journal(tmp_path / "j") as journal:
        client = Client(replace(endpoint, concurrency=1), journal)
        client.ask([about("warm")])
        tracemalloc.start()
        try:
            client.ask(_long())
            lengths = [len(answer.reply.text) for answer in map(client.answer, _long()) if answer.reply]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(lengths) == 30
    assert min(lengths) > 190_000
    assert peak < 5 * 2**20


def _long() -> Iterator[Request]:
    return (about(f"{i:03} " * 50_000) for i in range(30))
