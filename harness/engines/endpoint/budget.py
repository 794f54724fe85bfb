"""What one run may spend, held before each call and not found out afterwards.

A call takes the most that it can need out of the budget before it is sent, and puts the server's own count in that
place when it is answered, so that calls in flight together cannot pass a limit.
"""

from __future__ import annotations

import json
import math

from humpback.core.machine import Endpoint
from humpback.engines.endpoint.calls import Reply, Request, Usage
from humpback.engines.endpoint.request_fields import limit_of

CHARACTERS_A_TOKEN = 3.0
"""Of ASCII: English prose has four in today's vocabularies, code and numbers fewer."""
UNLIMITED = 32_768
"""Tokens that a reply is expected to have at most where nothing that is sent limits it."""


_LEAST_READ = 0.36
"""Of the tokens that are expected in a prompt, rather too many: so few are counted in no prose, of which two thirds
are, and in what a server has cut to half of a context."""
_WORTH_A_LOOK = 1_000
"""Tokens that are expected in a prompt; of a shorter one the estimate says little."""


class OverBudget(Exception):
    """The next call does not fit into what is left. The message names the limit."""


def expected_usage(request: Request) -> Usage:
    """An estimate before the call, rather too much than too little: the prompt's tokens from its length, and the most
    that may be written."""
    text = _prompt(request)
    ascii_only = sum(map(str.isascii, text)) if not text.isascii() else len(text)
    tokens = ascii_only / CHARACTERS_A_TOKEN + (len(text.encode("utf-8", "replace")) - ascii_only) / 2
    return Usage(1, math.ceil(tokens), longest_reply(request))


def maximum_usage(request: Request) -> Usage:
    """What a call cannot pass: a token is a byte at least."""
    size = len(_prompt(request).encode("utf-8", "replace"))
    return Usage(1, size, longest_reply(request))


def longest_reply(request: Request) -> int:
    """Tokens that a reply may have."""
    limit = limit_of(request.body)
    return UNLIMITED if limit is None else max(0, limit)


def _prompt(request: Request) -> str:
    body = request.body
    sent = [body.get("messages", body.get("prompt", "")), *(body[key] for key in ("tools", "functions") if key in body)]
    return "".join(json.dumps(one, ensure_ascii=False) for one in sent)


def seems_cut(reply: Reply, request: Request) -> bool:
    """Whether a server counts so few tokens in a text that it can hardly have read it whole."""
    if isinstance(request.body.get("prompt"), list):
        return False
    expected = expected_usage(request).prompt_tokens
    return expected >= _WORTH_A_LOOK and 0 < reply.prompt_tokens < _LEAST_READ * expected


def charged_usage(reply: Reply, request: Request) -> Usage:
    """What a call takes out of the budget: what the server says, or all that was expected where it says nothing, since
    a server without a count must not be one without a limit."""
    return reply.used if reply.prompt_tokens else expected_usage(request)


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
        """Take what a call may need.

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
                raise OverBudget(f"{name} is {limit:g}, and with the next call it might be {would:g}")
        self._held += wanted

    def settle(self, wanted: Usage, got: Usage) -> None:
        """Put what a call used in the place of what it might have needed; nothing where it failed."""
        self._held -= wanted
        self.spent += got
