"""How many tokens a model takes at once, read off its configuration."""

from __future__ import annotations

from transformers import PretrainedConfig

_NAMES = ("max_position_embeddings", "max_seq_len", "n_positions", "n_ctx", "seq_length", "context_length")
"""What architectures call it: most; MPT and DBRX; GPT-2's kin, twice; BLOOM's folders; RWKV."""


def context_length(config: PretrainedConfig) -> int | None:
    """Tokens of prompt and answer together, of the text part where a model has several; None where there is no limit
    (recurrent models, and ALiBi where the folder names none).

    YaRN's factor counts, because its folders state the length before stretching. Other scalings state the stretched
    one. A sliding window is no limit: what lies before it is still reached through the layers.
    """
    text = config.get_text_config(decoder=True)
    stated = (getattr(text, name, None) for name in _NAMES)
    limit = next((value for value in stated if isinstance(value, int) and value > 0), None)
    rope = getattr(text, "rope_parameters", None) or getattr(text, "rope_scaling", None)
    if limit and isinstance(rope, dict) and rope.get("rope_type", rope.get("type")) == "yarn":
        before = rope.get("original_max_position_embeddings") or limit
        limit = max(limit, int(before * (rope.get("factor") or 1)))
    return limit
