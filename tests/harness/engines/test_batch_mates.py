"""An answer and a rating follow from their own prompt, seed and place, and from nothing that goes through beside them.

Tried: rotary positions (Llama, Gemma 2, GPT-NeoX), learned ones (GPT-2, GPT-Neo, OPT), ALiBi by mask and by place
(BLOOM, Falcon, MPT), sliding windows, a recurrent model that sees padding (RWKV), rotary positions that are scaled by
the longest row; batches of 1, 3 and 32, other orders, a GPU too small in the middle, answers over several rounds, a
prompt that nearly fills the context, equal prompts; and what a folder says of generating, in generation_config.json and
in config.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from humpback.engines import rounds
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.chat.decoding import keep_ends_alone, row_draws
from humpback.engines.completion import Completion
from humpback.engines.transformers_engine import Engine
from humpback.spec.data import Sampling
from tests.harness.engines.small_models import BARE, LINES, SHAPES, byte_bpe, engine_of, model_of

PROMPTS = [" ".join(LINES[i : i + 1 + i % 3])[: 20 + 17 * i] for i in range(6)] + ["The lamp"] * 2
FILLS = " ".join(LINES[:8])
GREEDY = Sampling(temperature=0.0, max_new_tokens=10)
DRAWN = Sampling(temperature=1.0, top_p=0.9, max_new_tokens=10)
OPTIONS = ["Score: 1", "Score: 5"]
UNLIKE = ["Score: 1", "the bread", "x"]


def all_of(engine: Engine, prompts: list[str]) -> tuple[Any, ...]:
    return (
        engine.generate(prompts, GREEDY),
        engine.generate(prompts, DRAWN),
        engine.choose(prompts, OPTIONS),
        engine.choose(prompts, UNLIKE),
    )


@pytest.mark.parametrize("architecture", [one for one in SHAPES if one not in ("qwen2", "phi")])
def test_answers_and_ratings_are_those_of_a_prompt_alone(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND", 6)
    tokenizer = byte_bpe()
    model = model_of(architecture, tokenizer)
    nearly = tokenizer.decode(tokenizer(FILLS)["input_ids"][:90])
    prompts = [nearly, *PROMPTS]
    alone = all_of(engine_of(model, tokenizer, tmp_path, batch=1), prompts)
    for batch in (3, 32):
        beside = all_of(engine_of(model, tokenizer, tmp_path, batch), prompts)
        assert beside[:2] == alone[:2]
        for one, other in zip(beside[2] + beside[3], alone[2] + alone[3], strict=True):
            assert one == pytest.approx(other, abs=1e-5)
    turned = engine_of(model, tokenizer, tmp_path).generate(prompts[::-1][2:], DRAWN)
    assert turned == alone[1][:-2][::-1]


def test_each_answer_has_the_room_of_its_own_prompt(tmp_path: Path) -> None:
    """Beside a prompt that leaves room for six tokens the others get all that they may have."""
    tokenizer = byte_bpe()
    model = model_of("llama", tokenizer)
    nearly = tokenizer(FILLS)["input_ids"][:90]
    never = model.get_output_embeddings().weight
    with torch.no_grad():
        never[tokenizer.eos_token_id] = -10 * never.mean(0)
    lengths: list[int] = []
    engine = engine_of(model, tokenizer, tmp_path)
    run = engine._round

    def counted(rows: list[Any], *rest: Any) -> list[list[int]]:
        written = run(rows, *rest)
        lengths.extend(map(len, written))
        return written

    engine._round = counted  # type: ignore[method-assign]
    engine.generate([tokenizer.decode(nearly), *PROMPTS], GREEDY)
    assert sorted(lengths) == [6, *[10] * len(PROMPTS)]


def test_equal_prompts_have_draws_of_their_own_and_a_seed_has_others(tmp_path: Path) -> None:
    tokenizer = byte_bpe()
    engine = engine_of(model_of("llama", tokenizer), tokenizer, tmp_path)
    once, twice = engine.generate(["The lamp"] * 2, DRAWN)
    assert once != twice
    assert engine.generate(["The lamp", "The ladder", "The lamp"], DRAWN)[::2] == [once, twice]
    other = Sampling(temperature=1.0, top_p=0.9, max_new_tokens=10, seed=1)
    assert engine.generate(["The lamp"], other) != [once]
    assert list(row_draws(0, [1, 2], 0, 3)) == list(row_draws(0, [1, 2], 0, 9)[:3])


def test_a_gpu_that_is_too_small_changes_no_draw(tmp_path: Path) -> None:
    tokenizer = byte_bpe()
    engine = engine_of(model_of("gpt2", tokenizer), tokenizer, tmp_path)
    expected = engine.generate(PROMPTS, DRAWN)
    padded = engine._padded

    def small(rows: list[list[int]], *rest: Any) -> dict[str, torch.Tensor]:
        if len(rows) > 3:
            raise torch.OutOfMemoryError("no room")
        return padded(rows, *rest)

    engine._padded = small  # type: ignore[method-assign]
    assert engine.generate(PROMPTS, DRAWN) == expected


def test_positions_scaled_by_the_longest_row_are_not_shared(tmp_path: Path) -> None:
    """Phi-3's long rope takes other frequencies for the whole batch as soon as one row is long."""
    tokenizer = byte_bpe()
    scaled = {
        "rope_type": "longrope",
        "short_factor": [1.0] * 4,
        "long_factor": [8.0] * 4,
        "original_max_position_embeddings": 24,
        "rope_theta": 10_000.0,
        "factor": 4.0,
    }
    model = model_of("llama", tokenizer, rope_parameters=scaled)
    alone = [engine_of(model, tokenizer, tmp_path, 1).choose([prompt], OPTIONS)[0] for prompt in PROMPTS]
    for one, other in zip(engine_of(model, tokenizer, tmp_path).choose(PROMPTS, OPTIONS), alone, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


SAID = {
    "repetition_penalty": 1.5,
    "min_p": 0.5,
    "top_k": 1,
    "num_beams": 3,
    "min_new_tokens": 24,
    "no_repeat_ngram_size": 2,
    "temperature": 0.1,
    "suppress_tokens": [5, 6, 7, 8],
    "forced_eos_token_id": 1,
    "exponential_decay_length_penalty": [2, 3.0],
    "bad_words_ids": [[9], [10]],
    "max_length": 6,
    "renormalize_logits": True,
    "do_sample": True,
}


@pytest.fixture(scope="module")
def plainly(tmp_path_factory: pytest.TempPathFactory) -> list[list[Completion]]:
    """What the Llama writes that nothing is said of."""
    tokenizer = byte_bpe()
    engine = engine_of(model_of("llama", tokenizer), tokenizer, tmp_path_factory.mktemp("plainly"))
    return [engine.generate(PROMPTS, how) for how in (GREEDY, DRAWN)]


@pytest.mark.parametrize("name", SAID)
def test_nothing_that_the_folder_says_of_generating_counts(
    name: str, plainly: list[list[Completion]], tmp_path: Path
) -> None:
    """Neither here nor where the model is saved; its ends do."""
    tokenizer = byte_bpe()
    model = model_of("llama", tokenizer)
    model.generation_config = GenerationConfig(**{name: SAID[name]}, eos_token_id=[tokenizer.eos_token_id, 77])
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    assert keep_ends_alone(model, ChatFormat(BARE, tokenizer)) == {tokenizer.eos_token_id, 77}
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    assert [engine_of(model, tokenizer, tmp_path).generate(PROMPTS, how) for how in (GREEDY, DRAWN)] == plainly
    model.save_pretrained(tmp_path / "saved")
    saved = json.loads((tmp_path / "saved" / "generation_config.json").read_text())
    assert set(saved) <= {"bos_token_id", "eos_token_id", "pad_token_id", "transformers_version", "_from_model_config"}


def test_an_older_folder_that_says_it_in_config_json_is_used_and_saved(tmp_path: Path) -> None:
    tokenizer = byte_bpe()
    model = model_of("opt", tokenizer)
    expected = engine_of(model, tokenizer, tmp_path).generate(PROMPTS, GREEDY)
    folder = tmp_path / "older"
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink()
    config = json.loads((folder / "config.json").read_text()) | {"repetition_penalty": 1.5, "min_length": 30}
    (folder / "config.json").write_text(json.dumps(config))
    again = AutoModelForCausalLM.from_pretrained(folder)
    assert engine_of(again, tokenizer, tmp_path).generate(PROMPTS, GREEDY) == expected
    again.save_pretrained(tmp_path / "saved")
    assert "repetition_penalty" not in (tmp_path / "saved" / "generation_config.json").read_text()


def test_any_end_of_the_model_ends_an_answer(tmp_path: Path) -> None:
    """Of generation_config.json, which chat models list their end of turn in, and of config.json."""
    tokenizer = byte_bpe()
    model = model_of("llama", tokenizer)
    free = engine_of(model, tokenizer, tmp_path).generate(["The lamp"], GREEDY)[0]
    with torch.inference_mode():
        end = int(model(torch.tensor([tokenizer("The lamp")["input_ids"]])).logits[0, -1].argmax())
    for said in ("generation_config", "config"):
        model = model_of("llama", tokenizer)
        getattr(model, said).eos_token_id = [tokenizer.eos_token_id, end]
        (stopped,) = engine_of(model, tokenizer, tmp_path).generate(["The lamp"], GREEDY)
        assert (stopped.text, stopped.ended) == ("", "stop")
        assert free.text
