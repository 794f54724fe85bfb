"""Asking a judge behind an endpoint about every pair in both orders, and what that will cost, before the first call."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from humpback.core.machine import Endpoint, Machine
from humpback.core.store import Store, StoreError
from humpback.core.tables import CALLS, VERDICTS, JudgeCall, Verdict, Writer
from humpback.core.work import Counts, Work
from humpback.engines.endpoint.answers import Answer, answer_in, sent, shown
from humpback.engines.endpoint.budget import Usage, expected
from humpback.engines.endpoint.client import Client, Unread
from humpback.engines.endpoint.journal import Answers, Journal, Reply, Request
from humpback.engines.endpoint.message import begins_with_thinking
from humpback.judging.annotators import (
    CUT,
    CUT_THINKING,
    NO_LOGPROBS,
    NO_MASS,
    NO_VERDICT,
    WITHHELD,
    Annotator,
    Read,
    annotator_of,
)
from humpback.judging.pairs import Pair
from humpback.judging.probabilities import HALF
from humpback.spec.outcomes import AlpacaEvalJudge, Judged

Pairs = Callable[[], Iterable[Pair]]
"""The pairs, anew at each call."""
ORDERS = ("ab", "ba")


@dataclass(frozen=True)
class Asked:
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
        readable = annotator.read(reply).preference is not None
        if not readable and not unread:
            unread.append(reply)
        return readable

    with Journal.of(Path(work.machine.store), by.model) as journal:
        client = Client(endpoint, journal)
        try:
            client.ask(
                (one.request for one in questions(annotator, pairs()) if one.request is not None),
                samples=by.samples,
                accept=accept,
                report=lambda done, total: work.log.progress(done, total, "verdicts"),
                total=to_ask,
            )
        except Unread as error:
            raise StoreError(
                f"{endpoint.address}: none of the first {error.replies} replies can be read, so the rest is not asked; "
                + explained(error.reply, annotator)
            ) from error
        spent = client.budget.spent
        work.log.metrics(0, calls_of_this_run=spent.calls, tokens=spent.tokens, cost=spent.cost(endpoint))
        counts, refused = _write(
            annotator,
            pairs(),
            lambda request: client.answer(request, samples=by.samples, accept=accept),
            work,
        )
    if to_ask and counts["unparsed"] == to_ask:
        # A table without one verdict says nothing of the systems, and being finished it would not be asked again.
        words = f"no reply can be read; {explained(unread[0], annotator)}" if unread else ""
        raise StoreError(f"{endpoint.address}: {words or f'every call is refused; it {refused}'}")
    return counts


def explained(reply: Reply, annotator: Annotator) -> str:
    """Why a reply cannot be read, what it is, and what would help."""
    read = annotator.read(reply)
    who = reply.model or annotator.model
    if read.problem == NO_LOGPROBS:
        return (
            f"{who} gives no logprobs that can be read, and {annotator.name} reads nothing else; take a judge that "
            "reads text, or a server that gives them"
        )
    help_ = {
        CUT: f"; --reply-tokens gives a reply more than {annotator.limit}",
        CUT_THINKING: f"; --reply-tokens gives a model that thinks first more than {annotator.limit}",
        NO_MASS: "; the model wants to write something else, so take a judge that reads text",
        NO_VERDICT: f"; {annotator.name} wants what its parser ({annotator.parser}) can read",
    }.get(read.problem, "")
    return f"the first, by {who}: {read.problem}{help_}. {shown(reply)}"


def _write(
    annotator: Annotator, pairs: Iterable[Pair], answered: Callable[[Request], Answer], work: Work
) -> tuple[Counts, str]:
    """The tables; what is counted in them, and the server's words where it refused."""
    refused = ""
    endpoint, total, counts = work.machine.endpoint, Usage(), Counter[str]()
    with Writer(work.out / VERDICTS, Verdict) as verdicts, Writer(work.out / CALLS, JudgeCall) as calls:
        for one in questions(annotator, pairs):
            pair = one.pair
            answer = answered(one.request) if one.request is not None else None
            read = annotator.read(answer.reply) if answer and answer.reply else None
            verdict = "tie" if answer is None else _verdict(read)
            raw = annotator.raw(answer.reply) if answer and answer.reply else ""
            verdicts.add(Verdict(pair.prompt, one.order, verdict, raw, len(pair.a), len(pair.b), pair.source))
            calls.add(row := _call(one, answer, read, annotator, endpoint))
            total += answer.used if answer else Usage()
            if answer is not None and answer.reply is None:
                counts["refused"] += 1
                refused = refused or answer.problem
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
    named = ("unparsed", "refused", "equal", "empty")
    seldom = {key: counts[key] for key in ("cut", "filtered", "little_mass", "mended", "thinking") if counts[key]}
    all_counts = {
        "in": counts["in"],
        "kept": counts["in"],
        "calls": total.calls,
        **{key: counts[key] for key in named},
        **seldom,
        **total.counts(endpoint),
    }
    return all_counts, refused


def questions(annotator: Annotator, pairs: Iterable[Pair]) -> Iterator[Asked]:
    """Every pair in both orders, one after the other, so that a run that stops leaves whole pairs."""
    for pair in pairs:
        for order, first, second in (("ab", pair.a, pair.b), ("ba", pair.b, pair.a)):
            shown = (pair.instruction, first, second)
            yield Asked(pair, order, None if first == second else annotator.request(shown))


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
    by: Counter[tuple[str, str, str]]
    """Of those answered, how many by which (address, model, system fingerprint), as far as the journal says."""


def forecast(by: AlpacaEvalJudge, pairs: Iterable[Pair], machine: Machine) -> Forecast:
    """What is left to ask about these pairs on this machine. Asks nothing."""
    annotator, endpoint = annotator_of(by, machine.files), machine.endpoint
    usage, prompts, calls, answered = Usage(), 0, 0, 0
    seen: set[str] = set()
    servers = Counter[tuple[str, str, str]]()
    with Answers.of(Path(machine.store), by.model) as known:
        for one in questions(annotator, pairs):
            prompts += one.order == ORDERS[0]
            if one.request is None:
                continue
            request = sent(one.request, endpoint)
            head = request.key(0)[:16]
            if head in seen:
                continue
            seen.add(head)
            answer, left = answer_in(
                known, request, by.samples, lambda reply: annotator.read(reply).preference is not None
            )
            if left:
                calls += 1
                each = expected(request)
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
        requests = (sent(one.request, machine.endpoint) for one in questions(annotator, pairs()) if one.request)
        journal.forget(request.key(sample) for request in requests for sample in range(by.samples))


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
        problem=(answer.problem or (read.problem if read else "")) if answer else "",
        finish_reason=str(reply.choice.get("finish_reason") or "") if reply else "",
        mass=read.mass if read else None,
        mended=reply.mended if reply else "",
        system_fingerprint=reply.system_fingerprint if reply else "",
    )


def prompt_hash(request: Request) -> str:
    """First 16 hexadecimal digits of SHA-256 over what is sent, without the sampling."""
    sent = request.body.get("messages", request.body.get("prompt"))
    return hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()[:16]


def _verdict(read: Read | None) -> str:
    if read is None or read.preference is None:
        return "unparsed"
    return "tie" if read.preference == 1.5 else "first" if read.preference < 1.5 else "second"
