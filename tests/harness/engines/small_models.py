"""Models of many architectures with random weights, a thousand times smaller than published ones, and their engines."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PreTrainedTokenizerFast

from humpback.core.machine import Machine
from humpback.core.work import Work, new_log
from humpback.engines.transformers_engine import Engine
from humpback.spec.template import ChatTemplate, Template

WORDS = ["river", "stone", "bread", "lamp", "garden", "winter", "copper", "letter", "window", "market", "forest"]
LINES = [f"The {one} keeps the {other}, and the {one} lifts it." for one in WORDS for other in WORDS[::2]]
_TEXTS = [*LINES, *(f"Score: {n}" for n in range(1, 6)), "### Instruction:\n\n### Response:\n"] * 2
_BOTH = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
_ROTARY = {**_BOTH, "intermediate_size": 64, "num_key_value_heads": 2}
SHAPES: dict[str, dict[str, Any]] = {
    "llama": _ROTARY,
    "qwen2": _ROTARY,
    "gemma2": {**_ROTARY, "head_dim": 8, "sliding_window": 16},
    "phi": {**_BOTH, "intermediate_size": 64},
    "gpt_neox": {**_BOTH, "intermediate_size": 64},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4},
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 2,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 1]],
        "window_size": 16,
    },
    "opt": {**_BOTH, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
    "falcon": {**_BOTH, "alibi": True},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 4},
    "rwkv": {"hidden_size": 32, "attention_hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64},
}
_CONTEXT = {"gpt2": "n_positions", "mpt": "max_seq_len", "rwkv": "context_length"}


@cache
def byte_bpe(*special: str) -> PreTrainedTokenizerFast:
    """A byte-level BPE whose end is "<|end|>"; `special` are control tokens besides."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<|pad|>", "<|end|>", *special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(_TEXTS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<|pad|>",
        eos_token="<|end|>",
        clean_up_tokenization_spaces=False,
        additional_special_tokens=list(special),
    )


def model_of(architecture: str, tokenizer: Any, context: int = 96, **config: Any) -> Any:
    """Large weights, so that the same token is not always the likeliest."""
    shape = {**SHAPES[architecture], _CONTEXT.get(architecture, "max_position_embeddings"): context, **config}
    made = CONFIG_MAPPING[architecture](
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **shape,
    )
    if hasattr(made, "initializer_range"):
        made.initializer_range = 0.2
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(made).eval()


def work_at(place: Path, batch: int = 256) -> Work:
    return Work(
        lambda _: place, place, Machine(generation_batch=batch, tracking="off"), new_log(place, lambda *_: None)
    )


BARE = Template("", "{instruction}")


def engine_of(
    model: Any, tokenizer: Any, place: Path, batch: int = 256, template: Template | ChatTemplate = BARE
) -> Engine:
    """Asked with the very text, where no other template is named."""
    return Engine(model, tokenizer, work_at(place, batch), template)
