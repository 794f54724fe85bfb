"""A model whose scores are no numbers writes and rates nothing: the prompt is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from humpback.core.errors import HumpbackError
from humpback.engines.chat.decoding import NoScores
from humpback.engines.transformers_engine import Engine
from humpback.evals.lm_eval_model import CountingLM
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
    with pytest.raises(HumpbackError, match=r"prompt 2, of \d+ tokens: .* no numbers"):
        ask(engine_of(model, tokenizer, tmp_path))


def test_a_benchmark_has_no_accuracy_of_scores_that_are_no_numbers() -> None:
    tokenizer = byte_bpe()
    model = model_of("llama", tokenizer)
    lm = CountingLM(pretrained=model, tokenizer=tokenizer, backend="causal", batch_size=2)
    asked = [(("a", "b"), [5, 6], [7]), (("a", "b"), [5, 6], [8, 9])]
    assert len(lm._loglikelihood_tokens(asked)) == 2
    ids = torch.tensor([[5, 6]])
    assert lm._model_generate(ids, 4, ["x"]).shape[1] > 2
    with torch.no_grad():
        model.model.norm.weight[3] = torch.nan
    with pytest.raises(NoScores):
        lm._loglikelihood_tokens(asked)
    with pytest.raises(NoScores):
        lm._model_generate(ids, 4, ["x"])
