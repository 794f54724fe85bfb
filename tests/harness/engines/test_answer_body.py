"""Errors wherever servers put them: beside an empty reply, and under statuses that say something else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.core.work import new_log
from humpback.engines.completion import Completion
from humpback.engines.endpoint.answer_body import is_too_long
from humpback.engines.endpoint.client import Client, Unanswered
from humpback.engines.endpoint.journal import Journal
from humpback.engines.endpoint_engine import EndpointEngine
from humpback.spec.data import Sampling
from tests.harness.engines.asking import about, ask, requests, texts
from tests.harness.model_server import ModelServer, Told, read_journal

EMPTY = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": None}}


def told(status: int, **body: Any) -> Told:
    return Told(status, json.dumps(body))


@pytest.mark.parametrize(
    "told",
    [
        told(200, choices=[EMPTY], error={"message": "Provider returned error", "code": 429}),
        told(200, choices=[EMPTY], error="overloaded"),
        told(200, choices=[{**EMPTY, "error": {"message": "Overloaded", "code": 502}}]),
        told(200, choices=[{**EMPTY, "finish_reason": "FinishReason.ERROR"}]),
        told(200, choices=[{**EMPTY, "finish_reason": "timeout"}]),
        told(424, error="Request failed during generation: Server error"),
        told(498, error={"message": "Flex tier capacity exceeded"}),
        told(500, error={"message": "context deadline exceeded"}),
        told(429, error={"message": "Request too large on tokens per min (TPM): Limit 250,000, Requested 546."}),
    ],
    ids=lambda told: told.body[:90],
)
def test_a_failure_is_no_empty_reply_and_is_tried_again(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, told: Told
) -> None:
    server.told = [told]
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == ["about x"]
    assert len(server.asked) == 2
    server.told = [told] * endpoint.attempts
    with pytest.raises(Unanswered):
        ask(endpoint, tmp_path / "j", about("y"))
    assert len(read_journal(tmp_path / "j")) == 1


LONG = "the request exceeds the available context size"


@pytest.mark.parametrize(
    ("told", "attempts"),
    [
        (told(500, error={"message": LONG, "n_prompt_tokens": 1407, "n_ctx": 256}), 1),
        (told(500, error={"message": "Context size has been exceeded.", "type": "server_error"}), 4),
        (told(200, error={"message": f"{LONG}, try increasing it", "type": "exceed_context_size_error"}), 1),
        (told(200, error="`inputs` must have less than 3072 tokens. Given: 4000", error_type="validation"), 1),
        (told(429, error={"message": "Request too large on TPM: Limit 30000, Requested 30500. Reduce it."}), 1),
        (
            Told(
                400, json.dumps([{"error": {"code": 400, "message": "The input token count (9) exceeds the maximum"}}])
            ),
            1,
        ),
    ],
    ids=lambda one: one.body[:90] if isinstance(one, Told) else "",
)
def test_a_prompt_that_never_fits_is_kept_aside_whatever_the_status(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, told: Told, attempts: int
) -> None:
    server.told = [told] * attempts
    with Journal(tmp_path / "j") as journal:
        engine = EndpointEngine(
            "m", Client(replace(endpoint, concurrency=1), journal), new_log(tmp_path, lambda *_: None)
        )
        found = engine.generate(["long", "short"], Sampling())
    assert [one.ended for one in found] == ["prompt too long", "stop"]
    assert len(server.asked) == attempts + 1


@pytest.mark.parametrize(
    "choice",
    [{"index": 0, "finish_reason": "content_filter"}, {**EMPTY, "finish_reason": "sensitive"}],
)
def test_what_a_filter_withholds_may_come_without_a_message(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, choice: dict[str, Any]
) -> None:
    server.told = [told(200, choices=[choice])]
    with Journal(tmp_path / "j") as journal:
        engine = EndpointEngine(
            "m", Client(replace(endpoint, concurrency=1), journal), new_log(tmp_path, lambda *_: None)
        )
        withheld, written = engine.generate(["a", "b"], Sampling())
    assert (withheld.ended, withheld.text) == ("refused", "")
    assert written == Completion("about b", "stop", server.model)


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (b"\xef\xbb\xbf" + json.dumps({"choices": [{"text": "caf\u00e9"}]}).encode(), ""),
        (json.dumps({"choices": [{"text": "caf\u00e9"}]}, ensure_ascii=False).encode("latin-1"), "iso-8859-1"),
        (json.dumps({"choices": [{"text": "caf\u00e9"}]}, ensure_ascii=False).encode(), "iso-8859-1"),
    ],
    ids=["a mark of byte order", "another charset", "a charset that it is not in"],
)
def test_a_body_is_read_in_what_it_is_written_in(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, body: bytes, header: str
) -> None:
    server.told = [Told(200, body, {"Content-Type": f"application/json; charset={header}"} if header else {})]
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == ["caf\u00e9"]


@pytest.mark.parametrize(
    ("words", "too_long"),
    [
        ("This model's maximum context length is 8192 tokens", True),
        ("The decoder prompt (length 5000) is longer than the maximum model length of 4096", True),
        ("prompt is too long: 200251 tokens > 199999 maximum", True),
        ("Please reduce the length of the messages or completion.", True),
        ("Requested tokens (2285) exceed context window of 2048", True),
        ("Range of input length should be [1, 30720]", True),
        ("Trying to keep the first 5000 tokens when context overflows", True),
        ("rpc error: context canceled", False),
        ("The response was filtered due to the prompt triggering the content management policy.", False),
        ("This request would exceed your rate limit of 40,000 input tokens per minute", False),
    ],
)
def test_words_for_a_prompt_that_is_too_long(words: str, too_long: bool) -> None:
    assert is_too_long(words) == too_long


def test_a_server_that_begins_to_refuse_every_call_ends_the_run_and_leaves_no_refusal(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    one = replace(endpoint, concurrency=1)
    flagged, disabled = told(400, error="The prompt was flagged."), told(400, error="This organization is disabled.")
    server.refuse = lambda body: None if len(server.asked) <= 12 else flagged if len(server.asked) <= 24 else disabled
    with pytest.raises(StoreError, match=r"the last 8 calls are refused in the same words; it answered 400: This org"):
        ask(one, tmp_path / "j", *requests(60))
    assert len(server.asked) == 12 + 12 + 8, "what is said of a prompt may be said of many"
    assert len(read_journal(tmp_path / "j")) == 12
    server.refuse = lambda body: None
    assert len(texts(ask(one, tmp_path / "j", *requests(60)))) == 60
    assert len(read_journal(tmp_path / "j")) == 60


def test_refusals_at_the_end_of_a_run_are_kept(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    server.refuse = lambda body: told(400, error="No.") if "question 9" in str(body) else None
    for _ in range(2):
        assert ask(replace(endpoint, concurrency=1), tmp_path / "j", *requests(10))[9].problem == "answered 400: No."
    assert len(server.asked) == 10


@pytest.mark.parametrize(
    "told",
    [
        told(
            400,
            error={"message": "Budget has been exceeded! Current cost: 2, Max budget: 1", "type": "budget_exceeded"},
        ),
        told(429, error={"message": "ExceededBudget: End User=x over budget. Spend=2, Budget=1"}),
        told(400, error={"message": "You have reached your specified API usage limits."}),
        told(400, error={"message": "Access denied.", "code": "Arrearage"}),
    ],
    ids=lambda told: told.body[:60],
)
def test_an_account_without_money_is_no_refusal_of_a_prompt(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, told: Told
) -> None:
    server.told = [told]
    with pytest.raises(StoreError, match="when that is paid"):
        ask(replace(endpoint, concurrency=1), tmp_path / "j", about("x"))
    assert len(server.asked) == 1


def test_a_count_of_tokens_may_be_written_with_a_point(server: ModelServer, endpoint: Endpoint, tmp_path: Path) -> None:
    server.told = [told(200, choices=[{"text": "x"}], usage={"prompt_tokens": 12.0, "completion_tokens": 2.5})]
    (answer,) = ask(endpoint, tmp_path / "j", about("x"))
    assert (answer.used.prompt_tokens, answer.used.completion_tokens) == (12, 0)


def test_a_firewall_that_blocks_one_prompt_keeps_it_aside_and_a_gateway_s_page_is_tried_again(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    blocked = Told(403, "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>", {"Content-Type": "text/html"})
    one = replace(endpoint, concurrency=1)
    server.refuse = lambda body: blocked if "DROP TABLE" in str(body) else None
    server.told = [Told(400, "<html><title>400 Bad Request</title>")]
    first, second, third = ask(one, tmp_path / "j", about("x"), about("'; DROP TABLE"), about("y"))
    assert texts([first, second, third]) == ["about x", "", "about y"]
    assert "Attention Required" in second.problem
    assert len(server.asked) == 4
    server.refuse = lambda body: blocked
    with pytest.raises(StoreError, match="every call is refused; it answered 403: <!DOCTYPE html>"):
        ask(one, tmp_path / "other", *requests(20))
