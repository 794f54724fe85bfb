"""Training under transformers' Trainer, for pretraining and finetuning alike, by one process or several.

Batches are grouped by length. The learning rate follows the recipe's own schedule, because a schedule that names its
final rate is not among the Trainer's. The loss is a mean over all target tokens of a global batch, however it is cut
into micro-batches.
"""

from __future__ import annotations

import itertools
import math
import random
import tempfile
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Sampler
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback
from transformers.utils import is_liger_kernel_available

from humpback.core.work import Work
from humpback.engines import processes
from humpback.spec.recipe import CosineTo, LinearTo, WarmStableDecay
from humpback.stages.batches import MicroBatches, Share, TokenSequence, Updates, keeps_apart
from humpback.stages.checkpoint import Checkpoints
from humpback.stages.sharding import is_sharded, whole_weights
from humpback.stages.trainer import MICRO_BATCHES, CarefulTrainer

LIGER = "liger-kernel"


def learning_rates(highest: float, schedule: LinearTo | CosineTo | WarmStableDecay, updates: int) -> list[float]:
    """The learning rate of each update."""
    rising = math.ceil(schedule.warm_up * updates)
    held = updates - math.ceil(schedule.decay * updates) if isinstance(schedule, WarmStableDecay) else rising

    def rate(update: int) -> float:
        if update < rising:
            return highest * (update + 1) / rising
        fallen = min(1.0, max(0, update - held) / max(1, updates - 1 - held))
        if isinstance(schedule, CosineTo):
            fallen = 0.5 * (1 - math.cos(math.pi * fallen))
        return highest + (schedule.final - highest) * fallen

    return [rate(update) for update in range(updates)]


class LengthGroups(Sampler[int]):
    """Indices such that consecutive batches hold rows of like length and come in random order.

    Rows are shuffled, sorted within chunks of 50 batches, cut into batches, and the batches shuffled; a last partial
    batch stays last. (transformers' own grouping leaves each chunk's batches sorted from long to short, so that the
    gradient drifts with length; the micro base then ended at a loss of 0.58 in place of 0.53.) With `in_order`, rows
    keep the order in which they stand but for that of the batches within each chunk.
    """

    def __init__(self, lengths: list[int], batch: int, seed: int, *, in_order: bool = False) -> None:
        self._lengths, self._batch, self._in_order = lengths, batch, in_order
        self._random = random.Random(seed)

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        n = len(self._lengths)
        order = list(range(n)) if self._in_order else self._random.sample(range(n), n)
        chunk = 50 * self._batch
        batches: list[list[int]] = []
        for start in range(0, n, chunk):
            rows = sorted(order[start : start + chunk], key=lambda i: self._lengths[i])
            cut = [rows[at : at + self._batch] for at in range(0, len(rows), self._batch)]
            partial = [cut.pop()] if len(cut[-1]) < self._batch else []
            if self._in_order:
                self._random.shuffle(cut)
            batches += cut + partial
        partial = [batches.pop()] if batches and len(batches[-1]) < self._batch else []
        if not self._in_order:
            self._random.shuffle(batches)
        return itertools.chain.from_iterable(batches + partial)


class _Trainer(CarefulTrainer):
    """A Trainer with our rates and our updates."""

    def __init__(self, *, rates: list[float], updates: Updates, **rest: Any) -> None:
        self._rates, self._updates = rates, updates
        super().__init__(**rest)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """This process's share of each update, which nobody has to divide further."""
        return DataLoader(
            self.train_dataset,
            batch_sampler=self._updates,
            collate_fn=lambda micro_batches: {MICRO_BATCHES: micro_batches},
            pin_memory=self.args.dataloader_pin_memory,
        )

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        chosen, rates = optimizer or self.optimizer, self._rates
        base = chosen.param_groups[0]["lr"]
        self.lr_scheduler = LambdaLR(chosen, lambda update: rates[min(update, len(rates) - 1)] / base)
        return self.lr_scheduler


class _Progress(TrainerCallback):
    """Passes progress, losses and the rate that each logged update was really made with to the stage's log."""

    def __init__(self, work: Work, every: int) -> None:
        self._work, self._every, self._rate = work, every, 0.0

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        self._rate = rest["optimizer"].param_groups[0]["lr"]

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        self._work.log.progress(state.global_step, state.max_steps, "updates")
        if state.global_step % self._every == 0 or state.global_step in (1, state.max_steps):
            control.should_log = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **rest: Any) -> None:
        if logs and "loss" in logs:
            self._work.log.metrics(
                state.global_step, loss=logs["loss"], learning_rate=self._rate, gradient_norm=logs.get("grad_norm")
            )


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sequences: list[TokenSequence],
    *,
    rates: list[float],
    batch: int,
    weight_decay: float,
    longest: int = 0,
    beta2: float = 0.999,
    seed: int,
    work: Work,
    in_order: bool = False,
) -> None:
    """Train in place, with an update for each of the learning rates. No packed row has more tokens than `longest`.

    `batch` is the global batch in examples; how many of them go through at once, in which processes, is the placement's
    and the machine's. Every process calls this with the same sequences. A training that was killed goes on from its
    last checkpoint. `in_order`: see LengthGroups.

    Raises:
        NotFinite: when a loss or gradient is infinite or no number, naming the examples.
    """
    placement, machine = work.placement, work.machine
    packed = placement.packed and keeps_apart(model)
    if placement.packed and not packed:
        work.log.note(f"sequences have rows of their own: a {type(model).__name__} would mix those of one row")
    lengths = [len(one.ids) for one in sequences]
    share = Share(
        micro_batch=_micro_batch(batch, work, packed=packed),
        processes=processes.count(),
        rank=processes.rank(),
        width=max(longest, max(lengths)) if packed else 0,
    )
    set_seed(seed)
    order = LengthGroups([len(one.ids) for one in sequences], batch, seed, in_order=in_order)
    checkpoints = Checkpoints(
        work, ((one.ids, one.labels) for one in sequences), rates, batch, weight_decay, beta2, seed
    )
    kernels = machine.device == "cuda" and not is_sharded(model) and has_fused_kernels(model)
    if kernels:
        work.packages[LIGER] = metadata.version(LIGER)
    if placement.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    with tempfile.TemporaryDirectory(dir=work.out) as own:
        scratch = processes.from_first(own)
        trainer = _Trainer(
            rates=rates,
            updates=Updates(order, lengths, batch, share),
            work=work,
            checkpoints=checkpoints,
            model=model,
            train_dataset=MicroBatches(sequences, tokenizer, packed=packed),
            callbacks=[_Progress(work, max(1, len(rates) // 50))],
            args=TrainingArguments(
                output_dir=scratch,
                max_steps=len(rates),
                per_device_train_batch_size=share.micro_batch,
                learning_rate=max(rates[0], 1e-12),
                weight_decay=weight_decay,
                adam_beta2=beta2,
                max_grad_norm=1.0,
                # On a GPU the other one holds every weight once more while it works.
                optim="adamw_torch_fused" if machine.device == "cuda" else "adamw_torch",
                use_liger_kernel=kernels,
                logging_strategy="no",
                logging_nan_inf_filter=False,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                seed=seed,
                use_cpu=machine.device == "cpu",
                # What a model that is shared out computes in is its own business.
                bf16=machine.precision == "bfloat16" and not is_sharded(model),
                dataloader_pin_memory=machine.device == "cuda",
                remove_unused_columns=False,
            ),
        )
        trainer.remove_callback(PrinterCallback)
        found, updates = checkpoints.find()
        for _ in range(updates // math.ceil(len(sequences) / batch)):
            iter(order)  # an epoch that was gone through
        if processes.count() > 1:
            torch.manual_seed(seed + processes.rank())  # dropout of its own
        trainer.train(resume_from_checkpoint=found)
        processes.from_all(None)  # the folder is everybody's


def save(model: Any, tokenizer: PreTrainedTokenizerBase, work: Work) -> None:
    """Write the trained model, or its adapter alone, and the tokenizer into the payload. Every process has to do so;
    the first one writes."""
    whole = {"state_dict": whole_weights(model)} if is_sharded(model) else {}
    if processes.rank() == 0:
        model.save_pretrained(work.out, **whole)
        tokenizer.save_pretrained(work.out)


def has_fused_kernels(model: Any) -> bool:
    """Whether liger-kernel (extra `liger`) is there and knows the architecture: a norm, a feed-forward layer or the
    loss in one kernel each, with less memory for what is kept between forward and backward pass."""
    if not is_liger_kernel_available():
        return False
    from liger_kernel.transformers.monkey_patch import MODEL_TYPE_TO_APPLY_LIGER_FN

    return model.config.model_type in MODEL_TYPE_TO_APPLY_LIGER_FN


def _micro_batch(batch: int, work: Work, *, packed: bool) -> int:
    """Rows at once: of packed ones as many as the placement says, else such that a process's share of the batch comes
    in equal parts."""
    most = work.placement.micro_batch or work.machine.micro_batch
    each = math.ceil(batch / processes.count())
    return most if packed else max(size for size in range(1, min(each, most) + 1) if each % size == 0)
