"""How many GPUs a stage takes, and how a finetuning is laid out on them, by the model of memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.machine import Machine
from humpback.core.placement import ALONE, Placement
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.costs.hours import USABLE
from humpback.costs.placing import place
from humpback.costs.plan_cost import cost
from humpback.costs.shapes import PUBLISHED
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups import SETUPS
from humpback.spec.models import Finetuned, HubModel
from humpback.spec.recipe import Lora, QLora, Sft

NOWHERE = Store(Path("/nowhere"))
NODE = Machine(device="cuda", precision="bfloat16", workers=8, accelerator="A100-80G")
SEED = SETUPS["llama-7b"].seed_data


def placed(model: Finetuned, machine: Machine = NODE, memory: float = 80e9) -> Placement:
    return place(cost(plan(NOWHERE, [model]), NOWHERE, machine, "A100-80G", memory=memory), memory)[model.fingerprint]


def llama(size: str, **recipe: object) -> Finetuned:
    base = replace(SETUPS["llama-7b"].base, repository=f"huggyllama/llama-{size}")  # type: ignore[type-var]
    return Finetuned(base, SEED, Sft(**recipe))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "recipe", "memory", "units", "parallel"),
    [
        ("7b", {}, 80e9, 2, "fsdp2"),
        ("7b", {}, 141e9, 1, ""),
        ("13b", {}, 80e9, 4, "fsdp2"),
        ("30b", {}, 80e9, 8, "fsdp2"),
        ("7b", {"adapter": Lora()}, 80e9, 1, ""),
        ("13b", {"adapter": Lora()}, 80e9, 1, ""),
        ("30b", {"adapter": Lora()}, 80e9, 1, ""),
        ("30b", {"adapter": Lora()}, 48e9, 2, "fsdp2"),
        ("30b", {"adapter": QLora()}, 48e9, 1, ""),
        ("13b", {"adapter": QLora()}, 24e9, 1, ""),
    ],
)
def test_the_fewest_gpus_that_hold_it(
    size: str, recipe: dict[str, object], memory: float, units: int, parallel: str
) -> None:
    found = placed(llama(size, **recipe), memory=memory)
    assert (found.units, found.parallel) == (units, parallel)
    assert found.packed


def test_as_many_processes_as_the_machine_gives() -> None:
    four = replace(NODE, processes=4)
    assert placed(llama("7b"), four).parallel == "fsdp2"
    assert placed(llama("7b"), four, memory=192e9).parallel == "ddp"
    assert placed(llama("7b", adapter=Lora()), four).parallel == "ddp"
    assert placed(llama("7b"), four).units == 4
    assert placed(llama("30b"), four).units == 8
    assert placed(llama("30b"), replace(NODE, workers=4)).units == 4  # of which `needs` says that they are too few


def test_a_base_in_four_bits_is_whole_in_each_process_and_is_not_spread_over_gpus() -> None:
    lora, in_four_bits = (llama("65b", adapter=adapter) for adapter in (Lora(), QLora()))
    assert placed(lora, memory=24e9).units > 1
    assert placed(in_four_bits, memory=24e9).units == 1
    four = replace(NODE, processes=4)
    assert (placed(lora, four, 40e9).parallel, placed(in_four_bits, four, 40e9).parallel) == ("fsdp2", "ddp")
    cpu = replace(NODE, device="cpu", processes=2)
    assert (placed(lora, cpu, 40e9).parallel, placed(in_four_bits, cpu, 40e9).parallel) == ("fsdp2", "ddp")


def test_activations_are_computed_again_only_where_memory_asks() -> None:
    assert placed(llama("7b"), replace(NODE, processes=2)).gradient_checkpointing
    assert not placed(llama("7b"), replace(NODE, processes=8)).gradient_checkpointing
    assert not placed(llama("7b", longest=256), replace(NODE, processes=4)).gradient_checkpointing
    assert not placed(llama("7b"), replace(NODE, processes=2, micro_batch=1)).gradient_checkpointing


def test_copies_in_bf16_take_memory_where_one_gpu_holds_all_weights() -> None:
    found, single = (placed(llama("7b"), replace(NODE, precision=one), 141e9) for one in ("bfloat16", "float32"))  # type: ignore[arg-type]
    assert (found.micro_batch, single.micro_batch) == (2, 8)
    assert (found.units, placed(llama("7b"), memory=135e9).units) == (1, 2)


@pytest.mark.parametrize("processes", [1, 2, 8])
@pytest.mark.parametrize("size", ["7b", "13b"])
def test_what_is_chosen_fits_and_twice_as_much_would_not(size: str, processes: int) -> None:
    found, shape = (
        placed(llama(size), replace(NODE, processes=processes, micro_batch=64)),
        PUBLISHED[f"huggyllama/llama-{size}"],
    )
    held = 16 * shape.parameters / found.units
    taken = shape.activations(2_048 * found.micro_batch, again=found.gradient_checkpointing)
    assert held + taken <= USABLE * 80e9
    assert held + 2 * taken > USABLE * 80e9
    assert placed(llama(size), replace(NODE, processes=processes, micro_batch=1)).micro_batch == 1


def test_a_base_of_unknown_shape_saves_memory_and_has_what_the_machine_gives() -> None:
    unknown = Finetuned(HubModel("nobody/nothing", "0" * 40), SEED, Sft())
    assert placed(unknown) == Placement(gradient_checkpointing=True, packed=True)
    assert placed(unknown, replace(NODE, processes=2)).parallel == "ddp"


def test_every_stage_of_llama_7b_has_its_place_on_a_node_of_eight() -> None:
    targets = experiment("humpback/headline").on(SETUPS["llama-7b"], [0]).targets
    costs = cost(plan(NOWHERE, targets), NOWHERE, NODE, "A100-80G")
    found = place(costs, 80e9)
    assert len(found) == len(costs.steps) > 20
    assert max(one.units for one in found.values()) == costs.gpus == 2
    assert all(one.run.gpus <= found[artifact.fingerprint].units for artifact, one in costs.steps)


def test_a_cpu_shares_out_only_what_it_is_asked_to_and_only_what_does_not_fit() -> None:
    machine = Machine(workers=2)
    assert placed(llama("7b"), machine) == ALONE
    costs = cost(plan(NOWHERE, [llama("7b")]), NOWHERE, replace(machine, processes=2), "CPU")
    assert [place(costs, memory)[llama("7b").fingerprint].parallel for memory in (1e12, 2e11)] == ["ddp", "fsdp2"]
