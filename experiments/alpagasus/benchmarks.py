"""Does filtering cost knowledge? On benchmarks the filtered set does as well as the whole, and better than chance's.

The claim (AlpaGasus, table of benchmarks): the 7B model of the 9k has BBH 33.76, DROP 26.03, HumanEval 12.20 and MMLU
38.78; that of as many random examples 31.89, 25.88, 11.59 and 36.93; that of the 52k 33.01, 25.87, 11.69 and 40.86. The
13B models stand in the same order. It is falsified for a benchmark on which the filtered set is not above the random
one, or not above the whole (on MMLU: not below).

The formats are lm-eval's, an assumption; its bbh asks for a chain of thought. HumanEval runs code that the model wrote
and is left out unless the setup says so (`Benchmark.run_model_code`). On micro the counterpart is 120 four-way
questions on held-out facts, and two in ten answers of the whole set are wrong.
"""

from __future__ import annotations

from humpback.experiments.alpagasus.algorithm import filtered, filtering, trained
from humpback.experiments.cited import alpagasus_size
from humpback.experiments.setups.base import Benchmark, Setup
from humpback.spec.claims import Cited, Claim, Greater
from humpback.spec.curation import Uniform
from humpback.spec.measures import Measure, Scored

SHOWS = "table: MMLU, BBH, DROP and HumanEval of the filtered, the random and the whole set"

MATTERS = 2.0
"""Points of accuracy."""
_ROW = {"bbh": "BBH", "drop": "DROP", "humaneval": "HumanEval", "mmlu": "MMLU"}
_ARMS = {"filtered": "9k", "random": "9k-random", "whole": "52k"}
_PAPER = {
    "7B": {
        "bbh": (33.76, 31.89, 33.01),
        "drop": (26.03, 25.88, 25.87),
        "humaneval": (12.20, 11.59, 11.69),
        "mmlu": (38.78, 36.93, 40.86),
    },
    "13B": {
        "bbh": (38.92, 38.60, 38.67),
        "drop": (34.4, 33.40, 33.84),
        "humaneval": (15.86, 15.24, 15.74),
        "mmlu": (46.12, 44.98, 47.89),
    },
}
"""Filtered, random, whole."""


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's table says."""
    found = []
    for one in filtering(setup).benchmarks:
        good, chance, whole = _PAPER.get(alpagasus_size(setup), {}).get(one.task.name, (None, None, None))
        found.append(_greater(one, "filtered", "random", good, chance))
        if one.task.name == "mmlu":
            found.append(_greater(one, "whole", "filtered", whole, good))
        else:
            found.append(_greater(one, "filtered", "whole", good, whole))
    return tuple(found)


def _greater(one: Benchmark, first: str, second: str, high: float | None, low: float | None) -> Greater:
    return Greater(
        one.metric,
        f"{first}: {one.name}",
        f"{second}: {one.name}",
        claim=f"the {first} set is above the {second} one on {one.name} (table of benchmarks)",
        matters=MATTERS,
        paper=None if high is None or low is None else round(high - low, 2),
    )


def measures(setup: Setup, seed: int) -> dict[str, Measure]:
    """The three models on each benchmark."""
    at = setup.at(seed)
    given, good = filtering(at), filtered(at)
    sets = {
        "filtered": good,
        "random": Uniform(given.examples, as_many_as=good, draw=seed),
        "whole": given.examples,
    }
    models = {name: trained(at, examples) for name, examples in sets.items()}
    return {f"{name}: {one.name}": Scored(one.of(model)) for one in given.benchmarks for name, model in models.items()}


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The paper's table, for its two sizes."""
    size = alpagasus_size(setup)
    if not size:
        return {}
    return {
        f"{name}: {one.name}": {one.metric: Cited("alpagasus-benchmarks", f"{size} {row}", _ROW[one.task.name])}
        for one in filtering(setup).benchmarks
        for name, row in _ARMS.items()
        if one.task.name in _ROW
    }
