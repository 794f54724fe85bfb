"""A GGUF file gives the model and the tokenizer that it was written from, or one line says why not.

Tried, each as a tiny file with random weights: architectures llama (also tied and in float16), qwen2, qwen3, gpt2,
starcoder2, gemma2, gemma3; byte-level tokenizers with the rules of Llama 3, SmolLM, Qwen 2, GPT-2 and StarCoder, with
and without an end of text, with control tokens beyond the byte alphabet; SentencePiece with and without a space before
the text, against SentencePiece itself; Llama 3's scaled positions and linear ones. Refused: other scaled positions,
biases that the architecture does not take, rules that are not known, other architectures and kinds of tokenizer, one
part of several.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, GenerationConfig, LlamaConfig, PreTrainedTokenizerFast
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS as SPLITS
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from humpback.core.machine import Machine
from humpback.core.payload import checksum
from humpback.core.store import StoreError
from humpback.core.work import Work, new_log
from humpback.engines.loading import read_tokenizer
from humpback.spec.models import GgufModel
from humpback.stages.gguf import unpack as stage
from tests.harness.engines.small_tokenizers import TEXTS

sentencepiece = pytest.importorskip("sentencepiece")
pytest.importorskip("gguf")

from tests.harness.gguf_files import byte_level, sentence_piece, write  # noqa: E402 - it imports both

NUMBERS = ["In 2024 and 1999, 1,234 of 5678 items.\n\n\t x == 10:\n"] * 5
LEARNED = [*TEXTS, *NUMBERS, "don't we'll DON'T naïve Größe é"] * 2
ASKED = (
    *("In 2024 and 12345, x1", "  two  spaces\n\n\ttab \r\n  x", "don't DON'T it's", " lead", "trail ", "", "x" * 40),
    *("naïve 日本語 👩‍🔬 مرحبا e\u0301 A\u030a", "١٢٣٤ ²³ ½ Ⅷ", "if x==10:\n        return [1]\n\n\n", "a greenhouse"),
    *("a <|stop|> b<|start|>c", "<think>x</think><｜User｜>"),
)
CHAT = "{% for m in messages %}<|start|>{{ m['content'] }}<|stop|>{% endfor %}"


@cache
def bpe(rules: str) -> PreTrainedTokenizerFast:
    """As the families' own: Llama 3 takes whole words and begins with a start, Qwen composes characters."""
    made = Tokenizer(models.BPE())
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if rules in SPLITS:
        cut = pre_tokenizers.Split(Regex(SPLITS[rules]), "isolated")
        inner = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        made.pre_tokenizer = pre_tokenizers.Sequence([cut, inner])
    elif rules == "gpt-2":
        made.pre_tokenizer = plain
    else:
        made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), plain])
    made.decoder = decoders.ByteLevel()
    if rules == "qwen2":
        made.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(
        vocab_size=450,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|start|>", "<|stop|>", "<｜User｜>", *(["<|endoftext|>"] if rules == "qwen2" else [])],
        show_progress=False,
    )
    made.train_from_iterator(LEARNED, trainer)
    told = json.loads(made.to_str())
    told["model"]["vocab"]["Ġgreenhouse"] = len(told["model"]["vocab"])  # no merges lead to it
    told["model"]["ignore_merges"] = rules == "llama-bpe"
    made = Tokenizer.from_str(json.dumps(told))
    made.add_tokens([AddedToken("<think>", normalized=False)])
    if rules == "llama-bpe":
        made.post_processor = processors.TemplateProcessing(
            single="<|start|> $A", special_tokens=[("<|start|>", made.token_to_id("<|start|>"))]
        )
    named = {"bos_token": "<|start|>", "eos_token": "<|stop|>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, clean_up_tokenization_spaces=False, **named)
    tokenizer.chat_template = CHAT
    return tokenizer


@cache
def pieces(spaced: bool) -> Any:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LEARNED),
        model_writer=model,
        vocab_size=420,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=1.0,
        add_dummy_prefix=spaced,
        remove_extra_whitespaces=False,
        normalization_rule_name="identity",
        split_digits=True,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def model_of(kind: str, entries: int, **fields: Any) -> Any:
    shape: dict[str, Any] = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 64,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5_000.0},
    }
    if kind == "gpt2":
        shape = {"n_embd": 16, "n_layer": 1, "n_head": 4, "n_positions": 64}
    ends = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": None}
    config = CONFIG_MAPPING[kind](vocab_size=entries, **{**shape, **ends, **fields})
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for one in model.parameters():  # norms and biases too, all as float16 holds them
            one.copy_((one + 0.2 * torch.randn_like(one)).half())
    return model


def unpack(path: Path) -> Path:
    out = path.parent / "unpacked"
    out.mkdir()
    node = GgufModel(path.name, checksum(path))
    machine = Machine(files=((node.sha256, str(path)),), tracking="off")
    stage(node, Work(lambda _: out, out, machine, new_log(out, lambda *_: None)))
    return out


def check(folder: Path, model: Any, encode: Callable[[str], list[int]]) -> Any:
    """Logits and tokens are the original's; returns the tokenizer."""
    tokenizer, again = read_tokenizer(folder), AutoModelForCausalLM.from_pretrained(folder).float().eval()
    for text in ASKED:
        assert tokenizer(text)["input_ids"] == encode(text), text
    ids = torch.arange(5, 45)[None]
    with torch.inference_mode():
        assert torch.allclose(again(ids).logits, model(ids).logits, atol=1e-4)
    assert GenerationConfig.from_pretrained(folder).eos_token_id == tokenizer.eos_token_id == again.config.eos_token_id
    assert tokenizer.model_max_length == again.config.max_position_embeddings == 64
    return tokenizer


@pytest.mark.parametrize(
    ("kind", "rules", "fields", "full"),
    [
        ("llama", "llama-bpe", {}, True),
        ("llama", "llama-bpe", {"tie_word_embeddings": True}, False),
        ("llama", "smollm", {"head_dim": 8}, False),
        ("qwen2", "qwen2", {}, True),
        ("qwen2", "llama-bpe", {}, False),
        ("qwen3", "qwen2", {"head_dim": 8}, False),
        ("gpt2", "gpt-2", {}, True),
        ("starcoder2", "starcoder", {}, False),
    ],
)
def test_byte_level_families(kind: str, rules: str, fields: dict[str, Any], full: bool, tmp_path: Path) -> None:
    original = bpe(rules)
    model = model_of(kind, len(original), **fields)
    path = write(tmp_path / "a.gguf", kind, model, byte_level(original, rules), full=full)
    folder = unpack(path)
    tokenizer = check(folder, model, lambda text: list(original(text)["input_ids"]))
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.chat_template) == (0, 1, CHAT)
    assert AutoModelForCausalLM.from_pretrained(folder).dtype == (torch.float32 if full else torch.float16)


@pytest.mark.parametrize(
    ("architecture", "kind", "spaced"),
    [
        ("llama", "llama", True),
        ("llama", "llama", False),
        ("gemma2", "gemma2", False),
        ("gemma3", "gemma3_text", False),
    ],
)
def test_sentence_piece_families(architecture: str, kind: str, spaced: bool, tmp_path: Path) -> None:
    """By SentencePiece itself, which knows no control token in a text."""
    original = pieces(spaced)
    fields: dict[str, Any] = {"bos_token_id": 1, "eos_token_id": 2}
    values: dict[str, Any] = {}
    if architecture != "llama":
        layers = 6 if architecture == "gemma3" else 2  # one of six sees all of the text
        fields |= {"head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 16, "num_hidden_layers": layers}
        fields |= {"tie_word_embeddings": True, "rope_parameters": None}
        base = 1e6 if architecture == "gemma3" else 1e4
        values = {f"{architecture}__attention__sliding_window": 16, f"{architecture}__rope__freq_base": base}
    model = model_of(kind, original.get_piece_size(), **fields)
    vocabulary = sentence_piece(original, add_space_prefix=spaced, add_bos_token=True)
    folder = unpack(write(tmp_path / "a.gguf", architecture, model, vocabulary, full=False, **values))
    tokenizer = check(folder, model, lambda text: [1, *original.encode(text)])
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.unk_token) == ("<s>", "</s>", "<unk>")
    assert tokenizer("a</s>")["input_ids"] == [1, *original.encode("a"), 2]


LLAMA3 = {
    **{"rope_type": "llama3", "rope_theta": 5e5, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
    "original_max_position_embeddings": 8_192,
}


def test_llama_3_s_scaled_positions_and_linear_ones(tmp_path: Path) -> None:
    original = bpe("llama-bpe")
    shape = {"hidden_size": 32, "num_attention_heads": 2, "head_dim": 16}
    model = model_of("llama", len(original), **shape, rope_parameters=LLAMA3)
    plain = 5e5 ** (-torch.arange(0, 16, 2) / 16)
    factors = plain / ROPE_INIT_FUNCTIONS["llama3"](LlamaConfig(**shape, rope_parameters=LLAMA3), "cpu")[0]
    assert factors.min() < factors.max()
    vocabulary, tensors = byte_level(original, "llama-bpe"), {"rope_freqs.weight": factors.numpy()}
    (tmp_path / "3").mkdir()
    folder = unpack(write(tmp_path / "3" / "a.gguf", "llama", model, vocabulary, tensors=tensors))
    check(folder, model, lambda text: list(original(text)["input_ids"]))
    linear = {"rope_type": "linear", "rope_theta": 5_000.0, "factor": 8.0}
    model = model_of("llama", len(original), rope_parameters=linear)
    told = {"llama__rope__scaling__type": "linear", "llama__rope__scaling__factor": 8.0}
    folder = unpack(write(tmp_path / "a.gguf", "llama", model, vocabulary, **told))
    check(folder, model, lambda text: list(original(text)["input_ids"]))


@pytest.mark.parametrize(
    ("kind", "rules", "more", "says"),
    [
        ("llama", "falcon", {}, "rules called 'falcon', which are not known"),
        ("llama", None, {}, "rules called None"),
        ("llama", "gpt-2", {"split__count": 2}, "one of several parts"),
        ("llama", "gpt-2", {"llama__rope__scaling__type": "yarn"}, "positions scaled by yarn are not unpacked"),
        ("llama", "gpt-2", {"tensors": {"rope_freqs.weight": np.array([1.0, 2.0])}}, "in another way than Llama 3's"),
        ("llama", "gpt-2", {"tensors": {"blk.0.attn_q.bias": np.ones(16)}}, "it holds .* weights and the model takes"),
        ("stablelm", "gpt-2", {}, "its architecture 'stablelm' is not unpacked, only llama, "),
        ("llama", "gpt-2", {"tokenizer__ggml__model": "bert"}, "'bert'"),
    ],
)
def test_what_cannot_be_unpacked_right_is_refused_by_name(
    kind: str, rules: str | None, more: dict[str, Any], says: str, tmp_path: Path
) -> None:
    original = bpe(rules if rules == "llama-bpe" else "gpt-2")
    model = model_of("llama", len(original))
    with pytest.raises(StoreError, match=says) as told:
        unpack(write(tmp_path / "a.gguf", kind, model, byte_level(original, rules), **more))
    assert str(tmp_path / "a.gguf") in str(told.value)
    assert "\n" not in str(told.value)
