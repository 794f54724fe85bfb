"""How long a run of a plan takes on the machine: what each step takes of it, and when the last one has ended."""

from __future__ import annotations

from dataclasses import replace

from humpback.core.schedule import Share, elapsed
from humpback.costs.placing import place_on_machine, units_taken
from humpback.costs.plan_cost import PlanCost


def shares_of(cost: PlanCost) -> dict[str, Share]:
    """By fingerprint, what each step of a plan takes of the machine. Where the plan is priced on GPUs that the machine
    does not say that it has, each takes all there is."""
    on_gpus, cuda = bool(cost.accelerator.memory), cost.machine.device == "cuda"
    if on_gpus and not cuda:
        return {artifact.fingerprint: Share(one.run.wall, cost.machine.workers) for artifact, one in cost.steps}
    placed = place_on_machine(cost)
    found = {}
    for artifact, one in cost.steps:
        units = units_taken(artifact, cost.machine, placed[artifact.fingerprint])
        found[artifact.fingerprint] = Share(one.run.hours / max(one.run.gpus, units), units)
    return found


def wall_hours(cost: PlanCost) -> float:
    """Hours that a run takes; those of stages whose cost is not known are left out."""
    return elapsed((artifact for artifact, _ in cost.steps), shares_of(cost), cost.machine.workers)


def shared_out(cost: PlanCost) -> float | None:
    """The same with as many processes for each stage as the machine has GPUs; None where it has one GPU, where its
    file says how many, or where that saves less than a tenth."""
    machine = cost.machine
    if machine.device != "cuda" or machine.workers == 1 or machine.processes > 1 or not cost.accelerator.memory:
        return None
    hours = wall_hours(replace(cost, machine=replace(machine, processes=machine.workers)))
    return hours if hours < 0.9 * wall_hours(cost) else None
