"""Pairwise judging in both orders: by a server, by a model on this machine, or by the micro world's own judge.

alpaca-eval's configurations say how a judge is asked and how its reply is read; every verdict in the table was given
for the answers as they were shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import humpback.spec.prompts
from humpback.core.tables import VERDICTS, Verdict, Writer
from humpback.core.work import Counts, Work
from humpback.engines.generator import open_engine
from humpback.judging.annotators import Annotator, verdict_of_preference
from humpback.judging.pairs import ORDERS, Shown, pair_answers
from humpback.micro.judge import verdict as micro_verdict
from humpback.spec.outcomes import AlpacaEvalJudge, Judged, LocalJudge, MicroJudge

_CONFIGURATION = Path(humpback.spec.prompts.__file__).parent / "micro_judge"


def judge(node: Judged, work: Work) -> Counts:
    """Two verdicts a prompt, one for each order, in the prompts' order.

    Raises:
        ValueError: when the two sides do not answer the same prompts, naming the first that is amiss.
    """
    if isinstance(node.by, AlpacaEvalJudge):
        from humpback.judging.endpoint_judge import judge_by_endpoint

        return judge_by_endpoint(node.by, lambda: pair_answers(node, work), work)
    pairs = list(pair_answers(node, work))
    found = {}
    with _open_local_judge(node.by, work) as ask:
        for i, order in enumerate(ORDERS, 1):
            found[order] = local_verdicts([pair.shown(order) for pair in pairs], ask)
            work.log.progress(i * len(pairs), 2 * len(pairs), "verdicts")
    calls = unparsed = 0
    with Writer(work.out / VERDICTS, Verdict) as out:
        for i, pair in enumerate(pairs):
            for order in ORDERS:
                verdict, raw = found[order][i]
                calls += bool(raw)
                unparsed += verdict == "unparsed"
                out.add(Verdict(pair.prompt, order, verdict, raw, len(pair.a), len(pair.b), pair.source))
    return {"in": len(pairs), "kept": len(pairs), "calls": calls, "unparsed": unparsed}


Ask = Callable[[list[str]], list[str]]
"""A judge: prompts in, replies out."""


@contextmanager
def _open_local_judge(by: MicroJudge | LocalJudge, work: Work) -> Iterator[Ask]:
    if isinstance(by, MicroJudge):
        yield lambda prompts: [micro_reply(by, prompt) for prompt in prompts]
        return
    options = (_REPLIES["first"], _REPLIES["second"])
    with open_engine(by.model, work) as engine:

        def choose(prompts: list[str]) -> list[str]:
            chosen = engine.choose(prompts, options, "verdicts")
            return ["The prompt is too long." if p is None else options[p[1] > p[0]] for p in chosen]

        yield choose


_SHOWN = re.compile(r"### Instruction\n(.*)\n### Output \(a\)\n(.*)\n### Output \(b\)\n(.*)\n### Verdict", re.DOTALL)
_REPLIES = {
    "first": "Output (a) is better.",
    "second": "Output (b) is better.",
    "tie": "Both are equally good.",
}


def micro_reply(by: MicroJudge, prompt: str) -> str:
    """The micro judge as a language model would be used: a prompt in, a sentence out."""
    match = _SHOWN.search(prompt)
    if match is None:
        return "The prompt shows no two outputs."
    instruction, first, second = match.groups()
    verdict = micro_verdict(
        by.world, instruction, first, second, noise=by.noise, position_bias=by.position_bias, seed=by.seed
    )
    return _REPLIES[verdict]


def local_verdicts(rows: list[Shown], ask: Ask) -> list[tuple[str, str]]:
    """(verdict, raw reply) for each row. Equal answers are a tie, unasked."""
    annotator = Annotator(str(_CONFIGURATION), "this machine")
    prompts = [annotator.prompt(row) for row in rows if row[1] != row[2]]
    replies = iter(ask(prompts) if prompts else [])
    return [
        ("tie", "") if first == second else (verdict_of_preference(annotator.preference(reply := next(replies))), reply)
        for _, first, second in rows
    ]
