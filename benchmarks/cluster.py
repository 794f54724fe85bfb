"""Stages on a Ray cluster of one machine by one worker and by two: stages beside each other, and one stage whose
prompts two processes share out.

    .venv/bin/python benchmarks/cluster.py > benchmarks/cluster.json

Each node has a CPU and each stage one thread, so two workers do at best twice the work. `efficiency` is the time of one
worker over twice that of two, from the first stage's start to the last one's end, with what starting a stage takes.
The same stages are made by the local executor, too: what two processes lose by sharing a processor is no loss of Ray's.
The one stage has more than a minute of work, for its two processes take ten seconds to start.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import ray
from machine_facts import facts
from ray.cluster_utils import Cluster

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.experiments.setups.micro import MICRO
from humpback.runs.executor import Progress, execute
from humpback.spec.micro_world import World
from humpback.spec.outcomes import Responses

SETUP = MICRO.at(0)
ANSWERING = replace(SETUP.answering, temperature=1.0, max_new_tokens=128)
SHORT = [Responses(SETUP.base, SETUP.prompts, replace(ANSWERING, seed=seed)) for seed in range(8)]
LONG = Responses(SETUP.base, replace(SETUP.prompts, world=World(creatures=120), n=7_000), ANSWERING)
"""Prompts of a larger world, for the setup's own has a third as many."""


def run(targets: list[Artifact], machine: Machine) -> float:
    """Seconds to make them, their inputs made before."""
    store = Store(Path(machine.store))
    store.prepare()
    inputs = [one for target in targets for one in target.inputs]
    local = replace(machine, executor="local", ray_address="auto", workers=2, processes=1)
    for wanted, where in ((inputs, local), (targets, machine)):
        began = time.perf_counter()
        result = execute(plan(store, wanted), store, where, Progress())
        assert not result.failures, result.failures
    return time.perf_counter() - began


def main() -> None:
    found: dict[str, Any] = {}
    seconds: dict[tuple[str, int], float] = {}
    for workers in (1, 2):
        cluster = Cluster()
        for _ in range(workers):
            cluster.add_node(num_cpus=1, include_dashboard=False)
        for name, targets, processes in (("stages beside each other", SHORT, 1), ("one stage", [LONG], workers)):
            with tempfile.TemporaryDirectory() as folder:
                machine = Machine(
                    executor="ray",
                    ray_address=cluster.address,
                    workers=workers,
                    processes=processes,
                    threads=1,
                    generation_batch=64,
                    tracking="off",
                    store=folder,
                )
                seconds[name, workers] = run(list(targets), machine)
        ray.shutdown()
        cluster.shutdown()
        with tempfile.TemporaryDirectory() as folder:
            machine = Machine(workers=workers, threads=1, generation_batch=64, tracking="off", store=folder)
            seconds["without Ray", workers] = run(list(SHORT), machine)
    for name in ("stages beside each other", "one stage", "without Ray"):
        one, two = seconds[name, 1], seconds[name, 2]
        found[name] = {"seconds": [round(one, 1), round(two, 1)], "efficiency": round(one / (2 * two), 3)}
    print(json.dumps({**found, "ray": ray.__version__, **facts()}, indent=1))


if __name__ == "__main__":
    main()
