"""A model whose scores are no numbers writes and rates nothing: the prompt is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from humpback.core.errors import HumpbackError
from humpback.engines.transformers_engine import Engine
from humpback.spec.data import Sampling
from tests.harness.engines.small_models import byte_bpe, engine_of, model_of

OPTIONS = [f"Score: {i}" for i in range(1, 6)]
PROMPTS = ["The lamp keeps it.", "The river keeps it.", "Bread and lamp."]


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.choose(PROMPTS, OPTIONS),
        lambda engine: engine.choose(PROMPTS, ["A", "river stone"]),
        lambda engine: engine.generate(PROMPTS, Sampling(temperature=0.0, max_new_tokens=4)),
        lambda engine: engine.generate(PROMPTS, Sampling(max_new_tokens=4)),
    ],
    ids=["options alike", "options of several tokens", "greedy", "drawn"],
)
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_the_prompt_is_named(tmp_path: Path, ask: Callable[[Engine], object], value: float) -> None:
    tokenizer = byte_bpe()
    model = model_of("llama", tokenizer)
    (river,) = {*tokenizer(" river")["input_ids"]} - {*tokenizer(" ")["input_ids"]}
    with torch.no_grad():
        model.get_input_embeddings().weight[river] = value
    with pytest.raises(HumpbackError, match=r"prompt 2, of \d+ tokens: .* not finite"):
        ask(engine_of(model, tokenizer, tmp_path))
