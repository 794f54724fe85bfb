"""Models of published shapes with random weights on a GPU, and what that GPU has."""

from __future__ import annotations

import time
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from humpback.core.machine import Machine
from humpback.costs.shapes import Shape

MACHINE = Machine(device="cuda", precision="bfloat16", threads=8, tracking="off")


def config(shape: Shape, **other: Any) -> LlamaConfig:
    return LlamaConfig(
        hidden_size=shape.width,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=shape.context,
        **{"vocab_size": shape.vocabulary, **other},
    )


def model_of(shape: Shape, dtype: torch.dtype, **other: Any) -> Any:
    """Random weights, drawn on the GPU."""
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    with torch.device("cuda"):
        model = LlamaForCausalLM(config(shape, **other))
    torch.set_default_dtype(torch.float32)
    return model


def matmul() -> float:
    """FLOP/s of bf16 products of 8,192 square."""
    one = torch.randn(8_192, 8_192, device="cuda", dtype=torch.bfloat16)
    for _ in range(5):
        one @ one
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(40):
        one @ one
    torch.cuda.synchronize()
    found = 40 * 2 * 8_192**3 / (time.perf_counter() - began)
    del one
    torch.cuda.empty_cache()
    return found


def memory() -> float:
    return float(torch.cuda.get_device_properties(0).total_memory)
