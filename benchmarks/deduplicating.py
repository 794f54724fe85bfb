"""Near-duplicate removal at the paper's size: seconds, segments a second, resident memory, and what is found.

    .venv/bin/python benchmarks/deduplicating.py ../shared/data/web/pages.warc.gz > benchmarks/deduplicating.json

The segments are made of the sentences of real pages, up to about 1,700 characters each. Every fourth word of a
sentence is exchanged for one of another sentence, for so few pages would repeat themselves far more than the web does.
One segment in five is planted: an earlier one with up to a third of its sentences exchanged. The stage runs in a
process of its own, from the Parquet file of segments to those of kept and rejected ones; its largest resident memory
is the kernel's figure. Where the load average is above one, others used the machine as well: then read the
processor's seconds. For the smallest size every planted pair's Jaccard similarity is computed from its shingles, and
the share that was joined is set against what the parameters promise.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from machine_facts import facts
from selectolax.lexbor import LexborHTMLParser

from humpback.core.machine import Machine
from humpback.core.tables import EXAMPLES, REJECTED, Example, Rejected, Writer, read
from humpback.core.work import Work, new_log
from humpback.readers.pages import pages
from humpback.segmenter.minhash import MinHash
from humpback.segmenter.tokens import unspaced
from humpback.spec.data import MicroPages, Segments
from humpback.spec.files import Deduplicated
from humpback.spec.micro_world import World
from humpback.stages.deduplicate import deduplicate

SIZES = (50_000, 125_000, 250_000, 502_133)
CHARACTERS = 1_700
PLANTED = 5
"""One segment in so many."""
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
NODE = Deduplicated(Segments(MicroPages(World(), n=1)))


def sentences(path: Path) -> list[str]:
    """Of all pages, each once; those without spaces between their words are left out, for `fresh` exchanges words."""
    seen: dict[str, None] = {}
    for page in pages(path):
        body = LexborHTMLParser(page.html).body
        for node in body.css("p, li") if body is not None else ():
            for part in " ".join(node.text(deep=True).split()).split(". "):
                if 30 <= len(part) <= 300 and not unspaced(part):
                    seen[part] = None
    return list(seen)


def segments(known: list[str], n: int) -> Iterator[tuple[str, int]]:
    """Each text, and the place of the segment it was planted from, or -1."""
    rng = random.Random("deduplicating")
    earlier: list[tuple[int, list[str]]] = []
    for i in range(n):
        if i % PLANTED == PLANTED - 1:
            start, parts = earlier[rng.randrange(len(earlier))]
            parts = list(parts)
            for place in rng.sample(range(len(parts)), rng.randrange(len(parts) // 3 + 1)):
                parts[place] = fresh(known, rng)
        else:
            start, parts, size = -1, [], 0
            while size < CHARACTERS:
                parts.append(fresh(known, rng))
                size += len(parts[-1]) + 2
            if len(earlier) < 2_000:
                earlier.append((i, parts))
            else:
                earlier[rng.randrange(2_000)] = (i, parts)
        yield ". ".join(parts), start


def fresh(known: list[str], rng: random.Random) -> str:
    """A sentence of the pages, with some of its words exchanged for those of another."""
    words, other = rng.choice(known).split(), rng.choice(known).split()
    for place in range(rng.randrange(4), len(words), 4):
        words[place] = rng.choice(other)
    return " ".join(words)


def run(folder: str, report: Any) -> None:
    """The stage, in a process of its own."""
    out = Path(folder) / "out"
    out.mkdir()
    work = Work(lambda artifact: Path(folder), out, Machine(workers=1, threads=1), new_log(out, lambda *_: None))
    before = largest_resident()
    started, busy = time.monotonic(), time.process_time()
    counts = deduplicate(NODE, work)
    seconds, busy = time.monotonic() - started, time.process_time() - busy
    measures = {"seconds": seconds, "cpu_seconds": busy, "peak_mib": largest_resident(), "imports_mib": before}
    report.send({**measures, **counts})


def largest_resident() -> float:
    """MiB. Of this program only: what `getrusage` says of a new process can be its parent's."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measured(known: list[str], n: int, folder: Path) -> dict[str, Any]:
    """One size: made, run, and compared with what was planted."""
    pairs: dict[int, int] = {}
    with Writer(folder / EXAMPLES, Example) as out:
        for i, (text, start) in enumerate(segments(known, n)):
            out.add(Example(f"s{i}", output=text, source="web"))
            if start >= 0:
                pairs[i] = start
    receive, send = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=run, args=(str(folder), send))
    process.start()
    result: dict[str, Any] = receive.recv()
    process.join()
    gone = {int(row.id[1:]): int(row.reason.rpartition(" s")[2]) for row in read(folder / "out" / REJECTED, Rejected)}
    planted_too = sum(1 for i in gone if i in pairs)
    found = compared(folder, pairs, gone) if n == SIZES[0] else {}
    return {
        "segments": n,
        "seconds": round(result["seconds"], 1),
        "segments_per_second": round(n / result["seconds"]),
        "cpu_seconds": round(result["cpu_seconds"], 1),
        "segments_per_cpu_second": round(n / result["cpu_seconds"]),
        "largest_resident_mib": round(result["peak_mib"]),
        "of_which_before_the_stage_mib": round(result["imports_mib"]),
        "kept": result["kept"],
        "rejected": result["rejected"],
        "planted": len(pairs),
        "planted_rejected": planted_too,
        "not_planted_but_rejected": len(gone) - planted_too,
        **found,
    }


def compared(folder: Path, pairs: dict[int, int], gone: dict[int, int]) -> dict[str, Any]:
    """Planted pairs by their true similarity: how many were joined, and how many should have been on average."""
    how = MinHash(shingle=NODE.shingle, bands=NODE.bands, rows=NODE.rows)
    texts = [row.output for row in read(folder / EXAMPLES, Example)]
    rows = []
    for i, start in pairs.items():
        one, other = np.unique(how.shingles(texts[i])), np.unique(how.shingles(texts[start]))
        both = len(np.intersect1d(one, other, assume_unique=True))
        similarity = both / (len(one) + len(other) - both)
        joined = gone.get(i, i) == gone.get(start, start)
        rows.append((similarity, 1 - (1 - similarity**how.rows) ** how.bands, joined))
    bins = {}
    for low, high in pairwise(BINS):
        inside = [row for row in rows if low <= row[0] < high]
        if inside:
            bins[f"{low:g} to {min(high, 1):g}"] = {
                "pairs": len(inside),
                "joined": round(sum(row[2] for row in inside) / len(inside), 3),
                "promised": round(sum(row[1] for row in inside) / len(inside), 3),
            }
    return {"planted_pairs_by_jaccard": bins}


def main() -> None:
    known = sentences(Path(sys.argv[1]))
    rows = []
    for n in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measured(known, n, Path(folder)))
            print(rows[-1], file=sys.stderr)
    out = {
        "shingle": NODE.shingle,
        "bands": NODE.bands,
        "rows": NODE.rows,
        "sentences_of_real_pages": len(known),
        "characters": CHARACTERS,
        "sizes": rows,
        "load_average": round(os.getloadavg()[0], 1),
    }
    print(json.dumps({**out, **facts()}, indent=1))


if __name__ == "__main__":
    main()
