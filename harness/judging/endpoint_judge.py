"""Asking a judge behind an endpoint about every pair in both orders, and what that will cost, before the first call."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from humpback.core.machine import Endpoint, Machine
from humpback.core.store import Store, StoreError
from humpback.core.tables import CALLS, VERDICTS, JudgeCall, Verdict, Writer
from humpback.core.work import Counts, Work
from humpback.engines.endpoint.budget import expected_usage
from humpback.engines.endpoint.calls import Answer, Reply, Request, Usage, describe_reply
from humpback.engines.endpoint.client import Client
from humpback.engines.endpoint.journal import Answers, Journal
from humpback.engines.endpoint.message import begins_with_thinking
from humpback.engines.endpoint.request_fields import as_sent
from humpback.judging.annotators import (
    CUT,
    CUT_THINKING,
    NO_LOGPROBS,
    NO_MASS,
    NO_VERDICT,
    WITHHELD,
    Annotator,
    Reading,
    annotator_of,
    verdict_of_preference,
)
from humpback.judging.pairs import ORDERS, Pair
from humpback.judging.probabilities import HALF
from humpback.spec.outcomes import AlpacaEvalJudge, Judged

Pairs = Callable[[], Iterable[Pair]]
"""The pairs, anew at each call."""


@dataclass(frozen=True)
class JudgeQuestion:
    """One pair in one order, and the request about it; none where both answers are the same text."""

    pair: Pair
    order: str
    request: Request | None


def judge_by_endpoint(by: AlpacaEvalJudge, pairs: Pairs, work: Work) -> Counts:
    """Two verdicts a pair, and how each came about. The pairs are gone through twice, to ask and to write, and are not
    held.

    Raises:
        Unanswered: when calls are left without an answer; what was answered is kept, and is not asked again.
        StoreError: when the server will not answer, or no reply can be read.
    """
    annotator, endpoint = annotator_of(by, work.machine.files), work.machine.endpoint
    to_ask = sum(2 for pair in pairs() if pair.a != pair.b)
    unread: list[Reply] = []

    def accept(reply: Reply) -> bool:
        readable = annotator.can_read(reply)
        if not readable and not unread:
            unread.append(reply)
        return readable

    with Journal.of(Path(work.machine.store), by.model) as journal:
        client = Client(endpoint, journal)
        client.ask(
            (one.request for one in judge_questions(annotator, pairs()) if one.request is not None),
            samples=by.samples,
            accept=accept,
            explain=partial(explain, annotator),
            report=lambda done, total: work.log.progress(done, total, "verdicts"),
            total=to_ask,
        )
        spent = client.budget.spent
        work.log.metrics(0, calls_of_this_run=spent.calls, tokens=spent.tokens, cost=spent.cost(endpoint))
        counts, refused = _write(annotator, pairs(), partial(client.answer, samples=by.samples, accept=accept), work)
    if to_ask and counts["unparsed"] == to_ask:
        # A table without one verdict says nothing of the systems, and being finished it would not be asked again.
        words = f"no reply can be read; {explain(annotator, unread[0])}" if unread else ""
        raise StoreError(f"{endpoint.address}: {words or f'every call is refused; it {refused}'}")
    return counts


def explain(annotator: Annotator, reply: Reply) -> str:
    """Why a reply cannot be read, what it is, and what would help."""
    problem, who = annotator.read(reply).problem, reply.model or annotator.model
    if problem == NO_LOGPROBS:
        return (
            f"{who} gives no logprobs that can be read, and {annotator.name} reads nothing else; take a judge that "
            "reads text, or a server that gives them"
        )
    help_ = {
        CUT: f"; --reply-tokens gives a reply more than {annotator.limit}",
        CUT_THINKING: f"; --reply-tokens gives a model that thinks first more than {annotator.limit}",
        NO_MASS: "; the model wants to write something else, so take a judge that reads text",
        NO_VERDICT: f"; {annotator.name} wants what its parser ({annotator.parser}) can read",
    }.get(problem, "")
    return f"the first, by {who}: {problem}{help_}. {describe_reply(reply)}"


def _write(
    annotator: Annotator, pairs: Iterable[Pair], answered: Callable[[Request], Answer], work: Work
) -> tuple[Counts, str]:
    """The tables; what is counted in them, and the server's words where it refused."""
    refused = ""
    endpoint, total, counts = work.machine.endpoint, Usage(), Counter[str]()
    with Writer(work.out / VERDICTS, Verdict) as verdicts, Writer(work.out / CALLS, JudgeCall) as calls:
        for one in judge_questions(annotator, pairs):
            pair, answer = one.pair, None
            reading, raw, verdict = None, "", "tie"
            if one.request is not None:
                answer = answered(one.request)
                total += answer.used
                if answer.reply is None:
                    counts["refused"] += 1
                    refused = refused or answer.problem
                else:
                    reading, raw = annotator.read(answer.reply), annotator.raw(answer.reply)
                verdict = verdict_of_preference(reading.preference if reading else None)
            verdicts.add(Verdict(pair.prompt, one.order, verdict, raw, len(pair.a), len(pair.b), pair.source))
            calls.add(row := _call(one, answer, reading, annotator, endpoint))
            counts["unparsed"] += verdict == "unparsed"
            counts["cut"] += row.problem in (CUT, CUT_THINKING)
            counts["filtered"] += row.problem == WITHHELD
            counts["little_mass"] += row.mass is not None and row.mass < HALF
            counts["mended"] += bool(row.mended)
            if one.order == ORDERS[0]:
                counts["in"] += 1
                counts["equal"] += pair.a == pair.b
                counts["empty"] += (not pair.a.strip()) + (not pair.b.strip())
                counts["thinking"] += begins_with_thinking(pair.a) + begins_with_thinking(pair.b)
    seldom = {key: counts[key] for key in ("cut", "filtered", "little_mass", "mended", "thinking") if counts[key]}
    return {
        "in": counts["in"],
        "kept": counts["in"],
        "calls": total.calls,
        **{key: counts[key] for key in ("unparsed", "refused", "equal", "empty")},
        **seldom,
        **total.counts(endpoint),
    }, refused


def judge_questions(annotator: Annotator, pairs: Iterable[Pair]) -> Iterator[JudgeQuestion]:
    """Every pair in both orders, one after the other, so that a run that stops leaves whole pairs."""
    for pair in pairs:
        for order in ORDERS:
            yield JudgeQuestion(pair, order, None if pair.a == pair.b else annotator.request(pair.shown(order)))


@dataclass(frozen=True)
class Forecast:
    """What judging will take. Tokens are estimated from lengths; completions are counted at their longest, and every
    reply as one that cannot be parsed and is asked for again."""

    prompts: int
    calls: int
    """Left to ask, one reply each."""
    answered: int
    """In the journal already, from earlier runs."""
    usage: Usage
    """At most, all repetitions included."""
    cost: float
    servers: Counter[tuple[str, str, str]]
    """How many of those answered by which (address, model, system fingerprint), as far as the journal says."""


def forecast(by: AlpacaEvalJudge, pairs: Iterable[Pair], machine: Machine) -> Forecast:
    """What is left to ask about these pairs on this machine. Asks nothing."""
    annotator, endpoint = annotator_of(by, machine.files), machine.endpoint
    usage, prompts, calls, answered = Usage(), 0, 0, 0
    seen: set[str] = set()
    servers = Counter[tuple[str, str, str]]()
    with Answers.of(Path(machine.store), by.model) as known:
        for one in judge_questions(annotator, pairs):
            prompts += one.order == ORDERS[0]
            if one.request is None:
                continue
            request = as_sent(one.request, endpoint)
            head = request.key(0)[:16]
            if head in seen:
                continue
            seen.add(head)
            answer, left = known.answer(request, by.samples, annotator.can_read)
            if left:
                calls += 1
                each = expected_usage(request)
                usage += Usage(left, left * each.prompt_tokens, left * each.completion_tokens)
            else:
                answered += 1
            if answer.reply is not None:
                servers[answer.reply.address, answer.reply.model, answer.reply.system_fingerprint] += 1
    return Forecast(prompts, calls, answered, usage, usage.cost(endpoint), servers)


def forget(node: Judged, by: AlpacaEvalJudge, pairs: Pairs, store: Store, machine: Machine) -> None:
    """Have everything about these pairs asked anew. A judgement that is finished is moved aside; the journal keeps what
    was answered, and does not use it."""
    folder = store.folder(node)
    if folder.exists():
        aside = store.root / ".aside" / f"{folder.name}-{folder.stat().st_mtime_ns}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(aside)
    annotator = annotator_of(by, machine.files)
    with Journal.of(Path(machine.store), by.model) as journal:
        asked = (one.request for one in judge_questions(annotator, pairs()) if one.request)
        requests = (as_sent(request, machine.endpoint) for request in asked)
        journal.forget(request.key(sample) for request in requests for sample in range(by.samples))


def _call(
    one: JudgeQuestion, answer: Answer | None, reading: Reading | None, annotator: Annotator, at: Endpoint
) -> JudgeCall:
    """The row of a question. Without an answer none was asked: equal answers are a tie. Without a reading the server
    refused."""
    reply, used = (answer.reply, answer.used) if answer else (None, Usage())
    refused_by = answer.problem if answer else ""
    first, second = (reading and reading.scores) or (None, None)
    return JudgeCall(
        prompt=one.pair.prompt,
        order=one.order,
        preference=1.5 if answer is None else reading.preference if reading else None,
        score_first=first,
        score_second=second,
        model=reply.model if reply else "",
        prompt_hash=prompt_hash(one.request) if one.request else "",
        parser=annotator.parser,
        samples=used.calls,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cost=used.cost(at),
        problem=refused_by or (reading.problem if reading else ""),
        finish_reason=str(reply.choice.get("finish_reason") or "") if reply else "",
        mass=reading.mass if reading else None,
        mended=reply.mended if reply else "",
        system_fingerprint=reply.system_fingerprint if reply else "",
    )


def prompt_hash(request: Request) -> str:
    """First 16 hexadecimal digits of SHA-256 over what is sent, without the sampling."""
    prompt = request.body.get("messages", request.body.get("prompt"))
    return hashlib.sha256(json.dumps(prompt, sort_keys=True).encode()).hexdigest()[:16]
