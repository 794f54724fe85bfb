"""What a setup is measured by where no judge is asked: NLP benchmarks, with their shots."""

from __future__ import annotations

from dataclasses import dataclass

from humpback.core.expression import Value
from humpback.spec.benchmarks import SETS, Benchmarked, MicroFacts, Task
from humpback.spec.template import Model


@dataclass(frozen=True)
class Benchmark(Value):
    """An NLP benchmark, with so many shots."""

    task: Task | MicroFacts
    shots: int
    run_model_code: bool = False
    """humaneval runs what the model wrote; a setup that does not say so leaves it out, and the table says why."""

    @property
    def name(self) -> str:
        """For the names of measures."""
        return f"{self.task.name}, {self.shots}-shot"

    @property
    def metric(self) -> str:
        """What its number is called: after the metric that `analysis/experiment/measures/benchmarks.py` picks of
        lm-eval's."""
        name = self.task.name
        metric = "pct_stereotype" if name.startswith("crows_pairs") else _METRICS.get(name, "acc")
        return f"{name}, {metric}, {self.shots}-shot, %"

    def of(self, model: Model) -> Benchmarked:
        """The model on it."""
        return Benchmarked(model, (self.task,), self.shots, run_model_code=self.run_model_code)


_METRICS = {"bbh": "exact_match", "drop": "em", "humaneval": "pass@1"}


def benchmarks(name: str) -> tuple[Benchmark, ...]:
    """A set of the papers', by its name in `harness/spec/benchmarks.py`."""
    return tuple(Benchmark(Task(task), one.shots) for one in SETS[name] for task in one.tasks)
