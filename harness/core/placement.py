"""Where on the machine a stage runs, and how its work is laid out there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Placement:
    """How much of the machine a stage takes, and how it uses that. Chosen for the machine, recorded with the artifact
    and no part of its identity."""

    units: int = 1
    """GPUs; on a CPU, workers."""
    parallel: Literal["", "ddp", "fsdp2"] = ""
    """What the processes of a training hold, one on each unit: all weights, gradients and optimizer state (ddp), or a
    part of them (fsdp2). Empty for one process."""
    micro_batch: int = 0
    """Examples, or packed rows, that a process trains on at once; 0 for the machine's own number."""
    gradient_checkpointing: bool = False
    """Whether activations are computed again for the backward pass."""
    packed: bool = False
    """Whether sequences are laid end to end into rows as long as the longest may be."""
    copies: int = 1
    """Processes that write, rate or judge with a whole model each, on as many units as any other, and share the prompts
    out."""

    @property
    def processes(self) -> int:
        """Processes that do the work of one stage."""
        return self.units if self.parallel else self.copies

    def __str__(self) -> str:
        if self.copies > 1:
            each = self.units // self.copies
            return f"{self.copies} processes, a share of the prompts each" + (f", on {each} units" if each > 1 else "")
        parts = [f"{self.processes} processes, {self.parallel}" if self.parallel else "one process"]
        if self.micro_batch:
            rows = "row" if self.micro_batch == 1 else "rows"
            parts.append(f"{self.micro_batch} {rows} at once{' in each' if self.parallel else ''}")
        if self.packed:
            parts.append("packed")
        if self.gradient_checkpointing:
            parts.append("gradient checkpointing")
        return ", ".join(parts)


ALONE = Placement()
"""One process on one unit, as the machine says."""
