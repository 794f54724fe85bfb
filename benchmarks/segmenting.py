"""Pages to segments on one core, against trafilatura's extraction of the same pages.

    .venv/bin/pip install trafilatura fastwarc
    .venv/bin/python benchmarks/segmenting.py ../shared/data/web/pages.warc.gz > benchmarks/segmenting.json

Both are given the decoded pages. Ours parses and applies every rule of `Segments` with its defaults; trafilatura
extracts the main text with its defaults. Rounds alternate and the fastest of each counts, so that a busy machine
disturbs neither; read the ratio. `parts` are shares of our time.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import trafilatura
from machine_facts import facts

from humpback.core.tables import Example, Page
from humpback.readers.pages import pages
from humpback.segmenter import segments
from humpback.segmenter.parse import body_of
from humpback.segmenter.tree import parse_page
from humpback.spec.data import MicroPages, Segments
from humpback.spec.micro_world import World

ROUNDS = 7
RULES = Segments(MicroPages(World(), n=1))
"""The defaults; which pages they are of does not matter here."""


def seconds(work: Callable[[Page], object], given: list[Page]) -> float:
    """Processor seconds of one pass over the pages."""
    started = time.process_time()
    for page in given:
        work(page)
    return time.process_time() - started


def main() -> None:
    given = list(pages(Path(sys.argv[1])))
    gc.freeze()  # what the imports made is not looked through while the clock runs
    ours, theirs, parsing, walking = [], [], [], []
    kept = sum(isinstance(row, Example) for page in given for row in segments(page, RULES))  # warms up too
    seconds(lambda page: trafilatura.extract(page.html), given[:20])
    for _ in range(ROUNDS):
        ours.append(seconds(lambda page: list(segments(page, RULES)), given))
        theirs.append(seconds(lambda page: trafilatura.extract(page.html), given))
        parsing.append(seconds(lambda page: body_of(page.html), given))
        walking.append(seconds(lambda page: parse_page(page.html), given))
    own, parse, walk = (min(times) for times in (ours, parsing, walking))
    other = min(theirs)
    out = {
        "pages": len(given),
        "megabytes": round(sum(len(page.html) for page in given) / 1e6, 1),
        "segments_kept": kept,
        "pages_per_second": {"ours": round(len(given) / own), "trafilatura": round(len(given) / other)},
        "ratio": round(other / own, 1),
        "ratio_of_each_round": [round(b / a, 1) for a, b in zip(ours, theirs, strict=True)],
        "parts": {
            "parsing": round(parse / own, 2),
            "walking": round((walk - parse) / own, 2),
            "rules": round((own - walk) / own, 2),
        },
        "trafilatura": metadata.version("trafilatura"),
        "selectolax": metadata.version("selectolax"),
    }
    print(json.dumps({**out, **facts()}, indent=1))


if __name__ == "__main__":
    main()
