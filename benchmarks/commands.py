"""How long the commands take: a cold headline run, the same again, and the commands that should answer at once.

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
    print(json.dumps({"seconds": found, **facts()}, indent=1))


if __name__ == "__main__":
    main()
