"""How long work with a model takes on an accelerator, and what memory it needs: training, reading, writing.

- Training: four forward passes a token, since GPUs compute activations again (three with an adapter, whose base has no
  gradients), and between several GPUs the weights gathered twice and the gradients scattered once for every part of a
  batch (fully sharded data parallelism).
- Reading a prompt: one forward pass.
- Writing: each step of a batch reads all weights and the batch's keys and values once, so memory bandwidth bounds it; a
  batch writes until its longest sequence ends, taken to be at the limit.

Peaks are the makers' data sheets: dense bf16 without sparsity, memory, memory bandwidth. The fewest GPUs are taken that
memory allows.
"""

from __future__ import annotations

import difflib
import itertools
import math
from dataclasses import dataclass, replace

from humpback.core.expression import FieldError
from humpback.core.machine import Machine
from humpback.costs.shapes import Shape
from humpback.spec.recipe import Lora

UTILISATION = 0.22
"""Share of peak that arithmetic, memory and links reach: the only figure that was fitted, the geometric mean over the
four training times that AlpaGasus publishes, at its numbers of GPUs (docs/costs.md). It is of useful tokens, so it
holds what padding costs; short examples in small parts make it low. That it holds for reading and writing too, and on
other GPUs, is an assumption."""
STEP_SECONDS = 0.02
"""Least time of one step of a batch that writes, whatever the model: on the CPU measured with the micro model (805
answers in 5 s); on GPUs the launches of some thirty layers in transformers, an assumption."""
USABLE = 0.9
"""Share of a GPU's memory that is planned with; the rest goes to the driver, buffers and fragmentation."""
AT_ONCE = (4, 2, 1)
"""Examples in a GPU's memory at once while training, the most that fit (AlpaGasus: 4 for 7B, 2 for 13B)."""
GPUS = (1, 2, 4, *range(8, 129, 8))
"""Numbers of GPUs to choose from: parts of one machine of eight, or whole machines. What the network between machines
costs is not counted."""


@dataclass(frozen=True)
class Accelerator:
    """What computes."""

    name: str
    flops: float
    """FLOPs per second at its peak."""
    memory: float | None
    """Bytes; None where it is the computer's own and no limit is drawn."""
    bandwidth: float
    """Bytes per second between memory and arithmetic."""
    link: float
    """Bytes per second to the other GPUs of the machine, one way."""
    float32: float = 0.0
    """FLOPs per second in float32, at its peak; 0 for the CPU, which has one peak."""
    utilisation: float = UTILISATION

    @property
    def unit(self) -> str:
        """What hours are counted in."""
        return "GPU" if self.memory else "CPU"


CPU = Accelerator("CPU", 3.3e10, None, 1e10, 1e10, utilisation=1.0)
"""One thread of this project's own machine, at the rate that it reached: the micro model (0.62M parameters) trains at
8,400 to 10,900 tokens/s a thread (a fresh run of the headline; benchmarks/training.json on two threads)."""
ACCELERATORS = {
    one.name: one
    for one in (
        Accelerator("L4", 121e12, 24e9, 300e9, 32e9, float32=30.3e12),
        Accelerator("RTX-4090", 165.2e12, 24e9, 1.008e12, 32e9, float32=82.6e12),
        Accelerator("A100-80G", 312e12, 80e9, 2.039e12, 300e9, float32=19.5e12),
        Accelerator("H100", 989e12, 80e9, 3.35e12, 450e9, float32=67e12),
        Accelerator("H200", 989e12, 141e9, 4.8e12, 450e9, float32=67e12),
        CPU,
    )
}
"""Accelerators by name; those with a link between cards in their SXM forms, the others over PCIe 4.0."""


def accelerator(name: str, machine: Machine) -> Accelerator:
    """The accelerator of that name: a CPU with the threads that the machine gives a stage, and a GPU with the peak of
    the machine's precision, where the machine has GPUs.

    Raises:
        FieldError: naming those there are.
    """
    if name not in ACCELERATORS:
        near = difflib.get_close_matches(name.upper(), ACCELERATORS, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}? " if near else ""
        raise FieldError(f"no accelerator {name!r}; {hint}There are {', '.join(ACCELERATORS)}")
    found = ACCELERATORS[name]
    if not found.memory:
        return replace(found, flops=found.flops * machine.threads)
    single = machine.device == "cuda" and machine.precision == "float32"
    return replace(found, flops=found.float32) if single else found


@dataclass(frozen=True)
class Run:
    """Work with a model, of one stage or of several."""

    hours: float = 0.0
    """GPU hours, or CPU hours of one worker each."""
    wall: float = 0.0
    """Hours, one stage after another."""
    gpus: int = 1
    """The most that one stage needs; of a CPU the workers."""
    memory: float = 0.0
    """Bytes on each at the most."""
    state: float = 0.0
    """Bytes that no setting saves, on all together: weights, and of what trains gradients and optimizer state."""
    least: float = 0.0
    """Bytes of the smallest GPU that would do alone: training on one of the longest examples at once, writing eight
    sequences."""

    def __add__(self, other: Run) -> Run:
        return Run(
            self.hours + other.hours,
            self.wall + other.wall,
            max(self.gpus, other.gpus),
            max(self.memory, other.memory),
            max(self.state, other.state),
            max(self.least, other.least),
        )


def training(
    shape: Shape,
    updates: int,
    batch: int,
    tokens: float,
    on: Accelerator,
    longest: int = 1 << 30,
    adapter: Lora | None = None,
    frozen: float = 4,
    *,
    autocast: bool = False,
    units: int | None = None,
) -> Run:
    """So many updates on a batch of examples of so many tokens, on the fewest GPUs (or so many `units`, on a CPU
    workers) that hold float32 weights, gradients and AdamW's two moments, shared out, and the activations of one to
    four of the longest examples. Where even the most do not, on those. Below an adapter a weight of the base takes
    `frozen` bytes. One GPU alone holds with `autocast` the copies of float32 weights that it computes with."""
    copies = shape.autocast(adapter) if autocast else 0.0
    state = 16 * shape.adapted(adapter) + frozen * shape.parameters if adapter else 16 * shape.parameters
    each = shape.activations(min(longest, shape.context))
    counts = (units,) if units else GPUS if adapter is None or adapter.divisible else (1,)
    for n, at_once in itertools.product(counts, AT_ONCE):
        memory = state / n + (copies if n == 1 else 0.0) + at_once * each
        if at_once * n <= max(batch, n) and (not on.memory or memory <= USABLE * on.memory):
            break
    passes = 2 if adapter else 3
    compute = (passes + bool(on.memory)) * batch * shape.forward(tokens) / (n * on.flops)
    # In bf16: weights gathered for the forward and the backward pass, and gradients, where there are any, scattered.
    moved = math.ceil(batch / (n * at_once)) * passes * 2 * shape.parameters * (n - 1) / n if on.memory else 0.0
    hours = updates * (compute + moved / on.link) / on.utilisation / 3600
    return Run(n * hours, hours, n, memory, state, (state + copies + each) / USABLE)


def reading_and_writing(
    shape: Shape, rows: float, prompt: float, longest: float, on: Accelerator, machine: Machine
) -> Run:
    """Reading so many prompts of so many tokens, and writing up to `longest` after each; 0 for reading alone. The
    fewest GPUs are taken that hold the weights and eight sequences, and the largest batch that they hold."""
    size = 2 if on.memory else 4
    weights = size * shape.parameters
    longest = max(0.0, min(longest, shape.context - prompt))
    each = shape.cache(prompt + longest, size)
    gpus, batch = 1, machine.generation_batch
    if on.memory:
        room = USABLE * on.memory
        gpus = next((n for n in GPUS if (weights + 8 * each) / n <= room), GPUS[-1])
        batch = min(batch, int(max(1.0, (gpus * room - weights) / each)))
    batch = max(1, min(batch, math.ceil(rows)))
    seconds = rows * shape.forward(prompt) / (gpus * on.flops * on.utilisation)
    if longest:
        moved = (weights + batch * shape.cache(prompt + longest / 2, size)) / (gpus * on.bandwidth)
        computed = 2 * shape.multiplied * batch / (gpus * on.flops)
        seconds += math.ceil(rows / batch) * longest * max(STEP_SECONDS, max(moved, computed) / on.utilisation)
    memory, least = (weights + batch * each) / gpus, (weights + min(batch, 8) * each) / USABLE
    return Run(gpus * seconds / 3600, seconds / 3600, gpus, memory, 2.0 * shape.parameters, least)
