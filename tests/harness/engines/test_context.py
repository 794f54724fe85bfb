"""The context that a configuration names, whatever the architecture calls it.

Tried: Llama, Mistral with a window, GPT-2, GPT-J, OPT, GPT-Neo, CodeGen, MPT, DBRX, BLOOM with and without a length,
RWKV, Mamba, XLNet's -1, vision models with a text part, and RoPE stretched linearly, by Llama 3's rule and by YaRN.
"""

from __future__ import annotations

from typing import Any

import pytest
from transformers import CONFIG_MAPPING

from humpback.engines.chat.context import context_length


@pytest.mark.parametrize(
    ("kind", "fields", "length"),
    [
        ("llama", {"max_position_embeddings": 96}, 96),
        ("mistral", {"max_position_embeddings": 96, "sliding_window": 16}, 96),
        ("gpt2", {"n_positions": 96}, 96),
        ("gptj", {"n_positions": 96}, 96),
        ("codegen", {"n_positions": 96, "n_ctx": 64}, 96),
        ("opt", {"max_position_embeddings": 96}, 96),
        ("gpt_neo", {"max_position_embeddings": 96}, 96),
        ("mpt", {"max_seq_len": 96}, 96),
        ("dbrx", {"max_seq_len": 96}, 96),
        ("bloom", {}, None),
        ("bloom", {"seq_length": 96}, 96),
        ("rwkv", {"context_length": 96}, 96),
        ("mamba", {}, None),
        ("xlnet", {}, None),
        ("gemma3", {"text_config": {"max_position_embeddings": 96}}, 96),
        ("llama", {"max_position_embeddings": 96, "rope_scaling": {"rope_type": "linear", "factor": 4.0}}, 96),
        (
            "llama",
            {
                "max_position_embeddings": 96,
                "rope_scaling": {
                    "rope_type": "llama3",
                    "factor": 32.0,
                    "original_max_position_embeddings": 24,
                    "low_freq_factor": 1.0,
                    "high_freq_factor": 4.0,
                },
            },
            96,
        ),
        (
            "qwen2",
            {
                "max_position_embeddings": 96,
                "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 96},
            },
            384,
        ),
        (
            "qwen2",
            {
                "max_position_embeddings": 384,
                "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 96},
            },
            384,
        ),
    ],
)
def test_the_context_is_the_configuration_s(kind: str, fields: dict[str, Any], length: int | None) -> None:
    assert context_length(CONFIG_MAPPING[kind](**fields)) == length
