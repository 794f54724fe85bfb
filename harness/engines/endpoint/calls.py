"""One call of an endpoint: what is asked, what comes back, and what it uses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass
from functools import cached_property
from operator import add, sub
from typing import Any

from humpback.core.machine import Endpoint
from humpback.core.text import one_line
from humpback.engines.endpoint.message import ReplyMessage, understand


@dataclass(frozen=True)
class Request:
    """What is asked."""

    path: str
    """Below the endpoint's address, such as "chat/completions"."""
    body: dict[str, Any]
    """JSON object with the model as asked, messages or prompt, and sampling."""

    def key(self, sample: int) -> str:
        """64 hexadecimal digits that name the `sample`-th call of this request."""
        text = json.dumps([self.path, self.body, sample], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_greedy(self) -> bool:
        """Whether another call can be expected to bring the same reply, so that asking again is money for nothing."""
        return self.body.get("temperature") == 0


@dataclass(frozen=True)
class Usage:
    """Calls, tokens and money."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*map(add, astuple(self), astuple(other)))

    def __sub__(self, other: Usage) -> Usage:
        return Usage(*map(sub, astuple(self), astuple(other)))

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def counts(self, at: Endpoint) -> dict[str, int]:
        """As they stand in a record."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost_millionths": round(self.cost(at) * 1_000_000),
        }

    def cost(self, at: Endpoint) -> float:
        """In the currency of the endpoint's prices."""
        return (self.prompt_tokens * at.price_in + self.completion_tokens * at.price_out) / 1_000_000


@dataclass(frozen=True)
class Reply:
    """What a server answered, whole."""

    model: str
    """As the server reports it."""
    choice: dict[str, Any]
    """The first of `choices`, as it came: message or text, finish_reason, logprobs."""
    prompt_tokens: int
    """As the server reports it; 0 where it does not."""
    completion_tokens: int
    address: str = ""
    """Of the server that was asked."""
    system_fingerprint: str = ""
    """Of the server's configuration, as it reports it."""
    mended: str = ""
    """How the request was said otherwise because the server did not take it as it was."""

    @cached_property
    def message(self) -> ReplyMessage:
        """The choice as it is understood.

        Raises:
            NotText: when it holds what is no text.
        """
        return understand(self.choice)

    @property
    def text(self) -> str:
        """What was said, without the thinking."""
        return self.message.text

    @property
    def used(self) -> Usage:
        """What the server says that the call used."""
        return Usage(1, self.prompt_tokens, self.completion_tokens)


@dataclass(frozen=True)
class Refusal:
    """A server will not answer this request."""

    problem: str
    """The server's words."""
    address: str = ""


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    reply: Reply | None
    """The accepted reply, or else the last one; None where the server refused the request."""
    used: Usage
    """By all the samples that were looked at, also those that an earlier run had paid for."""
    problem: str = ""
    """The server's words where it refused."""


def accept_all(reply: Reply) -> bool:
    """Every reply will do."""
    return True


def describe_reply(reply: Reply) -> str:
    """A sentence's end: how a reply finished, and what it says."""
    message, finish = reply.message, reply.choice.get("finish_reason")
    said = one_line(message.text, 200) if message.text.strip() else "no text"
    thought = f", after {len(message.thinking):,} characters of thinking" if message.thinking else ""
    return f"Its finish_reason is {finish!r}, and it says{thought}: {said}"
