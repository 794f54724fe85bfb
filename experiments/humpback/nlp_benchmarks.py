"""Does following instructions cost or gain knowledge? On most benchmarks Humpback is above its base model.

The claim (Humpback, tables of NLP benchmarks): zero-shot, the 33B and 65B models are above LLaMA on SIQA, ARC-e, ARC-c
and MMLU, and below it on PIQA; on OBQA the 33B is below and the 65B above. LLaMA is also printed with five shots. It is
falsified for a benchmark on which the difference is not of that sign.

The paper scores by the perplexity of the right answer and does not publish its formats: lm-eval's tasks, and accuracy
without normalising by length, are assumptions. On micro the counterpart is 96 four-way questions on held-out facts,
nearly all of which the base already knows, so there is more room to lose than to gain; that M2 is above M0 there is a
claim of ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import humpback
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.benchmarks import Benchmark
from humpback.spec.benchmarks import MicroFacts
from humpback.spec.claims import Claim, Paper
from humpback.spec.measures import BenchmarkAccuracy, Measure

SHOWS = "tables: NLP benchmarks of the base model and of Humpback; MMLU by subject"

MATTERS = 2.0
"""Points of accuracy."""
_BETTER = ("social_iqa", "arc_easy", "arc_challenge", "mmlu")
_WORSE = ("piqa",)
"""What both of the paper's sizes agree in."""
_DIVIDED = {("openbookqa", "33B"): False, ("openbookqa", "65B"): True}
"""Whether Humpback is the better one, where they do not."""
_COLUMN = {
    "social_iqa": "SIQA",
    "piqa": "PIQA",
    "arc_easy": "ARC-e",
    "arc_challenge": "ARC-c",
    "openbookqa": "OBQA",
}
_SUBJECTS = {
    "mmlu": "average",
    "mmlu_humanities": "humanities",
    "mmlu_stem": "STEM",
    "mmlu_social_sciences": "social",
    "mmlu_other": "other",
}


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """The base model, M0 and M2 on each benchmark."""
    first, *_, final = humpback(setup)
    for one in setup.benchmarks:
        base, m0, m2 = (
            BenchmarkAccuracy(f"{name}: {one.name}", one.of(model), paper=setup.cites_each(_printed(setup, one, row)))
            for name, model, row in (("base", setup.base, "LLaMA"), ("M0", first, ""), ("M2", final, "Humpback"))
        )
        yield from (base, m0, m2)
        if isinstance(one.task, MicroFacts):
            yield m2.exceeds(m0, one.metric, f"M2 is above M0 on {one.name}", matters=MATTERS)
        better = _better(setup, one)
        if better is not None:
            above, below = (m2, base) if better else (base, m2)
            claim = f"{' is above '.join(side.name.split(':')[0] for side in (above, below))} on {one.name}"
            yield above.exceeds(below, one.metric, claim, matters=MATTERS, stated_in="tables of NLP benchmarks")


def _printed(setup: Setup, one: Benchmark, model: str) -> dict[str, Paper]:
    """Of the 33B model's MMLU the average alone; with five shots only LLaMA's at 65B."""
    size, name = setup.humpback, one.task.name
    if not model or size not in ("33B", "65B"):
        return {}
    if name in _COLUMN:
        return {one.metric: Paper("humpback-benchmarks", f"{model} {size}", metric=_COLUMN[name], size=size)}
    if name != "mmlu" or (one.shots and (model, size) != ("LLaMA", "65B")):
        return {}
    subjects = _SUBJECTS if size == "65B" else {"mmlu": "average"}
    row = f"{model} {size}, {one.shots}-shot"
    return {
        one.metric.replace("mmlu,", f"{task},", 1): Paper("humpback-mmlu", row, metric=subject, size=size)
        for task, subject in subjects.items()
    }


def _better(setup: Setup, one: Benchmark) -> bool | None:
    """Whether Humpback is above its base as the paper prints it: at the setup's size, and where that is another at
    both; None where they differ, or nothing is printed. The micro world's facts stand for MMLU."""
    name = one.task.name
    if isinstance(one.task, MicroFacts) or (name in _BETTER and not one.shots):
        return True
    return False if name in _WORSE else _DIVIDED.get((name, setup.humpback))
