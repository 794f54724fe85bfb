"""The parts of `gpu.py` that write and rate."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from gpu_models import MACHINE, matmul, model_of
from transformers import AutoTokenizer

from humpback.core.work import Work, new_log
from humpback.costs.shapes import shape_of
from humpback.engines.transformers_engine import Engine
from humpback.experiments.setups.papers import LLAMA_7B
from humpback.spec.data import Sampling

TOKENIZER = Path(__file__).parent.parent / "harness/micro/bases"


def speaking(**machine: Any) -> tuple[Engine, Any, Work]:
    """The engine of a model of LLaMA-7B's shape, but with the vocabulary of micro, so that answers end by chance."""
    shape = shape_of(LLAMA_7B.base, MACHINE)
    assert shape is not None
    tokenizer = AutoTokenizer.from_pretrained(next(TOKENIZER.glob("llama-4x128-seed0-*")))
    model = model_of(shape, torch.bfloat16, vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id)
    out = Path(tempfile.mkdtemp())
    work = Work(lambda artifact: out, out, replace(MACHINE, **machine), new_log(out, lambda *_: None))
    return Engine(model, tokenizer, work), (model, tokenizer), work


def prompts(n: int, least: int, most: int) -> list[str]:
    """Of so many words, all different."""
    rng = random.Random(0)
    return [" ".join(str(rng.randrange(10)) for _ in range(rng.randrange(least, most))) for _ in range(n)]


def writing() -> dict[str, Any]:
    """7B: our engine, and transformers' `generate` over the same prompts in batches as they come."""
    engine, (model, tokenizer), work = speaking(generation_batch=128)
    asked, most, batch = prompts(256, 20, 120), 256, work.machine.generation_batch
    encoded = [engine.chat.prompt(one) for one in asked]
    rates: dict[str, list[float]] = {"our engine": [], "generate": []}

    def timed(name: str, write: Callable[[], list[str]]) -> None:
        torch.cuda.synchronize()
        began = time.perf_counter()
        texts = write()
        torch.cuda.synchronize()
        seconds = time.perf_counter() - began
        tokens = sum(len(tokenizer(one, add_special_tokens=False)["input_ids"]) for one in texts)
        rates[name].append(round(tokens / seconds))

    def ours() -> list[str]:
        return [
            one.text for one in engine.generate(asked, Sampling(max_new_tokens=most, seed=len(rates["our engine"])))
        ]

    def bare() -> list[str]:
        texts = []
        for start in range(0, len(encoded), batch):
            rows = encoded[start : start + batch]
            longest = max(map(len, rows))
            ids = torch.tensor([[0] * (longest - len(row)) + row for row in rows], device="cuda")
            mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device="cuda")
            with torch.inference_mode():
                out = model.generate(
                    input_ids=ids, attention_mask=mask, max_new_tokens=most, do_sample=True, temperature=0.7,
                    top_p=0.9, top_k=0, pad_token_id=0,
                )  # fmt: skip
            for row in out[:, longest:].tolist():
                end = row.index(tokenizer.eos_token_id) if tokenizer.eos_token_id in row else len(row)
                texts.append(engine.chat.read(row[:end]))
        return texts

    for _ in range(3):  # the first warms up
        timed("our engine", ours)
        timed("generate", bare)
    ratio = sum(rates["our engine"][1:]) / sum(rates["generate"][1:])
    found = {"tokens a second": rates, "our engine / generate, without the first": round(ratio, 3)}
    return {**found, "batch": batch, "prompts": len(asked)}


def rating() -> dict[str, Any]:
    """7B: ratings by expectation, of prompts of about 600 tokens."""
    engine, _, work = speaking()
    asked = prompts(512, 260, 340)
    options = [f"Score: {score}" for score in range(1, 5)]  # alike but for their last token
    engine.choose(asked[:16], options)
    peak = matmul()
    torch.cuda.synchronize()
    began = time.perf_counter()
    engine.choose(asked, options)
    torch.cuda.synchronize()
    seconds = time.perf_counter() - began
    lengths = [len(engine.chat.prompt(one)) for one in asked]
    shape = shape_of(LLAMA_7B.base, MACHINE)
    assert shape is not None
    flops = sum(map(shape.forward, lengths))
    return {
        "prompts": len(asked),
        "tokens a prompt": round(sum(lengths) / len(lengths)),
        "ratings a second": round(len(asked) / seconds, 1),
        "tokens a second": round(sum(lengths) / seconds),
        "bf16 matrix products, TFLOP/s": round(peak / 1e12, 1),
        "share of that rate": round(flops / seconds / peak, 3),
        "notes": work.log.notes,
    }
