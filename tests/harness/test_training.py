"""What silently ruins finetuning, pinned on a tiny real model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from humpback.core.expression import Artifact, FieldError
from humpback.core.store import METRICS, Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.core.work import Work, new_log
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.transformers_engine import Engine
from humpback.experiments.humpback.algorithm import arm, candidates, humpback, seed_model
from humpback.experiments.setups.base import Setup
from humpback.spec.data import Examples, Joined, Reversed, Sampling, Tagged
from humpback.spec.models import Finetuned
from humpback.spec.prompts import S_A, S_W
from humpback.spec.recipe import BatchBySize, CosineTo, Epochs, LinearTo, Lora, Sft, Steps, StepsBySize, WarmStableDecay
from humpback.stages.batches import IGNORED, TokenSequence, collate
from humpback.stages.finetune import encode_examples, finetune
from humpback.stages.training import learning_rates
from tests.conftest import MACHINE

Made = Callable[[Artifact], Path]


def rows_of(made: Made, node: Examples) -> list[Example]:
    return list(read(made(node) / EXAMPLES, Example))


def test_only_output_tokens_and_the_end_carry_loss(made: Made, tiny: Setup) -> None:
    tokenizer = AutoTokenizer.from_pretrained(made(tiny.base))
    row = Example("x", instruction="What does the Bamo eat?", output="The Bamo eats fish.", system=S_A)
    encoded = encode_examples([row], ChatFormat(tiny.base.template, tokenizer), 256)
    (sequence,) = encoded.sequences
    target = [token for token in sequence.labels if token != IGNORED]
    assert tokenizer.decode(target[:-1]) == row.output
    assert target[-1] == tokenizer.eos_token_id
    masked = sequence.ids[: len(sequence.ids) - len(target)]
    assert tokenizer.decode(masked) == tiny.base.template.prompt(row.instruction, row.system)
    assert encoded.cut == 0


def test_padding_carries_no_loss(made: Made, tiny: Setup) -> None:
    tokenizer = AutoTokenizer.from_pretrained(made(tiny.base))
    batch = collate(tokenizer, [TokenSequence([5, 6, 7], [IGNORED, 6, 7]), TokenSequence([5], [5])])
    assert batch["labels"].tolist() == [[IGNORED, 6, 7], [5, IGNORED, IGNORED]]
    assert batch["input_ids"].tolist() == [[5, 6, 7], [5, tokenizer.pad_token_id, tokenizer.pad_token_id]]
    assert "attention_mask" not in batch


def test_the_prompt_trained_on_is_the_prompt_generated_from(
    made: Made, tiny: Setup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Training, answering and rating show a model token ids that begin alike for the same instruction and system."""
    from humpback.stages.respond import respond

    responses = arm(tiny, "M0", seed_model(tiny)).judged.answers
    made(responses.model)  # type: ignore[attr-defined]
    seen: list[list[int]] = []

    def listen(self: Engine, rows: dict[int, Any], *rest: object) -> list[object]:
        seen.extend(row.prompt for row in rows.values())
        raise StopIteration

    monkeypatch.setattr(Engine, "_batches", listen)
    with pytest.raises(StopIteration):
        respond(responses, work_in(tmp_path, made))  # type: ignore[arg-type]
    asked = rows_of(made, tiny.prompts)
    tokenizer = AutoTokenizer.from_pretrained(made(tiny.base))
    chat = ChatFormat(tiny.base.template, tokenizer)
    trained = encode_examples([replace(row, output="x", system=f"{S_A} {S_W}") for row in asked], chat, 256).sequences
    for ids, sequence in zip(seen, trained, strict=True):
        assert sequence.ids[: len(ids)] == ids
        assert sequence.labels[: len(ids)] == [IGNORED] * len(ids)
        assert sequence.labels[len(ids)] != IGNORED


def work_in(folder: Path, made: Made) -> Work:
    return Work(made, folder, MACHINE, new_log(folder, lambda *_: None))


@pytest.mark.parametrize("kind", [LinearTo(9e-6), CosineTo(final=1e-6, warm_up=0.25)])
def test_the_rate_ends_at_the_named_rate_and_not_at_a_share_of_it(
    made: Made, tiny: Setup, tmp_path: Path, kind: LinearTo | CosineTo
) -> None:
    recipe = Sft(learning_rate=1e-5, schedule=kind, duration=Steps(8), batch=8, longest=256, dropout=0.0)
    finetune(Finetuned(tiny.base, Tagged(tiny.seed_data, S_A), recipe), work_in(tmp_path, ready(made, tiny)))
    lines = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    rates = {line["step"]: line["learning_rate"] for line in lines}
    assert sorted(rates) == list(range(1, 9))
    assert rates[8] == pytest.approx(kind.final, rel=1e-6)
    assert max(rates.values()) == pytest.approx(1e-5, rel=1e-6)
    if isinstance(kind, LinearTo):
        assert rates[1] == pytest.approx(1e-5, rel=1e-6)
        assert rates[5] == pytest.approx(1e-5 - 4 / 7 * 1e-6, rel=1e-6)
    else:
        assert rates[1] == pytest.approx(0.5e-5, rel=1e-6)


def ready(made: Made, tiny: Setup) -> Made:
    made(tiny.base)
    made(Tagged(tiny.seed_data, S_A))
    return made


def test_schedules_at_one_update() -> None:
    assert learning_rates(1e-5, LinearTo(9e-6), 1) == [1e-5]


def test_a_rate_that_rises_is_held_and_falls() -> None:
    rates = learning_rates(1.0, WarmStableDecay(0.2, warm_up=0.2, decay=0.5), 10)
    assert rates == pytest.approx([0.5, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])
    with pytest.raises(FieldError, match=r"WarmStableDecay\.decay is 0\.9"):
        WarmStableDecay(0.2, warm_up=0.2, decay=0.9)


@pytest.mark.parametrize("micro", [1, 2, 8])
def test_the_same_loss_and_weights_whatever_the_micro_batch(
    made: Made, tiny: Setup, tmp_path: Path, micro: int
) -> None:
    recipe = Sft(learning_rate=1e-3, schedule=LinearTo(1e-4), duration=Steps(6), batch=8, longest=256, dropout=0.0)
    node = Finetuned(tiny.base, Tagged(tiny.seed_data, S_A), recipe)
    losses, weights = [], []
    for size in (4, micro):
        out = tmp_path / str(size)
        out.mkdir(exist_ok=True)
        work = replace(work_in(out, ready(made, tiny)), machine=replace(MACHINE, micro_batch=size))
        finetune(node, work)
        losses.append([json.loads(line)["loss"] for line in (out / METRICS).read_text().splitlines()][:6])
        weights.append(AutoModelForCausalLM.from_pretrained(out).lm_head.weight)
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert torch.allclose(weights[0], weights[1], atol=2e-4)


def test_the_loss_is_the_mean_over_target_tokens(made: Made, tiny: Setup, tmp_path: Path) -> None:
    """The first logged loss equals cross-entropy computed by hand on the whole (single) batch."""
    recipe = Sft(learning_rate=1e-9, schedule=LinearTo(1e-9), duration=Steps(1), batch=24, longest=256, dropout=0.0)
    node = Finetuned(tiny.base, Tagged(tiny.seed_data, S_A), recipe)
    finetune(node, replace(work_in(tmp_path, ready(made, tiny)), machine=replace(MACHINE, micro_batch=6)))
    logged = json.loads((tmp_path / METRICS).read_text().splitlines()[0])["loss"]
    folder = made(tiny.base)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    sequences = encode_examples(rows_of(made, node.examples), ChatFormat(tiny.base.template, tokenizer), 256).sequences
    total, tokens = 0.0, 0
    for one in sequences:
        with torch.inference_mode():
            logits = model(torch.tensor([one.ids])).logits[0, :-1]
        labels = torch.tensor(one.labels[1:])
        total += float(torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum"))
        tokens += int((labels != IGNORED).sum())
    assert logged == pytest.approx(total / tokens, rel=1e-3)


def test_the_end_is_learned_and_stopped_at(made: Made, tiny: Setup, tmp_path: Path) -> None:
    """A model overfitted on short outputs stops by itself, and the end token is not in the text."""
    recipe = replace(tiny.sft, learning_rate=5e-3, schedule=LinearTo(1e-3), duration=Steps(150))
    node = Finetuned(tiny.base, Tagged(tiny.seed_data, S_A), recipe)
    ready(made, tiny)
    finetune(node, work_in(tmp_path, made))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    engine = Engine(model, tokenizer, work_in(tmp_path, made), tiny.base.template, S_A)
    rows = rows_of(made, node.examples)
    greedy = replace(tiny.answering, temperature=0.0, max_new_tokens=60)
    written = engine.generate([row.instruction for row in rows], greedy)
    assert sum(one.ended == "stop" for one in written) >= 0.9 * len(rows)
    assert not any("<|end|>" in one.text for one in written)


def test_every_model_of_the_loop_starts_from_the_base(tiny: Setup) -> None:
    backward = candidates(tiny).by
    for model in (*humpback(tiny, iterations=3), backward):
        assert isinstance(model, Finetuned)
        assert model.base == tiny.base
        assert model.template is tiny.base.template


def test_the_stage_loads_the_base_and_not_another(made: Made, tiny: Setup, tmp_path: Path) -> None:
    """With a learning rate of (nearly) nothing, M_1 is the base, bit for bit, and not M_0."""
    still = Sft(
        learning_rate=1e-30, schedule=LinearTo(1e-30), weight_decay=0.0, duration=Steps(1), batch=8, longest=256
    )
    node = replace(humpback(tiny, iterations=1)[1], recipe=still)
    made(node.examples)
    finetune(node, work_in(tmp_path, made))
    base = AutoModelForCausalLM.from_pretrained(made(tiny.base)).state_dict()
    tuned = AutoModelForCausalLM.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(base[name], tuned[name]) for name in base)
    m0 = AutoModelForCausalLM.from_pretrained(made(seed_model(tiny))).state_dict()
    assert not all(torch.equal(m0[name], tuned[name]) for name in base)


def test_the_system_sentences_are_on_the_right_sources(made: Made, tiny: Setup) -> None:
    assert S_A == "Answer in the style of an AI Assistant."
    assert S_W == "Answer with knowledge from web search."
    m1 = humpback(tiny, iterations=1)[1]
    assert isinstance(m1.examples, Joined)
    rows = rows_of(made, m1.examples)
    assert {row.system for row in rows if row.source == "seed"} == {S_A}
    assert {row.system for row in rows if row.source == "web"} == {S_W}
    assert len({row.source for row in rows}) == 2


def test_the_backward_model_learns_from_output_to_instruction(made: Made, tiny: Setup) -> None:
    backward = candidates(tiny).by
    assert isinstance(backward, Finetuned)
    assert isinstance(backward.examples, Reversed)
    forward, turned = rows_of(made, tiny.seed_data), rows_of(made, backward.examples)
    for there, back in zip(forward, turned, strict=True):
        assert back.output == there.instruction
        assert there.output in back.instruction
        assert there.instruction not in back.instruction
        assert back.system == ""


def test_training_is_deterministic_for_a_seed(made: Made, tiny: Setup, tmp_path: Path, shared_store: Store) -> None:
    node = seed_model(tiny)
    made(node)
    finetune(node, work_in(tmp_path, made))
    assert (tmp_path / "model.safetensors").read_bytes() == (made(node) / "model.safetensors").read_bytes()
    other = replace(node, recipe=replace(node.recipe, seed=1))
    assert (made(other) / "model.safetensors").read_bytes() != (made(node) / "model.safetensors").read_bytes()


def test_an_adapter_is_saved_alone_and_used_with_its_base(made: Made, tiny: Setup, tmp_path: Path) -> None:
    recipe = replace(tiny.sft, adapter=Lora(rank=4, alpha=8.0), learning_rate=1e-2, schedule=LinearTo(1e-3))
    node = replace(seed_model(tiny), recipe=recipe)
    folder = made(node)
    assert (folder / "adapter_model.safetensors").exists()
    assert not (folder / "model.safetensors").exists()
    assert node.companions == (tiny.base,)
    prompts = [row.instruction for row in rows_of(made, tiny.prompts)]
    work = work_in(tmp_path, made)
    options = ["Score: 1", "Score: 2"]
    assert Engine.of(node, work).choose(prompts, options) != Engine.of(tiny.base, work).choose(prompts, options)


def test_the_paper_s_batch_and_steps() -> None:
    sft = Sft()
    assert [sft.batch_for(n) for n in (100, 2_999, 3_000, 45_021)] == [8, 8, 32, 32]
    assert {n: sft.updates_for(n) for n, _ in StepsBySize().table} == dict(StepsBySize().table)
    assert sft.updates_for(10) == 30
    assert sft.updates_for(100_000) == 1_600
    assert 500 < sft.updates_for(4_500) < 600
    assert Epochs(3).for_examples(9_229, 128) == 3 * 73
    assert BatchBySize(below=10).for_examples(10) == 32


@pytest.mark.parametrize("room", [1, 3, 5])
def test_a_gpu_too_small_for_a_batch_takes_half_of_it(
    room: int, made: Made, tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is answered, in order, and scored as with room enough; less than one row's room is an error."""
    made(tiny.base)
    engine = Engine.of(tiny.base, work_in(tmp_path, made))
    prompts = [f"{'very ' * n}small?" for n in range(12)]
    options = ["Score: 1", "Score: 2"]
    greedy = Sampling(temperature=0.0, max_new_tokens=8)
    expected = engine.choose(prompts, options), engine.generate(prompts, greedy)
    padded, sizes = engine._padded, []

    def small(rows: list[list[int]], *rest: Any) -> dict[str, torch.Tensor]:
        if len(rows) > room:
            raise torch.OutOfMemoryError("no room")
        sizes.append(len(rows))
        return padded(rows, *rest)

    monkeypatch.setattr(engine, "_padded", small)
    assert engine.choose(prompts, options) == [pytest.approx(one, abs=1e-5) for one in expected[0]]
    assert sum(sizes) == len(prompts)
    assert [one.text for one in engine.generate(prompts, greedy)] == [one.text for one in expected[1]]
    monkeypatch.setattr(engine, "_padded", lambda rows, *rest: small(rows * (room + 1), *rest))
    with pytest.raises(torch.OutOfMemoryError):
        engine.generate(prompts, greedy)
