"""The one client for models behind an OpenAI-compatible server: judging, and generation and rating where they use one.

So many calls go at a time; each is tried until there is a whole reply, and is in the journal (on disk) before it
counts. What is in the journal is not asked again, so a run that was stopped or killed goes on where it was and pays
twice only for what was under way. A call that fails for good leaves nothing behind: the others are finished, then the
run ends with an error, and the next one asks only what is missing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.engines.attempt import Again, Http, Refused
from harness.engines.budget import Budget, OverBudget, Usage, expected, taken, used
from harness.engines.journal import Journal, Reply, Request
from harness.machine import Endpoint
from harness.store import StoreError

_HOPELESS = 5
"""Calls that fail for good in a row, after which the server is taken to be gone and the rest is not asked."""
_REFUSED = 8
"""Calls refused before any was answered, after which the request itself is taken to be wrong."""


class _Stopped(Exception):
    """Nothing more is asked in this run."""


class Unanswered(StoreError):
    """Calls are left without an answer. What was answered is kept; the message says how many are left and why."""


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    reply: Reply | None
    """The accepted reply, or else the last one; None where the server refused the request."""
    used: Usage
    """By all the samples that were looked at, also those that an earlier run had paid for."""
    problem: str = ""
    """The server's words where it refused."""


@dataclass
class _Tally:
    """How a run is going."""

    left: int = 0
    """Requests without an answer."""
    why: str = ""
    """The first of them failed."""
    in_a_row: int = 0
    refused: int = 0
    answered: bool = False
    stop: str = ""
    """Why nothing more is asked."""


class Client:
    """Asks an endpoint. The journal must be open, and is this client's alone meanwhile."""

    def __init__(self, endpoint: Endpoint, journal: Journal) -> None:
        self.budget = Budget(endpoint)
        self.endpoint = endpoint
        self._journal = journal
        self._not_before = 0.0

    def ask(
        self,
        requests: Sequence[Request],
        *,
        samples: int = 1,
        accept: Callable[[Reply], bool] = lambda reply: True,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[Answer]:
        """An answer to each request, in order. One that is not accepted is asked for again, `samples` times in all;
        equal requests are asked once. `report` is called with (finished, of how many).

        Raises:
            Unanswered: when calls failed for good or the budget is used up, after all others are finished and kept.
            StoreError: when the server will not answer any call.
        """
        distinct = {request.key(0): request for request in requests}
        found: dict[str, Answer] = {}
        tally = _Tally()

        async def work(waiting: Iterator[tuple[str, Request]], http: Http) -> None:
            for key, request in waiting:
                answer = await self._answer(http, request, samples, accept, tally)
                if answer is not None:
                    found[key] = answer
                    report(len(found), len(distinct))

        async def run() -> None:
            waiting = iter(distinct.items())
            self._settled = asyncio.Event()
            try:
                async with Http(self.endpoint) as http, asyncio.TaskGroup() as group:
                    for _ in range(min(self.endpoint.concurrency, len(distinct))):
                        group.create_task(work(waiting, http))
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None

        asyncio.run(run())
        if tally.left:
            why = tally.stop or tally.why
            raise Unanswered(
                f"{self.endpoint.address}: {tally.left:,} of {len(distinct):,} calls are left without an answer: "
                f"{why}. What was answered is kept; run the same command again to ask the rest"
            )
        return [found[request.key(0)] for request in requests]

    async def _answer(
        self, http: Http, request: Request, samples: int, accept: Callable[[Reply], bool], tally: _Tally
    ) -> Answer | None:
        usage = Usage()
        reply: Reply | None = None
        for sample in range(samples):
            key = request.key(sample)
            try:
                reply = self._journal.known(key) or await self._call(http, request, key, tally)
            except Refused as refused:
                tally.refused += 1
                if tally.refused >= _REFUSED and not tally.answered:
                    raise StoreError(f"{self.endpoint.address}: every call is refused; it {refused}") from refused
                return Answer(None, usage, str(refused))
            except _Stopped:
                tally.left += 1
                return None
            except OverBudget as over:
                tally.stop = f"the budget is used up ({over})"
                tally.left += 1
                return None
            except Again as again:
                tally.why, tally.in_a_row = tally.why or f"the server: {again}", tally.in_a_row + 1
                if tally.in_a_row >= _HOPELESS:
                    tally.stop = f"{tally.why}; {tally.in_a_row} calls in a row failed for good"
                tally.left += 1
                return None
            tally.in_a_row, tally.answered = 0, True
            usage += used(reply)
            if accept(reply):
                break
        return Answer(reply, usage)

    async def _call(self, http: Http, request: Request, key: str, tally: _Tally) -> Reply:
        """A reply that is on disk."""
        wanted, got = expected(request), Usage()
        if tally.stop:
            raise _Stopped
        await self._room(wanted)
        try:
            reply = await self._journal.keep(key, await self._persist(http, request, tally))
            got = taken(reply, wanted)
            return reply
        finally:
            self.budget.settle(wanted, got)
            self._settled.set()
            self._settled = asyncio.Event()

    async def _room(self, wanted: Usage) -> None:
        """Wait until the budget has room for a call: what is under way may need less than it holds."""
        while True:
            try:
                return self.budget.hold(wanted)
            except OverBudget:
                if not self.budget.under_way:
                    raise
                await self._settled.wait()

    async def _persist(self, http: Http, request: Request, tally: _Tally) -> Reply:
        at = self.endpoint
        loop = asyncio.get_running_loop()
        for attempt in range(at.attempts):
            # One call's Retry-After holds for all: the limit is the account's.
            while (rest := self._not_before - loop.time()) > 0:
                await asyncio.sleep(rest + random.random() * min(at.pause, 1.0))
            try:
                return await http.attempt(request)
            except Again as again:
                if attempt + 1 == at.attempts or again.wait > at.longest_wait or tally.stop:
                    times = f", {attempt + 1} times in a row" if attempt else ""
                    asked = f" and asked to wait {again.wait:g} s" if again.wait else ""
                    raise Again(f"{again}{asked}{times}") from again
                if again.wait:
                    self._not_before = max(self._not_before, loop.time() + again.wait)
                else:
                    await asyncio.sleep(min(at.longest_wait, at.pause * 2**attempt) * (0.5 + random.random() / 2))
        raise AssertionError("an endpoint makes at least one attempt")
