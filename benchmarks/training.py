"""Training throughput of the micro model: our stage against a bare PyTorch loop, and against ungrouped batches.

    .venv/bin/python benchmarks/training.py > benchmarks/training.json

The same model, texts, optimizer and global batch, one after the other in one process, with the machine's cores.
Figures are real (unpadded) tokens a second; read the ratios.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "2000")
sys.path.insert(0, str(Path(__file__).parent))

import torch
from machine_facts import facts
from transformers import LlamaConfig, LlamaForCausalLM

from humpback.core.machine import Machine
from humpback.core.work import Work, new_log
from humpback.experiments.setups.micro import MICRO
from humpback.micro.corpus import texts
from humpback.runs.quiet import quiet
from humpback.spec.models import Pretrained
from humpback.spec.recipe import LinearTo
from humpback.stages import training as stage
from humpback.stages.batches import TokenSequence, collate
from humpback.stages.pretrain import byte_level_bpe

UPDATES, BATCH = 150, 32


def model_of(base: Pretrained, size: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape = base.shape
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=size,
            hidden_size=shape.width,
            intermediate_size=shape.feed_forward,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            max_position_embeddings=shape.context,
            tie_word_embeddings=True,
        )
    )


def grouped(lengths: list[int], rng: random.Random) -> list[list[int]]:
    """Batches of like lengths: sorted within chunks of fifty batches, as the Trainer does it."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), 50 * BATCH):
        chunk = sorted(order[start : start + 50 * BATCH], key=lambda i: -lengths[i])
        batches += [chunk[i : i + BATCH] for i in range(0, len(chunk), BATCH)]
    rng.shuffle(batches)
    return batches


def bare_loop(model: LlamaForCausalLM, sequences: list[TokenSequence], tokenizer: Any, group: bool) -> float:
    """Real tokens a second of the plainest loop there is."""
    rng = random.Random(0)
    order = list(range(len(sequences)))
    rng.shuffle(order)
    lengths = [len(one.ids) for one in sequences]
    batches = grouped(lengths, rng) if group else [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model.train()
    tokens, started = 0, time.monotonic()
    for batch in batches[:UPDATES]:
        rows = [sequences[i] for i in batch]
        loss = model(**collate(tokenizer, rows)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        tokens += sum(lengths[i] for i in batch)
    return tokens / (time.monotonic() - started)


def our_stage(model: LlamaForCausalLM, sequences: list[TokenSequence], tokenizer: Any) -> float:
    """Real tokens a second of `humpback.stages.training.train`, its set-up included."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(workers=1, threads=torch.get_num_threads(), micro_batch=BATCH)
        work = Work(lambda artifact: Path(folder), Path(folder), machine, new_log(Path(folder), lambda *_: None))
        rates = stage.learning_rates(1e-3, LinearTo(1e-4), UPDATES)
        mean = sum(len(one.ids) for one in sequences) / len(sequences)
        started = time.monotonic()
        stage.train(model, tokenizer, sequences, rates=rates, batch=BATCH, weight_decay=0.1, seed=0, work=work)
        return UPDATES * BATCH * mean / (time.monotonic() - started)


def main() -> None:
    threads = len(os.sched_getaffinity(0))
    quiet(threads)
    base = MICRO.base
    assert isinstance(base, Pretrained)
    read = texts(MICRO.seed_data.world, UPDATES * BATCH, 0)
    tokenizer = byte_level_bpe(read, base.shape)
    sequences = [TokenSequence(ids, ids) for ids in tokenizer(read)["input_ids"]]
    bare_loop(model_of(base, len(tokenizer)), sequences[: 20 * BATCH], tokenizer, True)  # warm up
    rates = {
        "our stage (transformers Trainer, grouped by length)": our_stage(
            model_of(base, len(tokenizer)), sequences, tokenizer
        ),
        "bare PyTorch loop, grouped by length": bare_loop(model_of(base, len(tokenizer)), sequences, tokenizer, True),
        "bare PyTorch loop, not grouped": bare_loop(model_of(base, len(tokenizer)), sequences, tokenizer, False),
    }
    bare = rates["bare PyTorch loop, grouped by length"]
    out = {
        "tokens_per_second": {name: round(rate) for name, rate in rates.items()},
        "ratio_to_bare_grouped": {name: round(rate / bare, 3) for name, rate in rates.items()},
        "updates": UPDATES,
        "batch": BATCH,
        "threads": threads,
    }
    print(json.dumps({**out, **facts()}, indent=1))


if __name__ == "__main__":
    main()
