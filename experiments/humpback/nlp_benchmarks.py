"""Does following instructions cost or gain knowledge? On most benchmarks Humpback is above its base model.

The claim (Humpback, tables of NLP benchmarks): zero-shot, the 33B and 65B models are above LLaMA on SIQA, ARC-e, ARC-c
and MMLU, and below it on PIQA; on OBQA the 33B is below and the 65B above. MMLU at 65B: 59.0 against 54.8, zero-shot;
LLaMA with five shots has 63.4. It is falsified for a benchmark on which the difference is not of that sign.

The paper scores by the perplexity of the right answer and does not publish its formats: lm-eval's tasks, and accuracy
without normalising by length, are assumptions. On micro the counterpart is 120 four-way questions on held-out facts,
nearly all of which the base already knows, so there is more room to lose than to gain.
"""

from __future__ import annotations

from humpback.experiments.cited import humpback_size
from humpback.experiments.humpback.algorithm import humpback
from humpback.experiments.setups.base import Benchmark, Setup
from humpback.spec.benchmarks import MicroFacts
from humpback.spec.claims import Cited, Claim, Greater
from humpback.spec.measures import Measure, Scored

SHOWS = "tables: NLP benchmarks of the base model and of Humpback; MMLU by subject"

MATTERS = 2.0
"""Points of accuracy."""
_BETTER = ("social_iqa", "arc_easy", "arc_challenge", "mmlu")
_WORSE = ("piqa",)
_ROW = {
    "social_iqa": "SIQA",
    "piqa": "PIQA",
    "arc_easy": "ARC-e",
    "arc_challenge": "ARC-c",
    "openbookqa": "OBQA",
}
_MMLU = ("LLaMA 65B, 5-shot", "LLaMA 65B, 0-shot", "Humpback 65B, 0-shot", "LLaMA 33B, 0-shot", "Humpback 33B, 0-shot")
"""What the paper prints of it; of the 33B the average alone."""
_SUBJECTS = {
    "mmlu": "average",
    "mmlu_humanities": "humanities",
    "mmlu_stem": "STEM",
    "mmlu_social_sciences": "social",
    "mmlu_other": "other",
}
_GAINS = {
    "33B": {
        "social_iqa": 3.22,
        "piqa": -7.66,
        "arc_easy": 4.44,
        "arc_challenge": 13.7,
        "openbookqa": -12.2,
        "mmlu": 5.9,
    },
    "65B": {
        "social_iqa": 8.14,
        "piqa": -3.9,
        "arc_easy": 9.77,
        "arc_challenge": 16.96,
        "openbookqa": 3.8,
        "mmlu": 4.2,
    },
}
"""Humpback less LLaMA."""


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's tables say; where it has no model of the setup's size, what both of its sizes agree in."""
    found = []
    for one in setup.benchmarks:
        if isinstance(one.task, MicroFacts):
            found += [_greater(one, "M2", other, None) for other in ("base", "M0")]
        elif one.shots == 0:
            gain = _GAINS.get(humpback_size(setup), {}).get(one.task.name)
            if one.task.name in _BETTER or (gain or 0) > 0:
                found.append(_greater(one, "M2", "base", gain))
            elif one.task.name in _WORSE or (gain or 0) < 0:
                found.append(_greater(one, "base", "M2", None if gain is None else -gain))
    return tuple(found)


def _greater(one: Benchmark, first: str, second: str, paper: float | None) -> Greater:
    where = "counterpart of the tables" if isinstance(one.task, MicroFacts) else "tables of NLP benchmarks"
    return Greater(
        one.metric,
        f"{first}: {one.name}",
        f"{second}: {one.name}",
        claim=f"{first} is above {second} on {one.name} ({where})",
        matters=MATTERS,
        paper=paper,
    )


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """The base model, M0 and M2 on each benchmark."""
    at = setup.at(seed)
    models = humpback(at)
    compared = {"base": at.base, "M0": models[0], "M2": models[-1]}
    return {f"{who}: {one.name}": Scored(one.of(model)) for one in at.benchmarks for who, model in compared.items()}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The paper's rows for its two sizes."""
    size = humpback_size(setup)
    if size not in _GAINS:
        return {}
    found: dict[str, dict[str, Cited]] = {}
    for who, row in (("base", f"LLaMA {size}"), ("M2", f"Humpback {size}")):
        for one in setup.benchmarks:
            name = one.task.name
            if name in _ROW:
                found[f"{who}: {one.name}"] = {one.metric: Cited("humpback-benchmarks", row, _ROW[name])}
            elif (arm := f"{row}, {one.shots}-shot") in _MMLU:
                metrics = _SUBJECTS if size == "65B" else {"mmlu": "average"}
                found[f"{who}: {one.name}"] = {
                    one.metric.replace("mmlu,", f"{task},", 1): Cited("humpback-mmlu", arm, subject)
                    for task, subject in metrics.items()
                }
    return found
