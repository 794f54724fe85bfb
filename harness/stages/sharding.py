"""A model of which each process holds a part: weights, gradients and optimizer state by PyTorch's FSDP2.

A layer's weights are gathered when it is computed and let go after; gradients are summed, and each process keeps those
of its part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_state_dict,
    set_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from transformers import Trainer

from humpback.core.machine import Machine
from humpback.core.store import StoreError
from humpback.engines import processes

STATE = "sharded.pt"
"""Of a checkpoint: trained weights and optimizer state, whole, by the names of the weights."""
_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
_TRAINED = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)


def shard(model: Any, machine: Machine) -> None:
    """Leave this process its part of a model that it holds whole. Every process has to do so.

    Raises:
        StoreError: when the installed transformers would wrap it once more.
    """
    if not hasattr(Trainer, "_sync_replicated_trainable_parameters"):
        raise StoreError(
            f"transformers {transformers.__version__} does not train a model that is shared out; install 5.23 or newer"
        )
    mesh = init_device_mesh(machine.device, (processes.count(),))
    policy = MixedPrecisionPolicy()
    if machine.precision == "bfloat16":  # the weights stay float32, and gradients are summed in it
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    for layer in _layers(model):
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    # The root too lets go of its weights after a pass: an optimizer that is made between passes has to find the parts.
    fully_shard(model, mesh=mesh, mp_policy=policy, reshard_after_forward=True)


def is_sharded(model: torch.nn.Module) -> bool:
    """Whether this process holds a part."""
    return isinstance(model, FSDPModule)


def whole_weights(model: torch.nn.Module) -> dict[str, Any]:
    """All weights, in the first process's memory, those that two modules share once; every process has to ask."""
    names = {name for name, _ in (*model.named_parameters(), *model.named_buffers())}
    found = get_model_state_dict(model, options=_WHOLE)
    return {name: one for name, one in found.items() if name in names}


def save_state(model: torch.nn.Module, optimizer: torch.optim.Optimizer, folder: Path) -> None:
    """Write what is trained, and the optimizer's state, whole. Every process has to do so; the first one writes."""
    weights, state = get_state_dict(model, optimizer, options=_TRAINED)
    if processes.rank() == 0:
        folder.mkdir(parents=True, exist_ok=True)
        torch.save({"weights": weights, "optimizer": state}, folder / STATE)


def load_state(model: torch.nn.Module, optimizer: torch.optim.Optimizer, folder: Path) -> None:
    """Go on from what `save_state` wrote, with any number of processes."""
    held = torch.load(folder / STATE, map_location="cpu", weights_only=True, mmap=True)
    options = StateDictOptions(full_state_dict=True, cpu_offload=False, ignore_frozen_params=True, strict=False)
    set_state_dict(
        model, optimizer, model_state_dict=held["weights"], optim_state_dict=held["optimizer"], options=options
    )


def _layers(model: Any) -> list[torch.nn.Module]:
    """The blocks that a model is made of, which the architecture names, or the longest list in it."""
    named = set(getattr(model, "_no_split_modules", None) or ())
    if found := [one for one in model.modules() if type(one).__name__ in named]:
        return found
    lists = [one for one in model.modules() if isinstance(one, torch.nn.ModuleList)]
    return list(max(lists, key=len, default=()))
