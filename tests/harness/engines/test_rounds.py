"""Rows go on with the keys and values that are there while half of them or more do, and the answers are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from humpback.engines import rounds
from humpback.spec.data import Sampling
from tests.harness.engines.small_models import LINES, byte_bpe, engine_of, model_of

PROMPTS = [" ".join(LINES[i : i + 1 + i % 2])[: 20 + 7 * i] for i in range(6)]
DRAWN = Sampling(temperature=1.0, top_p=0.9, max_new_tokens=24)


def test_prompts_are_read_once_for_several_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "ROUND", 4)
    tokenizer = byte_bpe()
    model = model_of("llama", tokenizer)
    found, read = {}, {}
    for most in (1, 4):
        monkeypatch.setattr(rounds, "_ROUNDS", most)
        engine = engine_of(model, tokenizer, tmp_path / str(most), batch=6)
        sizes: list[int] = []
        hook = model.register_forward_pre_hook(
            lambda _, args, given, sizes=sizes: sizes.append(given["input_ids"].shape[1]), with_kwargs=True
        )
        found[most] = engine.generate(PROMPTS, DRAWN)
        hook.remove()
        read[most] = sum(size > 1 for size in sizes)
    assert found[1] == found[4]
    assert len({len(one.text) for one in found[4]}) > 1
    assert read[4] < read[1]
