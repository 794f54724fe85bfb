"""Accelerators by name, and the one utilisation that turns published peaks into hours.

Peaks are the makers' data sheets: dense bf16 without sparsity, memory, memory bandwidth, and the link between the GPUs
of one machine, one way. `UTILISATION` is the only figure that was fitted: to the four training times that AlpaGasus
publishes (tests/harness/costs/test_anchors.py, docs/costs.md). That it holds for reading and writing text too, and on
other GPUs, is an assumption.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from humpback.core.expression import FieldError
from humpback.core.machine import Machine

UTILISATION = 0.20
"""Share of peak that arithmetic, memory and links reach: the geometric mean over AlpaGasus's four times, at its numbers
of GPUs. It is of useful tokens, so it holds what padding costs; short examples in small parts make it low."""
STEP_SECONDS = 0.02
"""Least time of one step of a batch that writes, whatever the model: on the CPU measured with the micro model (805
answers in 5 s); on GPUs the launches of some thirty layers in transformers, an assumption."""
USABLE = 0.9
"""Share of a GPU's memory that is planned with; the rest goes to the driver, buffers and fragmentation."""


@dataclass(frozen=True)
class Accelerator:
    """What computes."""

    name: str
    flops: float
    """Per second at its peak."""
    memory: float | None
    """Bytes; None where it is the computer's own and no limit is drawn."""
    bandwidth: float
    """Bytes a second between memory and arithmetic."""
    link: float
    """Bytes a second to the other GPUs of the machine, one way."""
    utilisation: float = UTILISATION
    float32: float | None = None
    """Operations per second in float32, at its peak; None where they are the same."""

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
        Accelerator("A100-80G", 312e12, 80e9, 2.039e12, 300e9, float32=19.5e12),
        Accelerator("H100", 989e12, 80e9, 3.35e12, 450e9, float32=67e12),
        Accelerator("H200", 989e12, 141e9, 4.8e12, 450e9, float32=67e12),
        CPU,
    )
}
"""By name: the SXM forms."""


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
    if found.memory and found.float32 and machine.device == "cuda" and machine.precision == "float32":
        return replace(found, flops=found.float32)
    return found if found.memory else replace(found, flops=found.flops * machine.threads)
