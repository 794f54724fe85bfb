"""Training throughput: our stage against a bare PyTorch loop, against ungrouped batches, and against TRL's SFTTrainer.

    .venv/bin/python benchmarks/training.py > benchmarks/training.json
    .venv/bin/python benchmarks/training.py --model FOLDER --pairs alpaca_data.json > benchmarks/training-smollm2.json

The micro model on the micro world's texts, or a model's folder in bfloat16 autocast on the first pairs of a file. The
same model, sequences, optimizer and global batch, one after the other in one process. Figures are real (unpadded)
tokens a second; read the ratios, each the median of the rounds' own, as a machine's speed drifts. TRL is a peer where
it is installed (`pip install --no-deps trl`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("GOMP_SPINCOUNT", "2000")
sys.path.insert(0, str(Path(__file__).parent))

import torch
from machine_facts import facts
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from humpback.core.machine import Machine
from humpback.core.tables import Example
from humpback.core.work import Work, new_log
from humpback.engines.chat.chat_format import ChatFormat
from humpback.experiments.setups.micro import MICRO
from humpback.micro.corpus import texts
from humpback.runs.quiet import quiet
from humpback.spec.models import Pretrained
from humpback.spec.recipe import LinearTo
from humpback.spec.template import INSTRUCTION_RESPONSE
from humpback.stages import training as stage
from humpback.stages.batches import TokenSequence, collate
from humpback.stages.finetune import encode_examples
from humpback.stages.pretrain import byte_level_bpe


@dataclass(frozen=True)
class Task:
    """What is trained: a model from the same beginning each time, sequences, and how."""

    build: Callable[[], Any]
    tokenizer: Any
    sequences: list[TokenSequence]
    batch: int
    micro_batch: int
    precision: Literal["float32", "bfloat16"]

    @property
    def updates(self) -> int:
        return len(self.sequences) // self.batch


def micro() -> Task:
    """The base of micro as it is trained at first."""
    base = MICRO.base
    assert isinstance(base, Pretrained)
    shape, read = base.shape, texts(MICRO.seed_data.world, 150 * 32, 0)
    tokenizer = byte_level_bpe(read, shape)

    def build() -> Any:
        torch.manual_seed(0)
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=shape.width,
                intermediate_size=shape.feed_forward,
                num_hidden_layers=shape.layers,
                num_attention_heads=shape.heads,
                max_position_embeddings=shape.context,
                tie_word_embeddings=True,
            )
        )

    return Task(build, tokenizer, [TokenSequence(ids, ids) for ids in tokenizer(read)["input_ids"]], 32, 32, "float32")


def of_folder(folder: Path, pairs: Path) -> Task:
    """A model's full finetuning on the first pairs of a file in Alpaca's layout."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    chat = ChatFormat(INSTRUCTION_RESPONSE, tokenizer)
    rows = [Example(str(i), one["instruction"], one["output"]) for i, one in enumerate(json.loads(pairs.read_text()))]
    sequences = encode_examples(rows[:72], chat, 512).sequences
    return Task(
        lambda: AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
        tokenizer,
        sequences,
        8,
        8,
        "bfloat16",
    )


def grouped(lengths: list[int], batch: int, rng: random.Random) -> list[list[int]]:
    """Batches of like lengths: sorted within chunks of fifty batches, as the Trainer does it."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), 50 * batch):
        chunk = sorted(order[start : start + 50 * batch], key=lambda i: -lengths[i])
        batches += [chunk[i : i + batch] for i in range(0, len(chunk), batch)]
    rng.shuffle(batches)
    return batches


def bare_loop(task: Task, group: bool, updates: int = 0) -> float:
    """Real tokens a second of the plainest loop there is."""
    rng, model = random.Random(0), task.build()
    order = list(range(len(task.sequences)))
    rng.shuffle(order)
    lengths = [len(one.ids) for one in task.sequences]
    size = task.batch
    batches = grouped(lengths, size, rng) if group else [order[i : i + size] for i in range(0, len(order), size)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    model.train()
    tokens, started = 0, time.monotonic()
    for batch in batches[: updates or task.updates]:
        rows = [task.sequences[i] for i in batch]
        with torch.autocast("cpu", torch.bfloat16, enabled=task.precision == "bfloat16"):
            loss = model(**collate(task.tokenizer, rows)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        tokens += sum(lengths[i] for i in batch)
    return tokens / (time.monotonic() - started)


def our_stage(task: Task) -> float:
    """Real tokens a second of `humpback.stages.training.train`, its set-up included."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(
            workers=1, threads=torch.get_num_threads(), micro_batch=task.micro_batch, precision=task.precision
        )
        work = Work(lambda artifact: Path(folder), Path(folder), machine, new_log(Path(folder), lambda *_: None))
        rates, model = stage.learning_rates(1e-5, LinearTo(1e-6), task.updates), task.build()
        tokens = sum(len(one.ids) for one in task.sequences[: task.updates * task.batch])
        started = time.monotonic()
        stage.train(
            model, task.tokenizer, task.sequences, rates=rates, batch=task.batch, weight_decay=0.1, seed=0, work=work
        )
        return tokens / (time.monotonic() - started)


def trl(task: Task) -> float:
    """Real tokens a second of TRL's SFTTrainer as it comes, on the same tokens; its reading of them is not counted."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = [{"input_ids": one.ids, "labels": one.labels} for one in task.sequences[: task.updates * task.batch]]
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=task.build(),
            args=SFTConfig(
                output_dir=folder,
                max_steps=task.updates,
                per_device_train_batch_size=task.batch,
                learning_rate=1e-5,
                weight_decay=0.1,
                bf16=task.precision == "bfloat16",
                gradient_checkpointing=False,
                use_cpu=True,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=task.tokenizer,
        )
        started = time.monotonic()
        with contextlib.redirect_stdout(sys.stderr):  # where it tells of its end
            trainer.train()
        return sum(len(one["input_ids"]) for one in rows) / (time.monotonic() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--pairs", type=Path)
    given = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    quiet(threads)
    task = of_folder(given.model, given.pairs) if given.model else micro()
    bare_loop(task, True, 2 if given.model else 20)  # warm up
    ways: dict[str, Callable[[], float]] = {
        "our stage": lambda: our_stage(task),
        "bare PyTorch loop, grouped by length": lambda: bare_loop(task, True),
        "bare PyTorch loop, not grouped": lambda: bare_loop(task, False),
    }
    if find_spec("trl"):
        ways["TRL's SFTTrainer"] = lambda: trl(task)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(3 if given.model else 5):
        for name, run in ways.items():
            rates[name].append(round(run(), 1))
    ours = rates["our stage"]
    ratios = {name: [a / b for a, b in zip(ours, each, strict=True)] for name, each in rates.items()}
    del ratios["our stage"]
    out = {
        "tokens_per_second": rates,
        "our stage, ratio to": {name: round(statistics.median(each), 3) for name, each in ratios.items()},
        "updates": task.updates,
        "batch": task.batch,
        "tokens an example": round(sum(len(one.ids) for one in task.sequences) / len(task.sequences), 1),
        "precision": task.precision,
        "threads": threads,
        "trl": metadata.version("trl") if find_spec("trl") else None,
    }
    print(json.dumps({**out, **facts()}, indent=1))


if __name__ == "__main__":
    main()
