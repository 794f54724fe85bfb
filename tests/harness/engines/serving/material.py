"""Stand-ins for a server that the harness starts, and what a stage writes through one."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil

from humpback.core.machine import Server
from humpback.core.tables import EXAMPLES, Example, read
from humpback.core.work import Work
from humpback.spec.data import Sampling
from humpback.spec.outcomes import Responses
from tests.harness.training.material import SEED, Workshop

PROGRAM = str(Path(__file__).parent.with_name("stand_in_server.py"))
N = 30


def running(mark: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if mark in (one.info["cmdline"] or ())]


def all_gone(mark: str, seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while running(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not running(mark)


def stand_in(mark: str, *words: object, **fields: float) -> Server:
    command = (sys.executable, PROGRAM, "--port={port}", "--model={model}", "--mark", mark, *map(str, words))
    return Server(engine="stand-in", command=command, **fields)


def vllm(shop: Workshop, mark: str) -> Server:
    """The program where vLLM's Python would be."""
    python = shop.root / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{PROGRAM}" --mark {mark} "$@"\n')
    python.chmod(0o755)
    return Server(python=str(python), arguments=("--seed", "1"))


def rows(work: Work) -> list[Example]:
    return list(read(work.out / EXAMPLES, Example))


def answers(shop: Workshop) -> Responses:
    return Responses(shop.base("llama"), SEED, Sampling(seed=5, max_new_tokens=9), ("Be brief.",))
