"""The cost of a plan: an estimate for every step that is to do, their sums by kind of stage, and the totals."""

from __future__ import annotations

from dataclasses import dataclass

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import Plan
from humpback.core.store import Store
from humpback.costs.estimate import Estimate, Estimates
from humpback.costs.hardware import Accelerator, accelerator
from humpback.costs.retired import Retired, retired_of
from humpback.costs.sizes import Sizes
from humpback.engines.endpoint.budget import Usage
from humpback.spec.models import Finetuned, FolderModel, GgufModel, HubModel

PAPERS = "A100-80G"
"""What AlpaGasus trained on, and what is planned with where nothing else is named."""


@dataclass(frozen=True)
class Kind:
    """All steps of one class together."""

    name: str
    steps: int
    rows_in: float
    rows_out: float
    tokens: float
    hours: float
    uncertain: bool
    """Whether one of them has a size that is not known, so that the sums are of the others."""


@dataclass(frozen=True)
class PlanCost:
    """What making everything that a plan has to do costs."""

    accelerator: Accelerator
    machine: Machine
    steps: tuple[tuple[Artifact, Estimate], ...]
    assumed: tuple[str, ...]
    retired: tuple[Retired, ...] = ()
    """Models that would be asked and no longer exist at their provider."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """By class, those that take longest first."""
        found: dict[str, list[Estimate]] = {}
        for artifact, one in self.steps:
            found.setdefault(type(artifact).__name__.lower(), []).append(one)
        kinds = [
            Kind(
                name,
                len(ones),
                sum(one.rows_in or 0.0 for one in ones),
                sum(one.rows_out or 0.0 for one in ones),
                sum(one.tokens for one in ones),
                sum(one.run.hours for one in ones),
                any(one.unknown for one in ones),
            )
            for name, ones in found.items()
        ]
        return tuple(sorted(kinds, key=lambda kind: (-kind.hours, -kind.tokens, kind.name)))

    @property
    def hours(self) -> float:
        """GPU hours, or CPU hours of one worker each."""
        return sum(one.run.hours for _, one in self.steps)

    @property
    def wall(self) -> float:
        """Hours, each stage on the GPUs that it needs, one at a time or as many as the machine has GPUs for; on a CPU
        with the machine's workers busy."""
        if self.accelerator.memory:
            return sum(one.run.wall for _, one in self.steps) / self.at_once
        return self.hours / self.machine.workers

    @property
    def at_once(self) -> int:
        """Stages that run beside each other on the machine's GPUs; 1 where the machine has none to plan with."""
        return max(1, self.machine.workers // self.gpus) if self.machine.device == "cuda" and self.gpus else 1

    @property
    def gpus(self) -> int:
        """The most that one stage needs."""
        return max((one.run.gpus for _, one in self.steps), default=1) if self.accelerator.memory else 0

    @property
    def memory(self) -> float:
        """Bytes on one GPU (or in a worker), at the most."""
        return max((one.run.memory for _, one in self.steps), default=0.0)

    @property
    def usage(self) -> Usage:
        """Calls of the endpoint."""
        return sum((one.usage for _, one in self.steps), Usage())

    @property
    def disk(self) -> float:
        """Bytes in the store."""
        return sum(one.disk for _, one in self.steps)

    @property
    def weights(self) -> float:
        """Bytes of it that are finetuned models."""
        return sum(one.disk for artifact, one in self.steps if isinstance(artifact, Finetuned))

    @property
    def unknown(self) -> dict[str, list[str]]:
        """Kinds of steps whose cost is not known, by what has to be there first."""
        found: dict[str, list[str]] = {}
        for artifact, one in self.steps:
            if one.unknown:
                found.setdefault(one.unknown, []).append(type(artifact).__name__.lower())
        return found


def cost(plan: Plan, store: Store, machine: Machine, name: str | None = None, *, described: bool = False) -> PlanCost:
    """The cost of what a plan has to do, on the accelerator of that name. Without one, on the machine where somebody
    `described` it in a file; and else on a CPU where all models are this project's own small ones, or on the papers'
    GPU.

    Raises:
        FieldError: for an accelerator that is not known.
    """
    seen: dict[str, bool] = {}
    gpu = machine.device == "cuda" if described else any(_published(step.artifact, seen) for step in plan.to_do)
    chosen = accelerator(name or ((machine.accelerator or PAPERS) if gpu else "CPU"), machine)
    sizes = Sizes(store)
    estimates = Estimates(sizes, chosen, machine)
    steps = tuple((step.artifact, estimates.of(step.artifact)) for step in plan.to_do)
    assumed = sizes.assumed
    if described and gpu and not (name or machine.accelerator):
        assumed = (f"a GPU like {PAPERS}: the machine file names no accelerator", *assumed)
    return PlanCost(chosen, machine, steps, assumed, retired_of(plan))


def _published(artifact: Artifact, seen: dict[str, bool]) -> bool:
    """Whether a published model is below it."""
    key = artifact.fingerprint
    if key not in seen:
        own = isinstance(artifact, (HubModel, FolderModel, GgufModel))
        seen[key] = own or any(_published(one, seen) for one in artifact.inputs)
    return seen[key]
