"""The shape of a model, from which its parameters and the work of a token follow.

Of a model trained here, from its expression; of the papers' bases, from the table of their published configurations; of
any other, from the config.json on this machine. Where there is none the shape is unknown, and so is the cost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from humpback.core.machine import Machine
from humpback.core.store import StoreError
from humpback.spec.models import Finetuned, FolderModel, GgufModel, HubModel, Pretrained
from humpback.spec.recipe import Lora
from humpback.spec.template import Model


@dataclass(frozen=True)
class Shape:
    """A Llama's dimensions."""

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

    @property
    def kv_width(self) -> int:
        """Width of keys, and of values."""
        return self.width // self.heads * self.kv_heads

    @property
    def layer(self) -> int:
        """Weights of one layer's matrices."""
        return 2 * self.width * (self.width + self.kv_width) + 3 * self.width * self.feed_forward

    @property
    def parameters(self) -> int:
        """All weights, norms included."""
        embedded = (1 if self.tied else 2) * self.vocabulary * self.width
        return self.layers * self.layer + embedded + (2 * self.layers + 1) * self.width

    @property
    def multiplied(self) -> int:
        """Weights that each token is multiplied with: all matrices and the output layer; an embedding is looked up."""
        return self.layers * self.layer + self.vocabulary * self.width

    def forward(self, tokens: float) -> float:
        """FLOPs of reading one sequence of so many tokens: 2 a weight and token, and causal attention."""
        return 2 * self.multiplied * tokens + 2 * self.layers * self.width * tokens**2

    def cache(self, tokens: float, size: int) -> float:
        """Bytes of one sequence's keys and values, at so many bytes a number."""
        return 2 * self.layers * self.kv_width * tokens * size

    def adapted(self, adapter: Lora) -> int:
        """Weights of an adapter."""
        square, kv = (self.width, self.width), (self.width, self.kv_width)
        into, out = (self.width, self.feed_forward), (self.feed_forward, self.width)
        sides = {"q_proj": square, "o_proj": square, "k_proj": kv, "v_proj": kv} | {
            "gate_proj": into,
            "up_proj": into,
            "down_proj": out,
        }
        names = sides if adapter.targets == "all-linear" else adapter.targets
        return self.layers * adapter.rank * sum(sum(sides.get(name, square)) for name in names)


PUBLISHED = {
    "huggyllama/llama-7b": Shape(32, 4_096, 11_008, 32, 32, 32_000, 2_048),
    "huggyllama/llama-13b": Shape(40, 5_120, 13_824, 40, 40, 32_000, 2_048),
    "huggyllama/llama-30b": Shape(60, 6_656, 17_920, 52, 52, 32_000, 2_048),
    "huggyllama/llama-65b": Shape(80, 8_192, 22_016, 64, 64, 32_000, 2_048),
    "meta-llama/Llama-2-70b-hf": Shape(80, 8_192, 28_672, 64, 8, 32_000, 4_096),
    "HuggingFaceTB/SmolLM2-135M": Shape(30, 576, 1_536, 9, 3, 49_152, 8_192, tied=True),
}
"""Of the papers' bases, by repository: the values of their config.json."""


def shape_of(model: Model, machine: Machine) -> Shape | None:
    """The shape, or None where it is not known here."""
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
        case HubModel() | FolderModel():
            return _configured(model, machine)
        case GgufModel():
            return _packed(model, machine)
    return None


def _packed(model: GgufModel, machine: Machine) -> Shape | None:
    from humpback.inputs.gguf_file import header

    path = next((Path(where) for known, where in machine.files if known == model.sha256), None)
    try:
        found = header(path) if path else None
    except (StoreError, OSError):
        return None
    if found is None:
        return None
    layers, width, inner, heads, context = (
        found.number(name)
        for name in (
            "block_count",
            "embedding_length",
            "feed_forward_length",
            "attention.head_count",
            "context_length",
        )
    )
    rows = found.values.get("tokenizer.ggml.tokens")
    if not (layers and width and inner and heads and context and rows):
        return None
    kv = found.number("attention.head_count_kv") or heads
    return Shape(layers, width, inner, heads, kv, int(rows), context, tied="output.weight" not in found.types)


def _configured(model: HubModel | FolderModel, machine: Machine) -> Shape | None:
    from humpback.inputs.locate import model_folder

    try:
        text = (model_folder(model, machine) / "config.json").read_text(encoding="utf-8")
        found = json.loads(text)
        heads = int(found["num_attention_heads"])
        return Shape(
            layers=int(found["num_hidden_layers"]),
            width=int(found["hidden_size"]),
            feed_forward=int(found["intermediate_size"]),
            heads=heads,
            kv_heads=int(found.get("num_key_value_heads") or heads),
            vocabulary=int(found["vocab_size"]),
            context=int(found["max_position_embeddings"]),
            tied=bool(found.get("tie_word_embeddings")),
        )
    except (StoreError, OSError, ValueError, KeyError, TypeError):
        # Not here, or of another family than Llama: said as unknown by whoever asks.
        return None
