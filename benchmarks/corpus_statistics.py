"""How long the statistics of 502,133 examples take (the paper's whole augmented pool), and what memory.

    .venv/bin/python benchmarks/corpus_statistics.py > benchmarks/corpus_statistics.json

Run by hand on an idle machine. The rows are made with a seed in a temporary folder: outputs of Table 1's length (1,722
± 653 characters), instructions of 352 ± 134, from 40 sources, a hundredth of them duplicates. Each measurement is a
process of its own; the largest resident memory that it starts with is its parent's, so only growth says something.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from machine_facts import facts

from humpback.analysis.datasets.corpus import describe, describe_file
from humpback.core.tables import Example, read, write

ROWS = 502_133
"""Humpback, all augmented."""


def made(n: int) -> Iterator[Example]:
    """Seeded rows with the paper's lengths: slices of one long text, which no two rows share by chance."""
    rng = random.Random(0)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(2, 9))) for _ in range(5_000)]
    text = " ".join(rng.choices(words, k=400_000))

    def cut(mean: float, deviation: float) -> str:
        start = rng.randrange(len(text) - 10_000)
        return text[start : start + max(0, round(rng.gauss(mean, deviation)))]

    row = Example("")
    for number in range(n):
        if number % 100 != 99:
            row = Example("", cut(352, 134), cut(1_722, 653))
        yield Example(f"made:{number}", row.instruction, row.output, source=f"source {number % 40}")


def measure(way: str, path: Path) -> dict[str, float]:
    """Seconds, and largest resident memory in MiB before and after, of one way to read the same file."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    corpus = describe_file(path) if way == "file" else describe(read(path, Example))
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert corpus.whole.duplicates >= corpus.whole.examples // 100
    return {
        "seconds": round(seconds, 2),
        "rows_per_second": round(corpus.whole.examples / seconds),
        "resident_mib_at_start": round(before / 1024),
        "resident_mib": round(after / 1024),
    }


def main() -> None:
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
        return
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in (ROWS // 4, ROWS):
            path = Path(folder) / f"{n}.parquet"
            write(path, Example, made(n))
            for way in ("file", "examples"):
                words = [sys.executable, __file__, way, str(path)]
                done = subprocess.run(words, check=True, capture_output=True, text=True)
                found[f"{n:,} rows, describe{'_file' if way == 'file' else ''}"] = json.loads(done.stdout)
    print(json.dumps({"statistics": found, **facts()}, indent=1))


if __name__ == "__main__":
    main()
