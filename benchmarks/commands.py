"""How long the commands take: a cold headline run, the same again, and the commands that should answer at once; what
the run loop adds to the stages' own time, and how long a thousand finished nodes take to plan.

    .venv/bin/python benchmarks/commands.py > benchmarks/commands.json

Run by hand on an idle machine. Times are wall-clock seconds, the median of `repeats` where a command is cheap.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from machine_facts import facts

from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.experiments.setups.micro import MICRO
from humpback.runs.build import build_artifact
from humpback.spec.data import Tagged

HUMPBACK = str(Path(sys.executable).parent / "humpback")
RUN = ("run", "humpback/headline", "--setup", "micro")


def seconds(words: Sequence[str], repeats: int = 1) -> float:
    """Median wall-clock seconds of a command that must succeed."""
    times = []
    for _ in range(repeats):
        started = time.monotonic()
        subprocess.run([HUMPBACK, *words], check=True, capture_output=True)
        times.append(time.monotonic() - started)
    return round(statistics.median(times), 2)


def overhead() -> dict[str, float]:
    """A headline run, one stage after another: the command's seconds, and those that its stages' records add up to."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Path(folder) / "machine.toml"
        machine.write_text('workers = 1\nthreads = 1\ntracking = "off"\n', encoding="utf-8")
        store = Path(folder) / "store"
        whole = seconds([*RUN, "--store", str(store), "--machine", str(machine)])
        records = [json.loads(one.read_text(encoding="utf-8")) for one in store.glob("*/*/record.json")]
    stages = sum(one["seconds"] for one in records)
    return {"whole": whole, "stages": round(stages, 1), "share added": round((whole - stages) / stages, 4)}


def thousand() -> float:
    """Seconds to plan a thousand finished nodes: a set of seed data under so many system sentences."""
    with tempfile.TemporaryDirectory() as folder:
        store, machine = Store(Path(folder)), Machine(tracking="off")
        store.prepare()
        seed = MICRO.at(0).seed_data
        targets = [Tagged(seed, f"Sentence {i}.") for i in range(1_000)]
        for step in plan(store, targets).to_do:
            build_artifact(step.artifact, store, machine, {}, lambda *_: None)
        times = []
        for _ in range(5):
            started = time.monotonic()
            done = plan(Store(Path(folder)), targets)
            times.append(time.monotonic() - started)
            assert (len(done.steps), len(done.to_do)) == (1_000, 0)
    return round(statistics.median(times), 3)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = ("--store", folder)
        found = {
            "cold headline run, micro, one seed": seconds([*RUN, *store]),
            "the same again": seconds([*RUN, *store], 5),
            "humpback --help": seconds(["--help"], 9),
            "humpback list": seconds(["list"], 9),
            "humpback plan, everything done": seconds(["plan", *RUN[1:], *store], 9),
            "humpback plan, nothing done, five seeds": seconds(["plan", *RUN[1:], "--seeds", "0,1,2,3,4"], 9),
            "humpback plan, another seed to explain": seconds(["plan", *RUN[1:], *store, "--seeds", "7"], 9),
        }
    more = {"a headline run, one stage after another": overhead(), "a thousand finished nodes planned": thousand()}
    print(json.dumps({"seconds": found, **more, **facts()}, indent=1))


if __name__ == "__main__":
    main()
