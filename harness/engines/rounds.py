"""Writing in rounds: rows that have ended leave their batch after so many tokens, so that the longest answer does not
keep all the others."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache, LogitsProcessorList, StoppingCriteriaList

from humpback.engines.chat.decoding import CheckedScores, DrawnToken, RowLimit
from humpback.spec.data import Sampling

ROUND = 128
"""Tokens of a round."""
_ROUNDS = 4
"""Most rounds that a batch goes through before what it wrote is kept."""


@dataclass
class Row:
    """A prompt on its way through the model."""

    prompt: list[int]
    limit: int
    """Tokens that may follow."""
    draws: np.ndarray[Any, np.dtype[np.float64]] = field(default_factory=lambda: np.empty(0))
    written: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.prompt) + len(self.written)

    @property
    def so_far(self) -> list[int]:
        return self.prompt + self.written

    @property
    def steps(self) -> int:
        """Tokens of its next round."""
        return min(ROUND, self.limit - len(self.written))


def write_on(
    model: Any,
    rows: list[Row],
    ids: torch.Tensor,
    mask: torch.Tensor,
    cache: DynamicCache | None,
    sampling: Sampling,
    *,
    ends: Set[int],
    pad: int,
    room: float,
) -> list[list[int]]:
    """What each row writes next, past an end with anything: a round, and as long as half of the rows or more go on, up
    to three further ones with the keys and values that are there.

    ids, mask: (rows, longest) tokens so far and attention mask. cache: of what the ids begin with. room: tokens,
    padding among them, that a batch may come to.
    """
    going, all_rows = [replace(row, written=[*row.written]) for row in rows], len(rows)
    found = list(going)
    for left in range(_ROUNDS - 1, -1, -1):
        made = _round(model, going, ids, mask, cache, sampling, ends, pad)
        new = made.sequences[:, ids.shape[1] :]
        alive = []
        for at, (row, tokens) in enumerate(zip(going, new.tolist(), strict=True)):
            tokens = tokens[: row.steps]
            row.written += tokens
            if row.steps and not ends & set(tokens):
                alive.append(at)
        cache = made.past_key_values
        few = not alive or 2 * len(alive) < all_rows
        if not left or few or made.sequences.shape[1] + ROUND > room or type(cache) is not DynamicCache:
            break
        kept = torch.tensor(alive, device=ids.device)
        cache.batch_select_indices(kept)
        ids, mask = made.sequences[kept], torch.cat([mask, torch.ones_like(new)], dim=1)[kept]
        going = [going[at] for at in alive]
    return [row.written[len(before.written) :] for row, before in zip(found, rows, strict=True)]


def _round(
    model: Any,
    rows: list[Row],
    ids: torch.Tensor,
    mask: torch.Tensor,
    cache: DynamicCache | None,
    sampling: Sampling,
    ends: Set[int],
    pad: int,
) -> Any:
    start, n = ids.shape[1], [row.steps for row in rows]
    processors = LogitsProcessorList()
    if sampling.temperature:
        drawn = np.zeros((len(rows), max(n)))
        for at, row in enumerate(rows):
            drawn[at, : n[at]] = row.draws[len(row.written) :][: n[at]]
        processors.append(DrawnToken(sampling, torch.from_numpy(drawn).to(ids.device), start))
    else:
        processors.append(CheckedScores())
    with torch.inference_mode():
        return model.generate(
            input_ids=ids,
            attention_mask=mask,
            **({} if cache is None else {"past_key_values": cache}),
            max_new_tokens=max(n),
            do_sample=False,
            use_cache=True,
            return_dict_in_generate=True,
            eos_token_id=sorted(ends),
            pad_token_id=pad,
            logits_processor=processors,
            stopping_criteria=StoppingCriteriaList([RowLimit(torch.tensor(n, device=ids.device), start)]),
        )
