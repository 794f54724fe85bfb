"""How many GPUs each stage of a plan takes on the machine, and how it is laid out on them: by the same model of memory
that its cost is.

A finetuning takes as many processes as the machine gives it, and more where one GPU does not hold it. Where each
process can hold the whole model, each does (DDP); else they share it out (FSDP2). Activations are computed again where
memory does not hold those of a few of the longest rows. A CPU has one process unless the machine asks for more, and
packs nothing, so that its bytes stay what they were.

A stage in which a model writes, rates or judges has one process on the fewest GPUs that hold the model, or as many such
processes as the machine asks for and has GPUs.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.placement import ALONE, Placement
from humpback.costs.hours import AT_ONCE, USABLE, Run
from humpback.costs.plan_cost import PlanCost
from humpback.costs.shapes import Shape, shape_of
from humpback.spec.curation import ModelRater, Rated
from humpback.spec.data import Backtranslated
from humpback.spec.models import Finetuned, Pretrained, ServedModel
from humpback.spec.outcomes import Judged, LocalJudge, Responses

NODE = 8
"""GPUs of the machine that a plan without one is laid out on."""


def place(costs: PlanCost, memory: float) -> dict[str, Placement]:
    """By fingerprint, the placement of each stage. `memory` is that of a GPU in bytes, or where the machine has none,
    that of all its processes together."""
    return {artifact.fingerprint: _place(artifact, one.run, costs.machine, memory) for artifact, one in costs.steps}


def place_on_machine(costs: PlanCost) -> dict[str, Placement]:
    """By fingerprint, the placement of each stage on the machine, by the memory of its accelerator. On CPUs memory says
    only what each process of a training holds, and not how many there are."""
    return place(costs, costs.accelerator.memory or 0.0)


def units_taken(artifact: Artifact, machine: Machine, placement: Placement) -> int:
    """Workers whose GPUs or cores a stage takes. Pretraining on a CPU uses all of them, and so goes alone: the 3x128
    base took 332 s beside another's pretraining, and 130 to 210 s without."""
    everything = isinstance(artifact, Pretrained) and machine.device == "cpu"
    return machine.workers if everything else placement.units


def place_on_a_node(costs: PlanCost) -> dict[str, Placement]:
    """By fingerprint, the placement of each stage on the machine if it has GPUs, and else on a node of eight of those
    that the plan is priced on."""
    machine = costs.machine
    if machine.device != "cuda":
        machine = replace(machine, device="cuda", workers=NODE, processes=1)
    return place_on_machine(replace(costs, machine=machine))


def _place(artifact: Artifact, run: Run, machine: Machine, memory: float) -> Placement:
    cuda = machine.device == "cuda"
    if isinstance(artifact, Finetuned):
        adapter = artifact.recipe.adapter
        divisible = adapter is None or adapter.divisible
        if cuda:
            return _on_gpus(artifact, run, machine, memory, divisible)
        return _on_cpu(run, machine, memory, divisible)
    each = min(run.gpus, machine.workers) if cuda else 1
    copies = max(1, machine.processes // each) if _asks(artifact) else 1
    return Placement(copies * each, copies=copies)


def _asks(artifact: Artifact) -> bool:
    """Whether a model that can be had more than once is asked there, prompt by prompt."""
    match artifact:
        case (
            Backtranslated(by=model)
            | Responses(model=model)
            | Rated(by=ModelRater(model=model))
            | Judged(by=LocalJudge(model=model))
        ):
            return not isinstance(model, ServedModel)
    return False


def _on_cpu(run: Run, machine: Machine, memory: float, divisible: bool) -> Placement:
    n = machine.processes
    if n == 1:
        return ALONE
    return Placement(n, "fsdp2" if divisible and n * run.memory > memory else "ddp")


def _on_gpus(model: Finetuned, run: Run, machine: Machine, memory: float, divisible: bool) -> Placement:
    n = min(machine.workers, max(machine.processes, run.gpus))
    shape = shape_of(model.base, machine)
    if shape is None:  # memory that nobody can foresee is saved where it can be
        return Placement(n, "ddp" if n > 1 else "", gradient_checkpointing=True, packed=True)
    room, adapter = USABLE * memory, model.recipe.adapter
    tokens = min(model.recipe.longest, shape.context)
    copies = shape.autocast(adapter) if machine.precision == "bfloat16" else 0.0
    whole, row = run.state + copies, shape.activations(tokens)
    held, sharded = whole, False
    if n > 1:
        # DDP keeps the gradients a second time, in the buckets that are sent.
        whole += 4 * (shape.adapted(adapter) if adapter else shape.parameters)
        sharded = divisible and whole + row > room
        held = run.state / n if sharded else whole
    # On an H200 eight rows with activations computed again were faster than one without (benchmarks/gpu.json): each
    # part of a batch adds up all gradients.
    few = min(AT_ONCE[0], machine.micro_batch)
    again = held + shape.activations(few * tokens, again=False) > room
    return Placement(
        n,
        "fsdp2" if sharded else "ddp" if n > 1 else "",
        micro_batch=_rows(room - held, shape, tokens, machine.micro_batch, again=again),
        gradient_checkpointing=again,
        packed=True,
    )


def _rows(room: float, shape: Shape, tokens: int, most: int, *, again: bool) -> int:
    """The most rows at once, a power of two, whose activations so much memory holds; 1 where it holds none."""
    rows = 1
    while 2 * rows <= most and shape.activations(2 * rows * tokens, again=again) <= room:
        rows *= 2
    return rows
