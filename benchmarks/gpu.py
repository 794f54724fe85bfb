"""Training, writing and rating on one GPU, by models of published shapes with random weights.

    .venv/bin/python benchmarks/gpu.py > benchmarks/gpu.json    # or only the parts that are named

Each part is a process of its own, so that none finds the memory of another, and its figures are printed as soon as they
are there. Rates are useful tokens a second, the first update left out; shares are of the bf16 rate of large matrix
products, measured in the same part. FLOPs are counted as in docs/costs.md: three forward passes a token that is
trained on, two of a frozen base, whatever is computed again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from gpu_inference import rating, writing
from gpu_models import MACHINE
from gpu_training import full, full_whole, full_whole_plain, lora, qlora, short
from machine_facts import facts

from humpback.runs.devices import find_devices
from humpback.runs.quiet import quiet

PARTS = {one.__name__: one for one in (full, full_whole, full_whole_plain, lora, qlora, short, writing, rating)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--here", action="store_true", help="in this process, the figures alone")
    given = parser.parse_args()
    quiet(MACHINE.threads)  # and so the parts' processes, which inherit it, as those of stages do
    if given.here:
        print(json.dumps(PARTS[given.parts[0]]()))
        return
    found: dict[str, Any] = {}
    for part in given.parts or PARTS:
        began = time.perf_counter()
        words = [sys.executable, __file__, part, "--here"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        try:
            found[part] = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            found[part] = {"failed": done.stderr[-3_000:]}
        told = {"what": PARTS[part].__doc__, **found[part], "seconds in all": round(time.perf_counter() - began)}
        found[part] = told
        print(json.dumps({part: told}, indent=1), file=sys.stderr, flush=True)
    gpu = find_devices().gpus[0]
    print(json.dumps({"gpu": gpu.name, "memory_gb": round(gpu.memory / 1e9, 1), **found, **facts()}, indent=1))


if __name__ == "__main__":
    main()
