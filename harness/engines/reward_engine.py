"""Rewards: the number that a sequence classifier of one label gives a conversation of a prompt and its answer.

The conversation is the tokenizer's chat template, closed as the template closes it, since the number is read at its
last token. Only rows of one length go through together: nothing is padded, so a padding token that is an end of turn
as well, as some models have it, is never taken for padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from humpback.engines.chat.decoding import check_scores
from humpback.engines.rounds import Row
from humpback.engines.transformers_engine import Engine

if TYPE_CHECKING:
    from humpback.core.work import Work
    from humpback.spec.models import Reward

_NO_PADDING = -1
"""No token's id: where a model names no padding, transformers takes one row at a time."""


class RewardEngine(Engine):
    """A reward model ready to score."""

    @classmethod
    def by(cls, reward: Reward, work: Work) -> RewardEngine:
        """The engine of a finished reward model."""
        engine = cls.of(reward.model, work)
        assert isinstance(engine, RewardEngine)
        config = engine._model.config.get_text_config()
        if config.pad_token_id is None:
            config.pad_token_id = _NO_PADDING
        return engine

    def rewards(self, answered: Sequence[tuple[str, str]], unit: str = "ratings") -> list[float | None]:
        """The reward of each (prompt, answer); None where the two do not fit the context. The same answer is read once
        and has one reward, which two rows of a batch need not have to the last bit."""
        first = {one: i for i, one in reversed(list(enumerate(answered)))}
        encoded = {i: self.chat.conversation(*one) for one, i in sorted(first.items(), key=lambda item: item[1])}
        rows = {i: Row(ids, 0) for i, ids in encoded.items() if len(ids) <= self._context}
        results: dict[int, float] = {}
        with self._log(rows, "reward") as log:
            self._progress(log, 0, len(first), unit)
            for places, found in self._batches(rows, self._scores, log):
                results |= dict(zip(places, found, strict=True))
                self._progress(log, len(results), len(first), unit)
        return [results.get(first[one]) for one in answered]

    @torch.inference_mode()
    def _scores(self, batch: list[Row]) -> list[float]:
        ids = torch.tensor([row.prompt for row in batch], device=self._work.machine.device)
        logits: torch.Tensor = self._model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
        return check_scores(logits[:, :1]).flatten().float().tolist()  # type: ignore[no-any-return]

    def _together(self, long: Row, short: Row) -> bool:
        return len(long.prompt) == len(short.prompt)
