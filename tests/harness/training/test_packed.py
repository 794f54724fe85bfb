"""Sequences that share a row are read as if each had its own: the same loss, the same gradients, the same weights."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from humpback.core.placement import Placement
from humpback.engines.loading import read_weights
from humpback.spec.models import Finetuned
from humpback.spec.recipe import LinearTo, Sft, Steps
from humpback.stages.batches import IGNORED, Share, TokenSequence, collate, collate_packed, keeps_apart, pack
from humpback.stages.finetune import finetune
from tests.harness.training.material import SEED, Workshop, examples, tokenizer, weights

RECIPE = Sft(learning_rate=1e-3, schedule=LinearTo(1e-4), dropout=0.0, batch=12, duration=Steps(3), longest=96)


def sequences() -> list[TokenSequence]:
    """Of different lengths, a single token's among them, with prompts that carry no loss."""
    rng = random.Random(0)
    found = []
    for n in (9, 1, 14, 2, 5):
        ids = [rng.randrange(300) for _ in range(n)]
        found.append(TokenSequence(ids, [IGNORED] * (n // 3) + ids[n // 3 :]))
    return found


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", ["llama", "gpt2", "mistral"])
def test_loss_and_gradients_of_packed_rows_are_those_of_single_ones(kind: str, attention: str, tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    folder = shop.folders[shop.base(kind).fingerprint]
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention)
    read, words = sequences(), tokenizer()
    total = sum(label != IGNORED for one in read for label in one.labels[1:])
    found = []
    for batch in (collate(words, read), collate_packed(words, [read[:3], read[3:]]), collate_packed(words, [read])):
        model.zero_grad()
        loss = model(**batch, use_cache=False, num_items_in_batch=torch.tensor(total)).loss
        loss.backward()
        found.append((loss.detach(), {name: one.grad.clone() for name, one in model.named_parameters()}))
    (alone, gradients), *packed = found
    for loss, others in packed:
        assert torch.allclose(loss, alone, rtol=1e-5)
        assert all(torch.allclose(others[name], one, atol=1e-6, rtol=1e-4) for name, one in gradients.items())


def test_positions_begin_again_and_nothing_foretells_the_next_sequence() -> None:
    batch = collate_packed(
        tokenizer(), [[TokenSequence([5, 6, 7], [5, 6, 7]), TokenSequence([8, 9], [8, 9])], [TokenSequence([4], [4])]]
    )
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1], [0, 0, 1, 2, 3]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 7, IGNORED, 9], [IGNORED] * 5]
    assert batch["input_ids"][0].tolist() == [5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("kind", "apart"),
    [
        *(("llama", True), ("gpt2", True), ("mixtral", True), ("glm4_moe", True)),
        *(("bloom", False), ("mamba", False), ("opt", False)),
        ("lfm2", False),  # by short convolutions, which with first weights change a thousandth of the logits
    ],
)
def test_a_model_that_would_mix_them_is_known(kind: str, apart: bool, tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    model = read_weights(shop.folders[shop.base(kind).fingerprint], torch.float32)
    assert keeps_apart(model) == apart


@pytest.mark.parametrize("kind", ["llama", "mamba"])
def test_a_packed_training_learns_from_the_same_examples_in_each_update(kind: str, tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.put(SEED, examples(30))
    node = Finetuned(shop.base(kind), SEED, RECIPE)
    padded, _ = shop.finetuned(node)
    work = replace(shop.work("packed"), placement=Placement(packed=True, micro_batch=2))
    counts = finetune(node, work)
    assert (counts["batch"], counts["kept"], counts["updates"]) == (12, 30, 3)
    right, found = weights(padded), weights(work.out)
    assert all(torch.allclose(found[name], one, atol=2e-4) for name, one in right.items())
    assert bool(work.log.notes) == (kind == "mamba")


def test_activations_that_are_computed_again_change_nothing(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.put(SEED, examples(30))
    node = Finetuned(shop.base("llama"), SEED, replace(RECIPE, dropout=0.1))
    plain, _ = shop.finetuned(node)
    work = replace(shop.work("again"), placement=Placement(gradient_checkpointing=True))
    finetune(node, work)
    right, found = weights(plain), weights(work.out)
    assert all(torch.allclose(found[name], one, atol=1e-5) for name, one in right.items())


@pytest.mark.parametrize("width", [0, 64])
@pytest.mark.parametrize("n", [1, 3, 7, 40])
@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_shares_cover_an_update_once_in_as_many_steps_each(processes: int, n: int, width: int) -> None:
    rng = random.Random(n)
    lengths = [rng.randrange(1, 64) for _ in range(100)]
    update = rng.sample(range(100), n)
    shares = [Share(2, processes, rank, width).of(update, lengths) for rank in range(processes)]
    assert len({len(one) for one in shares}) == 1
    rows = [row for one in shares for micro_batch in one for row in micro_batch]
    assert sorted(i for row in rows for i in row) == sorted(update)
    assert all(len(micro_batch) <= 2 for one in shares for micro_batch in one)
    if width:
        assert all(sum(lengths[i] for i in row) <= width for row in rows)
        assert sum(bool(one[0]) for one in shares) == min(processes, n)  # nobody idles while another has two
    else:
        assert all(len(row) == 1 for row in rows)


def test_a_sequence_longer_than_a_row_has_one_of_its_own() -> None:
    assert pack([0, 1, 2], [90, 10, 10], 64) == [[0], [1, 2]]
