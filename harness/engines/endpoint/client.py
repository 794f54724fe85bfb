"""The one client for models behind an OpenAI-compatible server: judging, and generation and rating where they use one.

So many calls go at a time; each is tried until there is a whole reply, and is in the journal (on disk) before it
counts. What is in the journal is not asked again, so a run that was stopped or killed goes on where it was and pays
twice only for what was under way. A call that fails for good leaves nothing behind: the others are finished, then the
run ends with an error, and the next one asks only what is missing.

Requests are drawn as they are needed and not kept. `ask` sees to it that each is answered; `answer` reads the answer
back, so that nothing of a run grows with the number of its calls but the journal's index.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.engines.endpoint.answers import Answer, accept_all, answer_in, sent
from humpback.engines.endpoint.budget import Budget, OverBudget, Usage, most, taken
from humpback.engines.endpoint.http import Again, Http, Refused
from humpback.engines.endpoint.journal import Journal, Refusal, Reply, Request
from humpback.engines.endpoint.message import NoText
from humpback.engines.endpoint.sending import Mend, mend_for

_HOPELESS = 5
"""Calls that fail for good in a row, after which the server is taken to be gone and the rest is not asked."""
_REFUSED = 8
"""Calls refused before any was answered, after which the request itself is taken to be wrong."""
_UNREAD = 8
"""Replies before any that was accepted, after which the rest is not asked."""


class _Stopped(Exception):
    """Nothing more is asked in this run."""


class Unanswered(StoreError):
    """Calls are left without an answer. What was answered is kept; the message says how many are left and why."""


class Unread(Exception):
    """The first replies were all such that they were not accepted."""

    def __init__(self, reply: Reply, replies: int) -> None:
        super().__init__(f"none of the first {replies} replies could be read")
        self.reply = reply
        """The first of them."""
        self.replies = replies


@dataclass
class _Tally:
    """How a run is going."""

    left: int = 0
    """Requests without an answer."""
    why: str = ""
    """The first of them failed."""
    in_a_row: int = 0
    refused: int = 0
    unread: Reply | None = None
    """The first reply that was not accepted."""
    not_accepted: int = 0
    accepted: bool = False
    stop: str = ""
    """Why nothing more is asked."""
    finished: int = 0
    seen: set[str] = field(default_factory=set)
    """Heads of the keys of the requests drawn so far."""


class Client:
    """Asks an endpoint. The journal must be open, and is this client's alone meanwhile."""

    def __init__(self, endpoint: Endpoint, journal: Journal) -> None:
        self.budget = Budget(endpoint)
        self.endpoint = endpoint
        self._journal = journal
        self._not_before = 0.0
        self._refusals: dict[str, Refusal] = {}
        """Of requests, by key, before any was answered: it may be the server that is wrong, so they are not kept."""
        self._mends: list[Mend] = []
        self._told = False
        self.answered = False
        """Whether the server has answered any call, now or in an earlier run."""
        self._live = False
        """Now."""

    def ask(
        self,
        requests: Iterable[Request],
        *,
        samples: int = 1,
        accept: Callable[[Reply], bool] = accept_all,
        report: Callable[[int, int], None] = lambda done, total: None,
        total: int = 0,
    ) -> None:
        """See to it that every request is answered. One whose reply is not accepted is asked again, `samples` times in
        all where another reply can be hoped for; equal requests are asked once. `report` is called with (finished,
        `total` or so many as were drawn).

        Raises:
            Unanswered: when calls failed for good or the budget is used up, after all others are finished and kept.
            Unread: when the first replies are all not accepted; they are kept.
            StoreError: when the server will not answer any call.
        """
        tally = _Tally()

        async def work(waiting: Iterator[Request], http: Http) -> None:
            for request in waiting:
                request = sent(request, self.endpoint)
                first = request.key(0)
                if first[:16] in tally.seen:
                    continue
                tally.seen.add(first[:16])
                await self._settle(http, request, first, samples, accept, tally)
                report(tally.finished, max(total, len(tally.seen)))

        async def run() -> None:
            waiting = iter(requests)
            self._settled = asyncio.Event()
            try:
                async with Http(self.endpoint) as http, asyncio.TaskGroup() as group:
                    for _ in range(self.endpoint.concurrency):
                        group.create_task(work(waiting, http))
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None

        asyncio.run(run())
        if tally.left:
            why = tally.stop or tally.why
            raise Unanswered(
                f"{self.endpoint.address}: {tally.left:,} of {len(tally.seen):,} calls are left without an answer: "
                f"{why}. What was answered is kept; run the same command again to ask the rest"
            )

    def answer(self, request: Request, *, samples: int = 1, accept: Callable[[Reply], bool] = accept_all) -> Answer:
        """The answer to a request that was asked."""
        request = sent(request, self.endpoint)
        refusal = self._refusals.get(request.key(0))
        if refusal is not None:
            return Answer(None, Usage(), refusal.problem)
        return answer_in(self._journal, request, samples, accept)[0]

    async def _settle(
        self, http: Http, request: Request, first: str, samples: int, accept: Callable[[Reply], bool], tally: _Tally
    ) -> None:
        """Answer one request, whose key is `first`."""
        for sample in range(samples):
            key = request.key(sample) if sample else first
            try:
                known = self._journal.known(key)
                if known is None and sample and request.is_greedy:
                    break
                reply = known or await self._call(http, request, key, tally)
                self._live |= known is None
                if isinstance(reply, Refusal):
                    break
                accepted = accept(reply)
            except Refused as refused:
                await self._refuse(first, refused, tally)
                break
            except NoText:
                break
            except _Stopped:
                tally.left += 1
                return
            except OverBudget as over:
                tally.stop = f"the budget is used up ({over})"
                tally.left += 1
                return
            except Again as again:
                tally.why, tally.in_a_row = tally.why or f"the server: {again}", tally.in_a_row + 1
                if tally.in_a_row >= _HOPELESS:
                    tally.stop = f"{tally.why}; {tally.in_a_row} calls in a row failed for good"
                tally.left += 1
                return
            tally.in_a_row, self.answered = 0, True
            await self._keep_refusals()
            if accepted:
                tally.accepted = True
                break
            tally.not_accepted, tally.unread = tally.not_accepted + 1, tally.unread or reply
            if tally.not_accepted >= _UNREAD and not tally.accepted:
                raise Unread(tally.unread, tally.not_accepted)
        tally.finished += 1

    async def _refuse(self, key: str, refused: Refused, tally: _Tally) -> None:
        """Remember that a request is refused: on disk, once the server is known to answer others."""
        tally.refused += 1
        if tally.refused >= _REFUSED and not self.answered:
            raise StoreError(f"{self.endpoint.address}: every call is refused; it {refused}") from refused
        self._refusals[key] = Refusal(str(refused), self.endpoint.address)
        await self._keep_refusals()

    async def _keep_refusals(self) -> None:
        if self._live and self._refusals:
            waiting, self._refusals = self._refusals, {}
            for one, refusal in waiting.items():
                await self._journal.keep(one, refusal)

    async def _call(self, http: Http, request: Request, key: str, tally: _Tally) -> Reply:
        """A reply that is on disk."""
        may, got = most(request), Usage()
        if tally.stop:
            raise _Stopped
        await self._room(may)
        try:
            reply = await self._mended(http, request, tally)
            await self._journal.keep(key, reply)
            got = taken(reply, request)
            return reply
        finally:
            self.budget.settle(may, got)
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

    async def _mended(self, http: Http, request: Request, tally: _Tally) -> Reply:
        """The reply to a request, said otherwise where the server does not take one of its fields."""
        tried: list[Mend] = []
        while True:
            body = request.body
            applied: list[str] = []
            for known in self._mends:
                if (other := known.apply(body)) is not body:
                    body, applied = other, [*applied, str(known)]
            try:
                reply = await self._persist(http, Request(request.path, body), tally)
                return replace(reply, mended=", ".join(applied))
            except Refused as refused:
                mend = mend_for(body, refused.body)
                if mend is None or mend in tried:
                    raise
                tried.append(mend)
                if mend not in self._mends:
                    self._mends.append(mend)
                    self._say(f"{refused}; it is asked {mend} from here on")

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
                if again.idle and not self.answered:
                    raise StoreError(f"{at.address}: {again}") from again
                if attempt + 1 == at.attempts or again.wait > at.longest_wait or tally.stop:
                    times = f", {attempt + 1} times in a row" if attempt else ""
                    asked = f" and asked to wait {again.wait:g} s" if again.wait else ""
                    raise Again(f"{again}{asked}{times}") from again
                pause = min(at.longest_wait, at.pause * 2**attempt) * (0.5 + random.random() / 2)
                if not self._told:
                    self._told = True
                    self._say(f"{again}; trying again, {at.attempts} times in all, in {again.wait or pause:.1g} s")
                if again.wait:
                    self._not_before = max(self._not_before, loop.time() + again.wait)
                else:
                    await asyncio.sleep(pause)
        raise AssertionError("an endpoint makes at least one attempt")

    def _say(self, what: str) -> None:
        print(f"{self.endpoint.address}: {what}", file=sys.stderr, flush=True)
