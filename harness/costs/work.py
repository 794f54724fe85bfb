"""How long the three kinds of work with a model take, and what memory they need: training, reading, writing.

- Training: three forward passes a token (four where activations are computed again, two with an adapter, whose base has
  no gradients), and between several GPUs the weights gathered twice and the gradients scattered once for every part of
  a batch (fully sharded data parallelism).
- Reading a prompt: one forward pass.
- Writing: each step of a batch reads all weights and the batch's keys and values once, so memory bandwidth bounds it; a
  batch writes until its longest sequence ends, taken to be at the limit.

Everything is divided by the one utilisation of `hardware.py`. The fewest GPUs are taken that memory allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from humpback.core.machine import Machine
from humpback.costs.hardware import STEP_SECONDS, USABLE, Accelerator
from humpback.costs.shapes import Shape
from humpback.spec.recipe import Sft

GPUS = (1, 2, 4, *range(8, 129, 8))
"""Numbers of GPUs to choose from: parts of one machine of eight, or whole machines. What the network between machines
costs is not counted."""
AT_ONCE = (4, 2, 1)
"""Examples in a GPU's memory at once while training, the most that fit (AlpaGasus: 4 for 7B, 2 for 13B)."""


@dataclass(frozen=True)
class Run:
    """Of one stage's work with a model."""

    wall: float
    """Hours."""
    gpus: int = 1
    memory: float = 0.0
    """Bytes on each GPU at the most."""
    recomputed: bool = False
    """Whether activations have to be computed again for so few GPUs to do."""

    @property
    def hours(self) -> float:
        """GPU hours, or CPU hours where there is no GPU."""
        return self.wall * self.gpus


@dataclass(frozen=True)
class Fit:
    """How training is laid out."""

    gpus: int
    at_once: int
    """Examples on each GPU."""
    recomputed: bool
    memory: float


def activations(shape: Shape, tokens: float, *, recomputed: bool) -> float:
    """Bytes kept for the backward pass of so many tokens, in bf16: a layer's inputs to each product and its norms;
    recomputed, only each layer's input and one layer's inside. The logits are float32, twice."""
    inside = 24 * shape.width + 8 * shape.feed_forward
    kept = 2 * shape.width * shape.layers + inside if recomputed else inside * shape.layers
    return tokens * (kept + 8 * shape.vocabulary)


def fit(shape: Shape, recipe: Sft, batch: int, accelerator: Accelerator, gpus: int | None = None) -> Fit:
    """The fewest GPUs (or those given) whose memory holds float32 weights, gradients and AdamW's two moments, shared
    out, and one example of the recipe's longest. Where even the most do not, the most, with what they would take."""
    longest = min(recipe.longest, shape.context)
    trained = shape.adapted(recipe.adapter) if recipe.adapter else shape.parameters
    state = 16 * trained + (4 * shape.parameters if recipe.adapter else 0)
    limit = USABLE * accelerator.memory if accelerator.memory else math.inf
    choices = (gpus,) if gpus else GPUS
    for n in choices:
        for recomputed in (False, True):
            for at_once in AT_ONCE:
                memory = state / n + activations(shape, at_once * longest, recomputed=recomputed)
                if at_once * n <= max(batch, n) and memory <= limit:
                    return Fit(n, at_once, recomputed, memory)
    most = choices[-1]
    return Fit(most, 1, True, state / most + activations(shape, longest, recomputed=True))


def training(
    shape: Shape,
    recipe: Sft,
    examples: float,
    tokens: float,
    accelerator: Accelerator,
    gpus: int | None = None,
) -> Run:
    """Finetuning on so many examples of so many tokens each (already cut at the recipe's longest)."""
    rows = max(1, round(examples))
    batch, updates = recipe.batch_for(rows), recipe.updates_for(rows)
    laid = fit(shape, recipe, batch, accelerator, gpus)
    passes = 2 if recipe.adapter else 3
    compute = (passes + laid.recomputed) * batch * shape.forward(tokens) / (laid.gpus * accelerator.flops)
    parts = math.ceil(batch / (laid.gpus * laid.at_once))
    # In bf16: weights gathered for the forward and the backward pass, and gradients, where there are any, scattered.
    moved = parts * passes * 2 * shape.parameters * (laid.gpus - 1) / laid.gpus
    seconds = updates * (compute + moved / accelerator.link) / accelerator.utilisation
    return Run(seconds / 3600, laid.gpus, laid.memory, laid.recomputed)


def pretraining(shape: Shape, updates: int, batch: int, tokens: float, accelerator: Accelerator, cores: int) -> Run:
    """Training from nothing on one accelerator; on a CPU with all its cores, as the executor does it."""
    flops = 3 * updates * batch * shape.forward(tokens)
    memory = 16 * shape.parameters + activations(shape, batch * shape.context, recomputed=False)
    speed = accelerator.flops * (1 if accelerator.memory else cores)
    # A CPU hour is of one worker's cores, so that all of them together count in full.
    seconds = flops / speed / accelerator.utilisation
    return Run(seconds / 3600, 1 if accelerator.memory else cores, memory)


def reading_and_writing(
    shape: Shape, rows: float, prompt: float, longest: float, accelerator: Accelerator, machine: Machine
) -> Run:
    """Reading so many prompts of so many tokens, and writing up to `longest` after each; 0 for reading alone."""
    size = 2 if accelerator.memory else 4
    weights = size * shape.parameters
    context = min(prompt + longest, shape.context)
    longest = max(0.0, min(longest, shape.context - prompt))
    gpus, batch = _shared_out(shape, weights, context, size, accelerator, machine)
    batch = max(1, min(batch, math.ceil(rows)))
    speed = gpus * accelerator.flops * accelerator.utilisation
    seconds = rows * shape.forward(prompt) / speed
    if longest:
        moved = (weights + batch * shape.cache(prompt + longest / 2, size)) / (gpus * accelerator.bandwidth)
        computed = 2 * shape.multiplied * batch / (gpus * accelerator.flops)
        step = max(STEP_SECONDS, max(moved, computed) / accelerator.utilisation)
        seconds += math.ceil(rows / batch) * longest * step
    memory = weights / gpus + batch * shape.cache(context, size) / gpus
    return Run(seconds / 3600, gpus, memory)


def _shared_out(
    shape: Shape, weights: float, context: float, size: int, accelerator: Accelerator, machine: Machine
) -> tuple[int, int]:
    """The fewest GPUs that hold the weights and eight sequences, and the largest batch they hold (a power of two)."""
    if not accelerator.memory:
        return 1, machine.generation_batch
    room = USABLE * accelerator.memory
    each = shape.cache(context, size)
    gpus = next((n for n in GPUS if (weights + 8 * each) / n <= room), GPUS[-1])
    fits = max(1.0, (gpus * room - weights) / each)
    return gpus, min(machine.generation_batch, 2 ** int(math.log2(fits)))
