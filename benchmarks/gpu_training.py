"""The parts of `gpu.py` that train."""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from gpu_models import MACHINE, matmul, memory, model_of

from humpback.core.placement import Placement
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.core.work import Work, new_log
from humpback.costs.placing import place
from humpback.costs.plan_cost import cost
from humpback.costs.shapes import Shape, shape_of
from humpback.experiments.humpback.algorithm import seed_model
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.papers import ALPAGASUS_13B, LLAMA_7B
from humpback.spec.recipe import LinearTo, Lora, QLora
from humpback.stages import training
from humpback.stages.adapters import adapt, quantize
from humpback.stages.batches import IGNORED, TokenSequence


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
