"""What `generate` is told beside the prompts: draws and limits that belong to a row, and nothing of the folder's own.

transformers draws for a whole batch from one generator, so an answer would follow from its batch mates. Here every row
has its own draws, keyed by seed, prompt and position; all that a batch shares is the arithmetic.
"""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, LogitsProcessor, StoppingCriteria

from humpback.core.errors import HumpbackError
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.chat.context import context_length
from humpback.spec.data import Sampling


def keep_ends_alone(model: Any, chat: ChatFormat) -> frozenset[int]:
    """Take from a model what its folder says of generating, all but its padding and the ids that end an answer, which
    are returned: the template's, the tokenizer's and the folder's. What is generated follows from `Sampling`, here and
    wherever the model is saved.

    Some older folders say it in config.json, which transformers would neither generate from nor save.
    """
    folders: GenerationConfig = getattr(model, "generation_config", None) or GenerationConfig()
    found: set[Any] = set(chat.ends)
    for config in (folders, getattr(model, "config", None)):
        ids = getattr(config, "eos_token_id", None)
        found |= set(ids) if isinstance(ids, list) else {ids}
    ends = frozenset(one for one in found if isinstance(one, int))
    model.generation_config = GenerationConfig(
        bos_token_id=folders.bos_token_id, eos_token_id=sorted(ends), pad_token_id=folders.pad_token_id
    )
    config = getattr(model, "config", None)
    for name in getattr(config, "_get_generation_parameters", dict)():
        delattr(config, name)
    return ends


def row_draws(seed: int, prompt: Sequence[int], nth: int, n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n,) uniform draws from [0, 1) for the tokens after the `nth` of equal prompts (token ids)."""
    key = int.from_bytes(_row_key(seed, prompt, nth)[:16], "little")
    return np.random.Generator(np.random.Philox(key=key)).random(n)


def row_seed(seed: int, prompt: Sequence[int], nth: int) -> int:
    """31 bits from which a server draws the tokens after the `nth` of equal prompts (token ids)."""
    return int.from_bytes(_row_key(seed, prompt, nth)[:4], "little") >> 1


def _row_key(seed: int, prompt: Sequence[int], nth: int) -> bytes:
    named = f"{seed} {nth} {' '.join(map(str, prompt))}"
    return hashlib.sha256(named.encode()).digest()


class NoScores(HumpbackError, FloatingPointError):
    """What a model gives is infinite or no number, so nothing can be told from it."""


def check_scores(scores: torch.Tensor) -> torch.Tensor:
    """(rows, any) scores as they are. Some may be minus infinity, which rules a token out.

    Raises:
        NoScores: when a row's greatest is not finite: that of a broken model would be any token at all.
    """
    if not bool(scores.amax(-1).isfinite().all()):
        raise NoScores(
            "the model's scores are infinite or no numbers: its weights are damaged, or its training came apart; look "
            "at them, or bring them again"
        )
    return scores


class CheckedScores(LogitsProcessor):
    """Lets a round write on with scores that are numbers alone."""

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        return check_scores(scores)  # type: ignore[return-value]


_LIKELY = 256
"""Tokens among which a nucleus is looked for first."""


class DrawnToken(LogitsProcessor):
    """Leaves each row one token: the one that its own draw falls on, of the nucleus at the temperature."""

    def __init__(self, sampling: Sampling, drawn: torch.Tensor, start: int) -> None:
        """drawn: (rows, tokens) draws from [0, 1). start: tokens before the first that is written."""
        self._sampling, self._drawn, self._start = sampling, drawn, start

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        probabilities = torch.softmax(check_scores(scores).float() / self._sampling.temperature, dim=-1)
        tokens, own = nucleus(probabilities, self._sampling.top_p)
        # In the vocabulary's order, so that two tokens of nearly equal probability cannot change places in a batch.
        below = own.double().cumsum(-1)
        aim = self._drawn[:, input_ids.shape[1] - self._start, None] * below[:, -1:] * (1 - 1e-12)
        chosen = tokens.gather(-1, torch.searchsorted(below, aim, right=True))
        left = torch.full_like(scores, -torch.inf).scatter(-1, chosen, 0.0)
        return left  # type: ignore[return-value]


def nucleus(probabilities: torch.Tensor, top_p: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The most probable tokens, as few of them as come to `top_p` together; of two alike the one with the smaller id
    first.

    probabilities: (rows, vocabulary), float32. Gives (rows, tokens) ids in rising order and their probabilities, 0
    outside the nucleus.
    """
    rows, vocabulary = probabilities.shape
    ids = torch.arange(vocabulary, device=probabilities.device)
    if top_p == 1:
        return ids.expand(rows, -1), probabilities
    likely = None
    if vocabulary > 2 * _LIKELY:
        # Tens of thousands take longer to sort than a small model takes to read a token. Positive numbers are ordered
        # as their bits are, so that one number says both which is more probable and whose id is smaller.
        keys = (probabilities.view(torch.int32).long() << 32) + (vocabulary - 1 - ids)
        found = vocabulary - 1 - (keys.topk(_LIKELY, dim=-1).values & 0xFFFFFFFF)
        first = probabilities.gather(-1, found)
        if not bool((_inside(first, top_p)[:, -1] | ~first[:, 0].isfinite()).any()):
            likely = found
    if likely is None:
        likely = probabilities.sort(dim=-1, descending=True, stable=True).indices
    ordered = probabilities.gather(-1, likely)
    tokens, order = likely.sort(dim=-1)
    return tokens, ordered.where(_inside(ordered, top_p), 0.0).gather(-1, order)


def _inside(ordered: torch.Tensor, top_p: float) -> torch.Tensor:
    inside = ordered.cumsum(-1) - ordered < top_p
    inside[:, 0] = True
    return inside


class RowLimit(StoppingCriteria):
    """Ends each row at its own limit."""

    def __init__(self, limits: torch.Tensor, start: int) -> None:
        """limits: (rows,) tokens that may be written. start: tokens before the first of them."""
        self._limits, self._start = limits, start

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **_: Any) -> torch.BoolTensor:
        done = self._limits <= input_ids.shape[1] - self._start
        return done  # type: ignore[return-value]


def longest_padded(config: Any) -> float:
    """How many tokens, padding among them, a batch of rows of different length may come to.

    Rotary positions are computed for each token, so padding costs nothing. Where they are scaled by the longest row at
    hand ("dynamic", "longrope"), no row may go beyond the original length beside others. Learned positions and masks
    are tables of the context's length.
    """
    context = context_length(config) or math.inf
    rope = getattr(config.get_text_config(decoder=True), "rope_parameters", None)
    if not isinstance(rope, dict) or not rope:
        return context
    each = [one for one in (rope, *rope.values()) if isinstance(one, dict) and "rope_type" in one]
    scaled = [one for one in each if one["rope_type"] in ("dynamic", "longrope")]
    originals = [one.get("original_max_position_embeddings") or context for one in scaled]
    return min(map(float, originals), default=math.inf)


def forward_takes(model: Any, *names: str) -> set[str]:
    """Those of the names that the model's forward pass takes."""
    forward = getattr(model, "forward", None)
    return set(names) & set(inspect.signature(forward).parameters) if forward else set()
