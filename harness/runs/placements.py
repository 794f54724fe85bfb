"""Where the stages of a plan run on the machine."""

from __future__ import annotations

from humpback.core.machine import Machine
from humpback.core.placement import Placement
from humpback.core.plan import Plan
from humpback.core.store import Store
from humpback.costs.placing import place
from humpback.costs.plan_cost import PAPERS, cost
from humpback.runs.devices import find_devices, memory_here


def placements(plan: Plan, store: Store, machine: Machine, seen: float | None = None) -> dict[str, Placement]:
    """By fingerprint, the placement of each stage that is to be run; of those left out, one process on one worker.

    By the memory `seen`: bytes of a GPU of the machine or cluster, or where it computes on CPUs, those of a computer.
    Without it, that of the GPUs that torch sees here, where they are the machine's; and else that of its accelerator.

    Raises:
        FieldError: for an accelerator of the machine that nobody knows.
    """
    if machine.device == "cpu":
        return {} if machine.processes == 1 else place(cost(plan, store, machine, "CPU"), seen or memory_here())
    if seen is None and machine.executor == "local":
        seen = min((gpu.memory for gpu in find_devices().gpus), default=None)
    costs = cost(plan, store, machine, machine.accelerator or PAPERS, memory=seen)
    return place(costs, costs.accelerator.memory or memory_here())
