"""Requests to an endpoint, asked as its client asks them, and a server's plain answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from humpback.core.machine import Endpoint
from humpback.engines.endpoint.calls import Answer, Request
from humpback.engines.endpoint.client import Client
from humpback.engines.endpoint.journal import Journal
from tests.harness.model_server import Body


def echo(body: Body) -> dict[str, Any]:
    return {"content": f"about {body['messages'][-1]['content']}"}


def requests(n: int) -> list[Request]:
    return [about(f"question {i}") for i in range(n)]


def about(text: str) -> Request:
    body = {"model": "asked", "messages": [{"role": "user", "content": text}], "max_tokens": 10}
    return Request("chat/completions", body)


def ask(endpoint: Endpoint, journal: Path, *wanted: Request, **how: Any) -> list[Answer]:
    with Journal(journal) as one:
        client = Client(endpoint, one)
        client.ask(wanted, **how)
        return [client.answer(request, **how) for request in wanted]


def texts(answers: list[Answer]) -> list[str]:
    return [one.reply.text if one.reply else "" for one in answers]
