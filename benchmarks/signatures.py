"""Texts to what near-duplicates are found by, their bands' keys: ours against rensa's signatures of the same shingles.

    .venv/bin/pip install --no-deps rensa
    .venv/bin/python benchmarks/signatures.py ../shared/data/web/pages.warc.gz > benchmarks/signatures.json

The texts are those of `deduplicating.py`. rensa is given each text's shingles, so many words with spaces between them,
and makes as many numbers of them as ours has; finding who shares a band is left out of both. Processor seconds, rounds
alternate; read the ratio, the median of the rounds' own.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib import metadata
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from deduplicating import NODE, segments, sentences
from machine_facts import facts
from rensa import RMinHash

from humpback.segmenter.minhash import MinHash, plain
from humpback.segmenter.tokens import words

N, ROUNDS = 4_000, 5
HOW = MinHash(NODE.shingle, NODE.bands, NODE.rows)


def ours(texts: list[str]) -> object:
    return HOW.keys(texts)


def theirs(texts: list[str]) -> object:
    found = []
    for text in texts:
        known = words(plain(text))
        sketch = RMinHash(num_perm=NODE.bands * NODE.rows, seed=0)
        sketch.update([" ".join(known[i : i + NODE.shingle]) for i in range(len(known) - NODE.shingle + 1)])
        found.append(sketch.digest())
    return found


def main() -> None:
    texts = [text for text, _ in islice(segments(sentences(Path(sys.argv[1])), N), N)]
    rates: dict[str, list[float]] = {"ours": [], "rensa": []}
    ways: dict[str, Callable[[list[str]], object]] = {"ours": ours, "rensa": theirs}
    for work in ways.values():
        work(texts[:500])  # warms up
    for _ in range(ROUNDS):
        for name, work in ways.items():
            began = time.process_time()
            work(texts)
            rates[name].append(round(N / (time.process_time() - began)))
    ratios = [a / b for a, b in zip(rates["ours"], rates["rensa"], strict=True)]
    out = {
        "texts_per_second": rates,
        "ours / rensa": round(statistics.median(ratios), 3),
        "texts": N,
        "words a text": round(sum(len(words(plain(text))) for text in texts) / N),
        "rensa": metadata.version("rensa"),
    }
    print(json.dumps({**out, **facts()}, indent=1))


if __name__ == "__main__":
    main()
