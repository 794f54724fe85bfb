"""Tiny models with first weights of several architectures, as folders that `from_pretrained` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    CONFIG_MAPPING,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    PreTrainedTokenizerBase,
)

_LLAMA = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
_GPT2 = {"n_embd": 32, "n_layer": 2, "n_head": 4}
_NEOX = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
SHAPES: dict[str, dict[str, Any]] = {
    "llama": _LLAMA,
    "mistral": {**_LLAMA, "sliding_window": 16},
    "mixtral": {**_LLAMA, "num_local_experts": 4},
    "phimoe": {**_LLAMA, "num_local_experts": 4},
    "glm4_moe": {
        **_LLAMA,
        "head_dim": 8,
        "n_routed_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 16,
        "first_k_dense_replace": 1,
    },
    "qwen2": _LLAMA,
    "qwen3": {**_LLAMA, "head_dim": 8},
    "gemma2": {**_LLAMA, "head_dim": 8, "sliding_window": 16},
    "phi": _NEOX,
    "phi3": _LLAMA,
    "gpt_neox": _NEOX,
    "gpt2": _GPT2,
    "gptj": {**_GPT2, "rotary_dim": 4},
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 2,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 1]],
        "window_size": 16,
    },
    "gpt_bigcode": _GPT2,
    "starcoder2": _LLAMA,
    "opt": {
        "hidden_size": 32,
        "ffn_dim": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "word_embed_proj_dim": 32,
    },
    "falcon": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 4},
    "mamba": {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8},
    "lfm2": {**_LLAMA, "layer_types": ["conv", "full_attention"]},
}
"""Fields of the configuration by model type."""


def save_tiny(
    folder: Path, kind: str, tokenizer: PreTrainedTokenizerBase, *, reward: bool = False, **fields: Any
) -> Path:
    """Model and tokenizer in the folder, a reward model's if that is asked for; the configuration's other fields are
    transformers' own."""
    config = CONFIG_MAPPING[kind](
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **({"num_labels": 1} if reward else {}),
        **{**SHAPES[kind], **fields},
    )
    torch.manual_seed(0)
    (AutoModelForSequenceClassification if reward else AutoModelForCausalLM).from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
