"""The endpoint client against a real server on loopback: order, limits, budgets, and what is kept."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, load_machine
from humpback.core.store import StoreError
from humpback.core.work import new_log
from humpback.engines.endpoint.calls import Reply
from humpback.engines.endpoint.client import Client, Unanswered
from humpback.engines.endpoint.journal import Journal
from humpback.engines.endpoint_engine import EndpointEngine
from humpback.spec.data import Sampling
from tests.harness.engines.asking import about, ask, echo, requests, texts
from tests.harness.model_server import Body, ModelServer, Told, read_journal


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
