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
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import torch
from machine_facts import facts
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from humpback.core.machine import Machine
from humpback.core.placement import Placement
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.core.work import Work, new_log
from humpback.costs.placing import place
from humpback.costs.plan_cost import cost
from humpback.costs.shapes import Shape, shape_of
from humpback.engines.transformers_engine import Engine
from humpback.experiments.humpback.algorithm import seed_model
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.papers import ALPAGASUS_13B, LLAMA_7B
from humpback.runs.devices import find_devices
from humpback.runs.quiet import quiet
from humpback.spec.data import Sampling
from humpback.spec.recipe import LinearTo, Lora, QLora
from humpback.stages import training
from humpback.stages.adapters import adapt, quantize
from humpback.stages.batches import IGNORED, TokenSequence

MACHINE = Machine(device="cuda", precision="bfloat16", threads=8, tracking="off")
TOKENIZER = Path(__file__).parent.parent / "harness/micro/bases"


def config(shape: Shape, **other: Any) -> LlamaConfig:
    return LlamaConfig(
        hidden_size=shape.width,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=shape.context,
        **{"vocab_size": shape.vocabulary, **other},
    )


def model_of(shape: Shape, dtype: torch.dtype, **other: Any) -> Any:
    """Random weights, drawn on the GPU."""
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    with torch.device("cuda"):
        model = LlamaForCausalLM(config(shape, **other))
    torch.set_default_dtype(torch.float32)
    return model


def sequences(lengths: list[int], vocabulary: int) -> list[TokenSequence]:
    """Random tokens, the first third of each a prompt."""
    rng, found = random.Random(0), []
    for length in lengths:
        ids = [rng.randrange(3, vocabulary) for _ in range(length)]
        found.append(TokenSequence(ids, [IGNORED] * (length // 3) + ids[length // 3 :]))
    return found


@dataclass(frozen=True)
class Training:
    """A finetuning as the harness would lay it out on this GPU."""

    shape: Shape
    adapter: Lora | None
    placement: Placement
    held: float
    """Bytes that weights, gradients, optimizer state and copies in bf16 are planned to take."""

    @classmethod
    def of(cls, setup: Setup, adapter: Lora | None = None, longest: int = 2_048) -> Training:
        model = seed_model(replace(setup.at(0), sft=replace(LLAMA_7B.sft, adapter=adapter, longest=longest)))
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            costs = cost(plan(store, [model]), store, MACHINE, "H200", memory=memory())
        run = next(one.run for artifact, one in costs.steps if artifact == model)
        shape = shape_of(model, MACHINE)
        assert shape is not None
        return cls(shape, adapter, place(costs, memory())[model.fingerprint], run.state + shape.autocast(adapter))

    def run(self, model: Any, lengths: list[int], batch: int, *, fused: bool = True) -> dict[str, Any]:
        """Rates of a training by the stage's own function, on an example for each of the lengths, and its memory beside
        what is planned. Without `fused`, without liger's kernels."""
        longest, peak, placement = max(lengths), matmul(), self.placement
        if not fused:
            training.has_fused_kernels = lambda model: False
        torch.cuda.reset_peak_memory_stats()
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            work = Work(lambda artifact: out, out, MACHINE, new_log(out, lambda *_: None), placement=placement)
            training.train(
                model,
                SimpleNamespace(pad_token_id=0, eos_token_id=0),  # type: ignore[arg-type]
                sequences(lengths, self.shape.vocabulary),
                rates=training.learning_rates(1e-5, LinearTo(9e-6), len(lengths) // batch),
                batch=batch,
                weight_decay=0.1,
                longest=longest,
                seed=0,
                work=work,
            )
            lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        steps = [one for one in lines if "loss" in one]
        seconds, done = steps[-1]["seconds"] - steps[0]["seconds"], steps[-1]["step"] - steps[0]["step"]
        examples, mean = done * batch, sum(lengths) / len(lengths)
        flops = (2 if self.adapter else 3) * examples * sum(map(self.shape.forward, lengths)) / len(lengths)
        rows = (placement.micro_batch or MACHINE.micro_batch) * (longest if placement.packed else mean)
        planned = self.held + self.shape.activations(rows, again=placement.gradient_checkpointing)
        measured = torch.cuda.max_memory_allocated()
        return {
            "placement": str(placement),
            "kernels": work.packages or "transformers' own",
            "loss of the first update": round(steps[0]["loss"], 4),
            "updates": done,
            "batch": batch,
            "tokens an example": round(mean, 1),
            "seconds an update": round(seconds / done, 3),
            "tokens a second": round(examples * mean / seconds),
            "TFLOP/s": round(flops / seconds / 1e12, 1),
            "bf16 matrix products, TFLOP/s": round(peak / 1e12, 1),
            "share of that rate": round(flops / seconds / peak, 3),
            "memory, GB": round(measured / 1e9, 1),
            "memory reserved, GB": round(torch.cuda.max_memory_reserved() / 1e9, 1),
            "memory as planned, GB": round(planned / 1e9, 1),
            "measured / planned": round(measured / planned, 3),
            "notes": work.log.notes,
        }


def matmul() -> float:
    """FLOP/s of bf16 products of 8,192 square."""
    one = torch.randn(8_192, 8_192, device="cuda", dtype=torch.bfloat16)
    for _ in range(5):
        one @ one
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(40):
        one @ one
    torch.cuda.synchronize()
    found = 40 * 2 * 8_192**3 / (time.perf_counter() - began)
    del one
    torch.cuda.empty_cache()
    return found


def memory() -> float:
    return float(torch.cuda.get_device_properties(0).total_memory)


def full() -> dict[str, Any]:
    """7B's full finetuning at 2,048 tokens, the paper's batch of 32."""
    return _full(Training.of(LLAMA_7B))


def full_whole() -> dict[str, Any]:
    """The same without activations computed again, one row at once."""
    return _full(_whole())


def full_whole_plain() -> dict[str, Any]:
    """That without liger's kernels."""
    return _full(_whole(), fused=False)


def _whole() -> Training:
    found = Training.of(LLAMA_7B)
    return replace(found, placement=replace(found.placement, gradient_checkpointing=False, micro_batch=1))


def _full(found: Training, *, fused: bool = True) -> dict[str, Any]:
    return found.run(model_of(found.shape, torch.float32), [2_048] * 32 * 5, 32, fused=fused)


def lora() -> dict[str, Any]:
    """7B with adapters of rank 16 at 2,048 tokens."""
    found = Training.of(LLAMA_7B, Lora(16))
    model = adapt(model_of(found.shape, torch.bfloat16), Lora(16), 0.0)
    return found.run(model, [2_048] * 32 * 5, 32)


def qlora() -> dict[str, Any]:
    """13B in four bits with adapters of rank 16 at 2,048 tokens."""
    found = Training.of(ALPAGASUS_13B, QLora(16))
    model = model_of(found.shape, torch.bfloat16)
    quantize(model, "cuda", torch.bfloat16)
    torch.cuda.empty_cache()
    return found.run(adapt(model, QLora(16), 0.0), [2_048] * 32 * 4, 32)


def short() -> dict[str, Any]:
    """7B's full finetuning on examples as short as Alpaca's, batch 128: laid end to end, and a row each."""
    rng, found = random.Random(0), Training.of(LLAMA_7B, longest=512)
    lengths = [min(512, max(20, round(rng.lognormvariate(4.6, 0.6)))) for _ in range(128 * 5)]
    model = model_of(found.shape, torch.float32)
    apart = replace(found, placement=replace(found.placement, packed=False))
    return {name: one.run(model, lengths, 128) for name, one in (("packed", found), ("a row each", apart))}


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
