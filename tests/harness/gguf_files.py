"""Tiny GGUF files with the weights and the tokenizer of a model, as llama.cpp's convert_hf_to_gguf.py writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import sentencepiece
from transformers import PreTrainedModel, PreTrainedTokenizerBase

_HALF, _FULL = np.float16, np.float32


def write(
    path: Path,
    architecture: str,
    model: PreTrainedModel,
    vocabulary: dict[str, Any],
    *,
    full: bool = True,
    tensors: dict[str, np.ndarray] | None = None,
    **values: Any,
) -> Path:
    """vocabulary: "model", "tokens" and what else is below tokenizer.ggml.; values: metadata with dots as `__`."""
    out = gguf.GGUFWriter(path, architecture)
    config = model.config
    out.add_context_length(config.max_position_embeddings)
    out.add_embedding_length(config.hidden_size)
    out.add_block_count(config.num_hidden_layers)
    out.add_feed_forward_length(getattr(config, "intermediate_size", None) or 4 * config.hidden_size)
    out.add_head_count(config.num_attention_heads)
    if hasattr(config, "num_key_value_heads"):
        out.add_head_count_kv(config.num_key_value_heads)
    rope = getattr(config, "rope_parameters", None)
    if rope and "rope_theta" in rope:
        out.add_rope_freq_base(rope["rope_theta"])
        if architecture == "llama":
            out.add_rope_dimension_count(config.head_dim)
    if getattr(config, "head_dim", None):
        out.add_key_length(config.head_dim)
        out.add_value_length(config.head_dim)
    for name in ("rms_norm_eps", "norm_epsilon", "layer_norm_epsilon"):
        if hasattr(config, name):
            add = out.add_layer_norm_rms_eps if "rms" in name else out.add_layer_norm_eps
            add(getattr(config, name))
    for name, value in vocabulary.items():
        _add(out, f"tokenizer.ggml.{name}" if name != "chat_template" else "tokenizer.chat_template", value)
    for name, value in values.items():
        _add(out, name.replace("__", "."), value)
    for name, weight in {**_weights(architecture, model), **(tensors or {})}.items():
        kept = full or weight.ndim == 1
        out.add_tensor(name, np.ascontiguousarray(weight.astype(_FULL if kept else _HALF)))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path


def _add(out: gguf.GGUFWriter, key: str, value: Any) -> None:
    kinds = {bool: out.add_bool, int: out.add_uint32, float: out.add_float32, str: out.add_string, list: out.add_array}
    kinds[type(value)](key, value)


def _weights(architecture: str, model: PreTrainedModel) -> dict[str, np.ndarray]:
    config = model.config
    kind = next(one for one, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(kind, config.num_hidden_layers)
    made = {}
    for name, weight in dict(model.named_parameters()).items():  # tied weights once
        if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
            heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
            weight = weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)
        elif architecture == "gpt2" and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            weight = weight.T
        elif architecture.startswith("gemma") and name.endswith("norm.weight"):
            weight = weight + 1
        made[names.get_name(name, (".weight", ".bias"))] = weight.detach().numpy()
    assert None not in made
    return made


def byte_level(tokenizer: PreTrainedTokenizerBase, rules: str | None, **more: Any) -> dict[str, Any]:
    """A byte-level BPE of transformers: its vocabulary, merges, kinds of entries, and `pre` as given."""
    told = json.loads(tokenizer.backend_tokenizer.to_str())
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    kinds = {one["content"]: 3 if one["special"] else 4 for one in told["added_tokens"]}
    return {
        "model": "gpt2",
        **({"pre": rules} if rules else {}),
        "tokens": tokens,
        "token_type": [kinds.get(one, 1) for one in tokens],
        "merges": [one if isinstance(one, str) else " ".join(one) for one in told["model"]["merges"]],
        **_special(tokenizer),
        **more,
    }


def sentence_piece(model: sentencepiece.SentencePieceProcessor, **more: Any) -> dict[str, Any]:
    """A BPE of SentencePiece: pieces, scores and kinds."""
    ids = range(model.get_piece_size())
    return {
        "model": "llama",
        "pre": "default",
        "tokens": [model.id_to_piece(i) for i in ids],
        "scores": [model.get_score(i) for i in ids],
        "token_type": [
            2 if model.is_unknown(i) else 3 if model.is_control(i) else 6 if model.is_byte(i) else 1 for i in ids
        ],
        "bos_token_id": model.bos_id(),
        "eos_token_id": model.eos_id(),
        "unknown_token_id": model.unk_id(),
        **more,
    }


def _special(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    kinds = {"bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id, "padding": tokenizer.pad_token_id}
    template = {"chat_template": tokenizer.chat_template} if tokenizer.chat_template else {}
    return {f"{kind}_token_id": one for kind, one in kinds.items() if one is not None} | template
