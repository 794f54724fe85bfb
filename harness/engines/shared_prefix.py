"""The beginning that all prompts of a call have in common, such as a rubric's: read once, not with each of them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache

from humpback.engines.chat.decoding import forward_takes

SHORTEST = 128
"""Tokens that a beginning has to have, so that reading it once is worth its keeping."""


class SharedPrefix:
    """Keys and values of a beginning. Rows that go on from it stand behind it, padding between the two."""

    def __init__(self, model: Any, ids: list[int]) -> None:
        """ids: the tokens of the beginning, read here."""
        self.ids = ids
        device = model.get_input_embeddings().weight.device
        with torch.inference_mode():
            self._cache: DynamicCache = model(torch.tensor([ids], device=device), use_cache=True).past_key_values

    def __len__(self) -> int:
        return len(self.ids)

    def repeated(self, rows: int) -> DynamicCache:
        """Keys and values for so many rows, which they add their own to."""
        cache = copy.deepcopy(self._cache)
        cache.batch_repeat_interleave(rows)
        return cache


def find_prefix(model: Any, prompts: Sequence[list[int]]) -> SharedPrefix | None:
    """What all prompts (token ids) begin with, less the last token of the shortest; None where that is short, there is
    one prompt, or the model reads a beginning apart otherwise than with the rest."""
    alike = takewhile(lambda column: len(set(column)) == 1, zip(*prompts, strict=False))
    n = min(sum(1 for _ in alike), min(map(len, prompts)) - 1) if len(prompts) > 1 else 0
    return SharedPrefix(model, prompts[0][:n]) if n >= SHORTEST and reads_apart(model) else None


def reads_apart(model: Any) -> bool:
    """Whether logits are the same, but for rounding, when a beginning was read before and padding lies between it and
    the rest: tried on two short rows. Not where a layer looks back over a limited number of places, which padding
    would use up."""
    config = model.config.get_text_config(decoder=True)
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    window = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    if kinds != {"full_attention"} or window or len(forward_takes(model, "position_ids", "past_key_values")) < 2:
        return False
    device, vocabulary = model.get_input_embeddings().weight.device, int(model.get_input_embeddings().weight.shape[0])
    head, rests = [[one % vocabulary for one in some] for some in (range(11, 17), range(19, 26))]
    both = [rests[:2], rests]
    try:
        with torch.inference_mode():
            alone = [model(torch.tensor([head + one], device=device), use_cache=False).logits[0, -1] for one in both]
            ids, mask = (one.to(device) for one in beside(head, both, 0))
            found = model(
                input_ids=ids[:, len(head) :],
                attention_mask=mask,
                position_ids=positions(mask)[:, len(head) :],
                past_key_values=SharedPrefix(model, head).repeated(2),
            ).logits[:, -1]
    except (TypeError, ValueError, AttributeError, RuntimeError, IndexError):  # it keeps something else
        return False
    # In standard deviations of logits: what adding up in another order may come to.
    noise = 0.01 if found.dtype == torch.float32 else 0.2
    return all(float((a - b).abs().max()) <= noise * float(a.std()) for a, b in zip(alone, found, strict=True))


def beside(prefix: list[int], rests: Sequence[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(rows, longest) token ids and attention mask of rows that begin alike, padded behind what they share."""
    longest = max(map(len, rests))
    ids = [[*prefix, *[pad] * (longest - len(one)), *one] for one in rests]
    mask = [[1] * len(prefix) + [0] * (longest - len(one)) + [1] * len(one) for one in rests]
    return torch.tensor(ids), torch.tensor(mask)


def positions(mask: torch.Tensor) -> torch.Tensor:
    """(rows, longest) positions that count from a row's own first token."""
    return (mask.cumsum(-1) - 1).clamp(min=0)
