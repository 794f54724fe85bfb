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
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.engines.endpoint.answer_body import RequestRefused, Retry
from humpback.engines.endpoint.budget import Budget, OverBudget, charged_usage, maximum_usage, seems_cut
from humpback.engines.endpoint.calls import Answer, Refusal, Reply, Request, Usage, accept_all, describe_reply
from humpback.engines.endpoint.http import Http
from humpback.engines.endpoint.journal import Journal
from humpback.engines.endpoint.message import NotText
from humpback.engines.endpoint.request_fields import Mend, as_sent, mend_for, with_the_room_there_is

_HOPELESS = 5
"""Calls that fail for good in a row, after which the server is taken to be gone and the rest is not asked."""
_REFUSED = 8
"""Calls refused before any was answered, after which the request itself is taken to be wrong; or refused in the same
words after that, which are not of their prompts, after which the account or the server is."""
_UNREAD = 8
"""Replies before any that was accepted, after which the rest is not asked."""


class _Stopped(Exception):
    """Nothing more is asked in this run."""


class Unanswered(StoreError):
    """Calls are left without an answer. What was answered is kept; the message says how many are left and why."""


@dataclass
class _Run:
    """One `ask`, and how it is going."""

    http: Http
    samples: int
    accept: Callable[[Reply], bool]
    explain: Callable[[Reply], str]
    seen: set[str] = field(default_factory=set)
    """Heads of the keys of the requests drawn so far."""
    finished: int = 0
    left: int = 0
    """Requests without an answer."""
    why: str = ""
    """Why the first of them has none."""
    stop: str = ""
    """Why nothing more is asked."""
    failed_in_a_row: int = 0
    refused: int = 0
    refused_alike: tuple[str, int] = ("", 0)
    """Words of the last refusals that are not of their prompts, and how many in a row since a call was answered."""
    accepted: bool = False
    unread: list[Reply] = field(default_factory=list)
    """Replies before the first that was accepted."""


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
        self._retry_said = self._cut_said = False
        self._answered = self._answered_now = False
        """Whether the server has answered any call, in this run or an earlier one; in this one."""

    def ask(
        self,
        requests: Iterable[Request],
        *,
        samples: int = 1,
        accept: Callable[[Reply], bool] = accept_all,
        explain: Callable[[Reply], str] = describe_reply,
        report: Callable[[int, int], None] = lambda done, total: None,
        total: int = 0,
    ) -> None:
        """See to it that every request is answered. One whose reply is not accepted is asked again, `samples` times in
        all where another reply can be hoped for; equal requests are asked once. `report` is called with (finished,
        `total` or so many as were drawn).

        Raises:
            Unanswered: when calls failed for good or the budget is used up, after all others are finished and kept.
            StoreError: when the server will not answer any call, or the first replies are all not accepted: they are
                kept, and `explain` says of the first of them why, and what would help.
        """
        waiting = iter(requests)

        async def work(run: _Run) -> None:
            for request in waiting:
                request = as_sent(request, self.endpoint)
                first = request.key(0)
                if first[:16] in run.seen:
                    continue
                run.seen.add(first[:16])
                await self._settle(run, request, first)
                report(run.finished, max(total, len(run.seen)))

        async def all_of_them() -> _Run:
            self._settled = asyncio.Event()
            try:
                async with Http(self.endpoint) as http, asyncio.TaskGroup() as group:
                    run = _Run(http, samples, accept, explain)
                    for _ in range(self.endpoint.concurrency):
                        group.create_task(work(run))
                await self._keep_refusals()
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None
            return run

        run = asyncio.run(all_of_them())
        if run.left:
            raise Unanswered(
                f"{self.endpoint.address}: {run.left:,} of {len(run.seen):,} calls are left without an answer: "
                f"{run.stop or run.why}. What was answered is kept; run the same command again to ask the rest"
            )

    def answer(self, request: Request, *, samples: int = 1, accept: Callable[[Reply], bool] = accept_all) -> Answer:
        """The answer to a request that was asked."""
        request = as_sent(request, self.endpoint)
        refusal = self._refusals.get(request.key(0))
        if refusal is not None:
            return Answer(None, Usage(), refusal.problem)
        return self._journal.answer(request, samples, accept)[0]

    async def _settle(self, run: _Run, request: Request, first: str) -> None:
        """Answer one request, whose key is `first`."""
        try:
            for sample in range(run.samples):
                key = request.key(sample) if sample else first
                known = self._journal.known(key)
                if known is None and sample and request.is_greedy:
                    break
                reply = known or await self._call(run, request, key)
                if isinstance(reply, Refusal):
                    break
                accepted = run.accept(reply)
                run.failed_in_a_row, self._answered = 0, True
                if known is None:
                    self._answered_now, run.refused_alike = True, ("", 0)
                    await self._keep_refusals()
                if accepted:
                    run.accepted = True
                    break
                self._count_unread(run, reply)
        except RequestRefused as refused:
            self._refuse(run, first, refused)
        except NotText:
            pass
        except (_Stopped, OverBudget, Retry) as error:
            run.left += 1
            if isinstance(error, OverBudget):
                run.stop = f"the budget is used up ({error})"
            elif isinstance(error, Retry):
                run.why, run.failed_in_a_row = run.why or f"the server: {error}", run.failed_in_a_row + 1
                if run.failed_in_a_row >= _HOPELESS:
                    run.stop = f"{run.why}; {run.failed_in_a_row} calls in a row failed for good"
            return
        run.finished += 1

    def _count_unread(self, run: _Run, reply: Reply) -> None:
        if run.accepted:
            return
        run.unread.append(reply)
        if len(run.unread) >= _UNREAD:
            raise StoreError(
                f"{self.endpoint.address}: none of the first {len(run.unread)} replies can be read, so the rest is not "
                f"asked; {run.explain(run.unread[0])}. They are kept in {self._journal.path}: once the server answers "
                "otherwise, delete that file to ask anew"
            )

    def _refuse(self, run: _Run, key: str, refused: RequestRefused) -> None:
        """Remember that a request is refused: on disk, once the server answers another after it."""
        run.refused += 1
        if run.refused >= _REFUSED and not self._answered:
            raise StoreError(f"{self.endpoint.address}: every call is refused; it {refused}") from refused
        words, times = run.refused_alike
        if not refused.of_prompt:
            run.refused_alike = str(refused), times + 1 if words == str(refused) else 1
        if run.refused_alike[1] >= _REFUSED:
            raise StoreError(
                f"{self.endpoint.address}: the last {_REFUSED} calls are refused in the same words; it {refused}. "
                "None of these refusals is kept; run the same command again once the server takes calls"
            ) from refused
        self._refusals[key] = Refusal(str(refused), self.endpoint.address)

    async def _keep_refusals(self) -> None:
        if self._answered_now and self._refusals:
            waiting, self._refusals = self._refusals, {}
            for key, refusal in waiting.items():
                await self._journal.keep(key, refusal)

    async def _call(self, run: _Run, request: Request, key: str) -> Reply:
        """A reply that is on disk."""
        if run.stop:
            raise _Stopped
        held, spent = maximum_usage(request), Usage()
        await self._hold(held)
        try:
            reply = await self._mended(run, request)
            await self._journal.keep(key, reply)
            spent = charged_usage(reply, request)
            if not self._cut_said and seems_cut(reply, request):
                self._cut_said = True
                self._say(
                    f"it counts {reply.prompt_tokens:,} tokens in a prompt of {held.prompt_tokens:,} bytes: it may "
                    "have cut it unsaid, as Ollama does with what its num_ctx does not hold; see to a longer context"
                )
            return reply
        finally:
            self.budget.settle(held, spent)
            self._settled.set()
            self._settled = asyncio.Event()

    async def _hold(self, wanted: Usage) -> None:
        """Wait until the budget has room for a call: what is under way may need less than it holds."""
        while True:
            try:
                return self.budget.hold(wanted)
            except OverBudget:
                if not self.budget.under_way:
                    raise
                await self._settled.wait()

    async def _mended(self, run: _Run, request: Request) -> Reply:
        """The reply to a request, said otherwise where the server does not take one of its fields."""
        tried: list[Mend] = []
        shorter = ""
        while True:
            body = request.body
            applied = [shorter] if shorter else []
            for known in self._mends:
                if (other := known.apply(body)) is not body:
                    body, applied = other, [*applied, str(known)]
            try:
                reply = await self._persist(run, Request(request.path, body))
                return replace(reply, mended=", ".join(applied))
            except RequestRefused as refused:
                mend = mend_for(body, refused.body)
                if mend is None and not shorter and (less := with_the_room_there_is(request, refused.body)):
                    request, shorter = less, "with the room there is"
                    continue
                if mend is None or mend in tried:
                    raise
                tried.append(mend)
                if mend not in self._mends:
                    self._mends.append(mend)
                    self._say(f"{refused}; it is asked {mend} from here on")

    async def _persist(self, run: _Run, request: Request) -> Reply:
        at = self.endpoint
        loop = asyncio.get_running_loop()
        for attempt in range(1, at.attempts + 1):
            # One call's Retry-After holds for all: the limit is the account's.
            while (rest := self._not_before - loop.time()) > 0:
                await asyncio.sleep(rest + random.random() * min(at.pause, 1.0))
            try:
                return await run.http.attempt(request)
            except Retry as again:
                if again.idle and not self._answered:
                    raise StoreError(f"{at.address}: {again}") from again
                if attempt == at.attempts or again.wait > at.longest_wait or run.stop:
                    times = f", {attempt} times in a row" if attempt > 1 else ""
                    asked = f" and asked to wait {again.wait:g} s" if again.wait else ""
                    if again.too_long and attempt == at.attempts:
                        raise RequestRefused(f"{again}{times}", of_prompt=True) from again
                    raise Retry(f"{again}{asked}{times}") from again
                pause = min(at.longest_wait, at.pause * 2 ** (attempt - 1)) * (0.5 + random.random() / 2)
                if not self._retry_said:
                    self._retry_said = True
                    self._say(f"{again}; trying again, {at.attempts} times in all, in {again.wait or pause:.1g} s")
                if again.wait:
                    self._not_before = max(self._not_before, loop.time() + again.wait)
                else:
                    await asyncio.sleep(pause)
        raise AssertionError("an endpoint makes at least one attempt")

    def _say(self, what: str) -> None:
        print(f"{self.endpoint.address}: {what}", file=sys.stderr, flush=True)
