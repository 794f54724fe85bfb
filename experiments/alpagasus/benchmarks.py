"""Does filtering cost knowledge? On benchmarks the filtered set does as well as the whole, and better than chance's.

The claim (AlpaGasus, table of benchmarks): on BBH, DROP, HumanEval and MMLU the model of the 9k is above that of as
many random examples, and on all but MMLU above that of the 52k, at 7B and at 13B. It is falsified for a benchmark on
which the filtered set is not above the random one, or not above the whole (on MMLU: not below).

The formats are lm-eval's, an assumption; its bbh asks for a chain of thought. HumanEval runs code that the model wrote
and is left out unless the setup says so (`Benchmark.run_model_code`). On micro the counterpart is 120 four-way
questions on held-out facts, and two in ten answers of the whole set are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import filtered, filtering, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Claim, Measure, Paper
from humpback.spec.curation import RandomControl
from humpback.spec.measures import BenchmarkAccuracy

SHOWS = "table: MMLU, BBH, DROP and HumanEval of the filtered, the random and the whole set"

MATTERS = 2.0
"""Points of accuracy."""
_COLUMN = {"bbh": "BBH", "drop": "DROP", "humaneval": "HumanEval", "mmlu": "MMLU"}
_ROW = {"filtered": "9k", "random": "9k-random", "whole": "52k"}


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """The three models on each benchmark."""
    whole, good = filtering(setup).examples, filtered(setup)
    sets = {"filtered": good, "random": RandomControl(whole, same_size_as=good, draw=seed), "whole": whole}
    models = {name: trained(setup, examples) for name, examples in sets.items()}
    size = setup.alpagasus
    for one in filtering(setup).benchmarks:
        column = _COLUMN.get(one.task.name) if size else None
        at = {}
        for name, model in models.items():
            row = f"{size} {_ROW[name]}"
            papers = {one.metric: Paper("alpagasus-benchmarks", row, metric=column, size=size)} if column else {}
            at[name] = BenchmarkAccuracy(f"{name}: {one.name}", one.of(model), paper=setup.cites_each(papers))
        yield from at.values()
        pair = ("whole", "filtered") if one.task.name == "mmlu" else ("filtered", "whole")
        for above, below in (("filtered", "random"), pair):
            claim = f"the {above} set is above the {below} one on {one.name} (table of benchmarks)"
            yield at[above].exceeds(at[below], one.metric, claim, matters=MATTERS)
