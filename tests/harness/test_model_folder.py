"""Folders that somebody gives as a model: used rightly, or one line that names the file and what would do.

Each row of SPOILED is a folder as it is found in the wild. Neighbours tried: pointers, cuts and wrong kinds in weights,
tokenizer, configuration and index; shards missing, emptied, unnamed; bitsandbytes, GPTQ, AWQ, fp8 and eight-bit weights
without a word of it; T5, BERT, CLIP, a classifier, models that see; adapters alone and left over; SentencePiece and
tiktoken files; pickles; checkpoints, the hub's cache, links into nowhere; ids outside the embedding; float16, float64.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from humpback.core.expression import Artifact
from humpback.core.store import StoreError
from humpback.engines.loading import check_folder, read_tokenizer, read_weights
from humpback.experiments.setups.base import Setup
from humpback.inputs import model_folder
from humpback.inputs.file_index import FileIndex
from humpback.inputs.model_folder import CONFIG, INDEX, WEIGHTS, check_model_files
from humpback.spec.template import ChatTemplate
from tests.harness.engines.small_tokenizers import CHATS

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab\nsize 12345\n"


@pytest.fixture(scope="module")
def good(tiny: Setup, made: Callable[[Artifact], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("good") / "model"
    out.mkdir()
    for path in made(tiny.base).iterdir():
        if path.name not in ("record.json", "metrics.jsonl"):
            shutil.copy(path, out)
    return out


@pytest.fixture(scope="module")
def sharded(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sharded") / "model"
    read_weights(good, torch.float32).save_pretrained(out, max_shard_size="60KB")
    read_tokenizer(good).save_pretrained(out)
    assert len(list(out.glob("model-*"))) > 2
    return out


def configured(folder: Path, **fields: Any) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def adapter(folder: Path) -> None:
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "somebody/base"}))
    save_file({"base_model.lora_A.weight": torch.zeros(2, 2)}, folder / "adapter_model.safetensors")


def alone(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    adapter(folder)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-300])


def weights_as(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    save_file(change(load_file(folder / WEIGHTS)), folder / WEIGHTS, metadata={"format": "pt"})


def own_code(folder: Path, model_type: str = "own_model") -> None:
    configured(
        folder,
        model_type=model_type,
        auto_map={"AutoConfig": "configuration_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.Own"},
    )
    for name in ("configuration_own.py", "modeling_own.py"):
        (folder / name).write_text(f"open({str(folder.parent / 'ran')!r}, 'w').write('code ran')\n")


def only(folder: Path, *names: str) -> None:
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()


def renamed(folder: Path, old: str, new: str) -> None:
    (folder / old).rename(folder / new)


def shard(folder: Path, number: int = 1) -> Path:
    return sorted(folder.glob("model-*"))[number]


def emptied(path: Path) -> None:
    save_file({"other": torch.zeros(1)}, path)


def tokenizer_code(folder: Path) -> None:
    (folder / "tokenization_own.py").write_text(f"open({str(folder.parent / 'ran')!r}, 'w').write('code ran')\n")
    path = folder / "tokenizer_config.json"
    told = json.loads(path.read_text()) | {
        "tokenizer_class": "OwnTokenizer",
        "auto_map": {"AutoTokenizer": ["tokenization_own.OwnTokenizer", None]},
    }
    path.write_text(json.dumps(told))


def sentencepiece_only(folder: Path) -> None:
    renamed(folder, "tokenizer.json", "tokenizer.model")


SPOILED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "nothing in it": (
        lambda f: only(f),
        r"a model folder has config.json, a tokenizer and \*.safetensors; found nothing",
    ),
    "no configuration": (lambda f: (f / CONFIG).unlink(), r"found .*model.safetensors"),
    "weights are a pointer": (lambda f: (f / WEIGHTS).write_text(POINTER), rf"{WEIGHTS}: a Git LFS pointer"),
    "tokenizer is a pointer": (
        lambda f: (f / "tokenizer.json").write_text(POINTER),
        r"tokenizer.json: a Git LFS pointer",
    ),
    "configuration is a pointer": (lambda f: (f / CONFIG).write_text(POINTER), r"config.json: a Git LFS pointer"),
    "weights cut": (lambda f: cut(f / WEIGHTS), r"no whole safetensors file"),
    "weights empty": (lambda f: (f / WEIGHTS).write_bytes(b""), r"no whole safetensors file"),
    "weights a web page": (lambda f: (f / WEIGHTS).write_text("<!DOCTYPE html>" * 99), r"no whole safetensors file"),
    "weights a folder": (lambda f: ((f / WEIGHTS).unlink(), (f / WEIGHTS).mkdir()), rf"{WEIGHTS}: .*directory"),
    "configuration cut": (lambda f: cut(f / CONFIG), r"config.json: not JSON"),
    "configuration a list": (lambda f: (f / CONFIG).write_text("[]"), r"config.json: a list where an object"),
    "configuration no text": (lambda f: (f / CONFIG).write_bytes(b"\xff\xfe{}"), r"config.json: not JSON"),
    "configuration of nothing": (lambda f: (f / CONFIG).write_text("{}"), r"names no model_type"),
    "tokenizer cut": (lambda f: cut(f / "tokenizer.json"), r"tokenizer.json: not JSON"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), r"no tokenizer in it"),
    "bitsandbytes": (
        lambda f: configured(f, quantization_config={"quant_method": "bitsandbytes"}),
        r"quantised \(bitsandb",
    ),
    "GPTQ": (
        lambda f: configured(f, quantization_config={"quant_method": "gptq"}),
        r"quantised \(gptq\).*before quantis",
    ),
    "old GPTQ": (
        lambda f: (f / "quantize_config.json").write_text("{}"),
        r"quantize_config.json: the model is quantised",
    ),
    "eight bits in silence": (
        lambda f: weights_as(f, lambda w: {k: v.to(torch.int8) if "proj" in k else v for k, v in w.items()}),
        r"is quantised \(I8\)",
    ),
    "T5": (lambda f: configured(f, model_type="t5", is_encoder_decoder=True), r"t5 has an encoder and a decoder"),
    "BERT": (
        lambda f: configured(f, model_type="bert", architectures=["BertForMaskedLM"]),
        r"bert is an encoder, which",
    ),
    "BERT as a decoder": (
        lambda f: configured(f, model_type="bert", architectures=["BertLMHeadModel"]),
        r"is an encoder",
    ),
    "CLIP": (lambda f: configured(f, model_type="clip", architectures=["CLIPModel"]), r"CLIPModel does not write text"),
    "a classifier": (
        lambda f: configured(f, architectures=["LlamaForSequenceClassification"]),
        r"made as LlamaForSequenceClassification",
    ),
    "code of its own": (own_code, r"'own_model' is no model of this transformers.*\(configuration_own.py.*never run"),
    "adapter alone": (alone, r"an adapter without its model, somebody/base; merge the two"),
    "adapter left over": (adapter, r"adapter_config.json: an adapter beside a whole model"),
    "pickled": (
        lambda f: (only(f, CONFIG, "tokenizer.json"), (f / "pytorch_model.bin").write_bytes(b"\x80")),
        r"its weights are pickled \(pytorch_model.bin\)",
    ),
    "GGUF inside": (
        lambda f: (only(f, CONFIG), (f / "m.gguf").write_bytes(b"GGUF")),
        r"holds m.gguf; give that file itself, .*m.gguf",
    ),
    "another name": (lambda f: renamed(f, WEIGHTS, "llama.safetensors"), r"looked for as model.safetensors; rename it"),
    "several": (
        lambda f: (shutil.copy(f / WEIGHTS, f / "b.safetensors"), renamed(f, WEIGHTS, "a.safetensors")),
        r"several files of weights \(a.safetensors, b.safetensors\)",
    ),
    "a link into nowhere": (
        lambda f: ((f / WEIGHTS).unlink(), (f / WEIGHTS).symlink_to("../blobs/4d7a")),
        r"model.safetensors: a link to \.\./blobs/4d7a, where there is nothing",
    ),
}
SHARDS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "one missing": (lambda f: shard(f).unlink(), r"model-00002-of-\d+.safetensors: model.*index.json names it"),
    "one cut": (lambda f: cut(shard(f)), r"model-00002-of-\d+.safetensors: no whole safetensors"),
    "one of another model": (lambda f: emptied(shard(f)), r"index.json says that .* is in it, and it is not"),
    "no index": (lambda f: (f / INDEX).unlink(), r"index.json: not there, so which of \d+ shards"),
    "index cut": (lambda f: cut(f / INDEX), r"index.json: not JSON"),
    "index of nothing": (lambda f: (f / INDEX).write_text("{}"), r"no weight_map"),
    "two models": (lambda f: save_file({"a": torch.zeros(1)}, f / WEIGHTS), r"holds two models' weights"),
}
SEES = {
    "gemma3": "Gemma3ForConditionalGeneration",
    "llava": "LlavaForConditionalGeneration",
    "mistral3": "Mistral3ForConditionalGeneration",
    "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration",
    "qwen3_5": "Qwen3_5ForConditionalGeneration",
    "gemma3n": "Gemma3nForConditionalGeneration",
}
UNFIT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a weight missing": (
        lambda f: weights_as(f, lambda w: {k: v for k, v in w.items() if "layers.1.mlp.up" not in k}),
        r"1 weights are missing .*\(model.layers.1.mlp.up_proj.weight\)",
    ),
    "no head where none is shared": (lambda f: configured(f, tie_word_embeddings=False), r"missing .*lm_head.weight"),
    "a layer too many": (lambda f: configured(f, num_hidden_layers=1), r"no place in the model .*layers.1.*more"),
    "another width": (lambda f: configured(f, intermediate_size=96), r"another shape than config.json tells"),
    "a family that is none": (
        lambda f: configured(f, model_type="lama"),
        r"transformers cannot load it|cannot be read",
    ),
    "code of the tokenizer's own": (tokenizer_code, r"its tokenizer cannot be read"),
    "tokens beyond the embedding": (
        lambda f: (lambda t: (t.add_tokens(["furlong", "fathom"]), t.save_pretrained(f)))(read_tokenizer(f)),
        r"2 tokens of its tokenizer have no row in the embedding of .*'fathom'",
    ),
    "no end": (
        lambda f: (
            lambda p: p.write_text(json.dumps({k: v for k, v in json.loads(p.read_text()).items() if k != "eos_token"}))
        )(f / "tokenizer_config.json"),
        r"names no end token",
    ),
}


def refused(folder: Path, why: str, look: Callable[[Path], Any]) -> None:
    with pytest.raises(StoreError, match=why) as told:
        look(folder)
    assert "\n" not in str(told.value)
    assert str(folder) in str(told.value)
    assert not (folder.parent / "ran").exists()


@pytest.mark.parametrize("name", SPOILED)
def test_a_folder_that_is_no_model_is_refused_while_planning(good: Path, tmp_path: Path, name: str) -> None:
    spoil, why = SPOILED[name]
    folder = shutil.copytree(good, tmp_path / "mine")
    spoil(folder)
    refused(folder, why, lambda one: FileIndex().model("base", str(one)))


@pytest.mark.parametrize("kind", SEES)
def test_a_model_that_sees_is_refused_though_it_writes(good: Path, tmp_path: Path, kind: str) -> None:
    """Gemma 3's class writes text, and adapters would go into its vision too."""
    folder = shutil.copytree(good, tmp_path / "mine")
    text = json.loads((folder / CONFIG).read_text())
    configured(folder, model_type=kind, architectures=[SEES[kind]], text_config=text, vision_config={"hidden_size": 32})
    refused(
        folder, rf"config.json: {SEES[kind]} has a part for vision, .* give a model of text alone", check_model_files
    )


@pytest.mark.parametrize("name", SHARDS)
def test_shards_are_held_against_their_index(sharded: Path, tmp_path: Path, name: str) -> None:
    spoil, why = SHARDS[name]
    folder = shutil.copytree(sharded, tmp_path / "mine")
    check_model_files(folder)
    spoil(folder)
    refused(folder, why, check_model_files)


@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_fit_together_is_refused_when_the_base_is_put_on_record(
    good: Path, tmp_path: Path, name: str
) -> None:
    spoil, why = UNFIT[name]
    folder = shutil.copytree(good, tmp_path / "mine")
    check_folder(folder)
    spoil(folder)
    refused(folder, why, check_folder)


def test_marks_of_the_template_need_rows_in_the_embedding(good: Path, tmp_path: Path) -> None:
    """Which a special token that nothing writes does not."""
    folder = shutil.copytree(good, tmp_path / "mine")
    tokenizer = read_tokenizer(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.save_pretrained(folder)
    check_folder(folder)
    speaks = ChatTemplate(CHATS["ChatML"])
    refused(folder, r"2 tokens .* have no row in the embedding", lambda place: check_folder(place, speaks))
    unusable = ChatTemplate("{{ raise_exception('ask the other model') }}")
    refused(folder, r"ask the other model; give another", lambda place: check_folder(place, unusable))


def test_a_vocabulary_that_needs_a_package_names_it(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(good, tmp_path / "mine")
    sentencepiece_only(folder)
    monkeypatch.setattr(model_folder, "find_spec", lambda name: None)
    refused(folder, r"tokenizer.model: reading it needs the package sentencepiece; pip install", check_model_files)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(good: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(good, tmp_path / "mine")
    (folder / WEIGHTS).chmod(0)
    refused(folder, r"model.safetensors: Permission denied; make it readable", check_model_files)


def test_a_family_of_transformers_is_used_without_the_code_that_lies_beside_it(good: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(good, tmp_path / "mine")
    own_code(folder, model_type="llama")
    check_model_files(folder)
    check_folder(folder)
    assert type(read_weights(folder, torch.float32)).__name__ == "LlamaForCausalLM"
    assert not (tmp_path / "ran").exists()


def test_an_attention_that_the_machine_does_not_have_is_not_asked_for(good: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(good, tmp_path / "mine")
    configured(folder, _attn_implementation="flash_attention_2")
    check_folder(folder)
    assert read_weights(folder, torch.float32).config._attn_implementation == "sdpa"


@pytest.mark.parametrize("pad", [-1, 5_000])
def test_padding_outside_the_embedding_gives_way_to_the_end(good: Path, tmp_path: Path, pad: int) -> None:
    folder = shutil.copytree(good, tmp_path / "mine")
    configured(folder, pad_token_id=pad)
    tokenizer = read_tokenizer(folder)
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.save_pretrained(folder)
    check_folder(folder)
    read = read_tokenizer(folder)
    assert read.pad_token_id == read.eos_token_id
    model = read_weights(folder, torch.float32)
    assert torch.equal(
        model.get_input_embeddings().weight, read_weights(good, torch.float32).get_input_embeddings().weight
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.bfloat16])
def test_weights_of_any_precision_are_loaded_in_the_machine_s(good: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    folder = shutil.copytree(good, tmp_path / "mine")
    weights_as(folder, lambda w: {k: v.to(dtype) for k, v in w.items()})
    configured(folder, dtype=str(dtype).removeprefix("torch."))
    check_model_files(folder)
    model = read_weights(folder, torch.float32)
    assert {one.dtype for one in model.parameters()} == {torch.float32}


def test_shards_and_the_hub_s_cache_are_read(good: Path, sharded: Path, tmp_path: Path) -> None:
    one, many = read_weights(good, torch.float32).state_dict(), read_weights(sharded, torch.float32).state_dict()
    assert all(torch.equal(one[name], many[name]) for name in one)
    hub = tmp_path / "models--somebody--model"
    (hub / "refs").mkdir(parents=True)
    (hub / "refs" / "main").write_text("abc")
    shutil.copytree(good, hub / "blobs")
    for commit in ("abc", "def"):
        (hub / "snapshots" / commit).mkdir(parents=True)
    for path in (hub / "blobs").iterdir():
        (hub / "snapshots" / "abc" / path.name).symlink_to(f"../../blobs/{path.name}")
    found = FileIndex()
    assert found.model("base", hub.name, tmp_path).slug == hub.name
    assert [Path(path).name for path in found.paths.values()] == ["abc"]
    (hub / "refs" / "main").unlink()
    refused(hub, r"holds 2 snapshots and no refs/main", lambda f: FileIndex().model("base", f.name, tmp_path))
    shutil.copytree(good, tmp_path / "run" / "checkpoint-30")
    shutil.copytree(good, tmp_path / "run" / "checkpoint-60")
    refused(tmp_path / "run", r"checkpoint-30, checkpoint-60 in it hold models: give one", check_model_files)
