"""The cost of a plan: an estimate for every step that is to do, and their sums, of all and by kind of stage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from humpback.core.expression import Artifact, below
from humpback.core.machine import Machine
from humpback.core.plan import Plan
from humpback.core.store import Store
from humpback.costs import assumptions
from humpback.costs.estimate import Estimate, Estimates
from humpback.costs.hours import Accelerator, accelerator
from humpback.costs.retired import Retired, retired_of
from humpback.spec.models import FolderModel, GgufModel, HubModel

PAPERS = "A100-80G"
"""What AlpaGasus trained on, and what is planned with where nothing else is named."""


@dataclass(frozen=True)
class PlanCost:
    """What making everything that a plan has to do costs."""

    accelerator: Accelerator
    machine: Machine
    steps: tuple[tuple[Artifact, Estimate], ...]
    assumed: tuple[str, ...]
    retired: tuple[Retired, ...]
    """Models that would be asked and no longer exist at their provider."""

    @cached_property
    def by_kind(self) -> dict[str, list[Estimate]]:
        """The estimates by lower-case class name, those that take longest first."""
        found: dict[str, list[Estimate]] = {}
        for artifact, one in self.steps:
            found.setdefault(type(artifact).__name__.lower(), []).append(one)
        longest = {name: sum(ones, Estimate()) for name, ones in found.items()}
        order = sorted(found, key=lambda name: (-longest[name].run.hours, -longest[name].tokens, name))
        return {name: found[name] for name in order}

    @cached_property
    def total(self) -> Estimate:
        """The sum of all."""
        return sum((one for _, one in self.steps), Estimate())

    @property
    def hours(self) -> float:
        """GPU hours, or CPU hours of one worker each."""
        return self.total.run.hours

    @property
    def gpus(self) -> int:
        """The most that one stage needs; 0 on a CPU."""
        return self.total.run.gpus if self.accelerator.memory else 0

    @property
    def unknown(self) -> dict[str, list[str]]:
        """Kinds of steps whose cost is not known, by what has to be there first."""
        found: dict[str, list[str]] = {}
        for artifact, one in self.steps:
            if one.unknown:
                found.setdefault(one.unknown, []).append(type(artifact).__name__.lower())
        return found


def cost(
    plan: Plan,
    store: Store,
    machine: Machine,
    name: str | None = None,
    *,
    described: bool = False,
    memory: float | None = None,
) -> PlanCost:
    """The cost of what a plan has to do, on the accelerator of that name. Without one, on the machine where somebody
    `described` it in a file; and else on a CPU where all models are this project's own small ones, or on the papers'
    GPU. `memory` is a GPU's in bytes, where it was seen.

    Raises:
        FieldError: for an accelerator that is not assumptions.
    """
    to_do = [step.artifact for step in plan.to_do]
    everything = below(*to_do).values()
    published = any(isinstance(one, (HubModel, FolderModel, GgufModel)) for one in everything)
    gpu = machine.device == "cuda" if described else published
    chosen = accelerator(name or ((machine.accelerator or PAPERS) if gpu else "CPU"), machine)
    if memory and chosen.memory:
        chosen = replace(chosen, memory=memory)
    texts = assumptions.MICRO if any(hasattr(one, "world") for one in everything) else assumptions.PAPERS
    estimates = Estimates(store, texts, chosen, machine)
    steps = tuple((artifact, estimates.of(artifact)) for artifact in to_do)
    assumed = estimates.assumed
    if described and gpu and not (name or machine.accelerator):
        assumed = (f"a GPU like {PAPERS}: the machine file names no accelerator", *assumed)
    return PlanCost(chosen, machine, steps, assumed, retired_of(plan))
