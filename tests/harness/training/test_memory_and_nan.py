"""What does not fit into memory is split and done again with the same loss; what is not finite stops the stage."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaForCausalLM

from humpback.core.store import METRICS
from humpback.core.tables import EXAMPLES, read
from humpback.core.tables import Example as Row
from humpback.core.work import Work, new_log
from humpback.experiments.setups.base import Setup
from humpback.spec.data import Tagged
from humpback.spec.models import Finetuned
from humpback.spec.prompts import S_A
from humpback.spec.recipe import LinearTo, Sft, Steps
from humpback.stages.finetune import finetune
from humpback.stages.trainer import ExampleTooLarge, NotFinite
from tests.conftest import MACHINE
from tests.harness.training.killed import Made

RECIPE = Sft(learning_rate=1e-3, schedule=LinearTo(1e-4), duration=Steps(4), batch=8, longest=256, dropout=0.0)
Forward = Callable[..., Any]


def trained(made: Made, tiny: Setup, folder: Path, *, recipe: Sft = RECIPE, micro_batch: int = 8) -> Work:
    """The stage run in a folder of its own."""
    node = Finetuned(tiny.base, Tagged(tiny.seed_data, S_A), recipe)
    made(node.base)
    made(node.examples)
    folder.mkdir()
    machine = replace(MACHINE, micro_batch=micro_batch)
    work = Work(made, folder, machine, new_log(folder, lambda *_: None))
    finetune(node, work)
    return work


def rows_of(work: Work) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (work.out / METRICS).read_text().splitlines()]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Makes training run out of memory beyond so many rows at once, in the forward or in mid backward; returns the rows
    of each pass."""

    def limit(rows: int, *, backward: bool = False, loss_kwargs: bool = True) -> list[int]:
        forward, seen = LlamaForCausalLM.forward, []

        def too_large(*_: Any) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory (made up)")

        def checked(self: LlamaForCausalLM, input_ids: torch.Tensor, labels: Any = None, **rest: Any) -> Any:
            if labels is None or len(input_ids) <= rows:
                seen.append(len(input_ids))
                return forward(self, input_ids=input_ids, labels=labels, **rest)
            if not backward:
                too_large()
            found = forward(self, input_ids=input_ids, labels=labels, **rest)
            middle = self.model.layers[0].mlp.down_proj.weight.register_hook(too_large)
            found.loss.register_hook(lambda gradient: None)
            handles.append(middle)
            return found

        def checked_plainly(self: LlamaForCausalLM, input_ids: torch.Tensor, labels: Any = None) -> Any:
            return checked(self, input_ids, labels)

        handles: list[Any] = []
        if backward:
            zero_grad = LlamaForCausalLM.zero_grad

            def without_hooks(self: LlamaForCausalLM, *words: Any) -> None:
                while handles:
                    handles.pop().remove()
                zero_grad(self, *words)

            monkeypatch.setattr(LlamaForCausalLM, "zero_grad", without_hooks)
        monkeypatch.setattr(LlamaForCausalLM, "forward", checked if loss_kwargs else checked_plainly)
        return seen

    return limit


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("micro_batch", [8, 4])
def test_out_of_memory_halves_the_micro_batch_and_keeps_loss_and_weights(
    made: Made, tiny: Setup, tmp_path: Path, memory: Callable[..., list[int]], micro_batch: int, backward: bool
) -> None:
    whole = trained(made, tiny, tmp_path / "whole")
    seen = memory(2, backward=backward)
    split = trained(made, tiny, tmp_path / "split", micro_batch=micro_batch)
    assert [row["micro_batch"] for row in rows_of(split) if "micro_batch" in row] == [4, 2][-(micro_batch // 4) :]
    assert split.log.notes[-1] == "out of memory at update 1: 2 examples at once from there on"
    losses, expected = ([row["loss"] for row in rows_of(work) if "loss" in row] for work in (split, whole))
    assert losses == pytest.approx(expected, rel=1e-4)
    weights, right = (load_file(work.out / "model.safetensors") for work in (split, whole))
    assert all(torch.allclose(weights[name], right[name], atol=2e-4) for name in right)
    assert seen[-16:] == [2] * 16  # four updates of eight examples


def test_pieces_of_a_model_that_takes_no_count_of_targets_weigh_by_their_targets(
    made: Made, tiny: Setup, tmp_path: Path, memory: Callable[..., list[int]]
) -> None:
    memory(8, loss_kwargs=False)
    whole = trained(made, tiny, tmp_path / "whole")
    memory(2, loss_kwargs=False)
    split = trained(made, tiny, tmp_path / "split")
    losses, expected = ([row["loss"] for row in rows_of(work) if "loss" in row] for work in (split, whole))
    assert losses == pytest.approx(expected, rel=1e-4)


def test_one_example_that_does_not_fit_is_an_error_with_its_length(
    made: Made, tiny: Setup, tmp_path: Path, memory: Callable[..., list[int]]
) -> None:
    memory(0)
    with pytest.raises(ExampleTooLarge, match=r"update 1: memory does not hold one example of \d+ tokens \(CUDA out"):
        trained(made, tiny, tmp_path / "small")


def test_a_loss_that_is_no_number_names_its_examples(
    made: Made, tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(Tagged(tiny.seed_data, S_A))
    rows = list(read(made(Tagged(tiny.seed_data, S_A)) / EXAMPLES, Row))
    forward, bad = LlamaForCausalLM.forward, rows[7]
    tokens: list[list[int]] = []

    def poisoned(self: LlamaForCausalLM, input_ids: torch.Tensor, labels: Any = None, **rest: Any) -> Any:
        found = forward(self, input_ids=input_ids, labels=labels, **rest)
        if labels is not None and any(_holds(row, tokens[0]) for row in input_ids.tolist()):
            found.loss = found.loss * torch.nan
        return found

    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(made(tiny.base))
    tokens.append(tokenizer(bad.output)["input_ids"][1:])
    same = [row.id for row in rows if _holds(tokenizer(row.output)["input_ids"], tokens[0])]
    monkeypatch.setattr(LlamaForCausalLM, "forward", poisoned)
    with pytest.raises(NotFinite, match=r"update \d: the loss is nan at ") as caught:
        trained(made, tiny, tmp_path / "bad")
    named = str(caught.value).partition(" at ")[2].partition(";")[0].split(", ")
    assert set(named) <= set(same)
    assert len(same) < 8


def _holds(ids: list[int], part: list[int]) -> bool:
    return any(ids[at : at + len(part)] == part for at in range(len(ids)))


def test_a_training_that_diverges_stops(made: Made, tiny: Setup, tmp_path: Path) -> None:
    recipe = replace(RECIPE, learning_rate=1e30, schedule=LinearTo(1e30))
    with pytest.raises(NotFinite, match=r"update 2: the (loss|norm of the gradient) is (nan|inf) at "):
        trained(made, tiny, tmp_path / "wild", recipe=recipe)
