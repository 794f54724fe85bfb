"""How near the endpoint client comes to concurrency / latency, and alpaca-eval's own client beside it in the same run.

    .venv/bin/python benchmarks/endpoint.py > benchmarks/endpoint.json

A loopback server in a process of its own answers each call after 200 ms; 32 calls are in flight. The same judge's
prompts go through both clients, in turn. Ours keeps every answer on disk, synced, before it counts; alpaca-eval's keeps
them in memory.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import statistics
import sys
import tempfile
import time
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from machine_facts import facts

from humpback.core.machine import Endpoint
from humpback.engines.endpoint.calls import Request
from humpback.engines.endpoint.client import Client
from humpback.engines.endpoint.journal import Journal
from humpback.judging.annotators import Annotator

LATENCY, CONCURRENCY, CALLS, ROUNDS = 0.2, 32, 1_280, 3
CONTENT = "[{'model': 'model_1', 'rank': 1}, {'model': 'model_2', 'rank': 2}]"


def serve(port: Connection) -> None:
    """A server as light as can be, so that it is not what is measured."""
    message = {"role": "assistant", "content": CONTENT}
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4-0613",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 400, "completion_tokens": 30, "total_tokens": 430},
    }
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
                length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
                await reader.readexactly(length)
                await asyncio.sleep(LATENCY)
                writer.write(head + text)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=256)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def ours(address: str, requests: list[Request], folder: Path) -> float:
    """Calls a second."""
    with Journal(folder / "calls.jsonl") as journal:
        client = Client(Endpoint(address, concurrency=CONCURRENCY), journal)
        started = time.monotonic()
        client.ask(requests)
        answers = [client.answer(r) for r in requests]
        seconds = time.monotonic() - started
    assert all(answer.reply and answer.reply.text == CONTENT for answer in answers)
    return len(requests) / seconds


def alpaca_evals(address: str, prompts: list[str]) -> float:
    """Calls a second."""
    from alpaca_eval.decoders.openai import openai_completions

    started = time.monotonic()
    done = openai_completions(
        prompts,
        "gpt-4",
        max_tokens=100,
        temperature=0,
        num_procs=CONCURRENCY,
        client_config_path="none",
        openai_api_keys=["none"],
        openai_api_base=address,
    )
    seconds = time.monotonic() - started
    assert done["completions"] == [CONTENT] * len(prompts)
    return len(prompts) / seconds


def main() -> None:
    annotator = Annotator("alpaca_eval_gpt4")
    logging.disable(logging.CRITICAL)
    listening, telling = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(telling,), daemon=True)
    server.start()
    address = f"http://127.0.0.1:{listening.recv()}/v1"
    found: dict[str, list[float]] = {"ours": [], "alpaca-eval's": []}
    for number in range(ROUNDS):
        shown = [(f"Question {number}/{i}?", "one " * 150, "two " * 150) for i in range(CALLS)]
        requests = [annotator.request(one) for one in shown]
        prompts = [
            "\n".join(f"<|im_start|>{m['role']}\n{m['content']}\n<|im_end|>" for m in request.body["messages"])
            for request in requests
        ]
        with tempfile.TemporaryDirectory() as folder:
            found["ours"].append(ours(address, requests, Path(folder)))
        found["alpaca-eval's"].append(alpaca_evals(address, prompts))
    server.terminate()
    best = CONCURRENCY / LATENCY
    table = {
        name: {
            "calls a second": [round(rate, 1) for rate in rates],
            "median, share of concurrency / latency": round(statistics.median(rates) / best, 3),
        }
        for name, rates in found.items()
    }
    share = {name: one["median, share of concurrency / latency"] for name, one in table.items()}
    ratio = round(share["ours"] / share["alpaca-eval's"], 3)
    versions = {name: metadata.version(name) for name in ("httpx2", "openai", "alpaca-eval")}
    setting = {"latency_s": LATENCY, "concurrency": CONCURRENCY, "calls": CALLS, "rounds": ROUNDS}
    print(
        json.dumps(
            {"clients": table, "ours / alpaca-eval's": ratio, **setting, "clients_versions": versions, **facts()},
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
