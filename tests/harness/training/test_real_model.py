"""SmolLM2 learns from a few pairs, with adapters and whole, in either precision of the machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.store import METRICS
from humpback.core.tables import Example
from humpback.spec.models import Finetuned
from humpback.spec.recipe import LinearTo, Lora, Sft, Steps
from tests.harness.training.material import SEED, Workshop

PAIRS = [
    Example("k", instruction="Name a thing that holds water.", output="A kettle holds water, and so does a jug."),
    Example("m", instruction="What is a lantern for?", output="It gives light where there is none."),
]


@pytest.mark.parametrize(
    ("recipe", "precision"),
    [
        (Sft(learning_rate=1e-3, schedule=LinearTo(1e-3), adapter=Lora()), "bfloat16"),
        (Sft(learning_rate=5e-5, schedule=LinearTo(5e-5)), "float32"),
    ],
    ids=["adapters", "whole"],
)
def test_its_loss_falls(recipe: Sft, precision: str, smollm2_folder: Path, tmp_path: Path) -> None:
    """By a fifth in four updates, which see the same two pairs."""
    shop = Workshop(tmp_path)
    base = shop.folder(smollm2_folder)
    shop.put(SEED, PAIRS)
    recipe = replace(recipe, dropout=0.0, batch=2, duration=Steps(4))
    folder, counts = shop.finetuned(Finetuned(base, SEED, recipe), precision=precision)
    losses = [json.loads(line)["loss"] for line in (folder / METRICS).read_text().splitlines()]
    assert losses[-1] < 0.8 * losses[0]
    assert (counts["longest"], counts["kept"], counts["cut"]) == (2_048, 2, 0)
    whole = 134_515_008
    trained = 4_884_480 if recipe.adapter else whole
    assert (counts["trained_weights"], counts["weights"]) == (trained, whole + (trained if recipe.adapter else 0))
