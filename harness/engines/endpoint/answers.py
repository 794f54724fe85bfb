"""What a journal holds of a request, as whoever asked it takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from humpback.core.machine import Endpoint
from humpback.core.text import one_line
from humpback.engines.endpoint.budget import Usage, used
from humpback.engines.endpoint.journal import Answers, Refusal, Reply, Request
from humpback.engines.endpoint.message import NoText
from humpback.engines.endpoint.sending import changed


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


def shown(reply: Reply) -> str:
    """A sentence's end: how a reply finished, and what it says."""
    message, finish = reply.message, reply.choice.get("finish_reason")
    said = one_line(message.text, 200) if message.text.strip() else "no text"
    thought = f", after {len(message.thinking):,} characters of thinking" if message.thinking else ""
    return f"Its finish_reason is {finish!r}, and it says{thought}: {said}"


def sent(request: Request, endpoint: Endpoint) -> Request:
    """The request as it goes to an endpoint, which may want fields added or left out."""
    return changed(request, endpoint.send, endpoint.drop)


def answer_in(
    journal: Answers, request: Request, samples: int = 1, accept: Callable[[Reply], bool] = accept_all
) -> tuple[Answer, int]:
    """What a journal holds of a request as it is sent, and how many calls there may still be: 0 where it is settled."""
    usage, reply = Usage(), None
    for sample in range(samples):
        known = journal.known(request.key(sample))
        if isinstance(known, Refusal):
            return Answer(None, usage, known.problem), 0
        if known is None:
            return Answer(reply, usage), (sample == 0) if request.is_greedy else samples - sample
        try:
            _ = known.message
        except NoText as error:
            return Answer(None, usage + used(known), f"answered 200 with {error}"), 0
        reply, usage = known, usage + used(known)
        if accept(reply):
            break
    return Answer(reply, usage), 0
