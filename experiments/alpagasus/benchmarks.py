"""Does filtering cost knowledge? On benchmarks the filtered set does as well as the whole, and better than chance's.

The claim (AlpaGasus, tables of benchmarks): on BBH, DROP, HumanEval and MMLU the model of the 9k is above that of as
many random examples, and on all but MMLU above that of the 52k, at 7B and at 13B. Of Dolly's 3k the same holds at 7B;
at 13B they are above the 15k on MMLU too. It is falsified for a benchmark on which two models stand the other way round
than the paper prints them.

The formats are lm-eval's, an assumption; its bbh asks for a chain of thought. HumanEval runs code that the model wrote
and is left out unless the setup says so (`Benchmark.run_model_code`). On micro the counterpart, of MMLU, is 120
four-way questions on held-out facts.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.alpagasus.algorithm import filtered, filtering, on, trained
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.benchmarks import Benchmark
from humpback.spec.claims import Claim, Paper
from humpback.spec.curation import RandomControl
from humpback.spec.measures import BenchmarkAccuracy, Measure

SHOWS = "tables: MMLU, BBH, DROP and HumanEval of the filtered, the random and the whole set, of Alpaca and of Dolly"

MATTERS = 2.0
"""Points of accuracy."""
_COLUMN = {"bbh": "BBH", "drop": "DROP", "humaneval": "HumanEval", "mmlu": "MMLU"}
_ALPACA = "alpagasus-benchmarks", {"filtered": "9k", "random": "9k-random", "whole": "52k"}
_DOLLY = "alpagasus-dolly", {"filtered": "3k", "random": "3k-random", "whole": "15k"}
_SWAPPED = ("whole", "filtered")
_WHOLE: dict[tuple[str, str, str], tuple[str, str] | None] = {
    **{(_ALPACA[0], "MMLU", size): _SWAPPED for size in ("7B", "13B", "")},
    (_DOLLY[0], "MMLU", "7B"): _SWAPPED,
    (_DOLLY[0], "MMLU", ""): None,
}
"""Which is above the other by table, benchmark and the paper's model where it is not the filtered set; None where that
is another from size to size. The micro world's facts stand for MMLU."""


def experiment(setup: Setup, seed: int) -> Iterator[Measure | Claim]:
    """The three models of each set on each benchmark."""
    given = filtering(setup)
    dolly = ((f", {one.name}", one.examples, *_DOLLY) for one in given.others if one.paper == "Dolly")
    for of_set, whole, table, rows in (("", given.examples, *_ALPACA), *dolly):
        good = filtered(on(setup, whole))
        sets = {"filtered": good, "random": RandomControl(whole, same_size_as=good, draw=seed), "whole": whole}
        models = {name: trained(setup, examples) for name, examples in sets.items()}
        for one in given.benchmarks:
            at = {
                name: BenchmarkAccuracy(
                    f"{name}{of_set}: {one.name}",
                    one.of(model),
                    paper=setup.cites_each(_printed(setup, one, table, rows[name])),
                )
                for name, model in models.items()
            }
            yield from at.values()
            column = _COLUMN.get(one.task.name, "MMLU")
            pairs = [("filtered", "random"), _WHOLE.get((table, column, setup.alpagasus), ("filtered", "whole"))]
            for above, below in filter(None, pairs):
                claim = f"the {above} set{of_set} is above the {below} one on {one.name}"
                yield at[above].exceeds(at[below], one.metric, claim, matters=MATTERS, stated_in="table of benchmarks")


def _printed(setup: Setup, one: Benchmark, table: str, row: str) -> dict[str, Paper]:
    column, size = _COLUMN.get(one.task.name), setup.alpagasus
    return {one.metric: Paper(table, f"{size} {row}", metric=column, size=size)} if column and size else {}
