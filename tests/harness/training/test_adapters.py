"""Adapters on any architecture: what takes them, how many weights are trained, what is refused.

Tried: all of `tests/architectures.py` but Mistral and Qwen 3, whose layers are Llama's, with every linear layer and
with a named list; fused projections (Phi 3, GPT-NeoX, GPT-BigCode), transposed ones (GPT-2's Conv1D), experts held as
one tensor (Mixtral), beside shared experts and a dense layer too (GLM 4 MoE), a router that calls itself linear (Phi
3.5 MoE), tied and untied output layers, a rank and an alpha that are no round numbers, a bfloat16 base.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM

from humpback.core.metrics import read_metrics
from humpback.core.store import METRICS
from humpback.engines import loading
from humpback.engines.loading import load_model, weights_dtype
from humpback.engines.transformers_engine import Engine
from humpback.spec.models import Finetuned
from humpback.spec.recipe import LinearTo, Lora, QLora, Sft, Steps
from humpback.stages.adapters import quantize
from tests.architectures import SHAPES
from tests.harness.training.material import SEED, Workshop, examples, same, weights

RECIPE = Sft(learning_rate=1e-2, schedule=LinearTo(1e-2), dropout=0.1, batch=8, duration=Steps(2), adapter=Lora(4, 8.0))
LINEAR = {
    "llama": {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"},
    "phi": {"q_proj", "k_proj", "v_proj", "dense", "fc1", "fc2"},
    "phi3": {"qkv_proj", "o_proj", "gate_up_proj", "down_proj"},
    "gpt_neox": {"query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"},
    "gpt2": {"c_attn", "c_proj", "c_fc"},
    "gptj": {"q_proj", "k_proj", "v_proj", "out_proj", "fc_in", "fc_out"},
    "gpt_neo": {"q_proj", "k_proj", "v_proj", "out_proj", "c_fc", "c_proj"},
    "gpt_bigcode": {"c_attn", "c_proj", "c_fc"},
    "opt": {"q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"},
    "falcon": {"query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"},
    "bloom": {"query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"},
    "mpt": {"Wqkv", "out_proj", "up_proj", "down_proj"},
    **{kind: {"q_proj", "k_proj", "v_proj", "o_proj"} for kind in ("mixtral", "phimoe", "glm4_moe")},
    "starcoder2": {"q_proj", "k_proj", "v_proj", "o_proj", "c_fc", "c_proj"},
    "mamba": {"in_proj", "x_proj", "dt_proj"},
    "lfm2": {"in_proj", "out_proj", "q_proj", "k_proj", "v_proj", "w1", "w2", "w3"},
}
"""Linear layers but the output layer; of the others as Llama's."""


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path)
    shop.put(SEED, examples(8))
    return shop


@pytest.mark.parametrize("kind", [one for one in SHAPES if one not in ("mistral", "qwen3")])
def test_every_linear_layer_of_any_architecture_takes_adapters(kind: str, shop: Workshop) -> None:
    """They are named in the record with the number of trained weights, and the adapted model writes and rates."""
    base = shop.base(kind)
    node = Finetuned(base, SEED, RECIPE)
    folder, counts = shop.finetuned(node)
    names = {key.removeprefix("adapted_") for key in counts if key.startswith("adapted_")}
    assert names == LINEAR.get(kind, LINEAR["llama"])
    saved = weights(folder)
    assert {key.split(".lora_")[0].rsplit(".", 1)[-1] for key in saved} == names
    assert sum(counts[f"adapted_{name}"] for name in names) == len(saved) / 2
    assert counts["trained_weights"] == sum(one.numel() for one in saved.values())
    whole = AutoModelForCausalLM.from_pretrained(shop.folders[base.fingerprint])
    assert counts["weights"] == counts["trained_weights"] + sum(one.numel() for one in whole.parameters())
    work = shop.work("engine")
    options = ["kettle", "river"]
    assert Engine.of(node, work).choose(["What holds?"], options) != Engine.of(base, work).choose(
        ["What holds?"], options
    )


def test_named_targets_alone_are_adapted_and_alpha_stays_what_it_is(shop: Workshop) -> None:
    node = Finetuned(shop.base("gpt_neox"), SEED, replace(RECIPE, adapter=Lora(3, 4.5, ("query_key_value", "dense"))))
    folder, counts = shop.finetuned(node)
    assert {key: n for key, n in counts.items() if key.startswith("adapted_")} == {
        "adapted_query_key_value": 2,
        "adapted_dense": 2,
    }
    saved = json.loads((folder / "adapter_config.json").read_text())
    assert (saved["r"], saved["lora_alpha"], set(saved["target_modules"])) == (3, 4.5, {"query_key_value", "dense"})


@pytest.mark.parametrize(
    ("kind", "targets", "says"),
    [
        ("phi3", ("q_proj", "o_proj"), r"Phi3ForCausalLM has no module q_proj; it has .*o_proj, qkv_proj"),
        ("gpt_neox", ("q_proj", "v_proj"), "no module q_proj, v_proj; it has dense, .*query_key_value"),
        ("gpt2", ("lm_head",), "lm_head shares its weights between input and output"),
        ("gpt2", ("wte",), "wte shares its weights"),
        ("gpt2", ("mlp",), "mlp is no layer that could be adapted; it has c_attn, c_fc, c_proj"),
        ("glm4_moe", ("gate_proj",), "gate_proj is no layer that could be adapted; it has k_proj, o_proj"),
        ("mamba", ("out_proj",), "out_proj"),
    ],
)
def test_a_target_that_cannot_be_adapted_is_named(
    kind: str, targets: tuple[str, ...], says: str, shop: Workshop
) -> None:
    with pytest.raises(ValueError, match=says):
        shop.finetuned(Finetuned(shop.base(kind), SEED, replace(RECIPE, adapter=Lora(targets=targets))))


def test_an_untied_output_layer_takes_an_adapter_where_it_is_named(shop: Workshop) -> None:
    base = shop.base("llama", tie_word_embeddings=False)
    _, counts = shop.finetuned(Finetuned(base, SEED, replace(RECIPE, adapter=Lora(2, targets=("lm_head",)))))
    assert counts["adapted_lm_head"] == 1


def test_adapters_of_a_bfloat16_base_are_trained_in_float32(shop: Workshop) -> None:
    base = shop.base("llama")
    folder = shop.folders[base.fingerprint]
    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).save_pretrained(folder)
    half = shop.folder(folder)
    node = Finetuned(half, SEED, replace(RECIPE, adapter=Lora(4)))
    made, _ = shop.finetuned(node, precision="bfloat16")
    assert {one.dtype for one in weights(made).values()} == {torch.float32}
    merged = load_model(node, shop.work("loaded"), train=True)
    first = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert not same(merged.state_dict(), first.state_dict())


def test_below_an_adapter_a_gpu_holds_the_frozen_base_in_bfloat16(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else, nowhere else; the adapters are float32 all the same, and come out nearly as over float32."""
    gpu, cpu = (replace(shop.machine, device=device, precision="bfloat16") for device in ("cuda", "cpu"))
    assert weights_dtype(gpu, train=True, frozen=True) == torch.bfloat16
    assert weights_dtype(gpu, train=True) == weights_dtype(cpu, train=True, frozen=True) == torch.float32
    assert weights_dtype(replace(gpu, precision="float32"), train=True, frozen=True) == torch.float32
    node = Finetuned(shop.base("llama"), SEED, replace(RECIPE, dropout=0.0, adapter=Lora(4)))
    single = weights(shop.finetuned(node, precision="bfloat16")[0])
    monkeypatch.setattr(loading, "weights_dtype", lambda machine, **how: torch.bfloat16)
    half = weights(shop.finetuned(node, precision="bfloat16")[0])
    assert {one.dtype for one in half.values()} == {torch.float32}
    apart = torch.cat([(half[name] - one).flatten() for name, one in single.items() if "lora_B" in name])
    moved = torch.cat([one.flatten() for name, one in single.items() if "lora_B" in name])
    assert not same(half, single)
    assert float(apart.norm()) < 0.3 * float(moved.norm())


def test_adapters_come_out_alike_however_a_batch_is_cut(shop: Workshop) -> None:
    """Outputs differ in length, so a mean of means over micro-batches would differ."""
    node = Finetuned(shop.base("llama"), SEED, replace(RECIPE, dropout=0.0, duration=Steps(2)))
    whole, *parts = (weights(shop.finetuned(node, micro_batch=size)[0]) for size in (8, 2, 1))
    again = weights(shop.finetuned(node, micro_batch=8)[0])
    assert same(whole, again), "adapters begin alike for a seed"
    other = replace(node, recipe=replace(node.recipe, seed=1))
    assert not same(whole, weights(shop.finetuned(other)[0]))
    for cut in parts:
        for name, tensor in whole.items():
            assert torch.allclose(tensor, cut[name], atol=2e-4), name


def test_a_base_in_four_bits_is_trained_below_its_adapter_which_then_stands_on_the_whole_base(shop: Workshop) -> None:
    pytest.importorskip("bitsandbytes")
    base = shop.base("llama")
    whole, packed = (
        Finetuned(base, SEED, replace(RECIPE, duration=Steps(30), adapter=adapter))
        for adapter in (Lora(4, 8.0), QLora(4, 8.0))
    )
    (one, counts), (other, four) = shop.finetuned(whole), shop.finetuned(packed)
    assert counts == four, "the same weights are trained, and as many are there"
    first, second = weights(one), weights(other)
    assert {key: value.shape for key, value in first.items()} == {key: value.shape for key, value in second.items()}
    assert not same(first, second)
    assert sorted(path.name for path in other.iterdir()) == sorted(path.name for path in one.iterdir())
    losses = [[row["loss"] for row in read_metrics(made / METRICS)[0] if "loss" in row] for made in (one, other)]
    assert losses[1][-1] < losses[1][0] - 0.15
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    merged = load_model(packed, shop.work("loaded"))
    published = AutoModelForCausalLM.from_pretrained(shop.folders[base.fingerprint])
    assert {value.dtype for value in merged.state_dict().values()} == {torch.float32}
    assert not same(merged.state_dict(), published.state_dict())


def test_linear_layers_but_the_output_s_are_held_in_four_bits(shop: Workshop) -> None:
    bitsandbytes = pytest.importorskip("bitsandbytes")
    for kind in ("gpt_neox", "llama"):
        base = shop.base(kind, hidden_size=128, intermediate_size=256)
        model = load_model(base, shop.work(f"{kind}-in-four-bits"), train=True)
        before = {name: one.weight.detach().clone() for name, one in model.named_modules() if type(one) is nn.Linear}
        quantize(model, "cpu", torch.float32)
        made = {name: one for name, one in model.named_modules() if isinstance(one, bitsandbytes.nn.Linear4bit)}
        assert before.keys() - made.keys() == {"lm_head"}
        for name, one in made.items():
            assert one.weight.dtype == torch.uint8
            assert one.weight.numel() == before[name].numel() / 2
            again = bitsandbytes.functional.dequantize_4bit(one.weight.data, one.weight.quant_state)
            assert (again - before[name]).abs().mean() < 0.12 * before[name].abs().mean()
