"""Where the stages of a plan run on this machine."""

from __future__ import annotations

from humpback.core.machine import Machine
from humpback.core.placement import Placement
from humpback.core.plan import Plan
from humpback.core.store import Store
from humpback.costs.placing import place
from humpback.costs.plan_cost import PAPERS, cost
from humpback.runs.devices import find_devices, memory_here


def placements(plan: Plan, store: Store, machine: Machine) -> dict[str, Placement]:
    """By fingerprint, the placement of each stage that is to be run; of those left out, one process on one worker, as
    of all on a Ray cluster. By the memory of the GPUs that torch sees, or where it sees none, that of the machine's
    accelerator.

    Raises:
        FieldError: for an accelerator of the machine that nobody knows.
    """
    if machine.executor == "ray":
        return {}
    if machine.device == "cpu":
        return {} if machine.processes == 1 else place(cost(plan, store, machine, "CPU"), memory_here())
    seen = min((gpu.memory for gpu in find_devices().gpus), default=None)
    costs = cost(plan, store, machine, machine.accelerator or PAPERS, memory=seen)
    return place(costs, costs.accelerator.memory or memory_here())
