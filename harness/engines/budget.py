"""What one run may spend, held before each call and not found out afterwards.

A call takes out of the budget what it is expected to need before it is sent, and puts the server's own count in that
place when it is answered, so that calls in flight together cannot pass the limit by their number. The prompt's tokens
are an estimate, so the last calls of a run can pass a limit by what the estimate was wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from harness.engines.journal import Reply, Request
from harness.machine import Endpoint

BYTES_A_TOKEN = 4.0
"""Of English prose in today's vocabularies, roughly; other languages have fewer."""


class OverBudget(Exception):
    """The next call does not fit into what is left. The message names the limit."""


@dataclass(frozen=True)
class Usage:
    """Calls, tokens and money."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def __sub__(self, other: Usage) -> Usage:
        return self + Usage(-other.calls, -other.prompt_tokens, -other.completion_tokens)

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


def expected(request: Request) -> Usage:
    """An estimate before the call: the prompt's tokens from its length, and the most that may be written."""
    body = request.body
    size = len(json.dumps(body.get("messages", body.get("prompt", "")), ensure_ascii=False).encode("utf-8", "replace"))
    size += len(json.dumps(body["tools"]).encode()) if "tools" in body else 0
    return Usage(1, round(size / BYTES_A_TOKEN), int(body.get("max_tokens") or 0))


def used(reply: Reply) -> Usage:
    """What the server says that a call used."""
    return Usage(1, reply.prompt_tokens, reply.completion_tokens)


def taken(reply: Reply, wanted: Usage) -> Usage:
    """What a call takes out of the budget: what the server says, or all that was expected where it says nothing, since
    a server without a count must not be one without a limit."""
    return used(reply) if reply.prompt_tokens else wanted


class Budget:
    """What is left of a run's limits."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.spent = Usage()
        """By calls that were answered."""
        self._held = Usage()
        self._endpoint = endpoint

    @property
    def under_way(self) -> bool:
        """Whether calls hold a part of it."""
        return self._held.calls > 0

    def hold(self, wanted: Usage) -> None:
        """Take what a call is expected to need.

        Raises:
            OverBudget: when that does not fit.
        """
        at, total = self._endpoint, self.spent + self._held + wanted
        for name, limit, would in (
            ("max_calls", at.max_calls, total.calls),
            ("max_tokens", at.max_tokens, total.tokens),
            ("max_cost", at.max_cost, total.cost(at)),
        ):
            if limit is not None and would > limit:
                raise OverBudget(f"{name} is {limit:g}")
        self._held += wanted

    def settle(self, wanted: Usage, got: Usage) -> None:
        """Put what a call used in the place of what it was expected to need; nothing where it failed."""
        self._held -= wanted
        self.spent += got
