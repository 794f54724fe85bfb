"""A model whose scores are infinite or no numbers says so, and gives no answer, score, reward or loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModelForSequenceClassification

from humpback.engines.chat.decoding import NoScores
from humpback.engines.reward_engine import RewardEngine
from humpback.spec.data import Sampling
from humpback.stages.answer_losses import _loss
from humpback.stages.batches import TokenSequence
from tests.harness.engines.small_models import BARE, SHAPES, byte_bpe, engine_of, model_of, work_at


def broken(model: Any, value: float) -> Any:
    """One layer's weights are all this."""
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight.fill_(value)
    return model


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_nothing_is_written_or_chosen(value: float, temperature: float, tmp_path: Path) -> None:
    tokenizer = byte_bpe()
    model = broken(model_of("llama", tokenizer), value)
    engine = engine_of(model, tokenizer, tmp_path)
    with pytest.raises(NoScores, match="its weights are damaged"):
        engine.generate(["river", "the stone keeps"], Sampling(temperature=temperature, max_new_tokens=4))
    for options in (["Score: 1", "Score: 2"], ["river", "the stone"]):
        with pytest.raises(NoScores):
            engine.choose(["river"], options)
    with pytest.raises(NoScores):
        _loss(model, TokenSequence([5, 6, 7], [-100, 6, 7]))


def test_nothing_is_rewarded(tmp_path: Path) -> None:
    tokenizer = byte_bpe()
    config = CONFIG_MAPPING["llama"](vocab_size=len(tokenizer), num_labels=1, pad_token_id=0, **SHAPES["llama"])
    model = broken(AutoModelForSequenceClassification.from_config(config), float("nan"))
    with pytest.raises(NoScores):
        RewardEngine(model, tokenizer, work_at(tmp_path), BARE).rewards([("river", "stone")])
