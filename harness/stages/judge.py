"""Pairwise judging in both orders, through alpaca-eval's annotator.

alpaca-eval builds the prompts and parses the replies; the replies come from the judge. It is called once for each
order, with its own shuffling of the order off and its caches off, so every verdict in the table was given for the
answers as they were shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import humpback.spec.prompts
from humpback.core.tables import VERDICTS, Verdict, Writer
from humpback.core.work import Counts, Work
from humpback.judging.pairs import paired
from humpback.micro.judge import verdict as micro_verdict
from humpback.spec.outcomes import AlpacaEvalJudge, Judged, LocalJudge, MicroJudge

VERDICT_OF = {1.0: "first", 2.0: "second", 1.5: "tie", 0.0: "tie"}
"""alpaca-eval's preference codes (0 is its older code for a tie)."""


def judge(node: Judged, work: Work) -> Counts:
    """Two verdicts a prompt, one for each order, in the prompts' order.

    Raises:
        ValueError: when the two sides do not answer the same prompts, naming the first that is amiss.
    """
    if isinstance(node.by, AlpacaEvalJudge):
        from humpback.judging.asking import judge_by_endpoint

        return judge_by_endpoint(node.by, lambda: paired(node, work), work)
    pairs = list(paired(node, work))
    counts = {"in": len(pairs), "kept": len(pairs), "calls": 0, "unparsed": 0}
    shown = {"ab": [(p.instruction, p.a, p.b) for p in pairs], "ba": [(p.instruction, p.b, p.a) for p in pairs]}
    given = {}
    ask = asking(node.by, work)
    for order, rows in shown.items():
        given[order] = annotate(rows, ask)
        work.log.progress(len(given) * len(pairs), 2 * len(pairs), "verdicts")
    with Writer(work.out / VERDICTS, Verdict) as out:
        for i, pair in enumerate(pairs):
            for order, verdicts in given.items():
                verdict, raw = verdicts[i]
                counts["calls"] += bool(raw)
                counts["unparsed"] += verdict == "unparsed"
                out.add(Verdict(pair.prompt, order, verdict, raw, len(pair.a), len(pair.b), pair.source))
    return counts


Ask = Callable[[list[str]], list[str]]
"""A judge: prompts in, replies out."""


def asking(by: MicroJudge | LocalJudge, work: Work) -> Ask:
    """The judge, ready to be asked."""
    if isinstance(by, MicroJudge):
        return lambda prompts: [micro_reply(by, prompt) for prompt in prompts]
    from humpback.engines.transformers_engine import Engine

    engine = Engine.of(by.model, work)
    options = (_REPLIES["first"], _REPLIES["second"])

    def choose(prompts: list[str]) -> list[str]:
        shown = [engine.speaker.prompt(prompt) for prompt in prompts]
        chosen = engine.choose(shown, options, "verdicts")
        return ["The prompt is too long." if p is None else options[p[1] > p[0]] for p in chosen]

    return choose


_SHOWN = re.compile(r"### Instruction\n(.*)\n### Output \(a\)\n(.*)\n### Output \(b\)\n(.*)\n### Verdict", re.DOTALL)
_REPLIES = {
    "first": "Output (a) is better.",
    "second": "Output (b) is better.",
    "tie": "Both are equally good.",
}


def micro_reply(by: MicroJudge, prompt: str) -> str:
    """The micro judge as a language model would be used: a prompt in, a sentence out."""
    shown = _SHOWN.search(prompt)
    if shown is None:
        return "The prompt shows no two outputs."
    instruction, first, second = shown.groups()
    verdict = micro_verdict(
        by.world, instruction, first, second, noise=by.noise, position_bias=by.position_bias, seed=by.seed
    )
    return _REPLIES[verdict]


def annotate(rows: list[tuple[str, str, str]], ask: Ask) -> list[tuple[str, str]]:
    """(verdict, raw reply) for each (instruction, shown first, shown second). Equal texts are a tie, unasked."""
    import pandas as pd
    from alpaca_eval import utils
    from alpaca_eval.annotators import PairwiseAnnotator

    annotator = PairwiseAnnotator(
        annotators_config="micro_judge",
        base_dir=Path(humpback.spec.prompts.__file__).parent,
        caching_path=None,
        is_avoid_reannotations=False,
    )
    (single,) = annotator.annotators.values()
    replies: dict[str, str] = {}

    def complete(prompts: list[str], **_: Any) -> dict[str, list[Any]]:
        replies.update(zip(prompts, ask(prompts), strict=True))
        n = len(prompts)
        return {
            "completions": [replies[prompt] for prompt in prompts],
            "price_per_example": [0.0] * n,
            "time_per_example": [0.0] * n,
        }

    single.fn_completions = complete
    frame = pd.DataFrame(rows, columns=["instruction", "output_1", "output_2"])
    annotated = annotator.annotate_pairs(frame, chunksize=None)
    prompts, _ = utils.make_prompts(df=frame, template=single.prompt_template)
    results = []
    for row, prompt, given in zip(rows, prompts, annotated, strict=True):
        if row[1] == row[2]:
            results.append(("tie", ""))
            continue
        preference = given["preference"]
        missing = preference is None or math.isnan(preference)
        results.append(("unparsed" if missing else VERDICT_OF[float(preference)], replies[prompt]))
    return results
