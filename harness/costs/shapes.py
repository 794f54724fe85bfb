"""The shape of a model, from which its parameters and the work of a token follow.

Of a model trained here, from its expression; of the setups' bases, from the table of their published configurations; of
any other, from the config.json on this machine. Where there is none the shape is unknown, and so is the cost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.machine import Machine
from humpback.core.store import StoreError
from humpback.costs.assumptions import FOUR_BITS
from humpback.spec.models import Finetuned, FolderModel, GgufModel, HubModel, Pretrained
from humpback.spec.recipe import Lora, QLora
from humpback.spec.template import Model


@dataclass(frozen=True)
class Shape:
    """The dimensions of a Llama, or of one whose layers have experts."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int
    """Tokens."""
    tied: bool = False
    """Whether the output layer is the embedding."""
    head: int = 0
    """Width of an attention head; 0 where the heads have the model's width together."""
    experts: int = 1
    """Feed-forward blocks of a layer, shared ones among them, each `feed_forward` wide."""
    active: int = 1
    """Those of them that a token goes through."""

    @property
    def q_width(self) -> int:
        """Width of queries."""
        return self.head * self.heads or self.width

    @property
    def kv_width(self) -> int:
        """Width of keys, and of values."""
        return self.q_width // self.heads * self.kv_heads

    @property
    def attention(self) -> int:
        """Weights of one layer's attention."""
        return 2 * self.width * (self.q_width + self.kv_width)

    @property
    def block(self) -> int:
        """Weights of one feed-forward block."""
        return 3 * self.width * self.feed_forward

    @property
    def parameters(self) -> int:
        """All weights, norms included."""
        embedded = (1 if self.tied else 2) * self.vocabulary * self.width
        return (
            self.layers * (self.attention + self.experts * self.block) + embedded + (2 * self.layers + 1) * self.width
        )

    @property
    def multiplied(self) -> int:
        """Weights that each token is multiplied with: all matrices and the output layer; an embedding is looked up."""
        return self.layers * (self.attention + self.active * self.block) + self.vocabulary * self.width

    def forward(self, tokens: float) -> float:
        """FLOPs of reading one sequence of so many tokens: 2 a weight and token, and causal attention."""
        return 2 * self.multiplied * tokens + 2 * self.layers * self.q_width * tokens**2

    def cache(self, tokens: float, size: int) -> float:
        """Bytes of one sequence's keys and values, at so many bytes a number."""
        return 2 * self.layers * self.kv_width * tokens * size

    def activations(self, tokens: float, *, again: bool = True) -> float:
        """Bytes kept for the backward pass of so many tokens, in bf16: each layer's input, its inside (of one layer,
        where the rest is computed `again`), and the logits in float32, twice."""
        inside = (24 * self.width + 8 * self.active * self.feed_forward) * (1 if again else self.layers)
        return tokens * (2 * self.width * self.layers + inside + 8 * self.vocabulary)

    def frozen(self, adapter: Lora | None, size: int) -> float:
        """Mean bytes of a base's weight below an adapter, where one in full takes `size`. Experts stay as they are."""
        divided = self.attention + (self.block if self.experts == 1 else 0)
        in_layers = self.layers * divided / self.parameters if isinstance(adapter, QLora) else 0.0
        return in_layers * FOUR_BITS + (1 - in_layers) * size

    def autocast(self, adapter: Lora | None) -> float:
        """Bytes of the bf16 copies of trained float32 weights that autocast computes with."""
        return 2.0 * (self.adapted(adapter) if adapter else self.parameters)

    def adapted(self, adapter: Lora) -> int:
        """Weights of an adapter."""
        square, kv, inner = self.width + self.q_width, self.width + self.kv_width, self.width + self.feed_forward
        sides = {"q_proj": square, "o_proj": square, "k_proj": kv, "v_proj": kv}
        if self.experts == 1:
            sides |= {"gate_proj": inner, "up_proj": inner, "down_proj": inner}
        names = sides if adapter.targets == "all-linear" else adapter.targets
        return self.layers * adapter.rank * sum(sides.get(name, square) for name in names)


PUBLISHED = {
    "huggyllama/llama-7b": Shape(32, 4_096, 11_008, 32, 32, 32_000, 2_048),
    "huggyllama/llama-13b": Shape(40, 5_120, 13_824, 40, 40, 32_000, 2_048),
    "huggyllama/llama-30b": Shape(60, 6_656, 17_920, 52, 52, 32_000, 2_048),
    "huggyllama/llama-65b": Shape(80, 8_192, 22_016, 64, 64, 32_000, 2_048),
    "meta-llama/Llama-2-70b-hf": Shape(80, 8_192, 28_672, 64, 8, 32_000, 4_096),
    "HuggingFaceTB/SmolLM2-135M": Shape(30, 576, 1_536, 9, 3, 49_152, 8_192, tied=True),
    "HuggingFaceTB/SmolLM2-1.7B": Shape(24, 2_048, 8_192, 32, 32, 49_152, 8_192, tied=True),
    "Qwen/Qwen3-1.7B-Base": Shape(28, 2_048, 6_144, 16, 8, 151_936, 32_768, tied=True),
    "Qwen/Qwen3-8B-Base": Shape(36, 4_096, 12_288, 32, 8, 151_936, 32_768),
    "meta-llama/Llama-3.2-3B": Shape(28, 3_072, 8_192, 24, 8, 128_256, 131_072, tied=True),
    "allenai/Olmo-3-1025-7B": Shape(32, 4_096, 11_008, 32, 32, 100_278, 65_536),
}
"""Shapes of the setups' bases, by repository: the values of their config.json."""


_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")
"""What families call the number of a layer's experts."""
_GGUF = {
    "num_hidden_layers": "block_count",
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "max_position_embeddings": "context_length",
    "head_dim": "attention.key_length",
}
"""Names in a GGUF file's header, by those of a config.json."""


def shape_of(model: Model, machine: Machine) -> Shape | None:
    """The shape, or None where it is not known here: the model is not on this machine, or its config.json has other
    names than a Llama's."""
    match model:
        case Finetuned():
            return shape_of(model.base, machine)
        case Pretrained(shape=one):
            # The small Llamas of this project tie their embeddings.
            return Shape(
                one.layers, one.width, one.feed_forward, one.heads, one.heads, one.vocabulary, one.context, tied=True
            )
        case HubModel() if model.repository in PUBLISHED:
            return PUBLISHED[model.repository]
    try:
        config = _config(model, machine)
        heads = int(config["num_attention_heads"])
        feed_forward, experts, active = _blocks(config)
        return Shape(
            layers=int(config["num_hidden_layers"]),
            width=int(config["hidden_size"]),
            feed_forward=feed_forward,
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            vocabulary=int(config["vocab_size"]),
            context=int(config["max_position_embeddings"]),
            tied=bool(config.get("tie_word_embeddings")),
            head=int(config.get("head_dim") or 0),
            experts=experts,
            active=active,
        )
    except (StoreError, OSError, ValueError, KeyError, TypeError):
        return None  # said as unknown by whoever asks


def _blocks(config: dict[str, Any]) -> tuple[int, int, int]:
    """Width of a feed-forward block, and how many of them a layer has and a token goes through."""
    experts = next((int(config[name]) for name in _EXPERTS if config.get(name)), 1)
    if experts == 1:
        return int(config["intermediate_size"]), 1, 1
    width = int(config.get("moe_intermediate_size") or config["intermediate_size"])
    shared = config.get("n_shared_experts") or round((config.get("shared_expert_intermediate_size") or 0) / width)
    return width, experts + shared, int(config["num_experts_per_tok"]) + shared


def _config(model: Model, machine: Machine) -> dict[str, Any]:
    """What the model's config.json says, or its GGUF file under the same names."""
    if isinstance(model, (HubModel, FolderModel)):
        from humpback.inputs.locate import model_folder

        config: dict[str, Any] = json.loads((model_folder(model, machine) / "config.json").read_text(encoding="utf-8"))
        return config
    if isinstance(model, GgufModel):
        from humpback.inputs.gguf_file import header

        found = header(Path(dict(machine.files)[model.sha256]))
        return {
            **{name: found.number(key) for name, key in _GGUF.items()},
            "vocab_size": found.values["tokenizer.ggml.tokens"],
            "tie_word_embeddings": "output.weight" not in found.types,
        }
    raise KeyError(model.name)
