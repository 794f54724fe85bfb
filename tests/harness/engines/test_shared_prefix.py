"""What all prompts of a call begin with is read once, and answers and ratings are what they are without that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from humpback.engines import rounds, shared_prefix
from humpback.spec.data import Sampling
from tests.harness.engines.small_models import LINES, SHAPES, byte_bpe, engine_of, model_of

RUBRIC = LINES[3]
PROMPTS = [f"{RUBRIC} {' '.join(LINES[i : i + 1 + i % 2])}"[: 60 + 9 * i] for i in range(6)]
GREEDY, DRAWN = (Sampling(temperature=t, top_p=0.9, max_new_tokens=10) for t in (0.0, 1.0))
APART = {"llama", "qwen2", "phi", "gpt_neox", "falcon"}
"""Architectures that can read a beginning apart; the others look back so far at most, or have a table of positions."""


@pytest.mark.parametrize("architecture", SHAPES)
def test_answers_and_ratings_are_the_same(architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "ROUND", 6)
    tokenizer = byte_bpe()
    model = model_of(architecture, tokenizer)
    found, read = {}, {}
    for shortest in (8, 10_000):
        monkeypatch.setattr(shared_prefix, "SHORTEST", shortest)
        engine = engine_of(model, tokenizer, tmp_path / str(shortest), batch=4)
        sizes: list[int] = []
        hook = model.register_forward_pre_hook(
            lambda _, args, given, sizes=sizes: sizes.append((given.get("input_ids", *args[:1])).numel()),
            with_kwargs=True,
        )
        texts = engine.generate(PROMPTS, GREEDY), engine.generate(PROMPTS, DRAWN)
        sizes.clear()
        ratings = engine.choose(PROMPTS, ["Score: 1", "Score: 5"]), engine.choose(PROMPTS, ["the bread", "x"])
        hook.remove()
        found[shortest], read[shortest] = (texts, ratings), sum(sizes)
    (texts, ratings), (without, ratings_without) = found.values()
    assert texts == without
    for one, other in zip([*ratings[0], *ratings[1]], [*ratings_without[0], *ratings_without[1]], strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert (read[8] < 0.8 * read[10_000]) == (architecture in APART)


def test_what_is_shared_leaves_every_prompt_a_token_and_is_worth_its_keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    model: Any = model_of("llama", byte_bpe())
    head = [7, 8, 9] * 50
    prompts = [head, [*head, 3], [*head, 4, 5]]
    found = shared_prefix.find_prefix(model, prompts)
    assert found is not None
    assert found.ids == head[:-1]
    assert shared_prefix.find_prefix(model, prompts[:1]) is None
    assert shared_prefix.find_prefix(model, [one[30:] for one in prompts]) is None
    assert shared_prefix.find_prefix(model, [*prompts, [1, *head]]) is None
