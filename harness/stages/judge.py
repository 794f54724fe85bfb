"""Pairwise judging in both orders: by a server, by a model on this machine, which chooses a verdict or gives each
answer a reward, or by the micro world's own judge.

alpaca-eval's configurations say how a judge is asked and how its reply is read; every verdict in the table was given
for the answers as they were shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import humpback.spec.prompts
from humpback.core.machine import Machine
from humpback.core.store import StoreError
from humpback.core.tables import VERDICTS, Verdict, Writer
from humpback.core.work import Counts, Work
from humpback.engines.generator import open_engine
from humpback.inputs.prompt_file import load_prompt
from humpback.judging.annotators import Annotator, verdict_of_preference
from humpback.judging.pairs import ORDERS, Pair, Shown, pair_answers
from humpback.micro.judge import verdict as micro_verdict
from humpback.spec.models import Reward
from humpback.spec.outcomes import AlpacaEvalJudge, Judged, LocalJudge, MicroJudge, PromptedJudge, Unjudged
from humpback.spec.prompts import PairPrompt

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
    found = _verdicts(node.by, pairs, work)
    calls = unparsed = 0
    with Writer(work.out / VERDICTS, Verdict) as out:
        for i, pair in enumerate(pairs):
            for order in ORDERS:
                verdict, raw = found[order][i]
                calls += bool(raw)
                unparsed += verdict == "unparsed"
                out.add(Verdict(pair.prompt, order, verdict, raw, len(pair.a), len(pair.b), pair.source))
    return {"in": len(pairs), "kept": len(pairs), "calls": calls, "unparsed": unparsed}


_TOO_LONG = "The prompt is too long."
Ask = Callable[[list[str]], list[str]]
"""A judge: prompts in, replies out."""
Told = list[tuple[str, str]]
"""A verdict and the raw reply for each pair."""


def _verdicts(by: MicroJudge | LocalJudge | Reward | Unjudged, pairs: list[Pair], work: Work) -> dict[str, Told]:
    """What the judge finds in each order."""
    match by:
        case Unjudged():
            raise StoreError("no judge is named yet; name one, and what was answered is judged")
        case Reward():
            from humpback.engines.reward_engine import RewardEngine

            answered = [(pair.instruction, text) for pair in pairs for text in (pair.a, pair.b)]
            rewards = RewardEngine.by(by, work).rewards(answered, "verdicts")
            both = list(zip(rewards[::2], rewards[1::2], strict=True))
            return {
                "ab": [reward_verdict(a, b) for a, b in both],
                "ba": [reward_verdict(b, a) for a, b in both],
            }
    found = {}
    with _open_local_judge(by, work) as (ask, wording):
        for i, order in enumerate(ORDERS, 1):
            found[order] = local_verdicts([pair.shown(order) for pair in pairs], ask, wording)
            work.log.progress(i * len(pairs), 2 * len(pairs), "verdicts")
    return found


def reward_verdict(first: float | None, second: float | None) -> tuple[str, str]:
    """The answer with the greater reward; unparsed where one of them was too long to be given any."""
    if first is None or second is None:
        return "unparsed", _TOO_LONG
    verdict = "tie" if first == second else "first" if first > second else "second"
    return verdict, f"{first:.6g} {second:.6g}"


@dataclass(frozen=True)
class Wording:
    """How a judge is asked about a pair, and what its replies mean."""

    prompt: Callable[[Shown], str]
    verdict: Callable[[str], str]
    replies: tuple[str, str]
    """That the answer shown first is better, and that the second is."""


def our_wording() -> Wording:
    """That of this project's own pairwise prompt."""
    annotator = Annotator(str(_CONFIGURATION), "this machine")

    def verdict(reply: str) -> str:
        return verdict_of_preference(annotator.preference(reply))

    return Wording(annotator.prompt, verdict, (_REPLIES["first"], _REPLIES["second"]))


def their_wording(prompt: PairPrompt, machine: Machine) -> Wording:
    """That of somebody's prompt.

    Raises:
        StoreError: when its file is not on this machine, or not what it was.
    """
    text, verdicts = load_prompt(prompt, machine), {prompt.first: "first", prompt.second: "second"}

    def asked(shown: Shown) -> str:
        return text.fill(**dict(zip(("instruction", "output_1", "output_2"), shown, strict=True)))

    return Wording(asked, lambda reply: verdicts.get(reply, "unparsed"), (prompt.first, prompt.second))


@contextmanager
def _open_local_judge(by: MicroJudge | LocalJudge, work: Work) -> Iterator[tuple[Ask, Wording]]:
    if isinstance(by, MicroJudge):
        yield lambda prompts: [micro_reply(by, prompt) for prompt in prompts], our_wording()
        return
    wording = their_wording(by.prompt, work.machine) if isinstance(by, PromptedJudge) else our_wording()
    with open_engine(by.model, work) as engine:

        def choose(prompts: list[str]) -> list[str]:
            chosen = engine.choose(prompts, wording.replies, "verdicts")
            return [_TOO_LONG if p is None else wording.replies[p[1] > p[0]] for p in chosen]

        yield choose, wording


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


def local_verdicts(rows: list[Shown], ask: Ask, wording: Wording) -> Told:
    """(verdict, raw reply) for each row. Equal answers are a tie, unasked."""
    prompts = [wording.prompt(row) for row in rows if row[1] != row[2]]
    replies = iter(ask(prompts) if prompts else [])
    return [
        ("tie", "") if first == second else (wording.verdict(reply := next(replies)), reply)
        for _, first, second in rows
    ]
