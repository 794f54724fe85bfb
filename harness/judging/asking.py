"""Asking a judge behind an endpoint about every pair in both orders, and what that will cost, before the first call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.engines.budget import Usage, expected
from harness.engines.endpoint import Answer, Client
from harness.engines.journal import Journal, Reply, Request, read_journal
from harness.judging.annotators import Annotator, Read, annotator_of
from harness.machine import Endpoint, Machine
from harness.outcomes import AlpacaEvalJudge
from harness.rows import CALLS, VERDICTS, JudgeCall, Verdict, Writer
from harness.stages import Counts, Work
from harness.stages.judge import Pair
from harness.store import StoreError

ORDERS = ("ab", "ba")


@dataclass(frozen=True)
class Asked:
    """One pair in one order, and the request about it; none where both answers are the same text."""

    pair: Pair
    order: str
    request: Request | None


def judge_by_endpoint(by: AlpacaEvalJudge, pairs: list[Pair], work: Work) -> Counts:
    """Two verdicts a pair, and how each came about.

    Raises:
        Unanswered: when calls are left without an answer; what was answered is kept, and is not asked again.
        StoreError: when the server will not answer, or gives no probabilities to a judge that reads them.
    """
    annotator, endpoint = annotator_of(by), work.machine.endpoint
    asked = list(questions(annotator, pairs))

    def accept(reply: Reply) -> bool:
        if annotator.wants_logprobs and not reply.choice.get("logprobs"):
            raise StoreError(
                f"{endpoint.address}: {reply.model or by.model} gives no logprobs, and {by.config} reads nothing else; "
                "take a judge that reads text, or a server that gives them"
            )
        return annotator.read(reply).preference is not None

    wanted = [one.request for one in asked if one.request is not None]
    with Journal.of(Path(work.machine.store), by.model) as journal:
        client = Client(endpoint, journal)
        answers = client.ask(
            wanted,
            samples=by.samples,
            accept=accept,
            report=lambda done, total: work.log.progress(done, total, "verdicts"),
        )
    if answers and all(answer.reply is None for answer in answers):
        # A table without one verdict says nothing of the systems, and being finished it would not be asked again.
        raise StoreError(f"{endpoint.address}: every call is refused; it {answers[0].problem}")
    given = iter(answers)
    spent = client.budget.spent
    work.log.metrics(0, calls_of_this_run=spent.calls, tokens=spent.tokens, cost=spent.cost(endpoint))
    total, refused, unparsed = Usage(), 0, 0
    with Writer(work.out / VERDICTS, Verdict) as verdicts, Writer(work.out / CALLS, JudgeCall) as calls:
        for one in asked:
            answer = next(given) if one.request is not None else None
            read = annotator.read(answer.reply) if answer and answer.reply else None
            row = _call(one, answer, read, annotator, endpoint)
            verdict = "tie" if answer is None else _verdict(read)
            raw = annotator.raw(answer.reply) if answer and answer.reply else ""
            pair = one.pair
            verdicts.add(Verdict(pair.prompt, one.order, verdict, raw, len(pair.a), len(pair.b), pair.source))
            calls.add(row)
            total += answer.used if answer else Usage()
            refused += bool(row.problem)
            unparsed += verdict == "unparsed"
    return {
        "in": len(pairs),
        "kept": len(pairs),
        "calls": total.calls,
        "unparsed": unparsed,
        "refused": refused,
        "equal": sum(pair.a == pair.b for pair in pairs),
        "empty": sum((not pair.a.strip()) + (not pair.b.strip()) for pair in pairs),
        **total.counts(endpoint),
    }


def questions(annotator: Annotator, pairs: list[Pair]) -> Iterator[Asked]:
    """Every pair in both orders, one after the other, so that a run that stops leaves whole pairs."""
    for pair in pairs:
        for order, first, second in (("ab", pair.a, pair.b), ("ba", pair.b, pair.a)):
            shown = (pair.instruction, first, second)
            yield Asked(pair, order, None if first == second else annotator.request(shown))


@dataclass(frozen=True)
class Forecast:
    """What judging will take. Tokens are estimated from lengths; completions are counted at their longest."""

    prompts: int
    calls: int
    """Left to ask, one reply each."""
    answered: int
    """In the journal already, from earlier runs."""
    usage: Usage
    cost: float


def forecast(by: AlpacaEvalJudge, pairs: list[Pair], machine: Machine) -> Forecast:
    """What is left to ask about these pairs on this machine. Asks nothing."""
    annotator = annotator_of(by)
    known = read_journal(Journal.of(Path(machine.store), by.model).path)
    usage, answered, seen = Usage(), 0, set()
    for one in questions(annotator, pairs):
        key = one.request.key(0) if one.request else ""
        if one.request is None or key in seen:
            continue
        seen.add(key)
        tried = [known[key] for sample in range(by.samples) if (key := one.request.key(sample)) in known]
        if len(tried) == by.samples or any(annotator.read(reply).preference is not None for reply in tried):
            answered += 1
        else:
            usage += expected(one.request)
    return Forecast(len(pairs), usage.calls, answered, usage, usage.cost(machine.endpoint))


def _call(one: Asked, answer: Answer | None, read: Read | None, annotator: Annotator, at: Endpoint) -> JudgeCall:
    reply, used = (answer.reply, answer.used) if answer else (None, Usage())
    first, second = read.scores if read and read.scores else (None, None)
    return JudgeCall(
        prompt=one.pair.prompt,
        order=one.order,
        preference=1.5 if answer is None else read.preference if read else None,
        score_first=first,
        score_second=second,
        model=reply.model if reply else "",
        prompt_hash=prompt_hash(one.request) if one.request else "",
        parser=annotator.parser,
        samples=used.calls,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cost=used.cost(at),
        problem=answer.problem if answer else "",
    )


def prompt_hash(request: Request) -> str:
    """First 16 hexadecimal digits of SHA-256 over what is sent, without the sampling."""
    sent = request.body.get("messages", request.body.get("prompt"))
    return hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()[:16]


def _verdict(read: Read | None) -> str:
    if read is None or read.preference is None:
        return "unparsed"
    return "tie" if read.preference == 1.5 else "first" if read.preference < 1.5 else "second"
