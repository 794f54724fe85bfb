"""Ratings by the paper's rubric, which all of a set's prompts begin with: read once against read with each of them, by
our own engine and by a server that the harness starts.

    VLLM_CPU_KVCACHE_SPACE=2 .venv/bin/python benchmarks/rating.py MODEL --pairs alpaca_data.json \\
        --vllm /opt/vllm/bin/python > benchmarks/rating.json

MODEL is an artifact's folder, a transformers folder or a hub name. Rates are ratings a second by expectation, without
loading and starting; read the ratios. Without --vllm our own engine alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from machine_facts import facts

from humpback.core.machine import Server, load_machine
from humpback.core.store import Store
from humpback.core.work import Work, new_log
from humpback.engines import shared_prefix
from humpback.engines.completion import LocalEngine
from humpback.engines.server_engine import serve_engine
from humpback.engines.transformers_engine import Engine
from humpback.inputs.prompt_file import load_prompt
from humpback.runs.load import resolve_model
from humpback.spec.prompts import HUMPBACK_RATING

OPTIONS = [f"Score: {score}" for score in range(1, 6)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--pairs", type=Path, required=True, help="a file in Alpaca's layout")
    parser.add_argument("--vllm", help="Python of the environment that vLLM is installed in")
    parser.add_argument("--machine", type=Path, help="machine file; its [server] is not read")
    parser.add_argument("--n", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    found, n = resolve_model(given.model), given.n
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        machine = load_machine(given.machine, store=folder, server=None)
        machine = replace(machine, files=(*machine.files, *found.files))
        store = Store(found.store or Path(folder))
        prompt = load_prompt(HUMPBACK_RATING, machine)
        rows = json.loads(given.pairs.read_text())[: n * (given.rounds + 1)]
        asked = [prompt.fill(instruction=row["instruction"], output=row["output"]) for row in rows]

        def work(name: str, **fields: Server) -> Work:
            out = Path(folder) / name
            out.mkdir()
            opened = store.open if found.store else lambda artifact: Path(folder)
            return Work(opened, out, replace(machine, **fields), new_log(out, lambda *_: None))  # type: ignore[arg-type]

        def measure(name: str, engine: LocalEngine) -> None:
            """Other pairs in each round, so that no more than the rubric is known; the first warms up."""
            for start in range(0, len(asked), n):
                began = time.perf_counter()
                engine.choose(asked[start : start + n], OPTIONS)
                rates.setdefault(name, []).append(round(n / (time.perf_counter() - began), 3))

        engine = Engine.of(found.model, work("own"))
        measure("own engine, rubric read once", engine)
        shared_prefix.SHORTEST = sys.maxsize
        measure("own engine, rubric read with each", engine)
        lengths = [len(engine.chat.prompt(one)) for one in asked]
        for name, words in (("once", ()), ("with each", ("--no-enable-prefix-caching",))) if given.vllm else ():
            server = Server(python=given.vllm, arguments=words)
            with serve_engine(found.model, server, work(name.replace(" ", "-"), server=server)) as served:
                measure(f"vLLM, rubric read {name}", served)
    medians = {name: statistics.median(each[1:]) for name, each in rates.items()}

    def ratio(who: str) -> float | None:
        once, each = (medians.get(f"{who}, rubric read {how}") for how in ("once", "with each"))
        return round(once / each, 3) if once and each else None

    table = {
        "ratings a second, the first of each warms up": rates,
        "once / with each": {who: ratio(who) for who in ("own engine", "vLLM")},
        "tokens a prompt": round(sum(lengths) / len(lengths), 1),
        "model": found.model.slug,
        "n": n,
        "threads": machine.threads,
        "precision": machine.precision,
    }
    print(json.dumps({**table, **facts()}, indent=1))


if __name__ == "__main__":
    main()
