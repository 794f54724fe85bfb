"""What is sent can be said otherwise: by the user, and by the server that names what it does not take.

Neighbours that were tried: `max_tokens` refused with and without the name of its successor, and the reverse;
temperature and seed; by `param`, by pydantic's `loc` (422), by the text alone; two fields one after the other; a length
that is named because a prompt is too long; a field that a reply cannot be had without; a server that never has enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, load_machine
from humpback.core.store import StoreError
from humpback.engines.endpoint.budget import longest_reply, maximum_usage
from humpback.engines.endpoint.calls import Request
from humpback.engines.endpoint.request_fields import with_fields
from humpback.engines.endpoint_engine import chat_request
from humpback.spec.data import Sampling
from tests.harness.engines.asking import ask, texts
from tests.harness.model_server import Body, ModelServer, Told, read_journal

SENT = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 10, "temperature": 0, "seed": 1}


def about(text: str) -> Request:
    return Request("chat/completions", {**SENT, "messages": [{"role": "user", "content": text}]})


@pytest.fixture
def endpoint(server: ModelServer) -> Endpoint:
    return Endpoint(server.address, pause=0.001, timeout=5.0, attempts=3, concurrency=1)


def complaint(text: str, status: int = 400, **more: Any) -> Told:
    return Told(status, json.dumps({"error": {"message": text, **more}}))


def refusing(server: ModelServer, *rules: tuple[str, Told]) -> None:
    """Refuse each request that has one of these fields, with the words beside it."""
    pick: Callable[[Body], Told | None] = lambda body: next((told for name, told in rules if name in body), None)  # noqa: E731
    server.refuse = pick


@pytest.mark.parametrize(
    ("field", "told", "instead"),
    [
        (
            "max_tokens",
            complaint("Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."),
            {"max_completion_tokens": 10},
        ),
        ("max_tokens", complaint("Unknown parameter", param="max_tokens"), {"max_completion_tokens": 10}),
        ("temperature", complaint("Only the default (1) value is supported.", param="temperature"), {}),
        ("temperature", complaint("`temperature` is deprecated for this model."), {}),
        (
            "seed",
            Told(422, json.dumps({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]})),
            {},
        ),
        ("seed", Told(400, "Unrecognized request argument supplied: seed"), {}),
    ],
)
def test_a_field_that_is_not_taken_is_said_otherwise_and_that_is_said_and_kept(
    server: ModelServer,
    endpoint: Endpoint,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    field: str,
    told: Told,
    instead: Body,
) -> None:
    refusing(server, (field, told))
    answers = ask(endpoint, tmp_path / "j", about("x"), about("y"))
    assert texts(answers) == ["about x", "about y"]
    assert len(server.asked) == 3
    wanted = {**{key: value for key, value in SENT.items() if key != field}, **instead}
    assert {**server.asked[-1], "messages": SENT["messages"]} == wanted
    (said,) = capsys.readouterr().err.splitlines()
    assert field in said
    assert "from here on" in said
    assert {one.mended != "" for one in read_journal(tmp_path / "j").values()} == {True}


def test_one_field_after_the_other_and_the_reverse_spelling(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    refusing(
        server,
        ("max_tokens", complaint("Unsupported parameter", param="max_tokens")),
        ("temperature", complaint("Unsupported value", param="temperature")),
    )
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == ["about x"]
    assert {"max_completion_tokens", "seed"} <= {*server.asked[-1]}
    assert "temperature" not in server.asked[-1]
    refusing(server, ("max_completion_tokens", complaint("Unknown parameter: 'max_completion_tokens'.")))
    newer = replace(endpoint, send=(("max_completion_tokens", "10"),))
    assert texts(ask(newer, tmp_path / "j", about("y"))) == ["about y"]
    assert server.asked[-1]["max_tokens"] == 10


@pytest.mark.parametrize(
    "told",
    [
        complaint("This model's maximum context length is 8 tokens; the prompt is longer."),
        complaint(
            "This model's maximum context length is 8 tokens. It contains at least 9 input tokens, output tokens"
        ),
        complaint("'messages' with images are not supported", param="messages"),
        complaint("Unsupported value: 'model'", param="model"),
    ],
)
def test_what_is_wrong_with_one_prompt_mends_nothing(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, told: Told
) -> None:
    server.told = [told]
    answers = ask(endpoint, tmp_path / "j", about("x"), about("y"))
    assert [bool(one.problem) for one in answers] == [True, False]
    assert [body["max_tokens"] for body in server.asked] == [10, 10]


def test_a_server_that_never_has_enough_is_given_up(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    both = complaint("Unsupported parameter: max_tokens, max_completion_tokens, temperature, seed")
    refusing(server, ("model", both))
    with pytest.raises(StoreError, match="every call is refused; it answered 400: Unsupported"):
        ask(endpoint, tmp_path / "j", *(about(f"{i}") for i in range(20)))
    assert len(server.asked) < 60


def test_fields_of_the_machine_file_are_sent_and_left_out_and_name_the_call(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    path = tmp_path / "machine.toml"
    path.write_text('[endpoint]\nsend = {reasoning_effort = "low", extra = {thinking = false}}\ndrop = ["seed"]\n')
    given = load_machine(path).endpoint
    at = replace(endpoint, send=given.send, drop=given.drop)
    for each in (at, at, endpoint):
        assert texts(ask(each, tmp_path / "j", about("x"))) == ["about x"]
    assert len(server.asked) == 2
    body = server.asked[0]
    assert (body["reasoning_effort"], body["extra"], "seed" in body) == ("low", {"thinking": False}, False)
    path.write_text("[endpoint]\nsend = {when = 2020-01-01}\n")
    with pytest.raises(FieldError, match=r"Endpoint\.send\.when"):
        load_machine(path)


def test_a_limit_takes_the_place_of_one_under_another_name() -> None:
    longer = with_fields(about("x"), (("max_completion_tokens", "500"),), ())
    assert ("max_tokens" in longer.body, longer.body["max_completion_tokens"], longest_reply(longer)) == (
        False,
        500,
        500,
    )
    assert maximum_usage(longer).completion_tokens == 500
    assert longest_reply(with_fields(about("x"), (), ("max_tokens",))) > 10_000


OF_1000 = "This model's maximum context length is 1,000 tokens"


@pytest.mark.parametrize(
    ("says", "room"),
    [
        (f"{OF_1000}. However, you requested 1002 tokens (996 in the messages, 10 in the completion).", 4),
        (f"'max_tokens' is too large: 10. {OF_1000} and your request has 993 input tokens (10 > 1000 - 993).", 7),
        ("`inputs` tokens + `max_new_tokens` must be <= 1000. Given: 999 `inputs` tokens and 10 `max_new_tokens`", 1),
        (f"{OF_1000}. You requested 10 output tokens and your prompt contains at least 991 input tokens.", None),
        ("max_tokens is too large: 10 tokens do not fit into this model's context", None),
        ("max_tokens=10 cannot be greater than max_model_len=8. Please request fewer output tokens.", None),
    ],
)
def test_a_prompt_that_fits_without_so_long_a_reply_is_answered_in_the_room_there_is(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, says: str, room: int | None
) -> None:
    refused = complaint(says)
    server.refuse = lambda body: refused if body.get("max_tokens") == 10 and "long" in str(body) else None
    answers = ask(replace(endpoint, concurrency=1), tmp_path / "j", about("long"), about("short"))
    assert texts(answers) == ["about long", "about short"]
    assert [body.get("max_tokens") for body in server.asked] == [10, room, 10]
    assert [one.mended for one in read_journal(tmp_path / "j").values()] == ["with the room there is", ""]


def test_a_prompt_that_never_fits_is_asked_once_more_at_most(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    refusing(server, ("model", complaint("maximum context length is 8 tokens; reduce the messages or the completion")))
    (answer,) = ask(endpoint, tmp_path / "j", about("x"))
    assert "maximum context length" in answer.problem
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "says",
    [
        "System role not supported",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
    ],
)
def test_a_model_that_takes_no_system_message_has_it_before_the_first(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str], says: str
) -> None:
    server.refuse = lambda body: complaint(says) if body["messages"][0]["role"] == "system" else None
    given = [chat_request("m", text, Sampling(), "Be brief.") for text in ("x", "y")]
    answers = ask(replace(endpoint, concurrency=1), tmp_path / "j", *given)
    assert texts(answers) == ["about Be brief.\n\nx", "about Be brief.\n\ny"]
    assert len(server.asked) == 3
    assert "it is asked with the system message before the first from here on" in capsys.readouterr().err
    assert {one.mended for one in read_journal(tmp_path / "j").values()} == {"with the system message before the first"}


@pytest.mark.parametrize(("top_p", "asked"), [(1.0, 2), (0.9, 1)])
def test_a_share_of_all_can_be_left_out_where_a_server_takes_less_alone(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, top_p: float, asked: int
) -> None:
    says = complaint("Input validation error: `top_p` must be > 0.0 and < 1.0", status=422)
    refusing(server, ("top_p", says))
    (answer,) = ask(endpoint, tmp_path / "j", Request("chat/completions", {**SENT, "top_p": top_p}))
    assert bool(answer.problem) == (top_p < 1)
    assert len(server.asked) == asked
