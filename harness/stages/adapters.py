"""Low-rank adapters by peft on whatever architecture: which modules take them, and how many weights are trained."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils.transformers_weight_conversion import convert_peft_config_for_transformers
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from humpback.spec.recipe import Lora

_NOT_IN_MAMBA = ("out_proj",)
"""Its weights are used without calling it, so peft refuses it in models with Mamba layers."""
_MAMBA = ("falcon_h1", "falcon_mamba", "mamba", "mamba2", "nemotron_h")


def adapt(model: PreTrainedModel, lora: Lora, dropout: float) -> Any:
    """The model with adapters, which alone are trained.

    Raises:
        ValueError: for a target that the model does not have, naming those that it has; for one whose weights are
            another module's too; for a model without linear layers.
    """
    alpha = int(lora.alpha) if lora.alpha.is_integer() else lora.alpha
    # Other programs read alpha as a whole number, so where it is one it is written as one.
    return get_peft_model(
        model,
        LoraConfig(
            r=lora.rank,
            lora_alpha=alpha,
            lora_dropout=dropout,
            target_modules=_targets(model, lora),
            task_type="CAUSAL_LM",
        ),
    )


def quantize(model: PreTrainedModel, device: str, dtype: torch.dtype) -> None:
    """Hold the model's linear layers, but for the output layer, in NormalFloat4 on a device, one after the other; the
    rest in `dtype`, in which is computed. So no more than one layer is there in full."""
    from bitsandbytes.nn.modules import Linear4bit, Params4bit

    output = model.get_output_embeddings()
    linear = [name for name, one in model.named_modules() if type(one) is torch.nn.Linear and one is not output]
    for name in linear:
        whole = model.get_submodule(name)
        made = Linear4bit(  # type: ignore[no-untyped-call]
            whole.in_features,
            whole.out_features,
            bias=whole.bias is not None,
            compute_dtype=dtype,
            quant_type="nf4",
            compress_statistics=True,
            device="meta",
        )
        made.weight = Params4bit(
            whole.weight.data.to(dtype), requires_grad=False, quant_type="nf4", compress_statistics=True, module=made
        )
        if whole.bias is not None:
            made.bias = torch.nn.Parameter(whole.bias.data.to(dtype), requires_grad=False)
        model.set_submodule(name, made.to(device))
    model.to(device)
    model.is_loaded_in_4bit = True  # peft asks for it by this name


def count_adapted(model: torch.nn.Module) -> Counter[str]:
    """How many modules of each name carry an adapter."""
    return Counter(
        name.rsplit(".", 1)[-1] for name, module in model.named_modules() if isinstance(module, BaseTunerLayer)
    )


def _targets(model: PreTrainedModel, lora: Lora) -> list[str]:
    """Names of the modules that the recipe means: peft's all-linear is every linear layer but the output layer."""
    kind, output = type(model).__name__, model.get_output_embeddings()
    modules = {name: module for name, module in model.named_modules() if name}
    linear = [
        name
        for name, module in modules.items()
        if isinstance(module, torch.nn.Linear | Conv1D) and module is not output and _gives_numbers(module)
    ]
    if model.config.model_type in _MAMBA:
        linear = [name for name in linear if not name.endswith(_NOT_IN_MAMBA)]
    experts = {kind for kind in {name.rsplit(".", 1)[-1] for name in linear} if _means_experts(model, kind)}
    linear = [name for name in linear if name.rsplit(".", 1)[-1] not in experts]
    there = ", ".join(sorted({name.rsplit(".", 1)[-1] for name in linear}))
    if not linear:
        raise ValueError(f"{kind} has no linear layers that could be adapted; finetune all of its weights")
    if lora.targets == "all-linear":
        return linear
    found = {target: [n for n in modules if n == target or n.endswith(f".{target}")] for target in lora.targets}
    if missing := [target for target, names in found.items() if not names]:
        raise ValueError(f"Lora.targets: {kind} has no module {', '.join(missing)}; it has {there}")
    adaptable = torch.nn.Linear | Conv1D | torch.nn.Embedding
    unfit = [t for t, names in found.items() if not all(isinstance(modules[n], adaptable) for n in names)]
    if unfit := [*unfit, *(t for t in found if t.rsplit(".", 1)[-1] in experts)]:
        raise ValueError(f"Lora.targets: {kind}'s {', '.join(unfit)} is no layer that could be adapted; it has {there}")
    tied = model.get_input_embeddings() if model.config.get_text_config().tie_word_embeddings else None
    if tied and (shared := [t for t, names in found.items() if any(modules[n] in (tied, output) for n in names)]):
        raise ValueError(
            f"Lora.targets: {kind}'s {', '.join(shared)} shares its weights between input and output, so an adapter "
            f"would change both; it has {there}"
        )
    return list(lora.targets)


@torch.no_grad()
def _gives_numbers(module: torch.nn.Module) -> bool:
    """Whether what calls itself linear gives a tensor, as adapters take it: some routers give weights and choices."""
    if not type(module).__module__.startswith("transformers.models"):
        return True
    weight: torch.Tensor = module.weight  # type: ignore[assignment]
    return isinstance(module(weight.new_zeros(1, weight.shape[1])), torch.Tensor)


def _means_experts(model: PreTrainedModel, name: str) -> bool:
    """Whether peft takes a module's name to mean the experts, which transformers holds as one tensor: in families whose
    experts had layers of that name before, it does so for dense layers and shared experts too."""
    asked = LoraConfig(target_modules=[name])
    try:
        convert_peft_config_for_transformers(asked, model=model, conversions=None)
    except ValueError:  # it would take this one only with another
        return True
    kept: set[str] = asked.target_modules
    return kept != {name}
