"""A recipe's field does what it says: changing it changes the weights, or the stage refuses it.

Every field of every value that a recipe, a pretraining or an adapter is made of is walked, so that a new one cannot be
forgotten. Dropout is tried on Llama (as Mistral and Qwen 3 have it), Mixtral (experts), Qwen 2, Gemma 2, Phi,
Phi 3 (fused projections), GPT-NeoX, GPT-2, GPT-J, GPT-Neo, GPT-BigCode, StarCoder 2, OPT, Falcon, BLOOM, MPT (whose
dropout transformers admits as whole numbers only), Mamba and LFM 2 (which have none).
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from humpback.core.expression import FieldError, Value
from humpback.spec.data import Joined, MicroSeed
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned, Pretrained
from humpback.spec.recipe import BatchBySize, CosineTo, Epochs, LinearTo, Llama, Lora, QLora, Sft, Steps, StepsBySize
from humpback.spec.template import INSTRUCTION_RESPONSE, Template
from humpback.stages.pretrain import pretrain
from tests.architectures import SHAPES
from tests.harness.training.material import SEED, Workshop, examples, same, weights

RECIPE = Sft(
    learning_rate=1e-2, schedule=LinearTo(5e-3), dropout=0.0, batch=8, duration=Steps(3), longest=128, weight_decay=0.1
)
BY_SIZE = replace(RECIPE, batch=BatchBySize(below=3_000, small=4, large=8), duration=StepsBySize(((10, 2), (100, 6))))
LORA = replace(RECIPE, adapter=Lora(4, 8.0))
CHANGED: dict[type[Value], tuple[Sft, tuple[str, ...], dict[str, Any]]] = {
    Sft: (
        RECIPE,
        (),
        {
            "learning_rate": 5e-3,
            "schedule": LinearTo(1e-4),
            "weight_decay": 0.0,
            "dropout": 0.5,
            "batch": 4,
            "duration": Steps(4),
            "longest": 44,
            "adapter": Lora(4),
            "seed": 1,
        },
    ),
    Lora: (LORA, ("adapter",), {"rank": 5, "alpha": 8.5, "targets": ("q_proj",)}),
    QLora: (
        replace(RECIPE, adapter=QLora(4, 8.0)),
        ("adapter",),
        {"rank": 5, "alpha": 8.5, "targets": ("q_proj",)},
    ),
    LinearTo: (RECIPE, ("schedule",), {"final": 1e-3, "warm_up": 0.7}),
    CosineTo: (replace(RECIPE, schedule=CosineTo()), ("schedule",), {"final": 1e-3, "warm_up": 0.7}),
    Steps: (RECIPE, ("duration",), {"n": 4}),
    Epochs: (replace(RECIPE, duration=Epochs(1.0)), ("duration",), {"n": 1.3}),
    StepsBySize: (BY_SIZE, ("duration",), {"table": ((10, 2), (100, 8))}),
    BatchBySize: (BY_SIZE, ("batch",), {"below": 40, "small": 5, "large": None}),
}
"""For each class a recipe that holds it, where, and another value for each of its fields. BatchBySize's `large` goes
with another `below`: it is used from there on."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    shop.put(SEED, examples())
    return shop


@pytest.fixture(scope="module")
def llama(shop: Workshop) -> Any:
    """The weights that a recipe makes of a Llama, each recipe trained once."""
    base, made = shop.base("llama"), {}

    def trained(recipe: Sft) -> dict[str, torch.Tensor]:
        if recipe not in made:
            made[recipe] = weights(shop.finetuned(Finetuned(base, SEED, recipe))[0])
        return made[recipe]

    return trained


def changed(recipe: Sft, path: tuple[str, ...], name: str, value: Any) -> Sft:
    return replace(recipe, **{path[0]: replace(getattr(recipe, path[0]), **{name: value})} if path else {name: value})


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, one.name) for kind in CHANGED for one in fields(kind)],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_every_field_of_a_recipe_changes_the_weights(kind: type[Value], name: str, llama: Any) -> None:
    recipe, path, values = CHANGED[kind]
    if name == "large":
        recipe, values = changed(recipe, path, "below", 40), {"large": 16}
    assert not same(llama(recipe), llama(changed(recipe, path, name, values[name])))


def test_a_recipe_is_made_of_nothing_else() -> None:
    """Another kind of schedule, duration, batch or adapter stands in CHANGED too."""
    from humpback.core.expression import field_types

    inside = {one for hint in field_types(Sft).values() for one in getattr(hint, "__args__", (hint,))}
    assert {one for one in inside if isinstance(one, type) and issubclass(one, Value)} == set(CHANGED) - {Sft}


@pytest.mark.parametrize(
    ("kind", "wrong", "says"),
    [
        (Sft, {"dropout": 1.0}, "Sft.dropout is 1.0"),
        (Sft, {"dropout": -0.1}, "Sft.dropout is -0.1"),
        (Sft, {"batch": 0}, "Sft.batch is 0"),
        (Sft, {"longest": 1}, "Sft.longest is 1"),
        (Sft, {"learning_rate": -1e-5}, "Sft.learning_rate is -1e-05"),
        (Steps, {"n": 0}, "Steps.n is 0"),
        (Epochs, {"n": 0.0}, "Epochs.n is 0.0"),
        (Lora, {"rank": 0}, "Lora.rank is 0"),
        (Lora, {"alpha": 0.0}, "Lora.alpha is 0"),
        (Lora, {"targets": ()}, r"Lora.targets is \(\)"),
        (LinearTo, {"warm_up": 1.5}, "LinearTo.warm_up is 1.5"),
    ],
)
def test_what_no_training_could_do_is_refused(kind: type[Value], wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(FieldError, match=says):
        kind(**wrong)


TEXTS = MicroSeed(World(), n=41)
PRETRAINED = Pretrained(
    TEXTS, Llama(1, 32, 2, 64, 24, 300), INSTRUCTION_RESPONSE, 1e-2, LinearTo(1e-3), beta2=0.95, batch=4, updates=3
)
ANEW: dict[str, Any] = {
    "texts": Joined(TEXTS, TEXTS),
    "speaks": Template(system="{system} ", instruction="Asked: {instruction}\n"),
    "learning_rate": 5e-3,
    "schedule": CosineTo(),
    "beta2": 0.9,
    "batch": 5,
    "updates": 4,
    "seed": 1,
    "in_order": True,
    "shape.layers": 2,
    "shape.width": 64,
    "shape.heads": 4,
    "shape.feed_forward": 32,
    "shape.context": 16,
    "shape.vocabulary": 320,
    "shape.initializer_range": 0.05,
}


@pytest.fixture(scope="module")
def from_nothing(shop: Workshop) -> Any:
    """The weights that a pretraining makes, each made once."""
    made: dict[Pretrained, dict[str, torch.Tensor]] = {}
    shop.put(TEXTS, examples(30))
    shop.put(ANEW["texts"], examples(60))

    def trained(node: Pretrained) -> dict[str, torch.Tensor]:
        if node not in made:
            work = shop.work(f"pretrained-{len(made)}")
            pretrain(node, work)
            made[node] = weights(work.out)
        return made[node]

    return trained


@pytest.mark.parametrize(
    "name",
    [one.name for one in fields(Pretrained) if one.name not in ("shape", "shipped")]
    + [f"shape.{f.name}" for f in fields(Llama)],
)
def test_every_field_of_a_pretraining_changes_the_weights(name: str, from_nothing: Any) -> None:
    inner = name.removeprefix("shape.")
    value = {inner: ANEW[name]} if inner == name else {"shape": replace(PRETRAINED.shape, **{inner: ANEW[name]})}
    assert not same(from_nothing(PRETRAINED), from_nothing(replace(PRETRAINED, **value)))


REFUSED = {
    "mamba": "MambaForCausalLM has no dropout in transformers",
    "lfm2": "Lfm2ForCausalLM has no dropout in transformers",
    "mpt": "does not admit as MptAttentionConfig.attn_pdrop",
}
OWN = {"gpt2": ("attn_pdrop", "resid_pdrop", "embd_pdrop"), "opt": ("dropout", "attention_dropout")}
"""Architectures that carry 0.1 of their own."""


@pytest.mark.parametrize("kind", [one for one in SHAPES if one not in ("mistral", "qwen3")])
def test_dropout_is_the_recipe_s_on_every_architecture(kind: str, tmp_path: Path) -> None:
    """0.0 is none, whatever the architecture's own is; more is applied and stands in the saved configuration, or is
    refused by name."""
    shop = Workshop(tmp_path)
    shop.put(SEED, examples(8))
    base = shop.base(kind, **dict.fromkeys(OWN.get(kind, ()), 0.4))
    recipe = replace(RECIPE, duration=Steps(1))

    def at(dropout: float) -> Path:
        return shop.finetuned(Finetuned(base, SEED, replace(recipe, dropout=dropout)))[0]

    none = at(0.0)
    whole = AutoModelForCausalLM.from_pretrained(none, dtype=torch.float32)
    ids = torch.arange(12)[None]
    with torch.no_grad():
        assert torch.equal(whole.train()(ids).logits, whole(ids).logits), "0.0 draws nothing"
    if kind in REFUSED:
        with pytest.raises(ValueError, match=f"Sft.dropout is 0.5.*{REFUSED[kind]}"):
            at(0.5)
        return
    half = at(0.5)
    assert not same(weights(none), weights(half))
    saved = json.loads((half / "config.json").read_text())
    named = {k: v for k, v in saved.items() if "drop" in k and not k.startswith(("classifier", "summary", "layer"))}
    assert named
    assert set(named.values()) == {0.5}


def test_dropout_does_not_carry_over_into_a_later_training(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.put(SEED, examples(8))
    recipe = replace(RECIPE, duration=Steps(1))
    first = Finetuned(shop.base("gpt2"), SEED, replace(recipe, dropout=0.5))
    shop.finetuned(first)
    folder, _ = shop.finetuned(Finetuned(first, SEED, recipe))
    assert AutoConfig.from_pretrained(folder).attn_pdrop == 0.0
