"""The shape read off a config.json has the weights that transformers counts, with heads of a width of their own and
with experts too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM

from humpback.core.machine import Machine
from humpback.costs.assumptions import FOUR_BITS
from humpback.costs.shapes import Shape, shape_of
from humpback.spec.models import FolderModel
from humpback.spec.recipe import Lora, QLora

COMMON = {
    "hidden_size": 512,
    "intermediate_size": 1_408,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "vocab_size": 4_000,
    "tie_word_embeddings": False,
}
SOME = {"num_experts_per_tok": 2, "moe_intermediate_size": 192}
KINDS: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen3": {"head_dim": 128, "tie_word_embeddings": True},
    "gemma2": {"head_dim": 32},
    "mixtral": {"num_local_experts": 8},
    "olmoe": {"num_experts": 16, "num_experts_per_tok": 4},
    "qwen3_moe": {"num_experts": 32, "head_dim": 128, **SOME},
    "qwen2_moe": {"num_experts": 32, "shared_expert_intermediate_size": 384, **SOME},
    "glm4_moe": {"n_routed_experts": 32, "n_shared_experts": 1, "head_dim": 64, "first_k_dense_replace": 0, **SOME},
}


def shape(kind: str, folder: Path) -> tuple[Shape, int]:
    """The shape, and how many weights the model has."""
    config = CONFIG_MAPPING[kind](**COMMON | KINDS[kind])
    config.save_pretrained(folder)
    with torch.device("meta"):
        weights = AutoModelForCausalLM.from_config(config).num_parameters()
    found = shape_of(FolderModel("mine", "0" * 64), Machine(files=(("0" * 64, str(folder)),)))
    assert found is not None
    return found, weights


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_as_many_weights_as_the_model(kind: str, tmp_path: Path) -> None:
    found, weights = shape(kind, tmp_path)
    assert found.parameters == pytest.approx(weights, rel=0.02)


def test_a_token_goes_through_some_experts_and_memory_holds_all(tmp_path: Path) -> None:
    found, _ = shape("qwen3_moe", tmp_path)
    dense = replace(found, experts=1, active=1)
    assert found.multiplied - dense.multiplied == 4 * dense.block
    assert found.parameters > 4 * dense.parameters
    # In four bits are linear layers, in adapters too: no experts.
    saved = (2 - found.frozen(QLora(), 2)) * found.parameters
    assert saved == pytest.approx((2 - FOUR_BITS) * found.layers * found.attention)
    assert saved < (2 - dense.frozen(QLora(), 2)) * dense.parameters
    assert found.adapted(Lora(4)) < dense.adapted(Lora(4))
