"""Writing through the server that the harness starts, against the same server driven by a bare asyncio client, and
against our own engine; and that against transformers' `generate` over batches as they come. The same prompts in one
run.

    VLLM_CPU_KVCACHE_SPACE=2 .venv/bin/python benchmarks/serving.py MODEL --pairs alpaca_data.json \\
        --vllm /opt/vllm/bin/python > benchmarks/serving.json

MODEL is an artifact's folder, a transformers folder or a hub name. Prompts are a file's first instructions with their
inputs, as they come: more than a batch, short and long, with answers that end where the model ends them. The bare
client sends the very requests of ours and keeps nothing; ours keeps every answer on disk, synced, before it counts. The
server forgets prefixes, so that whoever asks second has no less to do. Rates are tokens of the texts written, in
seconds without the start of the server and without loading the model.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import httpx2
import torch
from machine_facts import facts

from humpback.core.machine import Server, load_machine
from humpback.core.store import Store
from humpback.core.work import Work, new_log
from humpback.engines.endpoint.calls import Request
from humpback.engines.server_engine import serve_engine
from humpback.engines.transformers_engine import Engine
from humpback.runs.load import resolve_model
from humpback.spec.data import Sampling


async def bare(address: str, requests: list[Request], concurrency: int) -> list[str]:
    """The texts that come back."""
    waiting, texts = iter(list(enumerate(requests))), [""] * len(requests)
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx2.AsyncClient(timeout=None, limits=limits, trust_env=False) as http:

        async def work() -> None:
            for i, one in waiting:
                reply = await http.post(f"{address}/{one.path}", json=one.body)
                texts[i] = reply.raise_for_status().json()["choices"][0]["text"]

        await asyncio.gather(*(work() for _ in range(concurrency)))
    return texts


def generate(engine: Engine, prompts: list[str], sampling: Sampling, batch: int) -> list[str]:
    """The answers of the engine's model by transformers alone, in batches as the prompts come."""
    model, chat, texts = engine._model, engine.chat, []
    torch.manual_seed(sampling.seed)
    for start in range(0, len(prompts), batch):
        rows = [chat.prompt(one) for one in prompts[start : start + batch]]
        longest = max(map(len, rows))
        ids = torch.tensor([[chat.end] * (longest - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        with torch.inference_mode():
            out = model.generate(  # type: ignore[operator]
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=sampling.max_new_tokens,
                do_sample=True,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                top_k=0,
                eos_token_id=sorted(chat.ends),
                pad_token_id=chat.end,
            )
        for row in out[:, longest:].tolist():
            texts.append(chat.read(row[: next((at for at, one in enumerate(row) if one in chat.ends), None)]))
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--pairs", type=Path, required=True, help="a file in Alpaca's layout")
    parser.add_argument("--vllm", required=True, help="Python of the environment that vLLM is installed in")
    parser.add_argument("--machine", type=Path, help="machine file; its [server] is not read")
    parser.add_argument("--argument", action="append", default=[], help="further argument of vLLM")
    parser.add_argument("--n", type=int, default=144, help="prompts")
    parser.add_argument("--tokens", type=int, default=256, help="at most, of each answer")
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    rows = json.loads(given.pairs.read_text())[: given.n]
    prompts = ["\n\n".join(filter(None, (row["instruction"], row["input"]))) for row in rows]
    rates: dict[str, list[float]] = {"harness": [], "bare client": [], "own engine": [], "generate": []}
    tokens = dict.fromkeys(rates, 0)
    found = resolve_model(given.model)
    with tempfile.TemporaryDirectory() as folder:
        arguments = ("--no-enable-prefix-caching", *given.argument)
        machine = load_machine(given.machine, store=folder, server=Server(python=given.vllm, arguments=arguments))
        machine = replace(machine, files=(*machine.files, *found.files))
        out = Path(folder) / "out"
        out.mkdir()
        store = Store(found.store or Path(folder))
        opened = store.open if found.store else lambda artifact: Path(folder)
        work = Work(opened, out, machine, new_log(out, lambda *_: None))
        samplings = [Sampling(max_new_tokens=given.tokens, seed=number) for number in range(given.rounds + 1)]

        def measure(name: str, began: float, texts: list[str]) -> None:
            seconds = time.perf_counter() - began
            n = sum(len(chat.encoding.encode(text.strip())) for text in texts)
            tokens[name] += n
            rates[name].append(round(n / seconds, 1))

        began = time.perf_counter()
        with serve_engine(found.model, machine.server or Server(), work) as engine:
            start, chat = time.perf_counter() - began, engine.chat
            for sampling in samplings:
                requests = list(engine.requests(prompts, sampling).values())
                began = time.perf_counter()
                measure("harness", began, [one.text for one in engine.generate(prompts, sampling)])
                began = time.perf_counter()
                texts = asyncio.run(bare(engine.served.address, requests, machine.generation_batch))
                measure("bare client", began, texts)
        own = Engine.of(found.model, work)
        for sampling in samplings:
            began = time.perf_counter()
            measure("own engine", began, [one.text for one in own.generate(prompts, sampling)])
            began = time.perf_counter()
            measure("generate", began, generate(own, prompts, sampling, machine.generation_batch))
    medians = {name: statistics.median(each[1:]) for name, each in rates.items()}
    table = {
        "tokens a second": {name: each[1:] for name, each in rates.items()},
        "first round, which warms up and is not counted": {name: each[0] for name, each in rates.items()},
        "harness / bare client": round(medians["harness"] / medians["bare client"], 3),
        "harness / own engine": round(medians["harness"] / medians["own engine"], 3),
        "own engine / generate": round(medians["own engine"] / medians["generate"], 3),
        "tokens written": tokens,
        "seconds until the server was up": round(start, 1),
    }
    setting = {
        "model": found.model.slug,
        "prompts": len(prompts),
        "tokens_at_most": given.tokens,
        "rounds": given.rounds,
    }
    runs = {"vllm": engine.served.version, "arguments": arguments, "threads": machine.threads}
    runs |= {"device": machine.device, "precision": machine.precision, "in_flight": machine.generation_batch}
    print(json.dumps({**table, **setting, **runs, **facts()}, indent=1))


if __name__ == "__main__":
    main()
